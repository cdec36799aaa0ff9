"""Pages of the site itself: home and plain pages.

What all pages share is in `kb.pages.models`; how these are found is in `indexing`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.http import HttpRequest
from django.http.response import Http404
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, Panel
from wagtail.fields import StreamField
from wagtail.models import Page, PageManager
from wagtail.url_routing import RouteResult
from wagtail_localize.fields import SynchronizedField

from home.choices import Place
from home.overview import overview
from kb.accounts.audiences import PUBLIC, STAFF, audiences_of
from kb.accounts.fields import holds
from kb.decisions.models import Manifest, ManifestRow
from kb.groups.models import Body
from kb.newsletter.public.archive import latest_headline
from kb.pages.agreements import NotAgreed
from kb.pages.blocks import BodyBlock
from kb.pages.models import BasePage, BasePageForm, BasePageQuerySet

KIND = "home.page"
_writes_drafts: ContextVar[bool] = ContextVar("what is public by an agreement keeps its words", default=False)
NEEDS_AGREEMENT = _(
    "This is the work of one of our groups: the Steering Committee must agree before everyone may read it. The text is "
    "kept as a draft. Ask for its agreement, or choose the group or all members as readers."
)
STAYS_OURS = _(
    "This was public, or put to the Steering Committee, as the work of one of our groups, and stays so: otherwise what "
    "needs its agreement could become public without it."
)
NO_ALIAS = _("The work of one of our groups has no alias: it would be public at a second place by itself.")
TAKEN_OFF_NOT_DELETED = _(
    "The Steering Committee agreed that this is public: it is taken off, not deleted. Unpublish it instead."
)


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
                return self._shown_here(found, audiences_of(request))
            raise

    def _shown_here(self, found: RouteResult, held: frozenset[str]) -> RouteResult:
        """The translation in this language where there is one for this reader (the view redirects to it), else the page
        as it is.
        """
        mine = found.page.get_translations().live().filter(locale=self.locale).first()
        mine = mine.specific if mine else None
        is_shown = mine is not None and (not isinstance(mine, BasePage) or mine.is_for(held))
        return RouteResult(found.page, kwargs={"translation": mine} if is_shown else {})

    def get_context(self, request: HttpRequest, *args, **options) -> dict:
        context = super().get_context(request, *args, **options)
        context["overview"] = overview(audiences_of(request))
        context["latest_issue"] = latest_headline(self.locale.language_code)
        return context


class ContentPageQuerySet(BasePageQuerySet):
    """Pages and articles; what needs an agreement changes, at once or one by one, only as it was agreed to."""

    def public(self) -> ContentPageQuerySet:
        """The live pages that everyone may see, chosen by the database; of our groups' work what was agreed to."""
        found = super().public()
        return found.filter(Q(own_production=None) | Q(agreement__isnull=False)) if gates() else found

    def for_everyone(self) -> ContentPageQuerySet:
        """Our groups' work that is live and says it is for everyone, agreed to or not: `is_for_everyone`."""
        ours = Q(live=True, own_production__isnull=False)
        return self.filter(ours & holds((PUBLIC,), using=self.db)) if gates() else self.none()

    def update(self, **values) -> int:
        with transaction.atomic():
            if values.get("own_production", values.get("own_production_id", "")) is None:
                for page in self.filter(own_production__isnull=False):
                    page.refuse_not_ours()
            return super().update(**values)

    update.alters_data = True  # type: ignore[attr-defined]


class ContentPageForm(BasePageForm):
    """What is ours stays so; what is new and ours begins as a draft, whatever button was pressed."""

    def clean(self):
        cleaned = super().clean()
        if self.instance.pk and not cleaned.get("own_production") and not cleaned.get("bodies"):
            stored = ContentPage.objects.get(pk=self.instance.pk)
            try:
                stored.refuse_not_ours()
            except NotAgreed as why:
                self.add_error("own_production", why.message_dict["own_production"])
        return cleaned

    def save(self, commit=True):
        page, given = self.instance, self.cleaned_data
        if page.pk is None and (given.get("own_production") or given.get("bodies")):
            page.live = False
        return super().save(commit=commit)


class AgreementPanel(Panel):
    """What holds of our groups' work, in words (`home.articles.asking`), above its text."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "home/admin/agreement.html"

        def is_shown(self) -> bool:
            return bool(gates() and self.instance.pk and self.instance.own_production_id)


class ContentPage(BasePage):
    """A plain page, or an article when it has a date. `place` says where the frame links to it.

    own_production: the body whose work it is, of its translations as of itself. agreement: the manifest by which it is
    public, which one of its translations has like the others.
    """

    intro = models.TextField(_("introduction"), blank=True, max_length=500)
    date = models.DateField(
        _("date"), null=True, blank=True, help_text=_("An article has a date; a page that always holds has none.")
    )
    body = StreamField(BodyBlock(), verbose_name=_("text"), blank=True)
    place = models.CharField(
        _("place in the frame"), max_length=15, choices=Place.choices, blank=True, default=Place.NONE
    )
    own_production = models.ForeignKey(
        Body,
        verbose_name=_("the coordination's own work, by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="own_pages",
    )
    agreement = models.ForeignKey(
        Manifest, null=True, blank=True, on_delete=models.PROTECT, related_name="+", editable=False
    )

    template = "home/content_page.html"
    subpage_types = ["home.ContentPage"]
    base_form_class = ContentPageForm
    exclude_fields_in_copy = [*BasePage.exclude_fields_in_copy, "agreement"]
    override_translatable_fields = [
        *BasePage.override_translatable_fields,
        SynchronizedField("own_production", overridable=False),
    ]
    rights = ("live", "audiences", "own_production_id", "agreement_id")
    checked = frozenset(
        {
            "live",
            "audiences",
            "own_production",
            "own_production_id",
            "agreement",
            "agreement_id",
            "alias_of",
            "alias_of_id",
        }
        | {"title", "slug", "seo_title", "search_description", "intro", "date", "body", "place"}
        | {"locale", "translation_key"}
    )
    objects: Any = PageManager.from_queryset(ContentPageQuerySet)()

    edit_handler = BasePage.tabbed(
        AgreementPanel(heading=_("The committee's agreement")),
        FieldPanel("intro"),
        FieldPanel("date"),
        FieldPanel("body"),
        FieldPanel("place"),
        whose=[FieldPanel("own_production", help_text=_("Leave it empty if no group of ours made it."))],
    )

    class Meta:
        verbose_name = _("page or article")
        verbose_name_plural = _("pages and articles")

    def search_subject(self) -> str:
        return f"{KIND}:{self.pk}"

    # Whose work it is, and by what it is public

    @property
    def effective_audiences(self) -> frozenset[str]:
        """Its audiences; of our groups' work that says it is for everyone, and names no agreement, editors alone."""
        is_held_back = self.agreement_id is None and self.is_for_everyone()
        return frozenset({STAFF}) if is_held_back else super().effective_audiences

    def agreed_record(self, mark: str) -> Mapping[str, str] | None:
        """The words of a reference that this page shows, as they were agreed to: {} for one that was not seen then.
        None where the page rests on no agreement: as they are. One query for a page.
        """
        if not (self.agreement_id and self.is_for_everyone()):
            return None
        if not hasattr(self, "_agreed_records"):
            rows = ManifestRow.objects.filter(manifest=self.agreement_id, subject=self.search_subject())
            values = rows.values_list("values", flat=True).first() or {}
            blocks = [block for block in values.get("body", ()) if block["type"] == "reference"]
            self._agreed_records = {block["mark"]: block.get("record", {}) for block in blocks}
        return self._agreed_records.get(mark, {})

    def is_for_everyone(self) -> bool:
        """Whether this is the work of one of our groups, live and for everyone: which wants an agreement."""
        return bool(gates() and self.own_production_id and self.live and PUBLIC in (self.audiences or ()))

    def name_whose_work(self) -> None:
        """Who is named as its author is whose work it is."""
        if self.own_production_id is None:
            self.own_production = next(iter(sorted(self.bodies.all(), key=lambda body: body.code)), None)

    def refuse_not_ours(self) -> None:
        """Raises NotAgreed where this, as it is stored, stays the work of one of our groups: it is public, or was put
        to the committee. Two queries at most.
        """
        if gates() and (self.is_for_everyone() or self._was_proposed()):
            raise NotAgreed({"own_production": STAYS_OURS})

    def _was_proposed(self) -> bool:
        return self._manifests().exists()

    def _asked_since(self, moment: datetime) -> bool:
        return bool(self.pk) and self._manifests().filter(made_at__gte=moment).exists()

    def _manifests(self) -> models.QuerySet[Manifest]:
        """Of all questions about it and its translations. One query."""
        group = ContentPage.objects.filter(translation_key=self.translation_key).values_list("pk", flat=True)
        return Manifest.objects.filter(subject__in=[f"{KIND}:{pk}" for pk in group])

    def save(self, *args, **options):
        """Raises NotAgreed where everyone would read what the Steering Committee did not agree to."""
        fields = options.get("update_fields")
        if fields is None and _writes_drafts.get() and self._keeps_its_words():
            return None
        with transaction.atomic():
            if self.is_checked(fields):
                self._settle_whose_work(fields)
            return super().save(*args, **options)

    def save_revision(self, *args, overwrite_revision=None, **options):
        """A revision that was asked about is never written over."""
        self.name_whose_work()
        if overwrite_revision is not None and self._asked_since(overwrite_revision.created_at):
            overwrite_revision = None
        return super().save_revision(*args, overwrite_revision=overwrite_revision, **options)

    def publish(self, revision, *args, **options):
        """All or nothing: what is refused leaves no date of its publication either."""
        with transaction.atomic():
            return super().publish(revision, *args, **options)

    def with_content_json(self, content):
        """An older text does not bring back the agreement of its time, nor a body that is gone."""
        whose = content.get("own_production")
        is_there = whose in (None, self.own_production_id) or Body.objects.filter(pk=whose).exists()
        found = super().with_content_json(
            {**content, "agreement": None, "own_production": whose if is_there else self.own_production_id}
        )
        found.agreement_id = self.agreement_id
        return found

    def _keeps_its_words(self) -> bool:
        stored = ContentPage.objects.filter(pk=self.pk).first() if self.pk else None
        return stored is not None and stored.is_for_everyone()

    def _settle_whose_work(self, fields: Collection[str] | None) -> None:
        """A translation is the work of whom its source is. Three queries, one more for what is nobody's of ours."""
        source = self.source_page()
        if source is not None:
            self.own_production_id = source.own_production_id
        elif fields is None:
            self.name_whose_work()
        if gates() and self.alias_of_id and self.own_production_id:
            raise NotAgreed(NO_ALIAS)
        if gates() and self.pk and self.own_production_id is None:
            stored = ContentPage.objects.filter(pk=self.pk).first()
            if stored is not None and (stored.own_production_id or self.live):
                stored.refuse_not_ours()

    def get_context(self, request: HttpRequest, *args, **options) -> dict:
        context = super().get_context(request, *args, **options)
        below = ContentPage.objects.child_of(self).live().order_by("-date", "path")
        context["below"] = below.for_audiences(audiences_of(request))
        return context


@contextmanager
def writing_drafts() -> Iterator[None]:
    """Inside it a save of the work of our groups that is public leaves it as it is: its revision is the new draft."""
    token = _writes_drafts.set(True)
    try:
        yield
    finally:
        _writes_drafts.reset(token)


def gates() -> bool:
    """Whether the work of our groups needs an agreement: the setting."""
    return bool(settings.ARTICLES_NEED_AGREEMENT)
