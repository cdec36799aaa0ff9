"""Workbooks (xlsx) from unknown hands, read row by row as text, and workbooks written. What the columns mean is in
`kinds`.

A list of values (csv) is read as a workbook of one sheet: `csv_lists`.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from io import BytesIO
from itertools import islice
from typing import IO, Any
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from lxml.etree import LxmlError
from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ERROR_CODES, ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from kb.sheets.csv_lists import LIST_NAME, UnreadableWorkbook, records, text_in

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_BYTES = 20 * 1024 * 1024
MOST_UNPACKED_BYTES = 100 * 1024 * 1024
MOST_MEMBERS = 1_000
MOST_COLUMNS = 60
MOST_ROWS = 1_048_576  # what a spreadsheet can hold; a row that says it stands further is a forgery
MOST_CHARACTERS = 5_000  # of one cell

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, InvalidFileException),
    *(ParseError, LxmlError, DefusedXmlException, ValueError, TypeError, LookupError, AttributeError),
)
_WHITE = re.compile(r"[ \t\r\f\v]+")  # a no-break space is part of the text
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Row:
    """A row as the spreadsheet counts it (from 1), one text a column, '' for an empty cell.

    errors: cells (from 0) that hold #REF! and the like.
    """

    number: int
    cells: tuple[str, ...]
    errors: tuple[int, ...] = ()


class ReadList:
    """A list of values as a workbook of one sheet; `sole` says so. Raises UnreadableWorkbook from `rows`."""

    sole = True
    names = (LIST_NAME,)

    def __init__(self, text: str) -> None:
        self._text = text

    def rows(self, name: str) -> Iterator[Row]:
        """The rows that hold something, by the number of their record:
        what a spreadsheet that opens the list calls its row.
        """
        for number, values in enumerate(islice(records(self._text), MOST_ROWS), start=1):
            cells = tuple(text_of(value) for value in values[:MOST_COLUMNS])
            if any(cells):
                cells += ("",) * (MOST_COLUMNS - len(cells))
                yield Row(number, cells, tuple(at for at, cell in enumerate(cells) if cell in ERROR_CODES))


class ReadWorkbook:
    """The sheets of an open workbook, in its order. Raises UnreadableWorkbook from any method."""

    sole = False

    def __init__(self, book: Any) -> None:
        self._sheets = {sheet.title: sheet for sheet in book.worksheets}

    @property
    def names(self) -> list[str]:
        return list(self._sheets)

    def rows(self, name: str) -> Iterator[Row]:
        """The rows that hold something. Formulas give the value they had when the workbook was saved."""
        sheet = self._sheets[name]
        with _in_sentences():
            sheet.reset_dimensions()
            for number, values in enumerate(
                islice(sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True), MOST_ROWS), start=1
            ):
                if values.count(None) < len(values):
                    cells = tuple(text_of(value) for value in values)
                    if any(cells):
                        yield Row(number, cells, tuple(at for at, cell in enumerate(cells) if cell in ERROR_CODES))


@contextmanager
def opened(file: IO[bytes]) -> Iterator[ReadWorkbook | ReadList]:
    """A workbook open for reading, after `check`, or a list of values. Raises UnreadableWorkbook."""
    check(file)
    if (text := text_in(file)) is not None:
        yield ReadList(text)
        return
    with _in_sentences():
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
    try:
        yield ReadWorkbook(book)
    finally:
        book.close()


def check(file: IO[bytes]) -> None:
    """Looks at what the file is and what it unpacks to, before anything is unpacked.

    Raises UnreadableWorkbook; cheap enough for a request.
    """
    size = file.seek(0, 2)
    file.seek(0)
    if not size:
        raise UnreadableWorkbook(_("This file is empty. Save the workbook again, then put it in once more."))
    if size > MOST_BYTES:
        raise UnreadableWorkbook(
            _("This file has %(size)s; a workbook may have %(most)s. Divide it into several workbooks.")
            % {"size": filesizeformat(size), "most": filesizeformat(MOST_BYTES)}
        )
    if file.read(len(_OLE)) == _OLE:
        file.seek(0)
        if _ENCRYPTED in file.read():
            raise UnreadableWorkbook(
                _("This workbook is closed with a password. Save it without a password, then put it in once more.")
            )
        raise UnreadableWorkbook(
            _("This is a workbook of an older kind (.xls). Save it as .xlsx, then put it in once more.")
        )
    file.seek(0)
    if text_in(file) is not None:
        return
    with _in_sentences(), zipfile.ZipFile(file) as packed:
        members = packed.infolist()
    names = {member.filename.lower() for member in members}
    if "[content_types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise UnreadableWorkbook(_not_a_workbook())
    # A member never unpacks to more than its entry declares: zipfile stops there.
    if len(members) > MOST_MEMBERS or sum(member.file_size for member in members) > MOST_UNPACKED_BYTES:
        raise UnreadableWorkbook(
            _(
                "Unpacked, this workbook is too large. Copy the lines into a new workbook, without "
                "pictures and without formatting, and put that in."
            )
        )
    file.seek(0)


def _not_a_workbook() -> str:
    return _(
        "This file is no workbook (.xlsx), or it is damaged. Open it in your spreadsheet, save "
        "it as .xlsx, then put it in once more."
    )


@contextmanager
def _in_sentences() -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        raise UnreadableWorkbook(_not_a_workbook()) from error


def text_of(value: object) -> str:
    """A cell as text: days as 2026-12-31, times as 09:30, whole numbers without a point,
    spaces tidied within each line.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat("minutes")
    if isinstance(value, timedelta):
        minutes = round(value.total_seconds() / 60)
        return f"{minutes // 60:02}:{minutes % 60:02}"
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else f"{value:.10g}"
    lines = str(value)[:MOST_CHARACTERS].replace("_x000D_", "").splitlines()
    return "\n".join(_WHITE.sub(" ", line).strip() for line in lines).strip()


# Writing


@dataclass(frozen=True, slots=True)
class SheetToWrite:
    """A sheet of a workbook: its name (31 characters at most), its headers, and rows of texts, numbers, days,
    times or None.
    """

    name: str
    headers: Sequence[str]
    rows: Iterable[Sequence[object]] = ()


def workbook(sheets: Iterable[SheetToWrite]) -> bytes:
    """An xlsx file. What looks like a formula stays text: whoever opens it runs nothing that a stranger typed.

    Rows are taken one by one.
    """
    book = Workbook(write_only=True)
    for written in sheets:
        sheet = book.create_sheet(written.name[:31])
        sheet.freeze_panes = "A2"
        for at, header in enumerate(written.headers, start=1):
            sheet.column_dimensions[get_column_letter(at)].width = max(14, min(len(header) + 4, 40))
        sheet.append([_bold(sheet, header) for header in written.headers])
        for row in written.rows:
            sheet.append([_cell(sheet, value) for value in row])
    packed = BytesIO()
    book.save(packed)
    return packed.getvalue()


def _bold(sheet: Any, header: str) -> WriteOnlyCell:
    cell = _cell(sheet, str(header))
    cell.font = Font(bold=True)
    return cell


def _cell(sheet: Any, value: object) -> Any:
    if value is None or isinstance(value, (bool, int, float, date, datetime, time)):
        return value
    text = ILLEGAL_CHARACTERS_RE.sub("", str(value))[:32_767]
    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    cell.quotePrefix = text.startswith(_FORMULA_SIGNS)
    return cell
