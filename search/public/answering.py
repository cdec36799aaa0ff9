"""From a question and a reader to everything the results page (or the command) shows of the answer.

The engine finds and counts, the kinds give what was found and check rights once more, `highlight` paints. A page of
results costs a fixed
number of queries: what each kind found once, names of each facet once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from math import ceil

from search import registry
from search.engines.base import State
from search.entries import FacetValue, Filters, Hit, Passage, Query, Results
from search.highlight import Highlighted, passages
from search.opening import Finder
from search.public.forms import FILTERS, MOST_PAGES, PARAMETERS, FilterName, SearchForm, read_years, write_years
from search.query import Names, parse
from search.registry import Card, Found, Suggestion

HITS_SHOWN = 10
PASSAGES_SHOWN = 3
VALUES_SHOWN = 8  # of a facet; the others are behind "more"
YEAR_RANGES = 4


@dataclass(frozen=True, slots=True)
class ShownPassage:
    """A passage and where its page is read."""

    passage: Passage
    url: str

    @property
    def highlighted(self) -> Highlighted:
        return Highlighted(self.passage.text, self.passage.spans)


@dataclass(frozen=True, slots=True)
class Row:
    """One thing found.

    more: pages of it that hold some of the words, when they are more than those shown, and where they begin.
    """

    card: Card
    passages: tuple[ShownPassage, ...] = ()
    more: int = 0
    more_url: str = ""


@dataclass(frozen=True, slots=True)
class FacetRow:
    value: str
    label: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """A facet as shown: the values worth showing at once (chosen ones always), then the others."""

    name: FilterName
    parameter: str
    rows: tuple[FacetRow, ...]
    others: tuple[FacetRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Chip:
    """A chosen filter and the address without it."""

    name: FilterName
    label: str
    address: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the page says. similar: found by pieces of words only, outside the totals. Pages from 1."""

    form: SearchForm
    query: Query
    results: Results
    rows: tuple[Row, ...]
    similar: tuple[Row, ...]
    facets: tuple[Facet, ...]
    chips: tuple[Chip, ...]
    last_page: int
    index: State

    @property
    def complete(self) -> bool:
        """False while the index is being made, for the first time or anew."""
        return self.index == "current"

    @property
    def renewing(self) -> bool:
        """Whether an earlier index answers while a new one is made."""
        return self.index == "earlier"

    @property
    def several_words(self) -> bool:
        """Whether "all the words" and "some of them" differ."""
        return self.results.total_all != self.results.total

    @property
    def previous_address(self) -> str:
        return self.form.on_page(self.form.page - 1).address() if self.form.page > 1 else ""

    @property
    def next_address(self) -> str:
        return self.form.on_page(self.form.page + 1).address() if self.form.page < self.last_page else ""

    @property
    def pages(self) -> tuple[tuple[int, str], ...]:
        """(page, address) to link to: the first, those around this one, the last; (0, "") stands for those left out."""
        here = self.form.page
        near = sorted({1, self.last_page, *range(max(1, here - 2), min(self.last_page, here + 2) + 1)})
        links: list[tuple[int, str]] = []
        for page in near:
            if links and page > links[-1][0] + 1:
                links.append((0, ""))
            links.append((page, self.form.on_page(page).address()))
        return tuple(links)


def question(form: SearchForm, *, language: str) -> Query:
    """What was typed and ticked, as one query; values of one filter are alternatives, wherever they came from."""
    named = ("types", "themes", "groups") if ":" in form.words else ()
    query = parse(form.words, language, Names.of(**{name: registry.filter_names(name) for name in named}))
    ticked = form.filters
    both = {name: tuple(dict.fromkeys((*getattr(query.filters, name), *getattr(ticked, name)))) for name in FILTERS}
    return replace(query, filters=Filters(**both))


def ask(finder: Finder, form: SearchForm, *, audiences: frozenset[str], language: str) -> Answer:
    """The answer for a reader who holds these audiences, in the language of the page. Raises EngineUnavailable."""
    query = question(form, language=language)
    results = _search(finder, query, form, audiences)
    last_page = max(1, min(MOST_PAGES, ceil(results.total / HITS_SHOWN)))
    if form.page > last_page:
        form = form.on_page(last_page)
        results = _search(finder, query, form, audiences)
    rows = _rows(finder, results.hits, query, audiences, language)
    shown = {row.card.subject for row in rows}
    similar = tuple(
        row for row in _rows(finder, results.similar, query, audiences, language) if row.card.subject not in shown
    )
    facets = tuple(_facets(results.facets, form, language))
    return Answer(form, query, results, rows, similar, facets, tuple(_chips(form, facets)), last_page, finder.state())


def _search(finder: Finder, query: Query, form: SearchForm, audiences: frozenset[str]) -> Results:
    return finder.search(
        query, audiences=audiences, first=(form.page - 1) * HITS_SHOWN, count=HITS_SHOWN, sort=form.sort
    )


# Rows


def _rows(
    finder: Finder, hits: Sequence[Hit], query: Query, audiences: frozenset[str], language: str
) -> tuple[Row, ...]:
    """A row for each hit the reader may see today; two layers of one subject are one row."""
    hits = _one_a_subject(hits)
    found = _found(hits, audiences, language, query.raw)
    kept = [hit for hit in hits if hit.key in found]
    # Only an entry with as many pages as are shown may have more of them.
    counts = finder.section_counts(
        query, [hit.key for hit in kept if len(hit.sections) >= PASSAGES_SHOWN], audiences=audiences
    )
    return tuple(_row(hit, found[hit.key], query, counts.get(hit.key, 0)) for hit in kept)


def _found(hits: Iterable[Hit], audiences: frozenset[str], language: str, query_text: str = "") -> dict[str, Found]:
    """{entry key: what the results page shows of it}. One call of each kind."""
    grouped: dict[str, dict[str, list[str]]] = {}
    for hit in hits:
        grouped.setdefault(hit.subject.partition(":")[0], {})[hit.key] = _anchors(hit)
    found: dict[str, Found] = {}
    for code, anchors in grouped.items():
        kind = registry.kind_of(code)
        if kind is not None:
            found |= kind.found(anchors, audiences=audiences, language=language, query_text=query_text)
    return found


def _one_a_subject(hits: Iterable[Hit]) -> list[Hit]:
    """The best hit of each subject."""
    first: dict[str, Hit] = {}
    for hit in hits:
        first.setdefault(hit.subject, hit)
    return list(first.values())


def _anchors(hit: Hit) -> list[str]:
    return [section.anchor for section in hit.sections[:PASSAGES_SHOWN]]


def _row(hit: Hit, found: Found, query: Query, page_count: int) -> Row:
    card = found.card
    pages = [found.sections[anchor] for anchor in _anchors(hit) if anchor in found.sections]
    default = card.languages[0] if card.languages else card.title_language
    each = PASSAGES_SHOWN if len(pages) == 1 else 1
    shown = [
        ShownPassage(passage, page.url)
        for page in sorted(pages, key=lambda page: page.section.page_number)
        for passage in passages(page.section, query, count=each, default=default)
    ]
    return Row(
        card=card,
        passages=tuple(shown),
        more=page_count if page_count > len(pages) else 0,
        more_url=shown[0].url if shown else card.url,
    )


# Facets


def _facets(counted: Mapping[str, Sequence[FacetValue]], form: SearchForm, language: str) -> Iterable[Facet]:
    for name in FILTERS:
        values = list(counted.get(name, ()))
        chosen = form.chosen[name]
        if name == "years":
            rows = _year_rows(values, chosen)
        else:
            counts = {value.value: value.count for value in values} | {
                value: 0 for value in chosen if value not in {v.value for v in values}
            }
            labels = registry.facet_labels(name, tuple(counts), language)
            rows = [FacetRow(value, labels[value], count, value in chosen) for value, count in counts.items()]
        first = [row for place, row in enumerate(rows) if place < VALUES_SHOWN or row.chosen]
        if rows:
            yield Facet(name, PARAMETERS[name], tuple(first), tuple(row for row in rows if row not in first))


def _year_rows(values: Sequence[FacetValue], chosen: Sequence[str]) -> list[FacetRow]:
    """Years in a few ranges, latest first: the latest year alone, then about as many documents in each; chosen ranges
    as they were chosen.
    """
    counts = {int(value.value): value.count for value in values}
    ranges = _year_ranges(counts)
    written = [write_years(years) for years in ranges]
    rows = []
    for value in dict.fromkeys((*written, *chosen)):
        first, last = read_years(value) or (None, None)
        count = sum(
            count
            for year, count in counts.items()
            if (first is None or year >= first) and (last is None or year <= last)
        )
        rows.append(FacetRow(value, value, count, value in chosen))
    return rows


def _year_ranges(counts: Mapping[int, int]) -> list[tuple[int | None, int | None]]:
    years = sorted(counts, reverse=True)
    if len(years) <= YEAR_RANGES + 1:
        return [(year, year) for year in years]
    found: list[tuple[int | None, int | None]] = [(years[0], years[0])]
    rest = years[1:]
    share = sum(counts[year] for year in rest) / (YEAR_RANGES - 1)
    last, held = rest[0], 0
    for place, year in enumerate(rest):
        held += counts[year]
        if len(found) == YEAR_RANGES - 1:
            found.append((None, last))
            break
        if held >= share and place + 1 < len(rest):
            found.append((year, last))
            last, held = rest[place + 1], 0
    else:
        found.append((None, last))
    return found


def _chips(form: SearchForm, facets: Sequence[Facet]) -> Iterable[Chip]:
    labels = {(facet.name, row.value): row.label for facet in facets for row in chain(facet.rows, facet.others)}
    for name in FILTERS:
        for value in form.chosen[name]:
            yield Chip(name, labels.get((name, value), value), form.without(name, value).address())


# Suggestions


def suggest(
    finder: Finder, typed: str, *, audiences: frozenset[str], language: str, count: int = 8
) -> list[Suggestion]:
    """Concepts of the public vocabulary, then titles the reader may see, whose words are typed.

    Raises EngineUnavailable.
    """
    concepts = [
        suggestion
        for suggester in registry.suggesters()
        for suggestion in suggester(typed, audiences=audiences, language=language, count=count // 2)
    ][: count // 2]
    hits = [
        Hit(subject, "", 0.0) for subject in finder.suggest(typed, audiences=audiences, language=language, count=count)
    ]
    found = _found(hits, audiences, language)
    cards = [found[hit.key].card for hit in hits if hit.key in found]
    titles = [Suggestion(card.title, card.title_language, card.url, "title") for card in cards]
    return [*concepts, *titles][:count]
