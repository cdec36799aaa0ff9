"""Plain text and tables as text, in whatever encoding; RTF is in `rtf`."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from search.extraction.limits import Facts, Limits
from search.extraction.pages import ExtractedPage
from search.extraction.rtf import read as read_rtf
from search.extraction.sections import Sections

__all__ = ["decode", "read", "read_rtf"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Browsers read these names as their Windows supersets, and so do the programs that write them.
_SUPERSETS = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
}


def read(path: Path, limits: Limits) -> Iterator[Facts | ExtractedPage | str]:
    """The whole text as one section, lines as they are."""
    yield Facts()
    sections = Sections()
    sections.add(decode(path.read_bytes()).replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\n"))
    yield from sections.pages()


def decode(content: bytes, charset: str = "") -> str:
    """Text of bytes in UTF-8 or UTF-16 with or without a mark, in the charset told, or else in cp1252; never raises."""
    for mark, name in _MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(name, "replace")
    head = content[:400]
    if len(head) > 3 and b"\0" in head:
        odd, even = head[1::2].count(0), head[0::2].count(0)
        if odd > len(head) // 6 and odd > 4 * even:
            return content.decode("utf-16-le", "replace")
        if even > len(head) // 6 and even > 4 * odd:
            return content.decode("utf-16-be", "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        # One broken letter in a long UTF-8 text is no reason to read all of it as something else.
        if error.start > 3 and content[: error.start].decode("utf-8") and _mostly_utf8(content):
            return content.decode("utf-8", "replace")
    return _decode_as(content, charset) or content.decode("cp1252", "replace")


def _mostly_utf8(content: bytes) -> bool:
    text = content.decode("utf-8", "replace")
    return sum(sign > "\x7f" and sign != "\ufffd" for sign in text) > 4 * text.count("\ufffd")


def _decode_as(content: bytes, charset: str) -> str:
    try:
        name = codecs.lookup(charset).name
        return content.decode(_SUPERSETS.get(name, name), "replace") if name not in ("utf-8", "utf-16", "utf-7") else ""
    except (LookupError, ValueError, TypeError, AttributeError):
        return ""
