"""Sheets that can be brought in: their columns in three languages, and what a line would do.

A kind of workbook registers itself here ("directory", "people"). Looking through and writing are in `bringing_in`, xlsx
files in `workbooks`, what is typed in cells in `cells`.

    register_sheet_kind(SheetKind(
        code="people", label=_("People and mandates"),
        sheets=(Sheet("people", {"fr": "Personnes", …}, (Column("email", {"fr": "Adresse électronique", …},
        required=True), …)), …), look=look,      # (context, sheet, values) -> Looked, changes nothing
        write=write,    # (context, sheet, values), inside a transaction of its own, after a `look` that said new or
                        changed
    ))

values is {column key: text}: every column of the sheet that the workbook has, '' where a cell is empty; a column that
the workbook lacks is absent (so that an import may leave alone what it does not speak of). Days are 2026-12-31, times
09:30: `day_of` and its neighbours read them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from kb.languages import current_language
from kb.sheets.cells import NotUnderstood, choice_of, day_of, folded, listed, time_of, yes_or_no
from kb.sheets.choices import Verdict
from kb.sheets.workbooks import (
    MEDIA_TYPE,
    ReadList,
    ReadWorkbook,
    Row,
    SheetToWrite,
    UnreadableWorkbook,
    workbook,
)
from search.registries import Registry

__all__ = [
    "MEDIA_TYPE",
    "Column",
    "Context",
    "Layout",
    "Line",
    "Looked",
    "NotUnderstood",
    "Sheet",
    "SheetKind",
    "SheetToWrite",
    "UnreadableWorkbook",
    "choice_of",
    "day_of",
    "empty_workbook",
    "folded",
    "headers",
    "listed",
    "register_sheet_kind",
    "sheet_kind",
    "sheet_kinds",
    "sheet_name",
    "time_of",
    "workbook",
    "yes_or_no",
]

MOST_LINES = 20_000
MOST_TEXT = 20_000_000  # characters of all cells: one text may stand in a million cells of a small file
_HEADERS_WITHIN = 10  # rows that hold something: a title may stand above the headers
_HELP = {"fr": "Aide", "nl": "Hulp", "en": "Help"}


@dataclass(frozen=True, slots=True)
class Column:
    """headers: one per language; also: other headers that are understood.
    help is a short sentence shown in the empty workbook.
    """

    key: str
    headers: Mapping[str, str]
    required: bool = False
    help: str | Promise = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """names: one per language, 31 characters at most. code is at most 40 characters."""

    code: str
    names: Mapping[str, str]
    columns: tuple[Column, ...]
    help: str | Promise = ""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a line would do, and a remark in the language of the moment: what changes, or what is not understood and
    what to do about it.

    kept: what the report keeps in the place of what was typed, where that must not be kept; None for what was typed.
    """

    verdict: Verdict
    message: str = ""
    kept: Mapping[str, str] | None = None


@dataclass(slots=True)
class Context:
    """One import while it is looked through or written. memory is for the kind: what earlier lines of the workbook said
    (empty again when writing).

    is_writing: the line is looked at once more just before it is written; what earlier lines made is in the database.
    """

    user: Any = None
    is_writing: bool = False
    line: int = 0
    memory: dict[Any, Any] = field(default_factory=dict)


Look = Callable[[Context, Sheet, Mapping[str, str]], Looked]
Write = Callable[[Context, Sheet, Mapping[str, str]], None]


@dataclass(frozen=True, slots=True)
class SheetKind:
    """A kind of workbook.

    Sheets are read and written in this order; each may be lacking. look takes a fixed number of queries per line.
    """

    code: str
    label: str | Promise
    sheets: tuple[Sheet, ...]
    look: Look
    write: Write
    help: str | Promise = ""
    order: int = 100

    def sheet(self, code: str) -> Sheet:
        return next(sheet for sheet in self.sheets if sheet.code == code)


KINDS: Registry[SheetKind] = Registry()


def register_sheet_kind(kind: SheetKind) -> None:
    """Called from `apps.py`. A code registered again replaces the first."""
    KINDS.register(kind.code, kind, order=kind.order)


def sheet_kinds() -> tuple[SheetKind, ...]:
    return tuple(KINDS)


def sheet_kind(code: str) -> SheetKind | None:
    return KINDS.get(code)


# Reading


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a workbook that is for one of the sheets of its kind.

    problem: a cell holds an error of the spreadsheet.
    """

    sheet: Sheet
    number: int
    values: Mapping[str, str]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Recognised:
    """A sheet of the workbook and where its columns stand: {column key: number of the cell from 0}.

    Lines come after row `headers_at`.
    """

    sheet: Sheet
    name: str
    headers_at: int
    places: Mapping[str, int]
    unknown: tuple[str, ...]


class Layout:
    """Which sheet of a workbook is which of its kind.

    Raises UnreadableWorkbook when nothing is recognised or a required column lacks.
    """

    def __init__(self, book: ReadWorkbook | ReadList, kind: SheetKind) -> None:
        self._book = book
        self.recognised: list[Recognised] = []
        self.not_read: list[str] = []
        by_name = {folded(name): sheet for sheet in kind.sheets for name in (*sheet.names.values(), sheet.code)}
        helps = {folded(name) for name in _HELP.values()}
        for name in book.names:
            named = by_name.get(folded(name)) or (kind.sheets[0] if book.sole and len(kind.sheets) == 1 else None)
            found = _recognise(book, name, named, kind)
            if found is not None and found.sheet.code not in {one.sheet.code for one in self.recognised}:
                self.recognised.append(found)
            elif folded(name) not in helps:
                self.not_read.append(name)
        self.recognised.sort(key=lambda one: kind.sheets.index(one.sheet))
        if not self.recognised:
            names = ", ".join(f"“{_spoken(sheet.names)}”" for sheet in kind.sheets)
            raise UnreadableWorkbook(
                _("No sheet of this workbook is recognised. Expected: %(names)s. Start from the empty workbook.")
                % {"names": names}
            )

    def remarks(self) -> list[str]:
        """What of the workbook is not read, one sentence each."""
        said = [
            _("Columns of “%(sheet)s” that are not read: %(columns)s.")
            % {"sheet": one.name, "columns": ", ".join(one.unknown)}
            for one in self.recognised
            if one.unknown
        ]
        if self.not_read:
            said.append(_("Sheets that are not read: %(names)s.") % {"names": ", ".join(self.not_read)})
        return said

    def lines(self) -> Iterator[Line]:
        """All lines in the order in which they are written. Raises UnreadableWorkbook past MOST_LINES or MOST_TEXT."""
        count = length = 0
        for one in self.recognised:
            for row in self._book.rows(one.name):
                length += sum(map(len, row.cells))
                if length > MOST_TEXT:
                    raise UnreadableWorkbook(
                        _("More than %(most)s characters. Divide the workbook into several.") % {"most": MOST_TEXT}
                    )
                if row.number <= one.headers_at or not any(row.cells[at] for at in one.places.values()):
                    continue
                count += 1
                if count > MOST_LINES:
                    raise UnreadableWorkbook(
                        _("More than %(most)s lines. Divide the workbook into several.") % {"most": MOST_LINES}
                    )
                yield Line(
                    one.sheet,
                    row.number,
                    {key: row.cells[at] for key, at in one.places.items()},
                    _spreadsheet_error(one, row),
                )


def _spreadsheet_error(one: Recognised, row: Row) -> str:
    for column in one.sheet.columns:
        if one.places.get(column.key) in row.errors:
            return _(
                "“%(column)s” holds an error of the spreadsheet (%(error)s). Mend the cell, then put "
                "the workbook in once more."
            ) % {
                "column": _spoken(column.headers),
                "error": row.cells[one.places[column.key]],
            }
    return ""


def _recognise(book: ReadWorkbook | ReadList, name: str, named: Sheet | None, kind: SheetKind) -> Recognised | None:
    """By its name, else by having every required column of just one sheet of the kind.

    None: another sheet, or an empty one.
    """
    best: list[Recognised] = []
    for row in _first(book.rows(name), _HEADERS_WITHIN):
        for sheet in (named,) if named else kind.sheets:
            found = _headers(sheet, name, row)
            if all(column.key in found.places for column in sheet.columns if column.required):
                best.append(found)
        if best:
            return best[0] if named or len(best) == 1 else None
    if named and (rows := list(_first(book.rows(name), _HEADERS_WITHIN))):
        places = max((_headers(named, name, row).places for row in rows), key=len)
        lacking = ", ".join(
            f"“{_spoken(column.headers)}”" for column in named.columns if column.required and column.key not in places
        )
        raise UnreadableWorkbook(
            _(
                "The sheet “%(sheet)s” lacks these columns: %(columns)s. Write the headers in its "
                "first line, as in the empty workbook."
            )
            % {"sheet": name, "columns": lacking}
        )
    return None


def _headers(sheet: Sheet, name: str, row: Row) -> Recognised:
    """The first column that bears a header is the one; another that bears it too is not read."""
    keys = {
        folded(header): column.key
        for column in sheet.columns
        for header in (*column.headers.values(), *column.also, column.key)
    }
    places: dict[str, int] = {}
    unknown: list[str] = []
    for at, cell in enumerate(row.cells):
        key = keys.get(folded(cell)) if cell else None
        if key is not None and key not in places:
            places[key] = at
        elif cell:
            unknown.append(cell)
    return Recognised(sheet, name, row.number, places, tuple(unknown))


def _first(rows: Iterable[Row], count: int) -> Iterator[Row]:
    for number, row in enumerate(rows):
        if number == count:
            return
        yield row


# The empty workbook


def _spoken(names: Mapping[str, str]) -> str:
    """In the language of the moment."""
    return names.get(current_language()) or next(iter(names.values()))


def headers(sheet: Sheet) -> list[str]:
    """Its headers in the language of the moment, for a workbook that is written and may be brought in again."""
    return [_spoken(column.headers) for column in sheet.columns]


def sheet_name(sheet: Sheet) -> str:
    return _spoken(sheet.names)


def empty_workbook(kind: SheetKind) -> bytes:
    """A workbook to fill in, in the language of the moment: the sheets with their headers,
    and a sheet that explains them.
    """
    explained = [
        (sheet_name(sheet), _spoken(column.headers), _("required") if column.required else "", str(column.help))
        for sheet in kind.sheets
        for column in sheet.columns
    ]
    return workbook(
        (
            *(SheetToWrite(sheet_name(sheet), headers(sheet)) for sheet in kind.sheets),
            SheetToWrite(_spoken(_HELP), (_("Sheet"), _("Column"), "", _("Explanation")), explained),
        )
    )
