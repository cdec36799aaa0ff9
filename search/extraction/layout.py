"""Words with their boxes, in the order of the file, become text in reading order: lines, columns, paragraphs, joined
line-end hyphens.

Knows geometry only. Where words come from is in `pdf` (PDFium, pdfminer) and `ocr`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from search.extraction.pages import WordBox

_LIGATURES = {
    **{ord(sign): unicodedata.normalize("NFKC", sign) for sign in "ﬀﬁﬂﬃﬄﬅﬆĲĳŉ"},
    **dict.fromkeys([*range(0x00, 0x20), *range(0x7F, 0xA0), 0xAD, 0x200B, 0x2060, 0xFEFF, 0xFFFE, 0xFFFF]),
    # Symbol fonts put their signs in the private area at 0xF000 + code; only the bullets among them are worth reading.
    **dict.fromkeys([0xF0B7, 0xF0A7, 0xF0FC, 0xF0D8, 0xF076], "•"),
}
_NEEDS_CARE = re.compile("[^\x20-\x5f\x61-\x7e\xa1-\xa7\xa9-\xac\xae-\xb3\xb5-\xb7\xb9-\u017f‘’“”–—…•€]|[Ĳĳŉ]")
_LOOSE_ACCENT = re.compile("([´¨ˆ¸]|(?<=[A-Za-z])`|^`(?=[aA]$))([A-Za-zıȷ])")
_ACCENTS = {"´": "\u0301", "¨": "\u0308", "ˆ": "\u0302", "¸": "\u0327", "`": "\u0300"}
_HYPHENS = "-\u2010\u2011"
_BULLET = re.compile(r"[•◦▪●○■□‣⁃·∙➢✓❖*–-]$|\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,4})[.)]$")
_SENTENCE_END = (".", ":", "!", "?", ";", "…", "»", "”")

# After a hyphen that hangs ("zorg- en huisvesting", "pré- et postscolaire") comes one of these, and the hyphen stays.
_AFTER_HANGING = frozenset(["en", "of", "et", "ou", "and", "or", "und", "oder", "tot", "à", "y"])
# What the hyphen belongs to in French ("rendez-vous", "c'est-à-dire", "celui-ci"), so it is kept when the line breaks
# there.
_ENCLITICS = re.compile(
    r"(?:vous|nous|moi|toi|ce|ci|là|il|ils|elles|on|je|tu|même|mêmes|être|dire|à-dire|t-\w+|de-\w+|d['’]\w+)\W*$",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Piece:
    """A word, or the part of a word that stands on one line. Edges in points of the page as displayed, from its top
    left.

    hyphen  the part ends in a line-end hyphen that is not in `text` any more.
    rise    points from the middle of the last sign up to the first: how far the word runs downwards (negative:
            upwards).
    """

    text: str
    left: float
    top: float
    right: float
    bottom: float
    hyphen: bool = False
    rise: float = 0.0


@dataclass(slots=True)
class _Line:
    pieces: list[Piece]
    left: float
    top: float
    right: float
    bottom: float
    joint: str = " "

    @property
    def height(self) -> float:
        return self.bottom - self.top


def clean_word(word: str) -> str:
    """One word in NFC without ligatures, control signs, soft hyphens and zero-width spaces; the accents TeX sets beside
    a letter are put on it.
    """
    if not _NEEDS_CARE.search(word):
        return word
    word = word.translate(_LIGATURES)
    word = _LOOSE_ACCENT.sub(lambda m: {"ı": "i", "ȷ": "j"}.get(m[2], m[2]) + _ACCENTS[m[1]], word)
    word = "".join(sign for sign in word if not 0xD800 <= ord(sign) <= 0xF8FF or sign > "\ufdff")
    return unicodedata.normalize("NFC", word)


def compose(pieces: Sequence[Piece], *, width: float, height: float) -> tuple[str, list[WordBox]]:
    """The text of a page in reading order, and a box for every part of every word: a word cut by a hyphen has two.

    Lines end in a newline, paragraphs and columns in a blank line. Lines stay in the order of the file, except where
    two columns
    were written line by line across: these come one after the other, so that a language beside another is a paragraph
    of its own.
    """
    writer = _Writer(width=width or 1.0, height=height or 1.0)
    writer.known = {piece.text.strip(".,;:!?()«»\"'").lower() for piece in pieces if "-" in piece.text}
    for laid, original in _upright(pieces, width=width, height=height):
        for flow in _flows(_rows(laid)):
            for paragraph in _paragraphs(flow):
                writer.add_paragraph(paragraph, original)
    return writer.finish()


def _upright(pieces: Sequence[Piece], *, width: float, height: float) -> Iterable[tuple[list[Piece], dict[int, Piece]]]:
    """The pieces in a frame where their lines run from left to right: first those that do on the page, then those that
    run up, then down.
    """
    level: list[Piece] = []
    upwards: list[Piece] = []
    downwards: list[Piece] = []
    for piece in pieces:
        steep = len(piece.text) > 1 and abs(piece.rise) > 0.4 * (piece.right - piece.left)
        (level if not steep else downwards if piece.rise > 0 else upwards).append(piece)
    yield level, {}
    for group, turn in (
        (upwards, lambda p: (height - p.bottom, p.left, height - p.top, p.right)),
        (downwards, lambda p: (p.top, width - p.right, p.bottom, width - p.left)),
    ):
        turned = [Piece(p.text, *turn(p), p.hyphen) for p in group]
        if turned:
            yield turned, {id(new): old for new, old in zip(turned, group, strict=True)}


def _rows(pieces: Sequence[Piece]) -> list[list[_Line]]:
    """Pieces that follow one another on one base line, cut where a gap is wider than a space can be."""
    rows: list[list[_Line]] = []
    line: _Line | None = None
    for piece in pieces:
        tall = piece.bottom - piece.top
        if line is not None:
            shared = min(piece.bottom, line.bottom) - max(piece.top, line.top)
            last = line.pieces[-1]
            reach = 0.9 * max(tall, last.bottom - last.top)
            if shared >= 0.5 * min(tall, line.height) and not last.hyphen:
                near = -reach < piece.left - line.right < reach or -reach < line.left - piece.right < reach
                if near:
                    line.pieces.append(piece)
                    line.left, line.right = min(line.left, piece.left), max(line.right, piece.right)
                    if tall > 0.75 * line.height:
                        line.top, line.bottom = min(line.top, piece.top), max(line.bottom, piece.bottom)
                    continue
                if piece.left >= line.right or piece.right <= line.left:
                    line = _Line([piece], piece.left, piece.top, piece.right, piece.bottom)
                    rows[-1].append(line)
                    continue
        line = _Line([piece], piece.left, piece.top, piece.right, piece.bottom)
        rows.append([line])
    return rows


def _flows(rows: list[list[_Line]]) -> Iterable[list[_Line]]:
    """Lines that are read one below the other: the rows between zones of columns, and each column of a zone."""
    plain: list[_Line] = []
    index = 0
    while index < len(rows):
        end, gutters = _zone(rows, index) if len(rows[index]) > 1 else (index, [])
        columns = _columns(rows[index:end], gutters) if end - index > 1 else []
        if len(columns) > 1:
            if plain:
                yield plain
                plain = []
            yield from columns
            index = end
        else:
            plain.append(_joined(rows[index]))
            index += 1
    if plain:
        yield plain


def _zone(rows: list[list[_Line]], start: int) -> tuple[int, list[tuple[float, float]]]:
    """The first row after `start` that is not part of the same columns, and the gutters (left, right) that stay free in
    all of them.
    """
    gutters = _gaps(rows[start])
    end = start + 1
    while end < len(rows):
        above, row = rows[end - 1], rows[end]
        tall = max(line.height for line in row)
        step = min(line.top for line in row) - min(line.top for line in above)
        if not -0.3 * tall < step < 4 * tall:
            break
        left, right = (gutters[0][0] - 1e6, gutters[-1][1] + 1e6) if gutters else (0, 0)
        free = [(left, min(line.left for line in row)), *_gaps(row), (max(line.right for line in row), right)]
        kept = [(max(a, c), min(b, d)) for a, b in gutters for c, d in free if min(b, d) - max(a, c) > 0.5 * tall]
        if not kept:
            break
        gutters = kept
        end += 1
    while end - start > 1 and len(rows[end - 1]) < 2 and not _inside(rows[end - 1], gutters):
        end -= 1
    return end, gutters


def _inside(row: list[_Line], gutters: list[tuple[float, float]]) -> bool:
    return bool(gutters) and (row[0].right <= gutters[0][0] or row[0].left >= gutters[-1][1] or len(gutters) > 1)


def _gaps(row: list[_Line]) -> list[tuple[float, float]]:
    ordered = sorted(row, key=lambda line: line.left)
    return [(a.right, b.left) for a, b in pairwise(ordered) if b.left > a.right]


def _columns(rows: list[list[_Line]], gutters: list[tuple[float, float]]) -> list[list[_Line]]:
    """The lines of each column, from left to right;
    nothing when these are not columns of sentences but the cells of a table.
    """
    bounds = [(a + b) / 2 for a, b in sorted(gutters)]
    while True:
        columns: list[dict[int, list[_Line]]] = [{} for _ in range(len(bounds) + 1)]
        for number, row in enumerate(rows):
            for line in row:
                columns[sum(bound < (line.left + line.right) / 2 for bound in bounds)].setdefault(number, []).append(
                    line
                )
        words = [
            sum(len(line.pieces) for lines in column.values() for line in lines) / (len(column) or 1)
            for column in columns
        ]
        narrow = next((i for i, count in enumerate(words) if count < 2.5), None)
        if narrow is None or not bounds:
            break
        del bounds[min(narrow, len(bounds) - 1)]
    if not bounds or sum(len(column) >= 2 for column in columns) < 2:
        return []
    return [[_joined(lines) for lines in column.values()] for column in columns if column]


def _joined(row: list[_Line]) -> _Line:
    if len(row) == 1:
        return row[0]
    pieces = [piece for line in row for piece in line.pieces]
    return _Line(
        pieces,
        min(line.left for line in row),
        min(line.top for line in row),
        max(line.right for line in row),
        max(line.bottom for line in row),
        joint="\t",
    )


def _paragraphs(lines: list[_Line]) -> Iterable[list[_Line]]:
    """Lines that belong together: as near as most are, of one size, without an indent,
    a bullet or a short last line between them.
    """
    steps = [
        b.bottom - a.bottom
        for a, b in pairwise(lines)
        if 0.3 * a.height < b.bottom - a.bottom < 2.2 * max(a.height, b.height)
    ]
    usual = median(steps) if steps else 0.0
    paragraph: list[_Line] = []
    for line in lines:
        if paragraph and _starts_paragraph(line, paragraph, usual):
            yield paragraph
            paragraph = []
        paragraph.append(line)
    if paragraph:
        yield paragraph


def _starts_paragraph(line: _Line, paragraph: list[_Line], usual: float) -> bool:
    above = paragraph[-1]
    tall = max(line.height, 0.1)
    step = line.bottom - above.bottom
    if above.pieces[-1].hyphen and -0.5 * tall < step < 3 * tall:
        return False
    if (
        step < 0.2 * tall
        or step > max(1.3 * usual, 0.9 * tall) + 0.5
        or line.left > above.right
        or line.right < above.left
    ):
        return True
    if not 0.8 < line.height / max(above.height, 0.1) < 1.25:
        return True
    if _BULLET.match(line.pieces[0].text) and (len(line.pieces) > 1 or len(line.pieces[0].text) == 1):
        return True
    left = min(part.left for part in paragraph)
    if len(paragraph) > 1 and line.left - left > 0.8 * tall and above.left - left < 0.4 * tall:
        return True
    right = max(part.right for part in paragraph)
    short = right - above.right > 0.2 * (right - left) or (
        len(paragraph) == 1 and line.right - above.right > 0.35 * (line.right - left)
    )
    return short and above.pieces[-1].text.endswith(_SENTENCE_END) and not line.pieces[0].text[:1].islower()


def hyphen_between(first: str, second: str, *, known: Iterable[str] = ()) -> str:
    """What stands between two parts of a word cut at a line end after a hyphen: "" (joined), "-" (a compound) or "- "
    (the hyphen hangs).

    first is without its hyphen. A compound is told by a capital, digit or acronym beside the hyphen, by a French
    enclitic, or because `known` (words of the page, in lower case) has it written with a hyphen elsewhere.
    """
    bare = second.strip(".,;:!?()«»\"'’”").lower()
    if bare in _AFTER_HANGING:
        return "- "
    head = first.lstrip("(«\"'“‘[")
    if (
        not head
        or not head[-1].isalpha()
        or not second[:1].islower()
        or (len(head) > 1 and head.isupper())
        or _ENCLITICS.match(second)
    ):
        return "-"
    return "-" if f"{head}-{bare}".lower() in known else ""


class _Writer:
    """Puts words into the text and remembers where they stand."""

    def __init__(self, *, width: float, height: float) -> None:
        self.known: set[str] = set()
        self._parts: list[str] = []
        self._length = 0
        self._boxes: list[WordBox] = []
        self._width, self._height = width, height
        self._word: list[tuple[str, Piece]] = []

    def add_paragraph(self, lines: list[_Line], original: dict[int, Piece]) -> None:
        self._break("\n\n")
        hanging: str | None = None
        for line in lines:
            self_before = None
            for piece in line.pieces:
                text = piece.text
                if not text:
                    continue
                joint = "\n" if self_before is None else " "
                if (
                    line.joint == "\t"
                    and self_before is not None
                    and piece.left - self_before.right > 1.5 * (piece.bottom - piece.top)
                ):
                    joint = "\t"
                if hanging is not None:
                    joint = hyphen_between(hanging, text, known=self.known)
                    self._continue(joint, text, original.get(id(piece), piece))
                else:
                    self._break(joint)
                    self._word.append((text, original.get(id(piece), piece)))
                hanging = None
                self_before = piece
                if piece.hyphen:
                    hanging = text
            if self_before is not None and hanging is None:
                last = self_before.text
                if len(last) > 1 and last[-1] in _HYPHENS and last[-2].isalpha() and line is not lines[-1]:
                    hanging = last[:-1]
                    whole, where = self._word[-1]
                    self._word[-1] = (whole[:-1], where)
        if hanging is not None:
            self._word.append(("-", self._word[-1][1])) if self._word else None
        self._flush()

    def _continue(self, joint: str, text: str, piece: Piece) -> None:
        if joint == "- ":
            self._word.append(("-", self._word[-1][1]))
            self._break(" ")
        elif joint:
            self._word.append(("-", self._word[-1][1]))
        self._word.append((text, piece))

    def _break(self, space: str) -> None:
        self._flush()
        if self._length:
            if self._parts[-1].isspace():
                if space == "\n\n" and self._parts[-1] != space:
                    self._length += len(space) - len(self._parts[-1])
                    self._parts[-1] = space
                return
            self._parts.append(space)
            self._length += len(space)

    def _flush(self) -> None:
        if not self._word:
            return
        word = "".join(text for text, _ in self._word)
        start, end = self._length, self._length + len(word)
        self._parts.append(word)
        self._length = end
        seen = None
        for _, piece in self._word:
            if piece is not seen:
                self._boxes.append(
                    WordBox(
                        start,
                        end,
                        piece.left / self._width,
                        piece.top / self._height,
                        piece.right / self._width,
                        piece.bottom / self._height,
                    )
                )
                seen = piece
        self._word = []

    def finish(self) -> tuple[str, list[WordBox]]:
        self._flush()
        text = "".join(self._parts)
        return text.rstrip(), self._boxes
