"""What a 404 can offer: the same thing in the languages it exists in, and words to search for,
both read from the address.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.db.models import Subquery, Value
from django.db.models.functions import Concat
from wagtail.models import Page

from home.models import ContentPage, HomePage
from kb.languages import CODES
from kb.pages import agreements
from kb.pages.models import BasePage

_SLUG = re.compile(r"[\w-]+")
_SEPARATORS = re.compile(r"[-_+.\s]+")


@dataclass(frozen=True, slots=True)
class Offer:
    """A page that exists, and its language."""

    language: str
    title: str
    url: str

    @property
    def languages(self) -> tuple[str]:
        return (self.language,)


def last_word(path: str) -> str:
    """The last part of an address that says something: "/nl/gids/huurwaarborg/" gives "huurwaarborg"."""
    parts = [part for part in path.split("/") if part and part not in CODES]
    return parts[-1] if parts else ""


def search_words(path: str) -> str:
    """Words for the search box, from the address: "garantie-locative" gives "garantie locative"; numbers and file
    endings are no words.
    """
    stem = re.sub(r"\.(html?|php|aspx?|pdf)$", "", last_word(path), flags=re.IGNORECASE)
    return " ".join(word for word in _SEPARATORS.split(stem) if word and not word.isdigit())[:100]


def taken_off(path: str) -> str:
    """What the address of an article of one of our groups says whose agreement was withdrawn, or is looked at again; it
    names nothing of it. "" for any other. Two queries, three for such an article.
    """
    language, _slash, rest = path.lstrip("/").partition("/")
    if language not in CODES or not rest.endswith("/") or not all(map(_SLUG.fullmatch, rest[:-1].split("/"))):
        return ""
    home = HomePage.objects.filter(locale__language_code=language).values("url_path")[:1]
    at_it = ContentPage.objects.filter(own_production__isnull=False, url_path=Concat(Subquery(home), Value(rest)))
    page = at_it.first()
    if page is None or page.is_public():
        return ""
    return agreements.last_word((page.source_page() or page).search_subject())


def offers(path: str, *, audiences: frozenset[str]) -> list[Offer]:
    """The live pages that go by this address's last word in some language, and their translations, in the order FR, NL,
    EN.

    A page that is not published yet is not offered, but leads to its translations that are. Two queries, and one per
    kind of page.
    """
    slug = last_word(path)
    if not _SLUG.fullmatch(slug):
        return []
    keys = list(Page.objects.filter(slug=slug, depth__gt=2).values_list("translation_key", flat=True)[:5])
    pages = Page.objects.live().filter(translation_key__in=keys).select_related("locale").specific()
    seen = [page for page in pages if isinstance(page, BasePage) and page.is_for(audiences)]
    found = [Offer(page.locale.language_code, page.title, page.get_url() or "") for page in seen]
    return sorted(found, key=lambda offer: CODES.index(offer.language))
