"""Issues as machines name them: the addresses in the head of a page, their part of sitemap.xml,
the latest one for the home page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.contrib.sitemaps import Sitemap
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from kb.languages import CODES
from kb.newsletter.models import Issue, IssueItem
from kb.newsletter.public.shown import ShownIssue, issue_path
from kb.pages import addresses
from kb.pages.addresses import Addresses
from kb.pages.frame import Link


def addresses_of(request: HttpRequest, shown: ShownIssue) -> Addresses:
    """Every language has its page; those in which nothing is written lead machines to one in which something is."""
    found = addresses.of(request)
    urls = {code: request.build_absolute_uri(issue_path(shown.number, code)) for code in shown.written}
    canonical = urls.get(shown.language) or urls.get(shown.title.language) or next(iter(urls.values()))
    tabs = tuple(replace(tab, exists=tab.language in urls) for tab in found.tabs)
    return Addresses(tabs, canonical, urls)


def subscribe_links() -> Iterator[Link]:
    """The footer's way to the subscription."""
    try:
        yield Link(_("Subscribe to L'Échos-CASS"), reverse("newsletter:subscribe"))
    except NoReverseMatch:
        return


@dataclass(frozen=True, slots=True)
class Row:
    number: int
    updated_at: datetime
    languages: tuple[str, ...]


class IssueSitemap(Sitemap):
    """The pages of live issues, each under the languages it is written in. Two queries, however many."""

    i18n = True
    languages = list(CODES)
    alternates = True
    limit = 3000

    def items(self) -> list[Row]:
        texts: dict[int, list[Mapping[str, str]]] = defaultdict(list)
        for issue_id, title, text in (
            IssueItem.objects.filter(issue__live=True).order_by().values_list("issue_id", "title", "text")
        ):
            texts[issue_id] += [title, text]
        rows = Issue.objects.public().order_by("number").values_list("pk", "number", "updated_at", "title", "lead")
        return [
            Row(
                number,
                updated_at,
                tuple(code for code in CODES if any(text.get(code) for text in (title, lead, *texts[pk]))),
            )
            for pk, number, updated_at, title, lead in rows
        ]

    def get_languages_for_item(self, item: Row) -> tuple[str, ...]:
        return item.languages

    def location(self, item: Row) -> str:
        return reverse("newsletter:issue", args=[item.number])

    def lastmod(self, item: Row) -> datetime:
        return item.updated_at
