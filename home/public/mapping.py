"""The map of the site, for people (a tree of links) and for machines (our part of sitemap.xml)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.contrib.sitemaps import Sitemap
from wagtail.models import Page

from home.models import ContentPage, HomePage
from kb.pages.models import BasePage


@dataclass(frozen=True, slots=True)
class Branch:
    title: str
    url: str
    below: list[Branch] = field(default_factory=list)


def branches(home: Page, *, audiences: frozenset[str]) -> list[Branch]:
    """The live pages under home that a reader may see;
    what stands under a page that is not there for them is left out too.
    """
    top: list[Branch] = []
    open_at: dict[str, list[Branch]] = {home.path: top}
    for page in home.get_descendants().live().specific(defer=False).order_by("path"):
        siblings = open_at.get(page.path[: -page.steplen])
        if siblings is not None and isinstance(page, BasePage) and page.is_for(audiences):
            branch = Branch(page.title, page.get_url() or "")
            siblings.append(branch)
            open_at[page.path] = branch.below
    return top


class PageSitemap(Sitemap):
    """Public pages of the tree, in every language."""

    limit = 5000

    def items(self) -> Sequence[Page]:
        pages = [*HomePage.objects.live().order_by("pk"), *ContentPage.objects.live().order_by("pk")]
        return [page for page in pages if page.is_public()]

    def location(self, page: Page) -> str:
        return page.get_url() or "/"

    def lastmod(self, page: Page):
        return page.last_published_at
