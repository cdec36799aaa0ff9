"""The archive: live issues, the newest first, by year with counts, a page at a time; and those around one of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby
from math import ceil
from urllib.parse import urlencode

from django.db.models import Count
from django.db.models.functions import ExtractYear
from django.http import QueryDict

from kb.newsletter.models import Issue
from kb.newsletter.public.shown import Headline, headlines

A_PAGE = 30
EARLIER = 3


@dataclass(frozen=True, slots=True)
class Year:
    """A year in which issues appeared; address narrows the archive to it."""

    year: int
    count: int
    address: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Archive:
    """A page of the archive. total counts those of the chosen year, or all; by_year is [(2013, (headline, …)), …];
    addresses are "" at the ends.
    """

    by_year: tuple[tuple[int, tuple[Headline, ...]], ...]
    years: tuple[Year, ...]
    chosen: int | None
    total: int
    page: int
    pages: tuple[tuple[int, str], ...]
    previous_address: str
    next_address: str

    @property
    def narrows(self) -> bool:
        return self.chosen is not None


def archive(data: QueryDict, language: str) -> Archive:
    """What stands in the address is read leniently: a year without issues, a page that is not there.

    Two queries, and those of `still_public`.
    """
    counts = dict(
        Issue.objects.public().order_by().annotate(year=ExtractYear("date")).values_list("year").annotate(Count("pk"))
    )
    asked = data.get("year", "")
    chosen = int(asked) if re.fullmatch(r"[0-9]{4}", asked) and int(asked) in counts else None
    total = counts[chosen] if chosen is not None else sum(counts.values())
    last = max(1, ceil(total / A_PAGE))
    typed = data.get("page", "")
    page = min(int(typed), last) if re.fullmatch(r"[1-9][0-9]{0,5}", typed) else 1
    rows = Issue.objects.public().order_by("-date", "-number")
    rows = rows.filter(date__year=chosen) if chosen is not None else rows
    found = headlines(list(rows[(page - 1) * A_PAGE : page * A_PAGE]), language)
    return Archive(
        by_year=tuple((year, tuple(some)) for year, some in groupby(found, key=lambda headline: headline.date.year)),
        years=tuple(
            Year(year, counts[year], _address(year, 1), year == chosen) for year in sorted(counts, reverse=True)
        ),
        chosen=chosen,
        total=total,
        page=page,
        pages=tuple((number, _address(chosen, number)) for number in _near(page, last)),
        previous_address=_address(chosen, page - 1) if page > 1 else "",
        next_address=_address(chosen, page + 1) if page < last else "",
    )


def _address(year: int | None, page: int) -> str:
    pairs = ([("year", year)] if year is not None else []) + ([("page", page)] if page > 1 else [])
    return "?" + urlencode(pairs)


def _near(page: int, last: int) -> list[int]:
    """The first page, the last one, and those around this one."""
    return [number for number in range(1, last + 1) if number in (1, last) or abs(number - page) <= 2]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The issues around one: earlier ones, the nearest first, and the next; None at the ends."""

    earlier: tuple[Headline, ...]
    next: Headline | None

    @property
    def previous(self) -> Headline | None:
        return self.earlier[0] if self.earlier else None


def neighbours(number: int, language: str) -> Neighbours:
    """Two queries, and those of `still_public`."""
    earlier = list(Issue.objects.public().filter(number__lt=number).order_by("-number")[:EARLIER])
    later = list(Issue.objects.public().filter(number__gt=number).order_by("number")[:1])
    found = headlines([*later, *earlier], language)
    return Neighbours(tuple(found[len(later) :]), found[0] if later else None)


def latest_headline(language: str) -> Headline | None:
    """The issue that appeared last, for the home page; None before the first. One query,
    and those of `still_public`.
    """
    return next(iter(headlines(list(Issue.objects.public().order_by("-date", "-number")[:1]), language)), None)
