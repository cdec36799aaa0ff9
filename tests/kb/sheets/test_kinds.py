"""Which sheet and which column is which, in any of the languages, and the empty workbook."""

from __future__ import annotations

import io

import pytest
from django.utils.translation import override

from kb.sheets import kinds
from kb.sheets.workbooks import UnreadableWorkbook, opened
from tests.kb.sheets.builders import book, kind


def layout(content: bytes, of: kinds.SheetKind | None = None):
    """(values of the lines, remarks)."""
    with override("en"), opened(io.BytesIO(content)) as read:
        found = kinds.Layout(read, of or kind())
        return list(found.lines()), found.remarks()


HEADERS = {
    "fr": ("Code", "Dénomination", "Depuis le"),
    "nl": ("Code", "Benaming", "Sinds"),
    "en": ("Code", "Name", "Since"),
    "typed carelessly": (" CODE * ", "denomination", "depuis  LE :"),
    "keys": ("code", "name", "since"),
}


@pytest.mark.parametrize("headers", HEADERS)
def test_headers_are_recognised_in_any_language_and_with_their_accents_lost(headers):
    lines, remarks = layout(book([("pf", "Planning familial", "")], headers=HEADERS[headers]))
    assert [dict(line.values) for line in lines] == [{"code": "pf", "name": "Planning familial", "since": ""}]
    assert remarks == []


def test_columns_in_another_order_are_recognised_and_unknown_ones_are_named():
    lines, remarks = layout(
        book([("oui", "Planning familial", "x", "pf")], headers=("Coché", "Benaming", "Remarque", "code"))
    )
    assert [dict(line.values) for line in lines] == [{"code": "pf", "name": "Planning familial"}]
    assert remarks == ["Columns of “Organisations” that are not read: Coché, Remarque."]


def test_a_title_may_stand_above_the_headers():
    lines, _remarks = layout(
        book([("Nos organisations",), (), ("Code", "Nom", "Name"), ("pf", "", "Planning")], headers=None)
    )
    assert [(line.number, line.values["code"]) for line in lines] == [(4, "pf")]


def test_the_only_sheet_that_has_the_columns_is_recognised_whatever_its_name():
    lines, _remarks = layout(book([("pf", "Planning", "")], name="Feuil1"))
    assert [line.sheet.code for line in lines] == ["organisations"]


def test_sheets_come_in_the_order_of_their_kind_and_others_are_named():
    content = book(
        [("rue Verte",)],
        name="Plaatsen",
        headers=("Straat",),
        more={"Organisaties": [("Code", "Name"), ("pf", "PF")], "Notes": [("rien",)]},
    )
    lines, remarks = layout(content)
    assert [line.sheet.code for line in lines] == ["organisations", "places"]
    assert remarks == ["Sheets that are not read: Notes."]


def test_a_sheet_without_a_required_column_says_which():
    with pytest.raises(UnreadableWorkbook, match="“Organisations” lacks these columns: “Name”"):
        layout(book([("pf", "x")], headers=("Code", "Rien")))


def test_a_workbook_with_none_of_the_sheets_names_those_expected():
    with pytest.raises(UnreadableWorkbook, match="Expected: “Organisations”, “Places”"):
        layout(book([("a", "b")], name="Feuil1", headers=("x", "y")))


def test_lines_that_hold_nothing_in_known_columns_are_skipped():
    lines, _remarks = layout(book([("", "", "", "note"), ("pf", "PF")], headers=("Code", "Name", "Since", "Note")))
    assert [line.number for line in lines] == [3]


def test_a_cell_with_an_error_of_the_spreadsheet_makes_its_line_unclear():
    lines, _remarks = layout(book([("pf", "#REF!", "")]))
    assert lines[0].problem.startswith("“Name” holds an error of the spreadsheet (#REF!).")


def test_too_many_lines_end_in_a_sentence(monkeypatch):
    monkeypatch.setattr(kinds, "MOST_LINES", 2)
    with pytest.raises(UnreadableWorkbook, match="More than 2 lines"):
        layout(book([(f"o{number}", "x", "") for number in range(3)]))


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
def test_the_empty_workbook_is_recognised_when_it_comes_back(language):
    with override(language):
        content = kinds.empty_workbook(kind())
    with opened(io.BytesIO(content)) as read:
        found = kinds.Layout(read, kind())
        assert [one.sheet.code for one in found.recognised] == ["organisations", "places"]
        assert (list(found.lines()), found.remarks()) == ([], [])
