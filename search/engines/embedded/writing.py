"""Entries into the two indexes: opened, filled, committed. Folders, versions and locks are the engine's."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import tantivy

from search.engines.embedded.schema import DOCUMENTS, PAGES, document, pages
from search.engines.levels import Measuring, usual_lengths
from search.engines.preparing import Prepared, prepare
from search.entries import Entry

# public entries whose fields are measured before the first is written, where no earlier index has measured them
SAMPLE = 500
SAMPLE_BYTES = 2_000_000_000  # of entries put aside meanwhile; past it the usual lengths are taken


@dataclass(slots=True)
class Indexes:
    """The two tantivy indexes of one generation."""

    documents: tantivy.Index
    pages: tantivy.Index

    @classmethod
    def in_memory(cls) -> Indexes:
        return cls(tantivy.Index(DOCUMENTS), tantivy.Index(PAGES))

    @classmethod
    def create(cls, generation: Path) -> Indexes:
        for name in ("documents", "pages"):
            (generation / name).mkdir()
        return cls(
            tantivy.Index(DOCUMENTS, path=str(generation / "documents")),
            tantivy.Index(PAGES, path=str(generation / "pages")),
        )

    @classmethod
    def open(cls, generation: Path) -> Indexes:
        """Always opened anew before writing: an index opened before another process wrote would leave its segments
        orphaned.
        """
        found = cls(tantivy.Index.open(str(generation / "documents")), tantivy.Index.open(str(generation / "pages")))
        found.documents.config_reader("manual")
        found.pages.config_reader("manual")
        return found

    def reload(self) -> None:
        self.documents.reload()
        self.pages.reload()


class Writing:
    """Both writers, committed pages first. Nothing is kept when the block ends in an error. lengths: see `levels`."""

    def __init__(self, indexes: Indexes, heap_bytes: int, lengths: Mapping[str, float]) -> None:
        self._writers = [index.writer(heap_bytes, 1) for index in (indexes.pages, indexes.documents)]
        self._pages, self._documents = self._writers
        self._lengths = lengths

    def remove(self, subject: str) -> None:
        for writer in self._writers:
            writer.delete_documents_by_term("subject", subject)

    def remove_pages(self, subject: str) -> None:
        self._pages.delete_documents_by_term("subject", subject)

    def remove_document(self, subject: str) -> None:
        self._documents.delete_documents_by_term("subject", subject)

    def add(self, entry: Entry) -> None:
        self._write(prepare(entry))

    def add_pages(self, prepared: Prepared, first: int, last: int) -> None:
        """Adds the pages of this entry from place `first` to before `last`."""
        for page in pages(prepared, self._lengths, first, last):
            self._pages.add_document(page)

    def add_document(self, prepared: Prepared) -> None:
        """The whole of it; its pages are there."""
        self._documents.add_document(document(prepared, self._lengths))

    def _write(self, prepared: Prepared) -> None:
        self.add_pages(prepared, 0, len(prepared.pages))
        self.add_document(prepared)

    def commit(self) -> None:
        for writer in self._writers:
            writer.commit()
        for writer in self._writers:
            writer.wait_merging_threads()

    def abandon(self) -> None:
        for writer in self._writers:
            writer.rollback()
            writer.wait_merging_threads()


class MeasuredWriting(Writing):
    """Fills a new index and measures it. Without lengths of an earlier one, the first public entries are measured
    before anything is written.

    Hidden entries never decide: they wait aside, in a file, for the lengths that public ones give.
    """

    def __init__(self, indexes: Indexes, heap_bytes: int, lengths: Mapping[str, float] | None) -> None:
        super().__init__(indexes, heap_bytes, lengths or usual_lengths())
        self._measuring = Measuring()
        self._aside = None if lengths else tempfile.TemporaryFile(prefix="measured-")  # noqa: SIM115 (closed by settling or abandoning)

    @property
    def lengths(self) -> Mapping[str, float]:
        """Mean lengths by which the levels of this index were cut."""
        return self._lengths

    @property
    def measured(self) -> dict[str, float]:
        """Mean lengths of everything added: the next index is to be cut by them."""
        return self._measuring.means()

    def add(self, entry: Entry) -> None:
        prepared = prepare(entry)
        self._measuring.add(prepared)
        if self._aside is None:
            self._write(prepared)
            return
        pickle.dump(prepared, self._aside)
        if self._measuring.documents >= SAMPLE:
            self._settle(self._measuring.means())
        elif self._aside.tell() > SAMPLE_BYTES:
            self._settle(usual_lengths())

    def _settle(self, lengths: Mapping[str, float]) -> None:
        """From here on the lengths are known: what waited is written by them."""
        assert self._aside is not None
        self._lengths = lengths
        with self._aside as waiting:
            size = waiting.tell()
            waiting.seek(0)
            while waiting.tell() < size:
                self._write(pickle.load(waiting))
        self._aside = None

    def commit(self) -> None:
        if self._aside is not None:
            self._settle(self._measuring.means())
        super().commit()

    def abandon(self) -> None:
        if self._aside is not None:
            self._aside.close()
            self._aside = None
        super().abandon()
