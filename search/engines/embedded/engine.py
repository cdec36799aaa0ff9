"""The engine's contract (`search.engines.base`): which generation is read and written, by whom,
and how it is made anew.
"""

from __future__ import annotations

import pickle
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from search.analysis import ANALYSIS_VERSION
from search.analysis.tokens import plain_words
from search.engines import ranking
from search.engines.base import EngineUnavailable, Sort, State
from search.engines.embedded.reading import View, counted
from search.engines.embedded.schema import FACETS, SCHEMA_VERSION, SHARDS, translated
from search.engines.embedded.searching import Search, suggested
from search.engines.embedded.writing import Indexes, MeasuredWriting, Writing
from search.engines.levels import known_lengths
from search.engines.preparing import is_long, prepare
from search.engines.storage import MadeBy, Storage
from search.entries import Entry, Query, Results

WRITER_HEAP_BYTES = 64_000_000
REBUILD_HEAP_BYTES = 256_000_000
PART = 500  # pages of a long subject in one commit
ALONE_BELOW = 2_000  # documents: under this a second thread costs more than it gives


def _stamps(generation: Path) -> tuple[tuple[int, int, int], ...] | None:
    """Changes when either index was written; None when it is not there."""
    try:
        found = [(generation / name / "meta.json").stat() for name in ("documents", "pages")]
    except OSError:
        return None
    return tuple((stat.st_mtime_ns, stat.st_ino, stat.st_size) for stat in found)


class EmbeddedEngine:
    """Entries in tantivy. One process writes at a time, any number read; readers follow by themselves.

    A folder that was deleted is empty until it is rebuilt. An index made by another schema answers as well as it can,
    by what it has of the fields of this one, until a rebuild takes its place; it is not written.
    """

    def __init__(self, path: str | Path | None = None) -> None:
        self.storage = Storage(Path(path)) if path is not None else None
        self._lock = threading.RLock()
        self._view: View | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._lengths: Mapping[str, float] | None = None  # of an index in memory; a folder says its own
        if self.storage is None:
            self.use_memory(Indexes.in_memory(), None)

    # reading

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
        first, count = max(0, first), max(0, count)
        with translated():
            view = self._current()
            if view is None or not audiences or not view.size:
                return Results(total=0, total_all=0, facets={name: () for name in FACETS} if facets else {})
            asked = Search(view, query, audiences, without)
            beside = self._beside(view, lambda: (asked.total_all(), asked.facets() if facets else {}))
            total, found = asked.found(sort, first, count)
            similar = asked.similar(count) if count and total < ranking.SIMILAR_BELOW and first + count >= total else []
            total_all, facet_values = beside()
            return Results(
                total=total,
                total_all=total if total_all is None else total_all,
                hits=tuple(asked.hit(hit) for hit in found),
                similar=tuple(asked.hit(hit) for hit in similar),
                facets=facet_values,
                total_passages=asked.total_passages(total),
            )

    def _beside(self, view: View, work: Callable[[], Any]) -> Callable[[], Any]:
        """Starts work in a second thread when the index is large (searching frees the interpreter); call what it gives
        for the answer.
        """
        if view.size < ALONE_BELOW:
            return work
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(2, thread_name_prefix="search")
        return self._pool.submit(work).result

    def suggest(
        self,
        typed: str,
        *,
        audiences: frozenset[str],
        language: str,
        count: int = 6,
        without: frozenset[str] = frozenset(),
    ) -> list[str]:
        words = plain_words(typed)
        with translated():
            view = self._current()
            if view is None or not words or not audiences:
                return []
            return suggested(view, words, language, count, audiences, without)

    def section_hits(
        self,
        query: Query,
        subject: str,
        layer: str,
        *,
        audiences: frozenset[str],
        without: frozenset[str] = frozenset(),
    ) -> dict[str, float]:
        with translated():
            view = self._current()
            if view is None or not audiences:
                return {}
            return Search(view, query, audiences, without).section_hits(f"{subject}/{layer}")

    def section_counts(
        self, query: Query, keys: Sequence[str], *, audiences: frozenset[str], without: frozenset[str] = frozenset()
    ) -> dict[str, int]:
        with translated():
            view = self._current()
            if view is None or not audiences or not keys:
                return {}
            return Search(view, query, audiences, without).section_counts(keys)

    def stored(self) -> Iterator[tuple[str, str]]:
        with translated():
            view = self._current()
            if view is None:
                return
            for shard in range(SHARDS):
                clause = view.documents.term("shard", f"{shard:02x}")
                searcher = view.documents.searcher
                size = counted(searcher.search(clause, 1, True))
                for _, address in searcher.search(clause, max(1, size), False).hits:
                    document = searcher.doc(address)
                    yield (
                        f"{document.get_first('subject')}/{document.get_first('layer')}",
                        document.get_first("fingerprint") or "",
                    )

    def count(self) -> int:
        with translated():
            view = self._current()
            return view.size if view else 0

    def state(self) -> State:
        if self.storage is None:
            return "current"
        generation = self.storage.current()
        made_by = self.storage.made_by(generation) if generation else None
        if generation is None or made_by is None or not made_by.complete or _stamps(generation) is None:
            return "unfinished"
        return "current" if _is_ours(made_by) else "earlier"

    def is_current(self) -> bool:
        return self.state() == "current"

    def _current(self) -> View | None:
        """What to search now: two file dates are looked at, and the index is read again when they changed."""
        if self.storage is None:
            return self._view
        generation = self.storage.current()
        stamps = _stamps(generation) if generation else None
        if generation is None or stamps is None:
            self._view = None
            return None
        view = self._view
        if view is not None and view.generation == generation and view.stamps == stamps:
            return view
        with self._lock:
            view = self._view
            indexes = view.indexes if view is not None and view.generation == generation else Indexes.open(generation)
            indexes.reload()
            self._view = View(indexes, generation=generation, stamps=stamps)
            return self._view

    def use_memory(self, indexes: Indexes, lengths: Mapping[str, float] | None) -> None:
        """Answers from these indexes from now on."""
        indexes.reload()
        self._view = View(indexes)
        self._lengths = lengths

    # writing

    def replace(
        self, changes: Iterable[tuple[str, Sequence[Entry]]], *, between: Callable[[], None] | None = None
    ) -> None:
        long: list[tuple[str, Sequence[Entry]]] = []
        with self._writing() as writing:
            for subject, entries in changes:
                if between is not None and is_long(entries):
                    long.append((subject, entries))
                    continue
                writing.remove(subject)
                for entry in entries:
                    writing.add(entry)
        for subject, entries in long:
            assert between is not None
            self._replace_in_parts(subject, entries, between)

    def _replace_in_parts(self, subject: str, entries: Sequence[Entry], between: Callable[[], None]) -> None:
        """Pages first, some hundreds a commit, then the documents: until then the earlier ones stand, or none.

        One entry at a time is in memory; the documents wait in a file.
        """
        with self._writing() as writing:
            writing.remove_pages(subject)
        with tempfile.TemporaryFile(prefix="documents-") as aside:
            for entry in entries:
                prepared = prepare(entry, between)
                for first in range(0, len(prepared.pages), PART):
                    between()
                    with self._writing() as writing:
                        writing.add_pages(prepared, first, first + PART)
                pickle.dump(replace(prepared, pages=()), aside)
                del prepared
            aside.seek(0)
            between()
            with self._writing() as writing:
                writing.remove_document(subject)
                for _ in entries:
                    writing.add_document(pickle.load(aside))

    @contextmanager
    def _writing(self) -> Iterator[Writing]:
        """Both writers; committed when the block ends, nothing kept when it ends in an error."""
        with self.lock_for_writing(), translated():
            indexes, lengths = self._for_writing()
            writing = Writing(indexes, WRITER_HEAP_BYTES, lengths)
            try:
                yield writing
            except BaseException:
                writing.abandon()
                raise
            writing.commit()
            if self.storage is None and self._view is not None:
                self.use_memory(self._view.indexes, self._lengths)

    @contextmanager
    def lock_for_writing(self) -> Iterator[None]:
        """Holds the folder, or this engine where it is in memory. Raises EngineBusy when another process writes."""
        if self.storage is None:
            with self._lock:
                yield
        else:
            with self.storage.writing():
                yield

    def _for_writing(self) -> tuple[Indexes, Mapping[str, float]]:
        """The indexes as they are now and the lengths their levels are cut by.

        Where there are none, new ones, incomplete until a rebuild.
        """
        if self.storage is None:
            assert self._view is not None
            return self._view.indexes, known_lengths(self._lengths)
        generation = self.storage.current()
        if generation is None or _stamps(generation) is None:
            generation = self.storage.create()
            indexes = Indexes.create(generation)
            self.storage.use(generation, MadeBy(SCHEMA_VERSION, ANALYSIS_VERSION, False))
            self.storage.clean()
            return indexes, known_lengths(None)
        made_by = self.storage.made_by(generation)
        if made_by is None or not _is_ours(made_by):
            raise EngineUnavailable("The search index was made by another version; run manage.py rebuild_index.")
        return Indexes.open(generation), known_lengths(made_by.lengths)

    def rebuild(self) -> EmbeddedRebuild:
        return EmbeddedRebuild(self)

    def close(self) -> None:
        with self._lock:
            if self.storage is not None:
                self._view = None
            if self._pool is not None:
                self._pool.shutdown()
                self._pool = None


def _is_ours(made_by: MadeBy) -> bool:
    """Whether this version of the engine may write it."""
    return (made_by.schema, made_by.analysis) == (SCHEMA_VERSION, ANALYSIS_VERSION)


class EmbeddedRebuild:
    """A new index beside the one in use.

    It holds the folder's lock from entering to leaving: changes meanwhile wait (EngineBusy).
    """

    def __init__(self, engine: EmbeddedEngine) -> None:
        self._engine = engine
        self._stack = ExitStack()
        self._generation: Path | None = None
        self._indexes: Indexes | None = None
        self._writing: MeasuredWriting | None = None

    def __enter__(self) -> EmbeddedRebuild:
        storage = self._engine.storage
        with ExitStack() as stack:
            stack.enter_context(self._engine.lock_for_writing())
            with translated():
                if storage is None:
                    self._indexes = Indexes.in_memory()
                    measured = None
                else:
                    measured = self._measured_before(storage)
                    storage.clean()
                    self._generation = storage.create()
                    self._indexes = Indexes.create(self._generation)
                self._writing = MeasuredWriting(self._indexes, REBUILD_HEAP_BYTES, measured)
            self._stack = stack.pop_all()
        return self

    @staticmethod
    def _measured_before(storage: Storage) -> Mapping[str, float] | None:
        """What the index in use measured of itself when it was made, by this analysis."""
        generation = storage.current()
        made_by = storage.made_by(generation) if generation else None
        return (
            known_lengths(made_by.measured)
            if made_by and made_by.measured and made_by.analysis == ANALYSIS_VERSION
            else None
        )

    def add(self, entries: Iterable[Entry]) -> None:
        """Raises EngineUnavailable outside the `with` block."""
        if self._writing is None:
            raise EngineUnavailable("A rebuild is filled inside its with block.")
        with translated():
            for entry in entries:
                self._writing.add(entry)

    def __exit__(self, *error: object) -> None:
        with self._stack, translated():
            writing, self._writing = self._writing, None
            assert writing is not None and self._indexes is not None
            if error and error[0] is not None:
                writing.abandon()
                if self._generation is not None:
                    shutil.rmtree(self._generation, ignore_errors=True)
                return
            writing.commit()
            storage = self._engine.storage
            if storage is None or self._generation is None:
                self._engine.use_memory(self._indexes, writing.lengths)
            else:
                made_by = MadeBy(
                    SCHEMA_VERSION, ANALYSIS_VERSION, True, lengths=writing.lengths, measured=writing.measured
                )
                storage.use(self._generation, made_by)
                storage.clean()
