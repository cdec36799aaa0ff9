"""Pages of the site itself: home and plain pages.

What all pages share is in `kb.pages.models`; how these are found is in `indexing`.
"""

from __future__ import annotations

from django.db import models
from django.http import HttpRequest
from django.http.response import Http404
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.fields import StreamField
from wagtail.models import Page
from wagtail.url_routing import RouteResult

from home.choices import Place
from home.overview import overview
from kb.accounts.audiences import audiences_of
from kb.newsletter.public.archive import latest_headline
from kb.pages.blocks import BodyBlock
from kb.pages.models import BasePage


class HomePage(BasePage):
    """The first page, one per language. Addresses that its own language does not know are looked for in the others."""

    intro = models.TextField(_("line under the search box"), blank=True, max_length=300)
    body = StreamField(BodyBlock(required=False), verbose_name=_("text below"), blank=True)

    template = "home/home_page.html"
    subpage_types = ["home.ContentPage"]
    edit_handler = BasePage.tabbed(FieldPanel("intro"), FieldPanel("body"))

    class Meta:
        verbose_name = _("home page")
        verbose_name_plural = _("home pages")

    @classmethod
    def can_create_at(cls, parent: Page) -> bool:
        """Only translations add home pages: the first ones are there from the start."""
        return False

    def route(self, request: HttpRequest, path_components: list[str]) -> RouteResult:
        """This language's page at the path; else another language's, shown here and said to be so."""
        try:
            return super().route(request, path_components)
        except Http404:
            for home in (
                type(self)
                .objects.filter(translation_key=self.translation_key, live=True)
                .exclude(pk=self.pk)
                .order_by("pk")
            ):
                try:
                    found = Page.route(home, request, path_components)
                except Http404:
                    continue
                return self._shown_here(found)
            raise

    def _shown_here(self, found: RouteResult) -> RouteResult:
        """The translation in this language where there is one (the view redirects to it), else the page as it is."""
        mine = found.page.get_translations().live().filter(locale=self.locale).first()
        return RouteResult(found.page, kwargs={"translation": mine.specific} if mine else {})

    def get_context(self, request: HttpRequest, *args, **options) -> dict:
        context = super().get_context(request, *args, **options)
        context["overview"] = overview(audiences_of(request))
        context["latest_issue"] = latest_headline(self.locale.language_code)
        return context


class ContentPage(BasePage):
    """A plain page, or an article when it has a date. `place` says where the frame links to it."""

    intro = models.TextField(_("introduction"), blank=True, max_length=500)
    date = models.DateField(
        _("date"), null=True, blank=True, help_text=_("An article has a date; a page that always holds has none.")
    )
    body = StreamField(BodyBlock(), verbose_name=_("text"), blank=True)
    place = models.CharField(
        _("place in the frame"), max_length=15, choices=Place.choices, blank=True, default=Place.NONE
    )

    template = "home/content_page.html"
    subpage_types = ["home.ContentPage"]
    edit_handler = BasePage.tabbed(FieldPanel("intro"), FieldPanel("date"), FieldPanel("body"), FieldPanel("place"))

    class Meta:
        verbose_name = _("page or article")
        verbose_name_plural = _("pages and articles")

    def search_subject(self) -> str:
        return f"home.page:{self.pk}"

    def get_context(self, request: HttpRequest, *args, **options) -> dict:
        context = super().get_context(request, *args, **options)
        below = ContentPage.objects.child_of(self).live().order_by("-date", "path")
        context["below"] = below.for_audiences(audiences_of(request))
        return context
