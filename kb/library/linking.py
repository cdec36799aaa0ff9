"""References as the rooms below and the machines name them: by shelf mark in a page's block,
by address in sitemap.xml.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.urls import reverse

from kb.languages import CODES
from kb.library.hits.cards import cards
from kb.library.models import Reference
from kb.library.models.marks import Mark
from kb.pages.addressing.sitemaps import PagedSitemap
from kb.pages.references import FoundReference


def resolve_marks(marks: Iterable[str], *, audiences: frozenset[str], language: str) -> dict[str, FoundReference]:
    """The references with these marks ("PA 2012/147") that these audiences may see.

    One query a mark, then those of the cards.
    """
    found = {}
    for mark in marks:
        parsed = Mark.from_slug(mark.replace(" ", "-").replace("/", "-"))
        pk = Reference.objects.with_mark(parsed).values_list("pk", flat=True).first() if parsed else None
        if pk is None:
            continue
        key = f"{Reference.subject_of(pk)}/"
        card = cards([key], audiences=audiences).get(key)
        if card is not None:
            found[mark] = FoundReference(mark, card.title, card.title_language, card.url, card.meta, card.languages)
    return found


class ReferenceSitemap(PagedSitemap):
    """The notices that everyone may see, under each language; a page is two queries.

    None says when it changed: most of what a save changes (closed files, who put it in) is not for everyone to know of.
    """

    i18n = True
    languages = list(CODES)
    alternates = True

    def items(self):
        return Reference.objects.public().order_by("pk").values_list("body__code", "mark_year", "mark_number")

    def location(self, row: tuple[str, int, int]) -> str:
        return reverse("library:reference", args=[Mark(*row).slug])
