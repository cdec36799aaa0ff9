"""An index at one moment, and what one reader may know of its terms.

What tantivy counts (`doc_freq`, `num_docs`) holds entries the reader may not see, and deleted ones until segments are
merged: such numbers are only upper bounds here. A reader's count of a term is a sum over rights sets: one aggregation
gives the documents of each set, which serves every reader until the index changes; the reader adds up the sets that may
be read.
"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import tantivy
from tantivy import Occur
from tantivy import Query as Clause

from search.engines.embedded.clauses import Terms, filtering
from search.engines.embedded.schema import may_read
from search.engines.embedded.writing import Indexes

MOST_SETS = 60_000  # rights sets told apart; with more of them every count is asked for one reader alone
_REMEMBERED = 50_000  # counts between two changes of the index
_READERS = 200  # sets of audiences whose counts are remembered

Sets = tuple[tuple[str, int], ...]


def counted(found: tantivy.SearchResult) -> int:
    """How many there are in all, of a search that counted (tantivy's type stub does not know the attribute)."""
    return getattr(found, "count", None) or 0


def complete(
    searcher: tantivy.Searcher, clause: Clause, needed: int, *, at_once: int = 0
) -> tuple[int, list[tuple[float, tantivy.DocAddress]]]:
    """(how many match, the best `needed` and everything that scores as the last of them), so that no tie is cut by
    chance; in no order.

    at_once: how many are asked for at first, where `needed` alone would often not do.
    """
    limit = max(needed + 1, at_once)
    while True:
        found = searcher.search(clause, limit, True)
        hits = found.hits
        if len(hits) <= needed:
            return counted(found), hits
        last = hits[needed - 1][0]
        if len(hits) < limit or hits[-1][0] < last:
            return counted(found), [hit for hit in hits if hit[0] >= last]
        limit *= 8


class View:
    """What a search sees: both indexes at one moment."""

    def __init__(self, indexes: Indexes, *, generation: Path | None = None, stamps: object = None) -> None:
        self.indexes = indexes
        self.generation = generation
        self.stamps = stamps
        self.documents = Terms(indexes.documents, indexes.documents.searcher())
        self.pages = Terms(indexes.pages, indexes.pages.searcher())
        self.has_sets = self.documents.has("rights")
        self.has_beginnings = not self.documents.has("backwards")  # indexes before the third schema have none
        self._sets: dict[tuple[str, str], Sets | None] = {}
        self._readers: OrderedDict[tuple[frozenset[str], frozenset[str]], Known] = OrderedDict()

    @property
    def size(self) -> int:
        """Entries stored, whoever may see them: for what costs time only, never for what is answered."""
        return self.documents.searcher.num_docs

    def known_to(self, audiences: frozenset[str], without: frozenset[str]) -> Known:
        """What this reader may know, remembered while the index stays as it is."""
        reader = (audiences, without)
        known = self._readers.get(reader)
        if known is None:
            known = self._readers[reader] = Known(self, audiences, without)
            while len(self._readers) > _READERS:
                self._readers.popitem(last=False)
        return known

    def sets(self, name: str, term: str) -> Sets | None:
        """(rights set, its documents that hold the term); name "" for all documents.

        None where sets cannot be told apart.
        """
        key = (name, term)
        if key not in self._sets:
            if len(self._sets) >= _REMEMBERED:
                self._sets.clear()
            self._sets[key] = self._aggregated(self.documents.holding(name, term) if name else Clause.all_query())
        return self._sets[key]

    def _aggregated(self, clause: Clause) -> Sets | None:
        if not self.has_sets:
            return None
        answer = self.documents.searcher.aggregate(clause, {"sets": {"terms": {"field": "rights", "size": MOST_SETS}}})[
            "sets"
        ]
        if answer["sum_other_doc_count"]:
            return None
        return tuple((bucket["key"], bucket["doc_count"]) for bucket in answer["buckets"])


class Known:
    """The vocabulary of one reader (`planning.Vocabulary`): nothing in it depends on what this reader may not find."""

    def __init__(self, view: View, audiences: frozenset[str], without: frozenset[str]) -> None:
        self._view = view
        self._audiences = audiences
        self._without = without
        self._readable = filtering(Clause.boolean_query(view.documents.readable(audiences, ())))
        self._left_out = filtering(view.documents.subjects(without)) if without else None
        self._may_read: dict[str, bool] = {}
        self._counts: dict[tuple[str, str], int] = {}

    def size(self) -> int:
        return self.count("", "")

    def count(self, field: str, term: str) -> int:
        key = (field, term)
        known = self._counts.get(key)
        if known is None:
            if len(self._counts) >= _REMEMBERED:
                self._counts.clear()
            known = self._counts[key] = self._count(field, term)
        return known

    def _count(self, field: str, term: str) -> int:
        sets = self._view.sets(field, term)
        readable = (
            self._searched(field, term, self._readable)
            if sets is None
            else sum(count for name, count in sets if self._reads(name))
        )
        if readable and self._left_out:
            readable -= self._searched(field, term, self._readable, self._left_out)
        return readable

    def _reads(self, name: str) -> bool:
        if name not in self._may_read:
            self._may_read[name] = may_read(name, self._audiences)
        return self._may_read[name]

    def _searched(self, field: str, term: str, *clauses: tuple[Occur, Clause]) -> int:
        documents = self._view.documents
        holding = [filtering(documents.holding(field, term))] if field else []
        return counted(documents.searcher.search(Clause.boolean_query([*holding, *clauses]), 1, True))
