"""The document reader: one page of a version, the words asked in its text and on its picture, and where they stand in
the other pages.

Everything comes from what was stored when the file was read; no file is opened here.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Generic, TypeVar

from django.core.cache import caches

from kb.files.models import FilePage
from kb.library.catalogue.access import Place
from kb.library.catalogue.naming import anchor_of, page_label, parse_anchor
from kb.library.models import Reference
from search.engines import EngineUnavailable
from search.entries import Filters, LanguageSpan, Query
from search.extraction import unpack_boxes
from search.highlight import Highlighted, Html, spans_in
from search.opening import Finder

MOST_PAGES = 300  # whose hits are counted one by one
MOST_COUNTED = 1_500_000  # characters of those pages, the last one whole
MOST_MARKED = 2_000  # hits marked on a page and its picture: those around the hit we are at
_KEPT_S = 600
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n\s*")
WIDTH = 1000  # units of a drawn page; its height follows from the paper

What = TypeVar("What")


@dataclass(frozen=True, slots=True)
class PageHits:
    """A page that holds something asked: how many times, and the number of its first hit in the document (from 1)."""

    number: int
    label: str
    count: int
    first: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of a paragraph: plain, or a hit. `language` is "" unless it differs from the paragraph's.

    opens_current: the first run of the current hit, where the link leads.
    """

    text: str
    language: str = ""
    is_hit: bool = False
    is_current: bool = False
    opens_current: bool = False

    @property
    def html(self) -> Html:
        return Highlighted(self.text, ((0, len(self.text)),) if self.is_hit else ()).to_html()


@dataclass(frozen=True, slots=True)
class Paragraph:
    language: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Box:
    """A hit on the picture, in units of which the page is WIDTH wide."""

    x: int
    y: int
    width: int
    height: int
    is_current: bool

    @property
    def bottom(self) -> int:
        return self.y + self.height


@dataclass(frozen=True, slots=True)
class Found:
    """The hits of a question in a version. complete: every page that may hold one was counted."""

    pages: tuple[PageHits, ...]
    complete: bool = True

    @property
    def total(self) -> int:
        return sum(page.count for page in self.pages)

    def page_of(self, hit: int) -> PageHits | None:
        """The page on which a hit (from 1) stands."""
        return next((page for page in self.pages if page.first <= hit < page.first + page.count), None)

    def on(self, number: int) -> PageHits | None:
        return next((page for page in self.pages if page.number == number), None)

    def before(self, number: int) -> int:
        """The last hit before a page; 0 for none."""
        return max((page.first + page.count - 1 for page in self.pages if page.number < number), default=0)


@dataclass(frozen=True, slots=True)
class Text:
    """A page as read: paragraphs, the boxes of its hits, and the height of its picture in the units of the boxes."""

    paragraphs: tuple[Paragraph, ...]
    boxes: tuple[Box, ...]
    height: int


def asked_of_document(query: Query) -> Query:
    """The same question without filters and excluded words, which narrow a search of many documents."""
    return replace(query, filters=Filters(), excluded=())


def find(place: Place, query: Query, *, finder: Finder | None, held: frozenset[str]) -> Found:
    """The hits, page by page: of the latest version where the index says, of an older one (or without an index) in its
    first MOST_PAGES pages.

    Counted on the stored text of those pages, at most MOST_PAGES of them and MOST_COUNTED characters, and kept some
    minutes, in a cache of its own: rights were asked before, for the whole version.
    """
    version = place.version
    if not (query.words or query.phrases):
        return Found(())
    named = _numbers(place, query, finder, held) if finder and place.is_latest else None
    numbers = sorted(named) if named is not None else list(range(1, version.page_count + 1))
    stamp = repr((version.pk, version.read_at, query.words, query.phrases, query.language, numbers))
    key = f"library.reading.hits.{hashlib.sha256(stamp.encode()).hexdigest()}"
    cache = caches["hits"]
    kept = cache.get(key)
    if kept is None:
        kept = _count(place, query, numbers)
        cache.set(key, kept, _KEPT_S)
    counted, is_complete = kept
    pages, first = [], 1
    for number, label, count in counted:
        pages.append(PageHits(number, label, count, first))
        first += count
    return Found(tuple(pages), complete=is_complete)


def _numbers(place: Place, query: Query, finder: Finder, held: frozenset[str]) -> set[int] | None:
    """Numbers of the pages that the index names; None when it cannot say,
    or says nothing of a reference that is closing.
    """
    file, version = place.attachment.file, place.version
    subject = Reference.subject_of(place.whole.reference.pk)
    if subject in finder.closing:
        return None
    numbers = set()
    try:
        for layer in place.whole.layers():
            if layer.is_for(held) and file.pk in layer.files:
                for anchor in finder.section_hits(query, subject, layer.name, audiences=held):
                    here = parse_anchor(anchor)
                    if here and here[:2] == (file.number, version.number):
                        numbers.add(here[2])
    except EngineUnavailable:
        return None
    return numbers


def _count(place: Place, query: Query, numbers: Sequence[int]) -> tuple[list[tuple[int, str, int]], bool]:
    """Number, label and hits of each page that has some, and whether all the pages named were looked at."""
    default = place.whole.reference.language
    rows = FilePage.objects.filter(version=place.version, number__in=numbers[:MOST_PAGES]).order_by("number")
    counted: list[tuple[int, str, int]] = []
    left = MOST_COUNTED
    for number, label, text, spans in rows.values_list("number", "label", "text", "spans").iterator(chunk_size=50):
        if left <= 0:
            return counted, False
        left -= len(text)
        count = len(spans_in(text, query, language_spans(spans), default=default))
        if count:
            counted.append((number, page_label(number, label, is_paged=place.version.is_paged), count))
    return counted, len(numbers) <= MOST_PAGES


def language_spans(spans: Iterable[Sequence]) -> tuple[LanguageSpan, ...]:
    return tuple(LanguageSpan(start, end, language) for start, end, language in spans)


def text_of(page: FilePage, query: Query | None, *, current: int, default: str) -> Text:
    """A stored page with the hits of a question; `current` is the number of the hit we are at, on this page,
    from 1 (0: none).
    """
    spans = language_spans(page.spans)
    marks = spans_in(page.text, query, spans, default=default) if query else ()
    here = marks[current - 1] if 0 < current <= len(marks) else None
    height = round(WIDTH * page.height / page.width) if page.width and page.height else round(WIDTH * 2**0.5)
    first = max(0, min(current - MOST_MARKED // 2, len(marks) - MOST_MARKED))
    hits = _Runs((mark[0], mark[1], mark) for mark in marks[first : first + MOST_MARKED])
    languages = _Runs((span.start, span.end, span.language) for span in spans)
    return Text(tuple(_paragraphs(page.text, languages, hits, here)), tuple(_boxes(page, hits, here, height)), height)


class _Runs(Generic[What]):
    """Runs (start, end, what) of a text, made to stand in order and apart; found by halving, however many there are."""

    def __init__(self, runs: Iterable[tuple[int, int, What]]) -> None:
        self._runs: list[tuple[int, int, What]] = []
        place = 0
        for start, end, what in sorted(runs, key=lambda run: run[0]):
            if max(start, place) < end:
                self._runs.append((max(start, place), end, what))
                place = end
        self._starts = [start for start, _end, _what in self._runs]
        self._ends = [end for _start, end, _what in self._runs]

    def __bool__(self) -> bool:
        return bool(self._runs)

    def between(self, start: int, end: int) -> list[tuple[int, int, What]]:
        """The runs that share a character with those from start to end, whole."""
        return self._runs[bisect_right(self._ends, start) : bisect_left(self._starts, end)]

    def at(self, start: int, end: int) -> What | None:
        """What the first of these runs is."""
        first = bisect_right(self._ends, start)
        return self._runs[first][2] if first < len(self._runs) and self._starts[first] < end else None


_Languages = _Runs[str]
_Hits = _Runs[tuple[int, int]]


def _paragraphs(text: str, languages: _Languages, hits: _Hits, here: tuple[int, int] | None) -> Iterator[Paragraph]:
    place = 0
    for end, resumed in [*(found.span() for found in _BLANK_LINE.finditer(text)), (len(text), len(text))]:
        if text[place:end].strip():
            yield _paragraph(text, place, end, languages, hits, here)
        place = resumed


def _paragraph(
    text: str, start: int, end: int, languages: _Languages, hits: _Hits, here: tuple[int, int] | None
) -> Paragraph:
    runs = [*hits.between(start, end), *languages.between(start, end)]
    edges = {start, end, *(edge for first, last, _what in runs for edge in (first, last) if start < edge < end)}
    language = languages.at(start, start + 1) or ""
    pieces = []
    for first, last in pairwise(sorted(edges)):
        mark = hits.at(first, last)
        own = languages.at(first, last) or ""
        is_current = mark is not None and mark == here
        opens = is_current and mark is not None and first == mark[0]
        pieces.append(Piece(text[first:last], own if own != language else "", mark is not None, is_current, opens))
    return Paragraph(language, tuple(pieces))


def _boxes(page: FilePage, hits: _Hits, here: tuple[int, int] | None, height: int) -> Iterator[Box]:
    if not hits or not page.boxes:
        return
    for word in unpack_boxes(bytes(page.boxes)):
        mark = hits.at(word.start, word.end)
        if mark:
            left, top = round(word.left * WIDTH), round(word.top * height)
            yield Box(left, top, round(word.right * WIDTH) - left, round(word.bottom * height) - top, mark == here)


def anchor(place: Place, page_number: int) -> str:
    return anchor_of(place.attachment.file.number, place.version.number, page_number)
