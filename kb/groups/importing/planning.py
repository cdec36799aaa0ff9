"""What a line of a workbook would do, and what two lines of one workbook know of each other."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from kb.directory.models import Organisation
from kb.sheets.choices import Verdict
from kb.sheets.kinds import Context, Looked, NotUnderstood, folded


@dataclass(frozen=True, slots=True)
class Plan:
    """`apply()` does what `looked` says; for a line that is the same it does nothing."""

    looked: Looked
    apply: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a line changes, in words: "function: médiatrice → coordinatrice"."""

    label: str
    before: object
    after: object

    def __str__(self) -> str:
        return f"{self.label}: {_shown(self.before)} → {_shown(self.after)}"


def _shown(value: object) -> str:
    if isinstance(value, date):
        return date_format(value, "d/m/Y")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value) if value not in (None, "") else "–"


def planned(changes: Iterable[Change], apply: Callable[[], None], *, is_new: bool = False) -> Plan:
    """New, changed with its changes in words, or the same."""
    changes = list(changes)
    message = "; ".join(str(change) for change in changes)
    if is_new:
        return Plan(Looked(Verdict.NEW, message), apply)
    return Plan(Looked(Verdict.CHANGED, message), apply) if changes else Plan(Looked(Verdict.SAME))


def once(context: Context, key: Hashable) -> None:
    """Raises NotUnderstood when an earlier line of the workbook was about the same thing."""
    first = context.memory.setdefault(("line of", key), context.line)
    if first != context.line:
        raise NotUnderstood(_("The same as line %(line)s of this sheet. Keep one of them.") % {"line": first})


# Organisations, by code or name


def find_organisation(context: Context, text: str) -> Organisation | None:
    """By its code or its name in any language; one that an earlier line of the workbook will make has no id yet.

    Raises NotUnderstood for two.
    """
    found = _organisations(context).get(folded(text), [])
    if len({one.code for one in found}) > 1:
        codes = ", ".join(sorted({one.code for one in found}))
        raise NotUnderstood(
            _("Several organisations are called “%(name)s”. Write the code: %(codes)s.")
            % {"name": text, "codes": codes}
        )
    return found[0] if found else None


def the_organisation(context: Context, text: str) -> Organisation:
    """Raises NotUnderstood where there is none."""
    found = find_organisation(context, text)
    if found is None:
        raise NotUnderstood(
            _("No organisation is called “%(name)s”. Add it to the sheet of organisations, or correct the name.")
            % {"name": text}
        )
    return found


def remember_organisation(context: Context, organisation: Organisation) -> None:
    """Lines after this one find it; when writing, in the database."""
    if context.is_writing:
        context.memory.pop("organisations", None)
        return
    known = _organisations(context)
    for name in (organisation.code, organisation.name):
        known.setdefault(folded(name), []).append(organisation)


def _organisations(context: Context) -> dict[str, list[Organisation]]:
    """All of them by folded code and names, asked for once a workbook. One query."""
    if "organisations" not in context.memory:
        known: dict[str, list[Organisation]] = {}
        for one in Organisation.objects.only("code", "name", "other_names", "kind"):
            names: set[Any] = {
                one.code,
                one.name,
                *(name for language, name in one.other_names.items() if language != "source"),
            }
            for name in {folded(name) for name in names if name}:
                known.setdefault(name, []).append(one)
        context.memory["organisations"] = known
    return context.memory["organisations"]
