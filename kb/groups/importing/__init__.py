"""Bringing people in with a workbook: organisations, people and mandates, a sheet each. Looking through and writing are
in `kb.sheets.bringing_in`.

A line becomes a plan: what it would do, and the function that does it. An empty cell leaves what is there; nothing is
taken away, nothing is sent.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from kb.groups.importing import columns, mandates, organisations, people
from kb.sheets.kinds import Context, Looked, Sheet, SheetKind

_PLANS = {"organisations": organisations.plan, "people": people.plan, "mandates": mandates.plan}


def look(context: Context, sheet: Sheet, values: Mapping[str, str]) -> Looked:
    return _PLANS[sheet.code](context, values).looked


def write(context: Context, sheet: Sheet, values: Mapping[str, str]) -> None:
    _PLANS[sheet.code](context, values).apply()


PEOPLE = SheetKind(
    code="people",
    label=_("People and mandates"),
    help=_("who they are, where they work, in which bodies they sit; organisations that are not there yet"),
    sheets=(columns.ORGANISATIONS, columns.PEOPLE, columns.MANDATES),
    look=look,
    write=write,
    order=10,
)
