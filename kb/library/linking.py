"""References as the rooms below and the machines name them: by shelf mark in a page's block, by address in sitemap.xml."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.sitemaps import Sitemap
from django.urls import reverse

from kb.accounts.audiences import PUBLIC
from kb.languages import CODES
from kb.library.cards import cards
from kb.library.choices import ReferenceState
from kb.library.models import Reference
from kb.library.models.marks import Mark
from kb.library.models.recording import subject_of
from kb.pages.references import FoundReference


def resolve_marks(marks: Iterable[str], *, audiences: frozenset[str], language: str) -> dict[str, FoundReference]:
    """The references with these marks ("PA 2012/147") that these audiences may see. One query a mark, then those of the cards."""
    found = {}
    for mark in marks:
        parsed = Mark.from_slug(mark.replace(" ", "-").replace("/", "-"))
        pk = Reference.objects.with_mark(parsed).values_list("pk", flat=True).first() if parsed else None
        if pk is None:
            continue
        key = f"{subject_of(pk)}/"
        card = cards([key], audiences=audiences, language=language).get(key)
        if card is not None:
            found[mark] = FoundReference(mark, card.title, card.title_language, card.url, card.meta, card.languages)
    return found


class ReferenceSitemap(Sitemap):
    """The notices that everyone may see, under each language."""

    i18n = True
    languages = list(CODES)
    alternates = True
    limit = 5000

    def items(self):
        public = Reference.objects.filter(state=ReferenceState.ACCEPTED).select_related("body").order_by("pk")
        return [
            reference
            for reference in public.only("pk", "body__code", "mark_year", "mark_number", "audiences", "updated_at")
            if PUBLIC in reference.audiences
        ]

    def location(self, reference: Reference) -> str:
        return reverse("library:reference", args=[reference.mark_slug])

    def lastmod(self, reference: Reference):
        return reference.updated_at
