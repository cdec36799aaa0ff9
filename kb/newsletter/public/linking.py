"""Issues as machines name them: the addresses in the head of a page, their part of sitemap.xml,
the latest one for the home page.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from django.contrib.sitemaps import Sitemap
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from kb.languages import CODES
from kb.newsletter.models import Issue
from kb.newsletter.public.shown import ShownIssue, issue_path, subjects, written
from kb.pages.addressing import addresses
from kb.pages.addressing.addresses import Addresses
from kb.pages.frame import Link
from kb.pages.news import still_public


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
    """published_at: of the approved words, whatever is written meanwhile."""

    number: int
    published_at: datetime | None
    languages: tuple[str, ...]


class IssueSitemap(Sitemap):
    """The pages of live issues, each under the languages in which something is written that everyone may see now. Two
    queries, however many, and those of `still_public`.
    """

    i18n = True
    languages = list(CODES)
    alternates = True
    limit = 3000

    def items(self) -> list[Row]:
        issues = list(Issue.objects.public().order_by("number").prefetch_related("items"))
        public = still_public(subjects(issues))
        return [
            Row(issue.number, issue.last_published_at, written(issue, issue.items.all(), public)) for issue in issues
        ]

    def get_languages_for_item(self, item: Row) -> list[str]:
        return list(item.languages)

    def location(self, item: Row) -> str:
        return reverse("newsletter:issue", args=[item.number])

    def lastmod(self, item: Row) -> datetime | None:
        return item.published_at
