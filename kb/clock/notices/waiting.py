"""What waits for a person: domains register a list each, and one page, one panel and one message show them all.

Works with an empty registry. Things that only happened are in `noticing`; the message that gathers both is in
`digesting`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise

from search.registries import Registry

SHOWN = 5  # things named in each list; the rest is behind its link


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits: title in its own language, the address where it is dealt with, since when, and a short word
    ("sent back: the year").
    """

    title: str
    url: str
    since: datetime | None = None
    language: str = ""
    word: str = ""


@dataclass(frozen=True, slots=True)
class WaitingList:
    """Things of one kind. total may be more than `things`, which hold at most SHOWN, oldest first; url leads to all of
    them.

    Where the person may know that something waits but the occasion must not name it (a message to an editor), things
    are empty and total is not.
    """

    total: int
    things: tuple[Waiting, ...] = ()
    url: str = ""


@dataclass(frozen=True, slots=True)
class Provider:
    """find(user, held) gives what waits for that person, for the audiences held on this occasion; label is a heading
    ("Contributions to accept").
    """

    name: str
    label: str | Promise
    find: Callable[[Any, frozenset[str]], WaitingList]


@dataclass(frozen=True, slots=True)
class Heading:
    """A list that is not empty, under its heading in the language of the moment."""

    name: str
    label: str
    waiting: WaitingList


LISTS: Registry[Provider] = Registry("What waits")


def register_waiting(
    name: str, label: str | Promise, find: Callable[[Any, frozenset[str]], WaitingList], *, order: int
) -> None:
    """Called from `apps.py`. A fixed number of queries per list, whatever waits. A name ("library.to_accept")
    registered again replaces the first.

    Raises ValueError for a name without its domain.
    """
    LISTS.register(name, Provider(name, label, find), order=order)


def waiting_for(user: Any, held: frozenset[str]) -> tuple[Heading, ...]:
    """All that waits for a person, in the order of the headings; empty lists are left out.

    `held` are the audiences of the occasion: of the request on a page; without the second factor in a message, so that
    no mail names what only an editor may see.
    """
    if not user.is_authenticated or not user.is_active:
        return ()
    found = ((provider, provider.find(user, held)) for provider in LISTS)
    return tuple(Heading(provider.name, str(provider.label), waiting) for provider, waiting in found if waiting.total)
