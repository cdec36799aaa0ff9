"""Lists of values (csv) from unknown hands: what is text, in which letters it is written, what divides its cells.

Workbooks are in `workbooks`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from io import StringIO
from itertools import islice
from typing import IO

from django.utils.translation import gettext as _

LIST_NAME = "csv"
DIVIDERS = (";", ",", "\t")

_LOOKED_AT = 10  # records by which the divider is chosen
_SAID = re.compile(r"sep=([;,\t])\r?\n", re.IGNORECASE)  # a first line that spreadsheets write and read
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_OTHER_KINDS = (b"PK", b"%PDF", b"{\\rtf", b"\xd0\xcf\x11\xe0")
_MARKUP = re.compile(rb"\s*<[!?a-zA-Z]")


class UnreadableWorkbook(Exception):
    """The text is a sentence for the person who put the file in: what is wrong and what to do."""


def text_in(file: IO[bytes]) -> str | None:
    """The text of a list of values, without its byte order mark; None for a file of another kind. Leaves the file at
    its beginning.

    UTF-8, UTF-16 with its mark, else Windows-1252, as older spreadsheets save. A list has a divider in one of its first
    lines.
    """
    file.seek(0)
    content = file.read()
    file.seek(0)
    if not content or content.startswith(_OTHER_KINDS) or _MARKUP.match(content):
        return None
    text = _decoded(content)
    if (
        text is None
        or _NOT_TEXT.search(text)
        or not any(sign in line for line in text.splitlines()[:_LOOKED_AT] for sign in DIVIDERS)
    ):
        return None
    return text


def records(text: str) -> Iterator[list[str]]:
    """The records from the first, one text a cell; an empty line gives []. Raises UnreadableWorkbook for quotation
    marks that do not fit.

    One that nobody closed swallows what follows, up to the 131,072 signs that `csv` allows a cell.
    """
    said = _SAID.match(text)
    divider = said.group(1) if said else _divider(text)
    if said:
        yield []
        text = text[said.end() :]
    reader = csv.reader(StringIO(text, newline=""), delimiter=divider, strict=True)
    try:
        yield from reader
    except csv.Error as error:
        raise UnreadableWorkbook(
            _(
                "Near line %(line)s of the list, the quotation marks do not fit together: one is not "
                "closed, or stands inside a cell. "
                "Save the list as .xlsx in your spreadsheet, then put that in."
            )
            % {"line": reader.line_num + bool(said)}
        ) from error


def _decoded(content: bytes) -> str | None:
    encodings = ("utf-16",) if content.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _divider(text: str) -> str:
    """The one that makes the most cells in one of the first records; the first of DIVIDERS where two make as many."""
    return max(DIVIDERS, key=lambda divider: _most_cells(text, divider))


def _most_cells(text: str, divider: str) -> int:
    most, reader = 0, csv.reader(StringIO(text, newline=""), delimiter=divider)
    try:
        for record in islice(reader, _LOOKED_AT):
            most = max(most, len(record))
    except csv.Error:
        return most
    return most
