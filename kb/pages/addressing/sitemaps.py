"""What domains put into sitemap.xml: public addresses only. With an empty registry the map is empty.

all of it fits one page ─► /sitemap.xml holds the addresses
it does not             ─► /sitemap.xml lists /sitemap-<name>.xml, /sitemap-<name>.xml?p=2, … of each domain
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.contrib.sitemaps import Sitemap
from django.contrib.sitemaps import views as django_views
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from search.registries import Registry

SITEMAPS: Registry[type[Sitemap]] = Registry()


class PagedSitemap(Sitemap):
    """For many things: `items` gives an ordered queryset, of which only the rows of the page asked for are read, each
    in every language.
    """

    i18n = True
    limit = 3000  # addresses per page

    @cached_property
    def paginator(self) -> Paginator:
        return Paginator(_InEachLanguage(self.items(), self._languages()), self.limit)


class _InEachLanguage(Sequence):
    """The rows of a query, each once with every language, sliced by the database."""

    ordered = True

    def __init__(self, rows: QuerySet, languages: Sequence[str]) -> None:
        self._rows, self._languages = rows, languages

    def __len__(self) -> int:
        return self._rows.count() * len(self._languages)

    def __getitem__(self, wanted):
        """A slice from start to stop, without a step, as paginators ask for it."""
        size = len(self._languages)
        first = wanted.start // size
        rows = self._rows[first : -(-wanted.stop // size)]
        pairs: list[tuple[Any, str]] = [(row, language) for row in rows for language in self._languages]
        return pairs[wanted.start - first * size : wanted.stop - first * size]


def register_sitemap(name: str, sitemap: type[Sitemap]) -> None:
    """Adds a domain's public addresses; called by its `apps.py`.

    The sitemap must leave out whatever an anonymous reader may not see.
    """
    SITEMAPS.register(name, sitemap)


@require_safe
def whole(request: HttpRequest) -> HttpResponse:
    """/sitemap.xml: every public address, or the list of the pages that hold them."""
    made = {str(name): SITEMAPS[name]() for name in SITEMAPS.names()}
    if any(sitemap.paginator.num_pages > 1 for sitemap in made.values()):
        return django_views.index(request, {**made}, sitemap_url_name="sitemap_section")
    return django_views.sitemap(request, {**made})


@require_safe
def section(request: HttpRequest, section: str) -> HttpResponse:
    """/sitemap-<name>.xml?p=<page>: a page of one domain's addresses; 404 for a name or a page that is not there."""
    return django_views.sitemap(request, {str(name): SITEMAPS[name] for name in SITEMAPS.names()}, section=section)
