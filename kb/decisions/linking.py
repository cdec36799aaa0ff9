"""Where the decisions are linked from: the foot of every page, and the map for machines."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext

from kb.accounts.audiences import PUBLIC
from kb.decisions.models import Decision
from kb.languages import CODES
from kb.pages.addressing.sitemaps import PagedSitemap
from kb.pages.frame import Link


def decision_links() -> list[Link]:
    return [Link(gettext("Decisions of the Steering Committee"), reverse("decisions:list"))]


class DecisionSitemap(PagedSitemap):
    """The decisions that everyone may see, under each language; a page is two queries."""

    i18n = True
    languages = list(CODES)
    alternates = True

    def items(self):
        seen = Decision.objects.seen_by({PUBLIC}).exclude(number=None).order_by("pk")
        return seen.values_list("body__code", "year", "number")

    def location(self, row: tuple[str, int, int]) -> str:
        code, year, number = row
        return reverse("decisions:decision", args=(f"{code}-{year}-{number:03d}",))
