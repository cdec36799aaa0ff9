"""One question of one reader, answered on one view of the index.

Nothing here looks at entries outside the reader's rights.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import tantivy
from tantivy import Occur
from tantivy import Query as Clause

from search.engines import ranking
from search.engines.base import Sort
from search.engines.embedded.clauses import Clauses, filtering
from search.engines.embedded.reading import View, complete, counted
from search.engines.embedded.schema import FACETS, beginning
from search.engines.levels import on_grid
from search.engines.planning import idf, loosened, plan
from search.engines.preparing import number_of
from search.entries import FacetValue, Filters, Hit, HitSection, Query
from search.query import without_filters

AT_ONCE = 200  # best documents asked for at once: equals at the end of what is needed are nearly always among them
MOST_FACET_VALUES = 2_000
MOST_PAGES = 100_000  # of one entry
PARENTS_COUNTED = 1_000  # documents whose pages are counted one by one when the search is narrowed


@dataclass(slots=True)
class Found:
    """A document on its way to be a hit. sections: (score, address, page number, place among the pages)."""

    score: float
    address: tantivy.DocAddress
    number: int
    sections: list[tuple[float, tantivy.DocAddress, int, int]] = field(default_factory=list)


class Search:
    """What a reader who holds these audiences finds for a question;
    subjects in `without` might as well not be stored.
    """

    def __init__(self, view: View, query: Query, audiences: frozenset[str], without: frozenset[str]) -> None:
        self._view = view
        self._query = query
        self._known = view.known_to(audiences, without)
        self.plan = plan(query, self._known)
        self._readable = view.documents.readable(audiences, without)
        self._readable_pages = view.pages.readable(audiences, without)
        self._matching = view.documents.matching(self.plan)

    # documents

    def found(self, sort: Sort, first: int, count: int) -> tuple[int, list[Found]]:
        """(documents found, those asked for, with their best pages)."""
        listing = sort == "date" or not self.plan.looks
        total, found = self._by_date(first, count) if listing else self._by_relevance(first, count)
        self._add_pages(found)
        return total, found

    def _documents(self, *more: tuple[Occur, Clause], filters: Filters | None = None) -> Clause:
        narrowing = self._view.documents.narrowing(self._query.filters if filters is None else filters)
        return Clause.boolean_query([*self._readable, *narrowing, *self._matching, *more])

    def _by_date(self, first: int, count: int) -> tuple[int, list[Found]]:
        """Latest first."""
        found = self._view.documents.searcher.search(
            self._documents(), max(1, count), True, order_by_field="recent", offset=first
        )
        return counted(found), self._numbered([(0.0, address) for _, address in found.hits[:count]])

    def _by_relevance(self, first: int, count: int) -> tuple[int, list[Found]]:
        """The best re-ordered by their best page, whichever part is asked for; equals by key."""
        clause = self._documents(*self._view.documents.ordering(self.plan))
        total, hits = complete(
            self._view.documents.searcher, clause, max(ranking.RERANKED, first + count), at_once=AT_ONCE
        )
        ranked = sorted(self._numbered(hits), key=_by_score)
        best = ranked[: ranking.RERANKED]
        self._add_pages(best)
        for hit in best:
            hit.score += ranking.PAGE * max((score for score, *_ in hit.sections), default=0.0)
        best.sort(key=_by_score)
        return total, (best + ranked[ranking.RERANKED :])[first : first + count]

    def _numbered(self, hits: Sequence[tuple[float, tantivy.DocAddress]]) -> list[Found]:
        numbers = self._view.documents.searcher.fast_field_values("number", [address for _, address in hits])
        return [Found(score, address, int(number or 0)) for (score, address), number in zip(hits, numbers, strict=True)]

    # pages

    def _add_pages(self, hits: Sequence[Found]) -> None:
        """Gives hits their best pages."""
        bare = {hit.number: hit for hit in hits if not hit.sections}
        if not bare or not self.plan.looks:
            return
        self._read_pages(bare, ranking.PAGES_READ)
        for number, hit in bare.items():
            if not hit.sections:
                self._read_pages({number: hit}, ranking.SECTIONS_SHOWN)

    def _read_pages(self, hits: dict[int, Found], most: int) -> None:
        _, found = complete(self._view.pages.searcher, self._pages(self._view.pages.any_of("parent", hits)), most)
        parents, numbers, places = self._of_pages([address for _, address in found])
        for (score, address), parent, number, place in zip(found, parents, numbers, places, strict=True):
            hit = hits.get(parent)
            if hit is not None:
                hit.sections.append((score, address, number, place))

    def _pages(self, parents: Clause) -> Clause:
        pages = self._view.pages
        return Clause.boolean_query(
            [filtering(parents), *self._readable_pages, pages.on_page(self.plan), *pages.ordering(self.plan)]
        )

    def _of_pages(self, addresses: list[tantivy.DocAddress]) -> tuple[list[int], list[int], list[int]]:
        """(numbers of their documents, page numbers, places among the pages of the document)."""
        searcher = self._view.pages.searcher
        parents = [int(value or 0) for value in searcher.fast_field_values("parent", addresses)]
        numbers = [int(value or 0) for value in searcher.fast_field_values("page_number", addresses)]
        places = (
            [int(value or 0) for value in searcher.fast_field_values("place", addresses)]
            if self._view.has_sets
            else numbers
        )
        return parents, numbers, places

    def section_hits(self, key: str) -> dict[str, float]:
        """Anchor -> score of every page of one entry that holds some of the words, best first."""
        if not self.plan.looks:
            return {}
        searcher = self._view.pages.searcher
        hits = searcher.search(self._pages(self._view.pages.term("parent", number_of(key))), MOST_PAGES, False).hits
        _, _, places = self._of_pages([address for _, address in hits])
        ordered = sorted(zip(hits, places, strict=True), key=lambda found: (-found[0][0], found[1]))
        found: dict[str, float] = {}
        for (score, address), _ in ordered:
            found.setdefault(searcher.doc(address).get_first("anchor") or "", score)
        return found

    def section_counts(self, keys: Sequence[str]) -> dict[str, int]:
        """Key -> number of its pages that hold some of the words."""
        if not self.plan.looks:
            return {}
        pages = self._view.pages
        parents = {number_of(key): key for key in keys}
        clause = Clause.boolean_query(
            [filtering(pages.any_of("parent", parents)), *self._readable_pages, pages.on_page(self.plan)]
        )
        addresses = [address for _, address in pages.searcher.search(clause, MOST_PAGES, False).hits]
        numbers = Counter(int(value or 0) for value in pages.searcher.fast_field_values("parent", addresses))
        return {key: numbers[number] for number, key in parents.items() if numbers[number]}

    # beside what was found

    def similar(self, count: int) -> list[Found]:
        """Documents not found that come near: they hold words of the phrases,
        or share a good part of the pieces of a word.
        """
        near = loosened(self.plan, self._query, self._known)
        if not near.groups or count < 1:
            return []
        documents = self._view.documents
        ways = [documents.some_of(near.groups)] if self.plan.phrases else []
        for pieces in near.word_pieces:
            needed = max(1, round(len(pieces) * ranking.SIMILAR_SHARE))
            ways.append(
                Clause.boolean_query([(Occur.Should, documents.holding("pieces", piece)) for piece in pieces], needed)
            )
        found_already = Clause.boolean_query([clause for clause in self._matching if clause[0] == Occur.Must])
        clause = Clause.boolean_query(
            [
                *self._readable,
                *documents.narrowing(self._query.filters),
                *(clause for clause in self._matching if clause[0] == Occur.MustNot),
                (Occur.MustNot, found_already),
                filtering(Clause.boolean_query([(Occur.Should, way) for way in ways])),
                *documents.ordering(near),
            ]
        )
        _, hits = complete(documents.searcher, clause, count)
        return sorted(self._numbered(hits), key=_by_score)[:count]

    def total_all(self) -> int | None:
        """Documents that hold every word asked, wherever; None where there is one word or none:
        as many as there are with some.
        """
        if len(self.plan.groups) < 2:
            return None
        every: Clauses = [filtering(self._view.documents.some_of([group])) for group in self.plan.groups]
        return counted(self._view.documents.searcher.search(self._documents(*every), 1, True))

    def total_passages(self, total: int) -> int | None:
        """Pages that hold some of the words among all documents found; None where counting them would be dear."""
        if not self.plan.looks:
            return None
        documents, pages = self._view.documents.searcher, self._view.pages
        clauses = [*self._readable_pages, pages.on_page(self.plan)]
        plain = self._query.filters == Filters() and not (
            self.plan.phrases or self.plan.excluded_words or self.plan.excluded_phrases
        )
        if not plain:
            if total > PARENTS_COUNTED:
                return None
            hits = documents.search(self._documents(), max(1, total), False).hits
            numbers = documents.fast_field_values("number", [address for _, address in hits])
            clauses.append(filtering(Clause.term_set_query(pages.schema, "parent", numbers)))
        return counted(pages.searcher.search(Clause.boolean_query(clauses), 1, True))

    def facets(self) -> dict[str, tuple[FacetValue, ...]]:
        """Counts of every value; a facet that narrows is counted as if it did not."""
        filters = self._query.filters
        narrowed = [name for name in FACETS if getattr(filters, name)]
        counts = self._aggregate([name for name in FACETS if name not in narrowed], filters)
        for name in narrowed:
            counts |= self._aggregate([name], without_filters(self._query, name).filters)  # type: ignore[arg-type]
        return {name: counts[name] for name in FACETS}

    def _aggregate(self, names: Sequence[str], filters: Filters) -> dict[str, tuple[FacetValue, ...]]:
        if not names:
            return {}
        asked = {name: {"terms": {"field": FACETS[name], "size": MOST_FACET_VALUES}} for name in names}
        answer = self._view.documents.searcher.aggregate(self._documents(filters=filters), asked)
        return {
            name: tuple(
                sorted(
                    (
                        FacetValue(str(int(bucket["key"])) if name == "years" else bucket["key"], bucket["doc_count"])
                        for bucket in answer[name]["buckets"]
                    ),
                    key=lambda value: (-value.count, value.value),
                )
            )
            for name in names
        }

    def hit(self, found: Found) -> Hit:
        """A document found, with its best pages, as everybody knows it."""
        stored = self._view.documents.searcher.doc(found.address)
        best = sorted(found.sections, key=lambda section: (-section[0], section[3]))[: ranking.SECTIONS_SHOWN]
        sections = tuple(
            HitSection(self._view.pages.searcher.doc(address).get_first("anchor") or "", number, score)
            for score, address, number, _ in best
        )
        return Hit(stored.get_first("subject") or "", stored.get_first("layer") or "", found.score, sections)


def suggested(
    view: View, words: Sequence[str], language: str, count: int, audiences: frozenset[str], without: frozenset[str]
) -> list[str]:
    """Subjects whose title has all words, the last one as a beginning; best first."""
    documents, known = view.documents, view.known_to(audiences, without)
    *whole, last = dict.fromkeys(words)
    clauses = documents.readable(audiences, without)
    for word in whole:
        clauses += [
            filtering(documents.term("exact_title", word)),
            *_weighing(view, word, known.count("exact_title", word), known.size()),
        ]
    if view.has_beginnings:
        begun = beginning(last)
        clauses.append(filtering(documents.term("exact_title", begun)))
        clauses += _weighing(view, begun, known.count("exact_title", begun), known.size())
    else:
        clauses.append(filtering(Clause.fuzzy_term_query(documents.schema, "exact_title", last, 0, True, True)))
    if held := known.count("exact_title", last):
        clauses += _weighing(view, last, held, known.size())
    clauses.append((Occur.Should, Clause.const_score_query(documents.term("languages", language), 0.5)))
    _, hits = complete(documents.searcher, Clause.boolean_query(clauses), max(1, count) * 3)
    numbers = documents.searcher.fast_field_values("number", [address for _, address in hits])
    ranked = sorted(zip(hits, numbers, strict=True), key=lambda found: (-found[0][0], int(found[1] or 0)))[
        : max(1, count) * 3
    ]
    subjects = [documents.searcher.doc(address).get_first("subject") for (_, address), _ in ranked]
    return list(dict.fromkeys(subject for subject in subjects if subject))[:count]


def _weighing(view: View, word: str, held: int, size: int) -> Clauses:
    """A word of a title: the rarer it is and the shorter the title, the more it says."""
    return [(Occur.Should, clause) for clause in view.documents.scored("exact_title", word, on_grid(idf(held, size)))]


def _by_score(hit: Found) -> tuple[float, int]:
    return -hit.score, hit.number
