"""The embedded engine: tantivy in a folder (or in memory), no server. The only module that imports tantivy.

Two indexes. D, one entry a document, matches, counts, facets and sorts; P, one entry a page, re-orders the best documents and gives their best
pages. P is written first, so that a crash between the two leaves at worst pages that no document names, until the same change is replayed.
"""

from __future__ import annotations

import shutil
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from heapq import nlargest
from pathlib import Path
from typing import Any

import tantivy
from tantivy import Occur
from tantivy import Query as Clause

from search import ranking
from search.analysis import ANALYSIS_VERSION
from search.analysis.compounds import SHORTEST_HEAD, SHORTEST_REST, has_compounds
from search.analysis.tokens import plain_words
from search.engines.base import EngineBusy, EngineUnavailable, Sort
from search.engines.planning import Group, Member, Plan, loosened, plan
from search.engines.preparing import Fields, Prepared, fingerprint, number_of, prepare
from search.engines.storage import MadeBy, Storage
from search.entries import Entry, FacetValue, Filters, Hit, HitSection, Query, Results
from search.query import without_filters

SCHEMA_VERSION = 1
WRITER_HEAP_BYTES = 64_000_000
REBUILD_HEAP_BYTES = 256_000_000
ALONE_BELOW = 2_000  # documents: under this a second thread costs more than it gives
SORTED_BY_KEY = 200  # best documents whose ties are broken by key
SHARDS = 256  # `stored` is read in so many parts, so that none is long
MOST_FACET_VALUES = 2_000
MOST_PAGES = 100_000  # of one entry
PARENTS_COUNTED = 1_000  # documents whose pages are counted one by one when the search is narrowed
COMPLETIONS = 30  # endings of a word half typed that are weighed; others are found too
LONGER_REMEMBERED = 100  # longer words of one stem, commonest first
_REMEMBERED = 50_000  # answers of the vocabulary between two changes of the index

FACETS = {"languages": "languages", "kinds": "kind", "types": "type", "themes": "themes", "groups": "groups", "years": "year"}
_HASH_BITS = 40


def _documents_schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in ("subject", "layer", "fingerprint"):
        builder.add_text_field(name, stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("shard", "audiences", "covered_by"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in ("languages", "kind", "type", "themes", "groups"):
        builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("number", indexed=True, fast=True)
    builder.add_unsigned_field("year", indexed=True, fast=True)
    builder.add_unsigned_field("recent", fast=True)
    builder.add_text_field("backwards", tokenizer_name="whitespace", index_option="basic")
    return _add_text(builder).build()


def _pages_schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("anchor", stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("subject", "audiences", "covered_by"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("parent", indexed=True, fast=True)
    builder.add_unsigned_field("page_number", fast=True)
    return _add_text(builder).build()


def _add_text(builder: tantivy.SchemaBuilder) -> tantivy.SchemaBuilder:
    for name in ("body", "title", "exact_title", "pairs", "pieces"):
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="freq")
    return builder.add_text_field("words", tokenizer_name="whitespace", index_option="position")


DOCUMENTS = _documents_schema()
PAGES = _pages_schema()


@contextmanager
def _translated() -> Iterator[None]:
    """tantivy's errors as ours; its panics too, which are no `Exception` and would pass a web view by."""
    try:
        yield
    except (ValueError, OSError) as error:
        if "LockBusy" in str(error):
            raise EngineBusy("The search index is being written by another process.") from error
        raise EngineUnavailable(f"The search index cannot be used: {error}") from error
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            raise EngineUnavailable(f"The search index cannot be used: {error}") from error
        raise


# --- what is stored


def _text(document: tantivy.Document, fields: Fields) -> None:
    document.add_text("body", fields.body)
    document.add_text("pieces", fields.pieces)
    document.add_text("pairs", fields.pairs)
    if fields.title:
        document.add_text("title", fields.title)
    if fields.exact_title:
        document.add_text("exact_title", fields.exact_title)
    for run in fields.words:
        document.add_text("words", run)


def _rights(document: tantivy.Document, entry: Entry) -> None:
    for audience in sorted(entry.audiences):
        document.add_text("audiences", audience)
    for audience in sorted(entry.covered_by):
        document.add_text("covered_by", audience)


def _recent(published: date | None, number: int) -> int:
    """Sorts by date, and entries of one day by key."""
    return ((published.toordinal() if published else 0) << _HASH_BITS) | (number & ((1 << _HASH_BITS) - 1))


def _backwards(stem: str) -> str:
    return stem[:2] + stem[:1:-1]


def _document(prepared: Prepared) -> tantivy.Document:
    entry = prepared.entry
    number = number_of(entry.key)
    document = tantivy.Document()
    document.add_text("subject", entry.subject)
    document.add_text("layer", entry.layer)
    document.add_text("fingerprint", fingerprint(entry))
    document.add_text("shard", f"{number % SHARDS:02x}")
    document.add_unsigned("number", number)
    document.add_unsigned("recent", _recent(entry.published, number))
    _rights(document, entry)
    for name, values in (
        ("languages", entry.languages),
        ("kind", (entry.kind,)),
        ("type", (entry.type,)),
        ("themes", entry.themes),
        ("groups", entry.groups),
    ):
        for value in dict.fromkeys(values):
            if value:
                document.add_text(name, value)
    if entry.year is not None and entry.year >= 0:
        document.add_unsigned("year", entry.year)
    _text(document, prepared.fields)
    longest_first = {term for term in prepared.fields.body.split() if has_compounds(term) and len(term) >= 2 + SHORTEST_HEAD + SHORTEST_REST}
    document.add_text("backwards", " ".join(_backwards(term) for term in longest_first))
    return document


def _pages(prepared: Prepared) -> Iterator[tantivy.Document]:
    parent = number_of(prepared.entry.key)
    for page in prepared.pages:
        document = tantivy.Document()
        document.add_text("subject", prepared.entry.subject)
        document.add_text("anchor", page.anchor)
        document.add_unsigned("parent", parent)
        document.add_unsigned("page_number", max(0, page.page_number))
        _rights(document, prepared.entry)
        _text(document, page.fields)
        yield document


@dataclass(slots=True)
class _Indexes:
    """The two tantivy indexes of one generation."""

    documents: tantivy.Index
    pages: tantivy.Index

    @classmethod
    def in_memory(cls) -> _Indexes:
        return cls(tantivy.Index(DOCUMENTS), tantivy.Index(PAGES))

    @classmethod
    def create(cls, generation: Path) -> _Indexes:
        for name in ("documents", "pages"):
            (generation / name).mkdir()
        return cls(tantivy.Index(DOCUMENTS, path=str(generation / "documents")), tantivy.Index(PAGES, path=str(generation / "pages")))

    @classmethod
    def open(cls, generation: Path) -> _Indexes:
        """Always opened anew before writing: an index opened before another process wrote would leave its segments orphaned."""
        found = cls(tantivy.Index.open(str(generation / "documents")), tantivy.Index.open(str(generation / "pages")))
        found.documents.config_reader("manual")
        found.pages.config_reader("manual")
        return found


class _Writing:
    """Both writers, committed pages first. Nothing is kept when the block ends in an error."""

    def __init__(self, indexes: _Indexes, heap_bytes: int) -> None:
        self._writers = [index.writer(heap_bytes, 1) for index in (indexes.pages, indexes.documents)]
        self._pages, self._documents = self._writers

    def remove(self, subject: str) -> None:
        for writer in self._writers:
            writer.delete_documents_by_term("subject", subject)

    def add(self, entry: Entry) -> None:
        prepared = prepare(entry)
        for page in _pages(prepared):
            self._pages.add_document(page)
        self._documents.add_document(_document(prepared))

    def commit(self) -> None:
        for writer in self._writers:
            writer.commit()
        for writer in self._writers:
            writer.wait_merging_threads()

    def abandon(self) -> None:
        for writer in self._writers:
            writer.rollback()
            writer.wait_merging_threads()


# --- what is read


class _Vocabulary:
    """The terms of D, remembered until the index changes."""

    def __init__(self, searcher: tantivy.Searcher) -> None:
        self._searcher = searcher
        self._counts: dict[tuple[str, str], int] = {}
        self._longer: dict[str, list[tuple[str, int]]] = {}

    def size(self) -> int:
        return self._searcher.num_docs

    def _count(self, name: str, term: str) -> int:
        known = self._counts.get((name, term))
        if known is None:
            if len(self._counts) >= _REMEMBERED:
                self._counts.clear()
            known = self._counts[name, term] = self._searcher.doc_freq(name, term)
        return known

    def frequency(self, stem: str) -> int:
        return self._count("body", stem)

    def piece_frequency(self, piece: str) -> int:
        return self._count("pieces", piece)

    def longer(self, stem: str) -> list[tuple[str, int]]:
        if len(stem) < 2 + SHORTEST_HEAD:
            return []
        known = self._longer.get(stem)
        if known is None:
            if len(self._longer) >= _REMEMBERED:
                self._longer.clear()
            beginning = self._searcher.terms_with_prefix("body", stem)
            ending = self._searcher.terms_with_prefix("backwards", _backwards(stem))
            shortest = len(stem) + SHORTEST_REST
            known = [(term, count) for term, count in beginning if len(term) >= shortest]
            known += [(_backwards(term), count) for term, count in ending if len(term) >= shortest]
            known = self._longer[stem] = nlargest(LONGER_REMEMBERED, dict(known).items(), key=lambda found: (found[1], found[0]))
        return known


@dataclass(slots=True)
class _View:
    """What a search sees: both indexes at one moment."""

    generation: Path | None
    stamps: object
    indexes: _Indexes
    documents: tantivy.Searcher
    pages: tantivy.Searcher
    vocabulary: _Vocabulary = field(init=False)

    def __post_init__(self) -> None:
        self.vocabulary = _Vocabulary(self.documents)


def _stamps(generation: Path) -> tuple[tuple[int, int, int], ...] | None:
    """Changes when either index was written; None when it is not there."""
    try:
        found = [(generation / name / "meta.json").stat() for name in ("documents", "pages")]
    except OSError:
        return None
    return tuple((stat.st_mtime_ns, stat.st_ino, stat.st_size) for stat in found)


# --- what is asked, in tantivy's words


def _terms(schema: tantivy.Schema, name: str, values: Iterable[str]) -> Clause:
    return Clause.boolean_query([(Occur.Should, Clause.term_query(schema, name, value, "basic")) for value in values])


def _filtering(clause: Clause) -> tuple[Occur, Clause]:
    """A Must that gives no score."""
    return Occur.Must, Clause.const_score_query(clause, 0.0)


def _readable(schema: tantivy.Schema, audiences: frozenset[str], without: frozenset[str]) -> list[tuple[Occur, Clause]]:
    """For one of these audiences, unless one of them gets a richer layer or the subject is left out."""
    held = sorted(audiences)
    clauses = [
        _filtering(_terms(schema, "audiences", held)),
        *((Occur.MustNot, Clause.term_query(schema, "covered_by", audience, "basic")) for audience in held),
    ]
    if without:
        clauses.append((Occur.MustNot, Clause.term_set_query(schema, "subject", sorted(without))))
    return clauses


def _weighted(schema: tantivy.Schema, name: str, term: str, weight: float) -> Clause:
    clause = Clause.term_query(schema, name, term, "freq")
    return clause if weight == 1.0 else Clause.boost_query(clause, weight)


def _member(schema: tantivy.Schema, member: Member) -> Clause:
    return _weighted(schema, "words" if member.exact else "body", member.term, member.weight * ranking.BODY)


def _of_group(schema: tantivy.Schema, name: str, group: Group, weight: float) -> list[Clause]:
    """A word asked in one field: the best of its languages (a name stands in all of them, and counts once), its compounds and parts beside."""
    own = {member.term for member in group.own}
    clauses = {
        member.term: _weighted(schema, "words" if member.exact else name, member.term, member.weight * weight)
        for member in group.members
        if not member.exact or name == "body"
    }
    best = [clauses.pop(term) for term in own if term in clauses]
    together = [Clause.disjunction_max_query(best)] if len(best) > 1 else best
    return together + list(clauses.values())


def _any_of(schema: tantivy.Schema, groups: Sequence[Group]) -> Clause:
    return Clause.boolean_query([(Occur.Should, clause) for group in groups for clause in _of_group(schema, "body", group, ranking.BODY)])


def _phrase(schema: tantivy.Schema, words: tuple[str, ...]) -> Clause:
    if len(words) == 1:
        return Clause.term_query(schema, "words", words[0], "freq")
    return Clause.phrase_query(schema, "words", list(words))


def _matching(schema: tantivy.Schema, asked: Plan) -> list[tuple[Occur, Clause]]:
    """What a document must hold, and must not."""
    clauses: list[tuple[Occur, Clause]] = [(Occur.Must, _phrase(schema, words)) for words in asked.phrases]
    if asked.groups:
        clauses.append((Occur.Must, _any_of(schema, asked.groups)))
    clauses += [(Occur.MustNot, _phrase(schema, words)) for words in asked.excluded_phrases]
    clauses += [(Occur.MustNot, _member(schema, member)) for members in asked.excluded_words for member in members]
    return clauses


def _on_page(schema: tantivy.Schema, asked: Plan) -> tuple[Occur, Clause]:
    """What a page must hold: some word or some phrase."""
    ways = [(Occur.Should, _phrase(schema, words)) for words in asked.phrases]
    if asked.groups:
        ways.append((Occur.Should, _any_of(schema, asked.groups)))
    return Occur.Must, Clause.boolean_query(ways)


def _ordering(schema: tantivy.Schema, asked: Plan) -> list[tuple[Occur, Clause]]:
    """What only adds to a score."""
    clauses = [clause for group in asked.groups for clause in _of_group(schema, "title", group, ranking.TITLE)]
    clauses += [_weighted(schema, "exact_title", word, ranking.EXACT_TITLE) for word in asked.exact_titles]
    clauses += [_weighted(schema, "pairs", pair.term, pair.weight) for pair in asked.pairs]
    clauses += [_weighted(schema, "pieces", piece, weight) for piece, weight in asked.pieces]
    return [(Occur.Should, clause) for clause in clauses]


def _narrowing(filters: Filters) -> list[tuple[Occur, Clause]]:
    clauses = [
        _filtering(_terms(DOCUMENTS, FACETS[name], values))
        for name in ("languages", "kinds", "types", "themes", "groups")
        if (values := getattr(filters, name))
    ]
    if filters.years:
        ways = [
            (
                Occur.Should,
                Clause.range_query(DOCUMENTS, "year", tantivy.FieldType.Unsigned, start if start is not None else 0, end),
            )
            for start, end in filters.years
        ]
        clauses.append(_filtering(Clause.boolean_query(ways)))
    return clauses


def _counted(found: tantivy.SearchResult) -> int:
    """How many there are in all, of a search that counted (tantivy's type stub does not know the attribute)."""
    return getattr(found, "count", None) or 0


@dataclass(slots=True)
class _Found:
    """A document on its way to be a hit."""

    score: float
    address: tantivy.DocAddress
    number: int
    sections: list[tuple[float, tantivy.DocAddress, int]] = field(default_factory=list)


class _Search:
    """One question of one reader on one view."""

    def __init__(self, view: _View, query: Query, audiences: frozenset[str], without: frozenset[str]) -> None:
        self._view = view
        self._query = query
        self._readable_pages = _readable(PAGES, audiences, without)
        self.plan = plan(query, view.vocabulary)
        self._readable = _readable(DOCUMENTS, audiences, without)
        self._matching = _matching(DOCUMENTS, self.plan)

    def _documents(self, *more: tuple[Occur, Clause], filters: Filters | None = None) -> Clause:
        narrowing = _narrowing(self._query.filters if filters is None else filters)
        return Clause.boolean_query([*self._readable, *narrowing, *self._matching, *more])

    def by_date(self, first: int, count: int) -> tuple[int, list[_Found]]:
        """(documents found, those asked for), latest first."""
        found = self._view.documents.search(self._documents(), max(1, count), True, order_by_field="recent", offset=first)
        addresses = [address for _, address in found.hits[:count]]
        return _counted(found), self._numbered([(0.0, address) for address in addresses])

    def by_relevance(self, first: int, count: int) -> tuple[int, list[_Found]]:
        """(documents found, those asked for), the best re-ordered by their best page, whichever part is asked for."""
        limit = max(SORTED_BY_KEY, first + count)
        found = self._view.documents.search(self._documents(*_ordering(DOCUMENTS, self.plan)), limit, True)
        hits = self._numbered(found.hits)
        # Equal scores go by key among the first; after them by place, whatever the part asked for, so that parts never overlap.
        ranked = sorted(hits[:SORTED_BY_KEY], key=lambda hit: (-hit.score, hit.number)) + hits[SORTED_BY_KEY:]
        best = ranked[: ranking.RERANKED]
        self.add_pages(best)
        for hit in best:
            hit.score += ranking.PAGE * max((score for score, _, _ in hit.sections), default=0.0)
        best.sort(key=lambda hit: (-hit.score, hit.number))
        return _counted(found), (best + ranked[ranking.RERANKED :])[first : first + count]

    def _numbered(self, hits: Sequence[tuple[float, tantivy.DocAddress]]) -> list[_Found]:
        numbers = self._view.documents.fast_field_values("number", [address for _, address in hits])
        return [_Found(score, address, int(number or 0)) for (score, address), number in zip(hits, numbers, strict=True)]

    def add_pages(self, hits: Sequence[_Found]) -> None:
        """Gives hits their best pages."""
        bare = {hit.number: hit for hit in hits if not hit.sections}
        if not bare or not self.plan.looks:
            return
        self._read_pages(bare, ranking.PAGES_READ)
        for number, hit in bare.items():
            if not hit.sections:
                self._read_pages({number: hit}, ranking.SECTIONS_SHOWN)

    def _read_pages(self, hits: dict[int, _Found], limit: int) -> None:
        parents = [(Occur.Should, Clause.term_query(PAGES, "parent", number, "basic")) for number in hits]
        clause = Clause.boolean_query(
            [
                _filtering(Clause.boolean_query(parents)),
                *self._readable_pages,
                _on_page(PAGES, self.plan),
                *_ordering(PAGES, self.plan),
            ]
        )
        found = self._view.pages.search(clause, limit, False).hits
        addresses = [address for _, address in found]
        owners = self._view.pages.fast_field_values("parent", addresses)
        numbers = self._view.pages.fast_field_values("page_number", addresses)
        for (score, address), owner, number in zip(found, owners, numbers, strict=True):
            hit = hits.get(int(owner or 0))
            if hit is not None:
                hit.sections.append((score, address, int(number or 0)))

    def similar(self, count: int) -> list[_Found]:
        """Documents not found that come near: they hold words of the phrases, or share a good part of the pieces of a word."""
        near = loosened(self.plan, self._query, self._view.vocabulary)
        if not near.groups or count < 1:
            return []
        ways = [_any_of(DOCUMENTS, near.groups)] if self.plan.phrases else []
        for pieces in near.word_pieces:
            needed = max(1, round(len(pieces) * ranking.SIMILAR_SHARE))
            ways.append(Clause.boolean_query([(Occur.Should, Clause.term_query(DOCUMENTS, "pieces", piece, "freq")) for piece in pieces], needed))
        found_already = Clause.boolean_query([clause for clause in self._matching if clause[0] == Occur.Must])
        clause = Clause.boolean_query(
            [
                *self._readable,
                *_narrowing(self._query.filters),
                *(clause for clause in self._matching if clause[0] == Occur.MustNot),
                (Occur.MustNot, found_already),
                _filtering(Clause.boolean_query([(Occur.Should, way) for way in ways])),
                *((Occur.Should, _any_of(DOCUMENTS, [group])) for group in near.groups),
                *_ordering(DOCUMENTS, near),
            ]
        )
        found = self._view.documents.search(clause, count, False).hits
        return sorted(self._numbered(found), key=lambda hit: (-hit.score, hit.number))

    def total_all(self) -> int:
        """Documents that hold every word asked, wherever."""
        every = [(Occur.Must, _any_of(DOCUMENTS, [group])) for group in self.plan.groups]
        return _counted(self._view.documents.search(self._documents(*every), 1, True))

    def facets(self) -> dict[str, tuple[FacetValue, ...]]:
        """Counts of every value; a facet that narrows is counted as if it did not."""
        filters = self._query.filters
        narrowed = [name for name in FACETS if getattr(filters, name)]
        counted = self._aggregate([name for name in FACETS if name not in narrowed], filters)
        for name in narrowed:
            counted |= self._aggregate([name], without_filters(self._query, name).filters)  # type: ignore[arg-type]
        return {name: counted[name] for name in FACETS}

    def _aggregate(self, names: Sequence[str], filters: Filters) -> dict[str, tuple[FacetValue, ...]]:
        if not names:
            return {}
        asked = {name: {"terms": {"field": FACETS[name], "size": MOST_FACET_VALUES}} for name in names}
        answer = self._view.documents.aggregate(self._documents(filters=filters), asked)
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

    def total_passages(self, total: int) -> int | None:
        """Pages that hold some of the words among all documents found; None where counting them would be dear."""
        if not self.plan.looks:
            return None
        clauses = [*self._readable_pages, _on_page(PAGES, self.plan)]
        plain = self._query.filters == Filters() and not (self.plan.phrases or self.plan.excluded_words or self.plan.excluded_phrases)
        if not plain:
            if total > PARENTS_COUNTED:
                return None
            hits = self._view.documents.search(self._documents(), max(1, total), False).hits
            numbers = self._view.documents.fast_field_values("number", [address for _, address in hits])
            clauses.append(_filtering(Clause.term_set_query(PAGES, "parent", numbers)))
        return _counted(self._view.pages.search(Clause.boolean_query(clauses), 1, True))

    def hit(self, found: _Found) -> Hit:
        stored = self._view.documents.doc(found.address)
        best = sorted(found.sections, key=lambda section: (-section[0], section[2]))[: ranking.SECTIONS_SHOWN]
        sections = tuple(HitSection(self._view.pages.doc(address).get_first("anchor") or "", number, score) for score, address, number in best)
        return Hit(stored.get_first("subject") or "", stored.get_first("layer") or "", found.score, sections)


class EmbeddedEngine:
    """Entries in tantivy. One process writes at a time, any number read; readers follow by themselves.

    A folder that was deleted is empty until it is rebuilt. An index made by another schema cannot be searched: EngineUnavailable.
    """

    def __init__(self, path: str | Path | None = None) -> None:
        self._storage = Storage(Path(path)) if path is not None else None
        self._lock = threading.RLock()
        self._view: _View | None = None
        self._pool: ThreadPoolExecutor | None = None
        if self._storage is None:
            self._set_memory(_Indexes.in_memory())

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
        with _translated():
            view = self._current()
            if view is None or not audiences or not view.documents.num_docs:
                return Results(total=0, total_all=0, facets={name: () for name in FACETS} if facets else {})
            asked = _Search(view, query, audiences, without)
            beside = self._beside(view, lambda: self._counts(asked, facets))
            listing = sort == "date" or not asked.plan.looks
            total, found = asked.by_date(first, count) if listing else asked.by_relevance(first, count)
            asked.add_pages(found)
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

    @staticmethod
    def _counts(asked: _Search, facets: bool) -> tuple[int | None, dict[str, tuple[FacetValue, ...]]]:
        return asked.total_all() if len(asked.plan.groups) > 1 else None, asked.facets() if facets else {}

    def _beside(self, view: _View, work: Any) -> Any:
        """Starts work in a second thread when the index is large (searching frees the interpreter); call what it gives for the answer."""
        if view.documents.num_docs < ALONE_BELOW:
            return work
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(2, thread_name_prefix="search")
        return self._pool.submit(work).result

    def suggest(self, typed: str, *, audiences: frozenset[str], language: str, count: int = 6, without: frozenset[str] = frozenset()) -> list[str]:
        words = plain_words(typed)
        with _translated():
            view = self._current()
            if view is None or not words or not audiences:
                return []
            *whole, last = dict.fromkeys(words)
            clauses = [*_readable(DOCUMENTS, audiences, without)]
            clauses += [(Occur.Must, Clause.term_query(DOCUMENTS, "exact_title", word, "freq")) for word in whole]
            clauses.append(_filtering(Clause.fuzzy_term_query(DOCUMENTS, "exact_title", last, 0, True, True)))
            endings = sorted(view.documents.terms_with_prefix("exact_title", last), key=lambda found: (found[0] != last, -found[1], found[0]))
            clauses += [(Occur.Should, Clause.term_query(DOCUMENTS, "exact_title", term, "freq")) for term, _ in endings[:COMPLETIONS]]
            clauses.append((Occur.Should, Clause.const_score_query(Clause.term_query(DOCUMENTS, "languages", language, "basic"), 0.5)))
            hits = view.documents.search(Clause.boolean_query(clauses), max(1, count) * 3, False).hits
            subjects = [view.documents.doc(address).get_first("subject") for _, address in hits]
        return list(dict.fromkeys(subject for subject in subjects if subject))[:count]

    def section_hits(
        self, query: Query, subject: str, layer: str, *, audiences: frozenset[str], without: frozenset[str] = frozenset()
    ) -> dict[str, float]:
        with _translated():
            view = self._current()
            if view is None or not audiences:
                return {}
            asked = plan(query, view.vocabulary)
            if not asked.looks:
                return {}
            parent = Clause.term_query(PAGES, "parent", number_of(f"{subject}/{layer}"), "basic")
            clause = Clause.boolean_query(
                [_filtering(parent), *_readable(PAGES, audiences, without), _on_page(PAGES, asked), *_ordering(PAGES, asked)],
            )
            found: dict[str, float] = {}
            for score, address in view.pages.search(clause, MOST_PAGES, False).hits:
                found.setdefault(view.pages.doc(address).get_first("anchor") or "", score)
            return found

    def section_counts(
        self, query: Query, keys: Sequence[str], *, audiences: frozenset[str], without: frozenset[str] = frozenset()
    ) -> dict[str, int]:
        with _translated():
            view = self._current()
            if view is None or not audiences or not keys:
                return {}
            asked = plan(query, view.vocabulary)
            if not asked.looks:
                return {}
            parents = {number_of(key): key for key in keys}
            clause = Clause.boolean_query(
                [_filtering(Clause.term_set_query(PAGES, "parent", list(parents))), *_readable(PAGES, audiences, without), _on_page(PAGES, asked)]
            )
            addresses = [address for _, address in view.pages.search(clause, MOST_PAGES, False).hits]
            held: list[Any] = view.pages.fast_field_values("parent", addresses)
            return {parents[number]: count for number, count in Counter(held).items()}

    def stored(self) -> Iterator[tuple[str, str]]:
        with _translated():
            view = self._current()
            if view is None:
                return
            for shard in range(SHARDS):
                clause = Clause.term_query(DOCUMENTS, "shard", f"{shard:02x}", "basic")
                size = _counted(view.documents.search(clause, 1, True))
                for _, address in view.documents.search(clause, max(1, size), False).hits:
                    document = view.documents.doc(address)
                    yield f"{document.get_first('subject')}/{document.get_first('layer')}", document.get_first("fingerprint") or ""

    def count(self) -> int:
        with _translated():
            view = self._current()
            return view.documents.num_docs if view else 0

    def is_current(self) -> bool:
        if self._storage is None:
            return True
        generation = self._storage.current()
        made_by = self._storage.made_by(generation) if generation else None
        return made_by == MadeBy(SCHEMA_VERSION, ANALYSIS_VERSION, True) and generation is not None and _stamps(generation) is not None

    def _current(self) -> _View | None:
        """What to search now: two file dates are looked at, and the index is read again when they changed."""
        if self._storage is None:
            return self._view
        generation = self._storage.current()
        stamps = _stamps(generation) if generation else None
        if generation is None or stamps is None:
            self._view = None
            return None
        view = self._view
        if view is not None and view.generation == generation and view.stamps == stamps:
            return view
        with self._lock:
            made_by = self._storage.made_by(generation)
            if made_by is not None and made_by.schema != SCHEMA_VERSION:
                raise EngineUnavailable("The search index was made by another version; run manage.py rebuild_index.")
            view = self._view
            indexes = view.indexes if view is not None and view.generation == generation else _Indexes.open(generation)
            indexes.documents.reload()
            indexes.pages.reload()
            self._view = _View(generation, stamps, indexes, indexes.documents.searcher(), indexes.pages.searcher())
            return self._view

    def _set_memory(self, indexes: _Indexes) -> None:
        indexes.documents.reload()
        indexes.pages.reload()
        self._view = _View(None, None, indexes, indexes.documents.searcher(), indexes.pages.searcher())

    # writing

    def replace(self, changes: Iterable[tuple[str, Sequence[Entry]]]) -> None:
        with self._lock_for_writing(), _translated():
            writing = _Writing(self._for_writing(), WRITER_HEAP_BYTES)
            try:
                for subject, entries in changes:
                    writing.remove(subject)
                    for entry in entries:
                        writing.add(entry)
            except BaseException:
                writing.abandon()
                raise
            writing.commit()
            if self._storage is None and self._view is not None:
                self._set_memory(self._view.indexes)

    @contextmanager
    def _lock_for_writing(self) -> Iterator[None]:
        if self._storage is None:
            with self._lock:
                yield
        else:
            with self._storage.writing():
                yield

    def _for_writing(self) -> _Indexes:
        """The indexes as they are now. Where there are none, new ones, said to be incomplete until a rebuild."""
        if self._storage is None:
            assert self._view is not None
            return self._view.indexes
        generation = self._storage.current()
        if generation is None or _stamps(generation) is None:
            generation = self._storage.create()
            indexes = _Indexes.create(generation)
            self._storage.use(generation, MadeBy(SCHEMA_VERSION, ANALYSIS_VERSION, False))
            self._storage.clean()
            return indexes
        made_by = self._storage.made_by(generation)
        if made_by is None or (made_by.schema, made_by.analysis) != (SCHEMA_VERSION, ANALYSIS_VERSION):
            raise EngineUnavailable("The search index was made by another version; run manage.py rebuild_index.")
        return _Indexes.open(generation)

    def rebuild(self) -> EmbeddedRebuild:
        return EmbeddedRebuild(self)

    def close(self) -> None:
        with self._lock:
            if self._storage is not None:
                self._view = None
            if self._pool is not None:
                self._pool.shutdown()
                self._pool = None


class EmbeddedRebuild:
    """A new index beside the one in use. It holds the folder's lock from entering to leaving: changes meanwhile wait (EngineBusy)."""

    def __init__(self, engine: EmbeddedEngine) -> None:
        self._engine = engine
        self._stack = ExitStack()
        self._generation: Path | None = None
        self._indexes: _Indexes | None = None
        self._writing: _Writing | None = None

    def __enter__(self) -> EmbeddedRebuild:
        storage = self._engine._storage
        with ExitStack() as stack:
            stack.enter_context(self._engine._lock_for_writing())
            with _translated():
                if storage is None:
                    self._indexes = _Indexes.in_memory()
                else:
                    storage.clean()
                    self._generation = storage.create()
                    self._indexes = _Indexes.create(self._generation)
                self._writing = _Writing(self._indexes, REBUILD_HEAP_BYTES)
            self._stack = stack.pop_all()
        return self

    def add(self, entries: Iterable[Entry]) -> None:
        """Raises EngineUnavailable outside the `with` block."""
        if self._writing is None:
            raise EngineUnavailable("A rebuild is filled inside its with block.")
        with _translated():
            for entry in entries:
                self._writing.add(entry)

    def __exit__(self, *error: object) -> None:
        with self._stack, _translated():
            writing, self._writing = self._writing, None
            assert writing is not None and self._indexes is not None
            if error and error[0] is not None:
                writing.abandon()
                if self._generation is not None:
                    shutil.rmtree(self._generation, ignore_errors=True)
                return
            writing.commit()
            storage = self._engine._storage
            if storage is None or self._generation is None:
                self._engine._set_memory(self._indexes)
            else:
                storage.use(self._generation, MadeBy(SCHEMA_VERSION, ANALYSIS_VERSION, True))
                storage.clean()
