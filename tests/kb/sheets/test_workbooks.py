"""Workbooks from unknown hands: what is read, and what ends in a sentence."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date, datetime, time

import pytest
from django.utils.translation import override
from openpyxl import Workbook, load_workbook

from kb.sheets import workbooks
from kb.sheets.workbooks import SheetToWrite, UnreadableWorkbook, opened, workbook
from tests.kb.sheets.builders import book


def rows(content: bytes, name: str = "Organisations") -> list[workbooks.Row]:
    with opened(io.BytesIO(content)) as read:
        return list(read.rows(name))


def repacked(content: bytes, replace) -> bytes:
    """The same container with members changed by replace(name, bytes)."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            after.writestr(name, replace(name, before.read(name)))
    return packed.getvalue()


def test_cells_are_read_as_text():
    cells = (
        date(2026, 12, 31),
        datetime(2026, 12, 31, 9, 30),
        time(9, 30),
        1030.0,
        32.5,
        32475123456,
        True,
        "  deux   mots \n et  trois ",
    )
    expected = (
        "2026-12-31",
        "2026-12-31 09:30",
        "09:30",
        "1030",
        "32.5",
        "32475123456",
        "yes",
        "deux mots\net trois",
        "",
    )
    assert rows(book([cells], headers=None))[0].cells[:9] == expected


def test_no_break_spaces_come_in_as_they_went_out():
    assert (
        rows(book([("\u00a0Aide\u00a0: revenu,  logement\u00a0",)], headers=None))[0].cells[0]
        == "Aide\u00a0: revenu, logement"
    )


def test_blank_lines_are_skipped_and_numbers_are_those_of_the_spreadsheet():
    found = rows(book([("un",), (), (None, "  "), ("quatre",)], headers=None))
    assert [(row.number, row.cells[0]) for row in found] == [(1, "un"), (4, "quatre")]


def test_a_formula_gives_the_value_it_had():
    content = book([("somme", 0)], headers=None)

    def calculated(name, packed):
        return (
            packed.replace(b'<c r="B1" t="n"><v>0</v>', b'<c r="B1"><f>20+22</f><v>42</v>')
            if name.endswith("sheet1.xml")
            else packed
        )

    changed = repacked(content, calculated)
    assert changed != content
    assert rows(changed)[0].cells[:2] == ("somme", "42")


def test_a_sheet_with_a_million_blank_rows_is_read_to_its_end():
    made = Workbook()
    made.active.title = "Organisations"
    made.active["A1"] = "premier"
    made.active["A1048576"] = "dernier"
    packed = io.BytesIO()
    made.save(packed)
    assert [row.number for row in rows(packed.getvalue())] == [1, 1048576]


def test_a_row_that_says_it_stands_beyond_every_sheet_ends_the_reading():
    content = repacked(
        book([("un",), ("deux",)], headers=None), lambda name, packed: packed.replace(b'r="2"', b'r="99999999999"')
    )
    assert [row.number for row in rows(content)] == [1]


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
NOT_WORKBOOKS = {
    "empty": (b"", "is empty"),
    "pdf": (b"%PDF-1.7 a report", "is no workbook"),
    "cut off": (book([("un",)])[:300], "is no workbook"),
    "another zip": (repacked(book([]), lambda name, packed: packed).replace(b"xl/", b"xm/"), "is no workbook"),
    "old xls": (OLE, "older kind"),
    "password": (OLE + "EncryptedPackage".encode("utf-16-le"), "password"),
}


@pytest.mark.parametrize("case", NOT_WORKBOOKS)
def test_what_is_no_workbook_is_said_in_a_sentence(case):
    content, expected = NOT_WORKBOOKS[case]
    with override("en"), pytest.raises(UnreadableWorkbook, match=expected), opened(io.BytesIO(content)):
        pass


def test_a_bomb_is_refused_before_it_is_unpacked():
    packed = io.BytesIO(book([("un",)]))
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("xl/worksheets/sheet2.xml", b"0" * (workbooks.MOST_UNPACKED_BYTES + 1))
    with override("en"), pytest.raises(UnreadableWorkbook, match="too large"):
        workbooks.check(packed)


def test_a_bomb_that_lies_about_its_size_unpacks_to_no_more_than_it_said():
    content = repacked(
        book([("un",)]), lambda name, packed: b"0" * 5_000_000 if name.endswith("sheet1.xml") else packed
    )
    lying = content.replace((5_000_000).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    assert lying != content
    with override("en"), pytest.raises(UnreadableWorkbook, match="is no workbook"):
        rows(lying)


def test_more_bytes_than_allowed_are_refused(monkeypatch):
    monkeypatch.setattr(workbooks, "MOST_BYTES", 1000)
    with override("en"), pytest.raises(UnreadableWorkbook, match="Divide it"):
        workbooks.check(io.BytesIO(book([("un",)])))


def test_entities_of_an_xml_bomb_are_not_resolved():
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'

    def armed(name, packed):
        if not name.endswith(("sheet1.xml", "sharedStrings.xml")):
            return packed
        return bomb + re.sub(rb"^<\?xml[^>]*\?>", b"", packed).replace(b"</v>", b"&b;</v>").replace(b"</t>", b"&b;</t>")

    with override("en"), pytest.raises(UnreadableWorkbook, match="is no workbook"):
        rows(repacked(book([("un",)]), armed))


@pytest.mark.parametrize("text", ["=1+1", "+32 2 555", "-1", "@SUM(A1)", "=HYPERLINK(0)"])
def test_what_looks_like_a_formula_is_written_as_text_and_comes_back(text):
    content = workbook([SheetToWrite("Organisations", ("Nom",), [(text,)])])
    cell = load_workbook(io.BytesIO(content)).active["A2"]
    assert (cell.value, cell.data_type, cell.quotePrefix) == (text, "s", True)
    assert rows(content)[1].cells[0] == text


def test_days_times_and_numbers_are_written_as_such_and_control_signs_left_out():
    content = workbook(
        [SheetToWrite("Organisations", ("a", "b", "c", "d"), [(date(2026, 1, 2), time(9, 30), 3, "a\x00b")])]
    )
    assert rows(content)[1].cells[:4] == ("2026-01-02", "09:30", "3", "ab")


# Lists of values


def list_rows(content: bytes) -> list[workbooks.Row]:
    return rows(content, "csv")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("divider", [";", ",", "\t"], ids=["semicolon", "comma", "tab"])
def test_a_list_is_a_workbook_of_one_sheet_whatever_divides_it_and_however_it_is_written(divider, encoding):
    text = f"Adresse{divider}Prénom\r\na@b.example{divider}Zoé d’Été\r\n"
    found = list_rows(text.encode(encoding))
    assert [(row.number, row.cells[:3]) for row in found] == [
        (1, ("Adresse", "Prénom", "")),
        (2, ("a@b.example", "Zoé d’Été", "")),
    ]


@pytest.mark.parametrize("name", ["Владимир", "محمد", "王小明", "Ἑλένη", "Łukasz", "ｆｕｌｌ"])
def test_names_in_every_script_come_in(name):
    assert list_rows(f"a;b\n{name};x\n".encode())[1].cells[0] == name


def test_quoted_cells_hold_dividers_quotes_and_lines():
    found = list_rows(b'a;b\r\n"un; deux";"il dit ""oui""\r\nligne deux"\r\n\r\n;;\r\nx;y\r\n')
    assert [(row.number, row.cells[:2]) for row in found] == [
        (1, ("a", "b")),
        (2, ("un; deux", 'il dit "oui"\nligne deux')),
        (5, ("x", "y")),
    ]


def test_a_first_line_that_names_the_divider_is_followed_and_counted():
    found = list_rows(b"sep=;\na,b;c,d,e\n1;2\n")
    assert [(row.number, row.cells[:2]) for row in found] == [(2, ("a,b", "c,d,e")), (3, ("1", "2"))]


def test_a_title_above_the_headers_does_not_mislead():
    assert list_rows(b"Liste, du 3 mars\nAdresse;Langue;Jour\nx;y;z\n")[1].cells[:3] == ("Adresse", "Langue", "Jour")


@pytest.mark.parametrize("text", ["=1+1", "+32 2 555", "-1", "@SUM(A1)", '=HYPERLINK("http://x")'])
def test_a_formula_of_a_list_is_text(text):
    quoted = text.replace('"', '""')
    assert list_rows(f'a;b\n"{quoted}";x\n'.encode())[1].cells[0] == text


def test_a_list_has_the_limits_of_a_workbook(monkeypatch):
    assert len(list_rows((";".join("a" * 500) + "\n").encode())[0].cells) == workbooks.MOST_COLUMNS
    assert len(list_rows(f"a;b\n{'x' * 9000};y\n".encode())[1].cells[0]) == workbooks.MOST_CHARACTERS
    monkeypatch.setattr(workbooks, "MOST_ROWS", 3)
    assert len(list_rows(b"a;b\n" * 10)) == 3


NOT_LISTS = {
    "no divider": (b"rien que des mots\n", "is no workbook"),
    "nul": (b"a;b\x00\n", "is no workbook"),
    "page": (b"<!doctype html><p>a;b", "is no workbook"),
    "binary": (bytes(range(256)) * 4, "is no workbook"),
    "undefined letters": (b"a;b\x81\x8d\n", "is no workbook"),
    "half a letter of UTF-16": (b"\xff\xfea;b", "is no workbook"),
    "rich text": (b"{\\rtf1 a;b}", "is no workbook"),
}


@pytest.mark.parametrize("case", NOT_LISTS)
def test_what_is_no_list_is_said_in_a_sentence(case):
    content, expected = NOT_LISTS[case]
    with override("en"), pytest.raises(UnreadableWorkbook, match=expected):
        list_rows(content)


@pytest.mark.parametrize(
    "content",
    [b'a;b\n"never closed;x\n' + b"c;d\n" * 10, b'a;b\n"' + b"x" * 200_000 + b'";y\n', b'a;b\n"un"deux;x\n'],
    ids=["open", "endless", "inside"],
)
def test_quotation_marks_that_do_not_fit_are_said_with_the_line(content):
    with override("en"), pytest.raises(UnreadableWorkbook, match=r"line [0-9]+.*quotation marks"):
        list_rows(content)
