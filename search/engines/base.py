"""The contract every engine keeps; tests/search/engines/contract.py proves it for each.

An engine stores entries as ready-made terms and answers for one reader. It knows nothing of Django, of models, or of
HTML.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal, Protocol

from search.entries import Entry, Query, Results

Sort = Literal["relevance", "date"]
State = Literal["current", "earlier", "unfinished"]


class EngineUnavailable(Exception):
    """The engine cannot answer or write now; what was to be written stays in the outbox."""


class EngineBusy(EngineUnavailable):
    """Another process is writing; try again later."""


class Engine(Protocol):
    def replace(
        self, changes: Iterable[tuple[str, Sequence[Entry]]], *, between: Callable[[], None] | None = None
    ) -> None:
        """For each (subject, entries): take out all layers of the subject, put these in ([] removes it). One commit for
        all.

        between: with it, subjects of very many pages (`preparing.is_long`) come by themselves, after the others, and
        their pages bit by bit: between is called again and again while nothing is held, and may write other subjects.
        Until the end of such a subject fewer of its pages are found, or more are counted; what it is and who finds it
        changes in one step.
        Raises EngineBusy when another process holds the writer, EngineUnavailable otherwise; nothing else is half
        written.
        """

    def search(
        self,
        query: Query,
        *,
        audiences: frozenset[str],
        first: int = 0,
        count: int = 10,
        sort: Sort = "relevance",
        facets: bool = True,
        without: frozenset[str] = frozenset(),
    ) -> Results:
        """Hits `first` to `first + count` for a reader who holds these audiences. An empty query with filters lists.

        Here and below, subjects in `without` are left out of everything, as if they were not stored.
        """

    def suggest(
        self,
        typed: str,
        *,
        audiences: frozenset[str],
        language: str,
        count: int = 6,
        without: frozenset[str] = frozenset(),
    ) -> list[str]:
        """Subjects whose title has all typed words, the last one as a beginning; best first."""

    def section_hits(
        self,
        query: Query,
        subject: str,
        layer: str,
        *,
        audiences: frozenset[str],
        without: frozenset[str] = frozenset(),
    ) -> dict[str, float]:
        """Anchor -> score of every page of one entry that holds some of the words (for "all passages", the reader)."""

    def section_counts(
        self, query: Query, keys: Sequence[str], *, audiences: frozenset[str], without: frozenset[str] = frozenset()
    ) -> dict[str, int]:
        """Entry.key -> number of its pages that hold some of the words; entries without any are left out.

        One search, however many keys.
        """

    def stored(self) -> Iterator[tuple[str, str]]:
        """(key, fingerprint) of every stored entry, in no order: what `check_index` compares with the database."""

    def count(self) -> int:
        """Entries stored."""

    def state(self) -> State:
        """ "earlier": whole, but made by another schema or analysis version: it answers until a rebuild has taken its
        place, and takes no changes.

        "unfinished": there is none, or not everything has been put in yet.
        """

    def is_current(self) -> bool:
        """Whether the index is whole and of this version; if not, rebuild it."""

    def rebuild(self) -> Rebuild:
        """A new, empty index beside the one in use; `with engine.rebuild() as new:
        new.add(entries)` swaps on leaving without error.
        """

    def close(self) -> None: ...


class Rebuild(Protocol):
    def add(self, entries: Iterable[Entry]) -> None: ...
    def __enter__(self) -> Rebuild: ...
    def __exit__(self, *error: object) -> None: ...
