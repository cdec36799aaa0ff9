"""What drafting looks at: a document as values, whether its pages come from the database or from a reading that was not
kept.

How each line of the notice is read from it is in `lines`; nothing here knows Django's models.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from statistics import median
from typing import Any

from kb.library.choices import FoundIn
from search.analysis import plain_words
from search.extraction import WordBox, unpack_boxes

LONGEST_LINE = 1_000  # characters of a line that are looked at: a paragraph of a format without pages is one line
HEAD = 6  # pages at the beginning where a document says what it is

SLIDES = frozenset(
    {
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "application/vnd.oasis.opendocument.presentation",
        "application/vnd.ms-powerpoint",
    }
)
SHEETS = frozenset(
    {
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.oasis.opendocument.spreadsheet",
        "application/vnd.ms-excel",
        "text/csv",
    }
)
WEB_PAGES = frozenset({"text/html", "application/xhtml+xml"})
MAIL = "message/rfc822"
BOOK = "application/epub+zip"
STATED = WEB_PAGES | {MAIL, BOOK}  # formats whose properties are written for readers: date and author there are meant

_GAPS = re.compile(r"\s{4,}")
_LETTER = re.compile(r"[^\W\d_]")
_CITED = re.compile(r"\((?:1[89]|20)\d\d[a-z]?\)|^[^\S\n]*+\[\d{1,3}\]\s", re.MULTILINE)
_WITHOUT_DIGITS = re.compile(
    r"^(?:janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre|januari|februari|maart|april|mei|juni|juli|augustus|september|oktober"
    r"|november|december|january|february|march|may|june|july|august|october)$|\bversi(?:on|e)\s*[.,;]",
    re.IGNORECASE,
)
_CITED_OFTEN = 5
_PORTRAIT = 0.7  # width of a page to its height; of one that lies, words are wider still


@dataclass(frozen=True, slots=True)
class Found:
    """A proposed value and where it was read; where "" is a value that nothing says (the commonest type).

    pages: of a value of several parts, part -> page where it was first read. doubt: why it is to be looked at, a code
    of `Doubt`; "" for what is sure.
    """

    value: Any
    where: str = ""
    page: int | None = None
    pages: Mapping[str, int] | None = None
    doubt: str = ""

    def as_json(self) -> dict[str, Any]:
        """The shape kept in `Contribution.drafted`."""
        line = {"value": self.value, "where": str(self.where), "page": self.page}
        return line if self.pages is None else {**line, "pages": dict(self.pages)}


def on_page(value: Any, page: int, doubt: str = "") -> Found:
    return Found(value, FoundIn.PAGE, page, doubt=doubt)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page as printed.

    size: height of its letters in points, the edges as fractions of the page; all 0 without boxes, and for what stands
    upright on the page's side. is_jumbled: a word of it stands left of one before it, so that it is two lines in one.
    """

    text: str
    page: int
    size: float = 0.0
    top: float = 0.0
    bottom: float = 0.0
    opens_paragraph: bool = False
    left: float = 0.0
    right: float = 0.0
    is_jumbled: bool = False

    @property
    def letters(self) -> int:
        return len(_LETTER.findall(self.text))


@dataclass(frozen=True, eq=False)
class Page:
    """A stored page; spans are (start, end, language)."""

    number: int
    text: str
    label: str = ""
    spans: Sequence[Sequence[Any]] = ()
    boxes: bytes = b""
    height: float = 0.0

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """In reading order; lines without a letter or digit are left out."""
        return tuple(_lines(self))

    @property
    def cites(self) -> bool:
        """True for a page of a list of references: years in brackets, numbers in brackets before lines,
        one after the other.
        """
        return len(_CITED.findall(self.text)) >= _CITED_OFTEN


@dataclass(frozen=True, eq=False)
class Document:
    """A file and what was read of it.

    head      its first pages (at most HEAD); last: its last page, when that is not among them.
    pages     gives all of them once more, one at a time: only concepts look so far.
    languages of the text, commonest first.      name   as the file was called.
    """

    name: str = ""
    media_type: str = ""
    is_paged: bool = False
    page_count: int = 0
    languages: tuple[str, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)
    head: tuple[Page, ...] = ()
    last: Page | None = None
    pages: Callable[[], Iterable[Page]] = tuple

    @property
    def language(self) -> str:
        return self.languages[0] if self.languages else ""

    @cached_property
    def edges(self) -> tuple[Page, ...]:
        """Where imprints stand: the first three pages, and the last one unless it lists what the document cites."""
        last = (self.last,) if self.last else self.head[3:][-1:]
        return (*self.head[:3], *(page for page in last if not page.cites))

    @cached_property
    def body_size(self) -> float:
        """Height in points of the letters that most of the text of the head is in; 0 without boxes."""
        weighed = sorted((line.size, line.letters) for page in self.head for line in page.lines if line.size)
        half, passed = sum(letters for _, letters in weighed) / 2, 0
        for size, letters in weighed:
            passed += letters
            if passed >= half:
                return size
        return 0.0

    @cached_property
    def lost_digits(self) -> bool:
        """True where the first page has no digit, but a month without a day and a year, or a version without a number:
        its font hides them, and what is read lacks them.
        """
        lines = self.head[0].lines if self.head else ()
        if any(sign.isdecimal() for line in lines for sign in line.text):
            return False
        return any(_WITHOUT_DIGITS.search(line.text) for line in lines if line.size)

    def says(self, words: str) -> int | None:
        """The first page of the edges whose words, in a row, hold these (without case, accents and signs);
        None when none does.
        """
        wanted = f" {words_of(words)} "
        if wanted.strip():
            for page in self.edges:
                if wanted in f" {words_of(page.text[:20_000])} ":
                    return page.number
        return None


def words_of(text: str) -> str:
    """The words of a text as they are compared: lower case, no accents, no signs, one blank between."""
    return " ".join(plain_words(text))


def _looked_at(text: str) -> str:
    """The beginning of a line, without the long gaps that patterns would walk through again and again."""
    gap = lambda found: "\t" if "\t" in found[0] else "   "  # noqa: E731
    return _GAPS.sub(gap, text.strip()[: 4 * LONGEST_LINE])[:LONGEST_LINE]


def _stands_upright(box: WordBox, page: Page) -> bool:
    """True for a word of some letters that is written along the side: its box is far higher than wide."""
    width = (box.right - box.left) * page.height * _PORTRAIT
    return box.end - box.start >= 4 and (box.bottom - box.top) * page.height > 1.5 * width


def _lines(page: Page) -> Iterator[Line]:
    boxes = list(unpack_boxes(page.boxes))
    place, next_box, opens = 0, 0, True
    for text in page.text.split("\n"):
        end = place + len(text)
        on_line = []
        while next_box < len(boxes) and boxes[next_box].start < end:
            if not _stands_upright(boxes[next_box], page):
                on_line.append(boxes[next_box])
            next_box += 1
        if any(sign.isalnum() for sign in text):
            if on_line:
                size = median(box.bottom - box.top for box in on_line) * page.height
                top, bottom = min(box.top for box in on_line), max(box.bottom for box in on_line)
                left, right = min(box.left for box in on_line), max(box.right for box in on_line)
                jumbled = any(after.right < before.left for before, after in pairwise(on_line))
                yield Line(_looked_at(text), page.number, round(size, 1), top, bottom, opens, left, right, jumbled)
            else:
                yield Line(_looked_at(text), page.number, opens_paragraph=opens)
        opens = not text.strip()
        place = end + 1
