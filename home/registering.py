"""What the site's own pages say to the rooms below when the site starts: to the search and to the frame."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from home import personal
from home.choices import Place
from home.indexing import PageKind
from home.models import ContentPage
from home.news import ArticleNews
from home.public.mapping import PageSitemap
from kb.accounts.audiences import PUBLIC
from kb.languages import current_language
from kb.pages.addressing.sitemaps import register_sitemap
from kb.pages.frame import Link, register_footer_links
from kb.pages.news import register_news
from search import registry


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
        if PUBLIC in page.audiences and (page.place not in best or page.locale.language_code == here):
            best[page.place] = page
    yield from (Link(best[place].title, best[place].get_url()) for place in wanted if place in best)


def register_of_processing() -> Iterator[Link]:
    yield Link(_("Register of processing"), reverse("processing_register"))


def tools() -> Iterator[Link]:
    yield Link(_("Site map"), reverse("site_map"))
