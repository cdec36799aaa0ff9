"""What became public, as each domain registers it: headings of the newsletter. Works with an empty registry.

Everything said here is public: what a domain gives may leave in a mail, whatever the rights of who receives it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from kb.pages.texts import Texts
from search.registries import Registry


@dataclass(frozen=True, slots=True)
class News:
    """One thing that everyone may see. subject is what the search calls it ("library.reference:17").

    titles: in its own language (`titles.source`) and those it was translated into. texts: a summary in plain text, {}
    where there is none.
    urls: {language: path}, one for each language of the site.
    """

    subject: str
    titles: Texts
    texts: Texts
    urls: Mapping[str, str]
    public_since: datetime
    meta: Mapping[str, str] = field(default_factory=dict)


class NewsSource(Protocol):
    """One heading. Each function takes a fixed number of queries; start is exclusive (None:
    since ever), end inclusive.
    """

    code: str  # "library.references"

    def label(self) -> str:
        """The heading in the language of the moment ("In the library")."""

    def page_url(self) -> str:
        """Where all of them are listed, in the language of the moment; "" where nowhere."""

    def count(self, start: datetime | None, end: datetime) -> int:
        """How many became public then and still are."""

    def newest(self, start: datetime | None, end: datetime, limit: int) -> Sequence[News]:
        """Those that became public then and still are, newest first."""

    def subjects(self, start: datetime | None, end: datetime, limit: int) -> Sequence[str]:
        """What those of `newest` are called, in the same order, nothing else of them made: there may be thousands."""

    def public(self, subjects: Sequence[str]) -> Mapping[str, News]:
        """Those among these subjects that everyone may see now; subjects of other sources are passed over."""


# A kind and an id that a database can hold: subjects come out of forms, and a page that speaks of many must not fall
# over one.
_SUBJECT = re.compile(r"[a-z_]{1,30}\.[a-z_]{1,30}:[0-9]{1,18}")
SOURCES: Registry[NewsSource] = Registry("A source of news")


def register_news(source: NewsSource, *, order: int) -> None:
    """Called from `apps.py`. Articles 10, dossiers 20, recommendations 30, references 40, events 50.

    Raises ValueError for a code without its domain.
    """
    SOURCES.register(source.code, source, order=order)


def news_sources() -> tuple[NewsSource, ...]:
    """All sources, in the order of their headings."""
    return tuple(SOURCES)


def still_public(subjects: Sequence[str]) -> dict[str, News]:
    """Those of these subjects that everyone may see now; what cannot be a subject is not.

    A fixed number of queries per source.
    """
    wanted = tuple(dict.fromkeys(subject for subject in subjects if _SUBJECT.fullmatch(subject)))
    found: dict[str, News] = {}
    for source in news_sources() if wanted else ():
        found.update(source.public(wanted))
    return found
