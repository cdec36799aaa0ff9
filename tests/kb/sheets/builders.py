"""Workbooks and a kind of sheet for tests: organisations by code, with a name that may change."""

from __future__ import annotations

import io

from openpyxl import Workbook

from kb.directory.models import Organisation
from kb.sheets import kinds
from kb.sheets.choices import Verdict

COLUMNS = (
    kinds.Column("code", {"fr": "Code", "nl": "Code", "en": "Code"}, required=True),
    kinds.Column(
        "name", {"fr": "Dénomination", "nl": "Benaming", "en": "Name"}, required=True, help="As on the letter-head."
    ),
    kinds.Column("since", {"fr": "Depuis le", "nl": "Sinds", "en": "Since"}),
)


def look(context: kinds.Context, sheet: kinds.Sheet, values) -> kinds.Looked:
    kinds.day_of(values.get("since", ""))
    if values["name"] == "mystery":
        raise kinds.NotUnderstood("A mystery is no name.")
    found = Organisation.objects.filter(code=values["code"]).first()
    if found is None:
        return kinds.Looked(Verdict.NEW)
    if found.name == values["name"]:
        return kinds.Looked(Verdict.SAME)
    return kinds.Looked(Verdict.CHANGED, f"name: {found.name} → {values['name']}")


def write(context: kinds.Context, sheet: kinds.Sheet, values) -> None:
    Organisation.objects.update_or_create(code=values["code"], defaults={"name": values["name"]})


def kind(**changes) -> kinds.SheetKind:
    values = {
        "code": "trial",
        "label": "Organisations",
        "sheets": (
            kinds.Sheet("organisations", {"fr": "Organisations", "nl": "Organisaties", "en": "Organisations"}, COLUMNS),
            kinds.Sheet(
                "places",
                {"fr": "Lieux", "nl": "Plaatsen", "en": "Places"},
                (kinds.Column("street", {"fr": "Rue", "nl": "Straat", "en": "Street"}, required=True),),
            ),
        ),
        "look": look,
        "write": write,
    }
    return kinds.SheetKind(**{**values, **changes})


def book(rows, *, name: str = "Organisations", headers=("Code", "Dénomination", "Depuis le"), more=None) -> bytes:
    """An xlsx as a spreadsheet program makes it; more: {sheet name: rows}."""
    made = Workbook()
    sheet = made.active
    sheet.title = name
    for row in (*([headers] if headers else []), *rows):
        sheet.append(row)
    for other, its_rows in (more or {}).items():
        another = made.create_sheet(other)
        for row in its_rows:
            another.append(row)
    packed = io.BytesIO()
    made.save(packed)
    return packed.getvalue()
