"""The personal data of the sheets: the workbooks of people that editors bring in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kb.accounts.personal_data.places import list_places
from kb.accounts.personal_data.registry import COORDINATION, PEOPLE, Basis, PersonalData, Row, register_personal
from kb.accounts.personal_data.scrubbing import Identity, in_batches, naming, scrub
from kb.sheets import bringing_in
from kb.sheets.choices import ImportState
from kb.sheets.models import SheetImport, SheetLine

_UNDER_WAY = (ImportState.LOOKING, ImportState.WRITING)


def sheet_rows(user: Any) -> Iterator[Row]:
    """Workbooks the person put in, and lines of any workbook that hold the person's address."""
    for one in (
        SheetImport.objects.filter(created_by=user)
        .order_by("pk")
        .values("kind", "original_name", "created_at", "state")
    ):
        yield {"what": "workbook put in", **one}
    for line in in_batches(
        naming(SheetLine.objects.all(), ("values", "message"), Identity(user.pk, (user.email,)).everywhere)
    ):
        yield {
            "what": "line of a workbook",
            "sheet": line.sheet,
            "line": line.number,
            "values": line.values,
            "remark": line.message,
        }


def erase_sheets(user: Any, identity: Identity) -> int:
    """Lines with an address of the person are emptied, and so is the workbook they came in; one that is being worked
    through goes with its 30 days.
    """
    changed, imports, words = 0, set(), identity.everywhere
    for line in in_batches(naming(SheetLine.objects.all(), ("values", "message"), words)) if words else ():
        if words.scrubbed_value(line.values) != line.values or words.scrubbed(line.message) != line.message:
            changed += SheetLine.objects.filter(pk=line.pk).update(values={}, message="")
            imports.add(line.sheet_import_id)
    for one in SheetImport.objects.filter(pk__in=imports).exclude(content="").exclude(state__in=_UNDER_WAY):
        bringing_in.forget(one)
    mine = Q(created_by=user) if user is not None else Q(pk__in=())
    changed += scrub(SheetImport.objects.all(), ("original_name", "problem"), identity, own=mine)
    list_places(SheetImport.objects.exclude(mine), ("original_name", "problem"), identity)
    return changed


def register_all() -> None:
    register_personal(
        PersonalData(
            name="sheets.imports",
            label=_("Workbooks brought in"),
            what=_("Lines with names, addresses, organisations and groups, as an editor put them in; who put them in"),
            people=PEOPLE,
            purpose=_("Bringing in many people at once, and showing what became of each line"),
            basis=Basis.PUBLIC_TASK,
            basis_words=COORDINATION,
            kept_words=_("30 days; then only how many lines were written"),
            kept=timedelta(days=bringing_in.KEPT_DAYS),
            due="sheets.thin",
            seen_by=_("Editors"),
            after_erasure=_("That a line was written, without what was in it"),
            order=100,
            export=sheet_rows,
            erase=erase_sheets,
            looks_through_texts=True,
        )
    )
