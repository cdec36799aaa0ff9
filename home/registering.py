"""What the site's own pages say to the rooms below when the site starts: to the search and to the frame."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models.signals import post_migrate, pre_delete, pre_save
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.images import get_image_model
from wagtail.models import Page
from wagtail.signals import page_unpublished

from home import personal
from home.articles import agreeing, asking, binding, guarding, publishing, translating
from home.choices import Place
from home.indexing import PageKind
from home.models import KIND, ContentPage
from home.news import ArticleNews
from home.public.mapping import PageSitemap
from kb.accounts.editors import last_migrated_app
from kb.clock.notices.waiting import register_waiting
from kb.clock.registry import register_due
from kb.languages import current_language
from kb.pages import agreements
from kb.pages.addressing.sitemaps import register_sitemap
from kb.pages.frame import Link, register_footer_links
from kb.pages.news import register_news
from search import registry
from search.recording import CHECKS


def register_all() -> None:
    registry.register(PageKind(), models=["home.ContentPage"])
    registry.leave_out("home.HomePage", reason="it only leads elsewhere")
    registry.register_contact(contact_url)
    register_footer_links("help", placed_pages)
    register_footer_links("help", register_of_processing)
    register_footer_links("tools", tools)
    register_sitemap("pages", PageSitemap)
    register_news(ArticleNews(), order=10)
    personal.register_all()
    agreements.KINDS.register(KIND, agreeing.GATED)
    CHECKS.add(guarding.check)
    watch_other_ways()
    translating.watch_translations()
    post_migrate.connect(
        binding.bind_what_was_there, sender=last_migrated_app(), dispatch_uid="home.articles.bind_what_was_there"
    )
    register_waiting(
        "home.held_back", gettext_lazy("Articles of our groups that wait for an agreement"), asking.held_back, order=36
    )
    register_due(
        "home.publish_scheduled",
        publishing.publish_due,
        timedelta(minutes=1),
        label=gettext_lazy("Publishing and taking off pages on their day"),
    )
    register_due(
        "home.compare_agreed",
        guarding.compare,
        timedelta(hours=1),
        label=gettext_lazy("Comparing the articles that are public with what was agreed to"),
    )


def watch_other_ways() -> None:
    """Wagtail's own models are saved past ours: these come before their changes."""
    pre_save.connect(guarding.refuse_plain, sender=Page, dispatch_uid="home.articles.refuse_plain")
    pre_delete.connect(guarding.refuse_deleting, sender=ContentPage, dispatch_uid="home.articles.refuse_deleting")
    for signal in (pre_save, pre_delete):
        signal.connect(
            guarding.refuse_other_picture, sender=get_image_model(), dispatch_uid="home.articles.refuse_other_picture"
        )
    page_unpublished.connect(guarding.note_unpublished, dispatch_uid="home.articles.note_unpublished")


def contact_url() -> str:
    """The contact page in the reader's language; "" while there is none."""
    return next((link.url for link in placed_pages(Place.CONTACT)), "")


def placed_pages(*places: Place) -> Iterator[Link]:
    """Contact, accessibility and privacy, in the reader's language or in the one they were written in. One query."""
    wanted = places or (Place.CONTACT, Place.ACCESSIBILITY, Place.PRIVACY)
    here = current_language()
    pages = ContentPage.objects.live().filter(place__in=wanted).select_related("locale").defer("body").order_by("pk")
    best: dict[str, ContentPage] = {}
    for page in pages:
        if page.is_public() and (page.place not in best or page.locale.language_code == here):
            best[page.place] = page
    yield from (Link(best[place].title, best[place].get_url()) for place in wanted if place in best)


def register_of_processing() -> Iterator[Link]:
    yield Link(_("Register of processing"), reverse("processing_register"))


def tools() -> Iterator[Link]:
    yield Link(_("Site map"), reverse("site_map"))
