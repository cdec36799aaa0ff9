"""What stands in the address of the results page, read leniently: a value that means nothing is left out,
never refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args
from urllib.parse import urlencode

from django.http import QueryDict

from search import registry
from search.analysis.languages import LANGUAGES
from search.engines.base import Sort
from search.entries import Filters

MOST_LETTERS = 500  # of a question; a whole pasted page helps nobody
MOST_VALUES = 30  # of one filter
MOST_PAGES = 100

FilterName = Literal["languages", "kinds", "types", "themes", "groups", "years"]
FILTERS: tuple[FilterName, ...] = get_args(FilterName)
PARAMETERS: Mapping[FilterName, str] = {
    "languages": "lang",
    "kinds": "where",
    "types": "type",
    "themes": "theme",
    "groups": "group",
    "years": "year",
}
_YEARS = re.compile(r"([0-9]{4})|([0-9]{4})-([0-9]{4})?|-([0-9]{4})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")

Years = tuple[int | None, int | None]


def read_years(value: str) -> Years | None:
    """ "2012" | "2008-2012" | "2008-" | "-2012" as (from, to) inclusive; None for anything else."""
    found = _YEARS.fullmatch(value)
    if not found:
        return None
    one, first, last, until = (int(group) if group else None for group in found.groups())
    if one is not None:
        return one, one
    if first is not None and last is not None:
        return min(first, last), max(first, last)
    return first, last if until is None else until


def write_years(years: Years) -> str:
    """The shortest of the ways `read_years` reads."""
    first, last = years
    if first is not None and first == last:
        return str(first)
    return f"{first if first is not None else ''}-{last if last is not None else ''}"


@dataclass(frozen=True, slots=True)
class SearchForm:
    """words as typed; `chosen` holds the boxes ticked, as they stand in the address; page from 1."""

    words: str = ""
    chosen: Mapping[FilterName, tuple[str, ...]] = ()  # type: ignore[assignment]
    sort: Sort = "relevance"
    page: int = 1

    @classmethod
    def read(cls, data: QueryDict) -> SearchForm:
        """The form in an address; never an exception."""
        page = data.get("page", "")
        return cls(
            words=plain(data.get("q", ""))[:MOST_LETTERS].strip(),
            chosen={name: _known(name, data.getlist(PARAMETERS[name])) for name in FILTERS},
            sort="date" if data.get("sort") == "date" else "relevance",
            page=min(max(1, int(page)), MOST_PAGES) if re.fullmatch(r"[0-9]{1,4}", page) else 1,
        )

    @property
    def filters(self) -> Filters:
        """The boxes ticked, as filters."""
        years = tuple(found for value in self.chosen["years"] if (found := read_years(value)))
        return Filters(years=years, **{name: self.chosen[name] for name in FILTERS if name != "years"})

    @property
    def asks(self) -> bool:
        """Whether there is anything to look for."""
        return bool(self.words) or any(self.chosen.values())

    def pairs(self) -> list[tuple[str, str]]:
        """(parameter, value) of everything that differs from an empty form, in a fixed order."""
        found = [("q", self.words)] if self.words else []
        found += [(PARAMETERS[name], value) for name in FILTERS for value in self.chosen[name]]
        found += [("sort", self.sort)] if self.sort != "relevance" else []
        return found + ([("page", str(self.page))] if self.page > 1 else [])

    def address(self) -> str:
        """ "?q=logement&lang=fr", or "?" for an empty form."""
        return "?" + urlencode(self.pairs())

    def on_page(self, page: int) -> SearchForm:
        return replace(self, page=page)

    def without(self, name: FilterName, value: str) -> SearchForm:
        """The same search without one ticked box, on its first page."""
        kept = tuple(other for other in self.chosen[name] if other != value)
        return replace(self, chosen={**self.chosen, name: kept}, page=1)

    def without_sort(self) -> SearchForm:
        """The same search in the usual order, on its first page."""
        return replace(self, sort="relevance", page=1)

    def without_filters(self) -> SearchForm:
        return replace(self, chosen=dict.fromkeys(FILTERS, ()), page=1)


def plain(text: str) -> str:
    """Without signs of control, which PostgreSQL (NUL) and people do not read."""
    return _CONTROL.sub(" ", text)


def _known(name: FilterName, values: Iterable[str]) -> tuple[str, ...]:
    """The distinct values that can mean something, in the order given."""
    kinds = {kind.code for kind in registry.kinds()}

    def means(value: str) -> bool:
        if name == "languages":
            return value in LANGUAGES
        if name == "kinds":
            return value in kinds
        if name == "years":
            return read_years(value) is not None
        return 0 < len(value) <= 120 and value == plain(value)

    return tuple(dict.fromkeys(value for value in values if means(value)))[:MOST_VALUES]
