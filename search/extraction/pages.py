"""What reading a file gives: pages (or sections) of text, and where each word stands on its page."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_BOX = struct.Struct("<IIHHHH")
_UNIT = 65535


@dataclass(frozen=True, slots=True)
class WordBox:
    """Characters start to end (exclusive) of the page's text stand here; the edges are fractions (0 to 1) of the page,
    from its top left.
    """

    start: int
    end: int
    left: float
    top: float
    right: float
    bottom: float


def pack_boxes(boxes: Iterable[WordBox]) -> bytes:
    """16 bytes per word: start and end as unsigned 32 bits, the four edges in 65535ths of the page."""
    clamp = lambda edge: max(0, min(_UNIT, round(edge * _UNIT)))  # noqa: E731
    return b"".join(
        _BOX.pack(b.start, b.end, clamp(b.left), clamp(b.top), clamp(b.right), clamp(b.bottom)) for b in boxes
    )


def unpack_boxes(packed: bytes) -> Iterator[WordBox]:
    """The word boxes of a page, in the order of its text."""
    for start, end, left, top, right, bottom in _BOX.iter_unpack(packed):
        yield WordBox(start, end, left / _UNIT, top / _UNIT, right / _UNIT, bottom / _UNIT)


@dataclass(frozen=True, slots=True)
class ExtractedPage:
    """number from 1; label as printed ("xii") or the heading of a section, "" if none; text in reading order, a blank
    line between paragraphs, line-end hyphens joined, '' for a scanned page; boxes packed by `pack_boxes`, b"" for
    formats without pages; width and height in points (1/72 inch), 0 for formats without pages; ocr says that the text
    was recognised from the image.
    """

    number: int
    text: str
    label: str = ""
    boxes: bytes = b""
    width: float = 0.0
    height: float = 0.0
    ocr: bool = False


@dataclass(frozen=True, slots=True)
class Extraction:
    """media_type decided from the content; paged: real pages that have images (PDF); title, author, language, date
    ("2012", "2012-03" or "2012-03-15") and publisher: what the file says of itself."""

    media_type: str
    pages: tuple[ExtractedPage, ...]
    paged: bool = False
    warnings: tuple[str, ...] = ()
    title: str = ""
    author: str = ""
    language: str = ""
    date: str = ""
    publisher: str = ""
