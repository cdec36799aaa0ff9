"""The kind of workbook "directory": what a line of it would do to organisations, services, places, closures and
memberships, and doing it.

A line is known by its codes (a membership and a closure by the day they begin). An empty cell leaves what is there as
it is, "-" empties it; a column that the workbook lacks is left alone. Columns are in `exporting`, reading of files and
the report in `sheets.kinds` and `sheets.bringing_in`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kb.directory.choices import OrganisationKind, Weekday
from kb.directory.hours import by_day, read_day, rows_of
from kb.directory.models import Closure, Membership, Organisation, Place, Service
from kb.directory.spoken import read_spoken
from kb.directory.workbook.exporting import (
    SHEETS,
    closure_values,
    hours_of,
    membership_values,
    organisation_values,
    place_values,
    service_values,
)
from kb.languages import CODES, current_language
from kb.sheets.choices import Verdict
from kb.sheets.kinds import (
    Column,
    Context,
    Looked,
    NotUnderstood,
    Sheet,
    SheetKind,
    choice_of,
    day_of,
    folded,
    listed,
    yes_or_no,
)
from kb.vocabulary.models import Concept

EMPTIES = {"-", "–", "—"}

Values = Mapping[str, str]


_KINDS = {word: OrganisationKind.ASSOCIATION for word in ("asbl", "vzw", "non-profit")} | {
    word: OrganisationKind.CPAS for word in ("cpas", "ocmw")
}


@dataclass(frozen=True, slots=True)
class Cell:
    """How a column becomes an attribute: its value from a text, the present one, and how to give a new one.

    empty: what "-" gives.
    """

    read: Callable[[Context, str], Any]
    get: Callable[[Any], Any]
    put: Callable[[Any, Any], None]
    empty: Any


# Cells


def _plain(name: str, read: Callable[[Context, str], Any] = lambda context, text: text, empty: Any = "") -> Cell:
    return Cell(read, lambda one: getattr(one, name), lambda one, value: setattr(one, name, value), empty)


def _language(name: str, code: str) -> Cell:
    def put(one: Any, value: str) -> None:
        texts = {key: text for key, text in getattr(one, name).items() if key != code}
        setattr(one, name, {**texts, code: value} if value else texts)

    return Cell(lambda context, text: text, lambda one: getattr(one, name).get(code, ""), put, "")


def _texts(*names: str) -> dict[str, Cell]:
    return {f"{name}_{code}": _language(name, code) for name in names for code in CODES}


def _side(context: Context, text: str) -> str:
    if folded(text) in {"lesdeux", "beide", "both", "bilingue", "tweetalig"}:
        return ""
    if folded(text) in CODES:
        return folded(text)
    raise NotUnderstood(_("“%(text)s” is no language side. Write fr, nl, en, or “both”.") % {"text": text})


def _number(context: Context, text: str) -> int:
    if text.isdecimal() and len(text) < 7:
        return int(text)
    raise NotUnderstood(_("“%(text)s” is no whole number.") % {"text": text})


def _degrees(context: Context, text: str) -> Decimal:
    try:
        return Decimal(text.replace(",", ".")).quantize(Decimal("0.000001"))
    except InvalidOperation as error:
        raise NotUnderstood(_("“%(text)s” is no number of degrees. Write it as 50.860000.") % {"text": text}) from error


def _concepts(context: Context, text: str) -> frozenset[int]:
    """By code or by label in any language. One query an import."""
    known = context.memory.get("concepts")
    if known is None:
        rows = Concept.objects.values_list("pk", "code", *(f"label_{code}" for code in CODES))
        known = context.memory["concepts"] = {folded(word): pk for pk, *words in rows for word in words if word}
    unknown = [word for word in listed(text) if folded(word) not in known]
    if unknown:
        raise NotUnderstood(
            _("“%(word)s” is no concept of the vocabulary. Write its code or its label.") % {"word": unknown[0]}
        )
    return frozenset(known[folded(word)] for word in listed(text))


def _put_concepts(one: Any, ids: frozenset[int]) -> None:
    one.after_save = [*getattr(one, "after_save", ()), lambda: one.concepts.set(ids)]


def _day(day: int) -> Cell:
    def put(one: Place, stretches: tuple) -> None:
        one.hours.set(rows_of({**by_day(one.hours.all()), day: stretches}))

    return Cell(lambda context, text: read_day(text), lambda one: by_day(one.hours.all()).get(day, ()), put, ())


_THEMES = Cell(
    _concepts,
    lambda one: frozenset(concept.pk for concept in one.concepts.all()) if one.pk else frozenset(),
    _put_concepts,
    frozenset(),
)
_SPOKEN = _plain("spoken", lambda context, text: read_spoken(text), [])
_CONTACT = {name: _plain(name) for name in ("phone", "email", "url")}
_ACTIVE = _plain("is_active", lambda context, text: yes_or_no(text), False)
_ORDER = _plain("sort_order", _number, 0)
_SINCE, _UNTIL = (_plain(name, lambda context, text: day_of(text), None) for name in ("since", "until"))
_BOTH = {
    "name": _plain("name"),
    **_texts("other_names", "description"),
    "concepts": _THEMES,
    "spoken": _SPOKEN,
    **_CONTACT,
    "is_active": _ACTIVE,
}

CELLS: Mapping[str, Mapping[str, Cell]] = {
    "organisations": {
        **_BOTH,
        "kind": _plain(
            "kind", lambda context, text: choice_of(text, OrganisationKind, also=_KINDS), OrganisationKind.OTHER
        ),
        "language_side": _plain("language_side", _side),
    },
    "services": {**_BOTH, **_texts("publics", "conditions", "cost"), "sort_order": _ORDER},
    "places": {
        **{name: _plain(name) for name in ("name", "house_number", "postal_code", "phone", "email")},
        **_texts("street", "municipality", "access"),
        **{name: _plain(name, _degrees, None) for name in ("latitude", "longitude")},
        **{f"day_{day.value}": _day(day.value) for day in Weekday},
        "sort_order": _ORDER,
    },
    "closures": {"until": _UNTIL, **_texts("reason")},
    "memberships": {"since": _SINCE, "until": _UNTIL},
}
SHOWN: dict[str, Callable[[Any], dict[str, str]]] = {
    "organisations": organisation_values,
    "services": service_values,
    "places": place_values,
    "closures": closure_values,
    "memberships": membership_values,
}


# Which thing a line is about


@dataclass(slots=True)
class Found:
    """The thing itself, new or not, and a key that no other line of its sheet may have."""

    thing: Any
    key: tuple
    is_new: bool


def _named(context: Context, code: str) -> Organisation | None:
    """None for one that an earlier line would make. Raises NotUnderstood for one that nobody knows."""
    found = Organisation.objects.filter(code=code).first()
    if found is None and ("organisations", code) not in context.memory:
        raise NotUnderstood(
            _(
                "No organisation has the code “%(code)s”. Correct it, or add the organisation to the "
                "sheet of organisations."
            )
            % {"code": code}
        )
    return found


def _service_of(context: Context, organisation: Organisation | None, values: Values) -> Service | None:
    """None when the line names none, or one that an earlier line would make."""
    code = values.get("service", "")
    if not code or code in EMPTIES:
        return None
    found = Service.objects.filter(organisation=organisation, code=code).first() if organisation else None
    if found is None and ("services", values["organisation"], code) not in context.memory:
        raise NotUnderstood(
            _(
                "“%(organisation)s” has no service with the code “%(code)s”. Correct it, or add the "
                "service to the sheet of services."
            )
            % {"organisation": values["organisation"], "code": code}
        )
    return found


def _organisation(context: Context, values: Values) -> Found:
    thing = Organisation.objects.filter(code=values["code"]).first()
    return Found(thing or Organisation(code=values["code"]), (values["code"],), thing is None)


def _service(context: Context, values: Values) -> Found:
    organisation = _named(context, values["organisation"])
    thing = (
        Service.objects.filter(organisation=organisation, code=values["code"]).select_related("organisation").first()
        if organisation
        else None
    )
    new = thing is None
    return Found(
        thing or Service(organisation=organisation, code=values["code"]), (values["organisation"], values["code"]), new
    )


def _place(context: Context, values: Values) -> Found:
    organisation = _named(context, values["organisation"])
    rows = Place.objects.filter(organisation=organisation, code=values["code"]).select_related(
        "organisation", "service"
    )
    thing = rows.first() if organisation else None
    new = thing is None
    thing = thing or Place(organisation=organisation, code=values["code"])
    thing.hours.set(hours_of([thing])[thing.pk] if thing.pk else [])
    return Found(thing, (values["organisation"], values["code"]), new)


def _closure(context: Context, values: Values) -> Found:
    organisation = _named(context, values["organisation"])
    place = Place.objects.filter(organisation=organisation, code=values["place"]).first() if organisation else None
    if place is None and ("places", values["organisation"], values["place"]) not in context.memory:
        raise NotUnderstood(
            _(
                "“%(organisation)s” has no place with the code “%(code)s”. Correct it, or add the "
                "place to the sheet of places."
            )
            % {"organisation": values["organisation"], "code": values["place"]}
        )
    since = day_of(values["since"])
    if since is None:
        raise NotUnderstood(_("Say from which day it is closed."))
    thing = (
        Closure.objects.filter(place=place, since=since).select_related("place__organisation").first()
        if place
        else None
    )
    new = thing is None
    return Found(thing or Closure(place=place, since=since), (values["organisation"], values["place"], since), new)


def _membership(context: Context, values: Values) -> Found:
    """The one of this organisation (or of this service of it) that begins that day; else one whose beginning is not
    known yet; else a new one.
    """
    organisation = _named(context, values["organisation"])
    service = _service_of(context, organisation, values)
    text = values.get("since", "")
    since = None if text in EMPTIES else day_of(text)
    named = bool(values.get("service", "")) and values.get("service") not in EMPTIES
    rows = Membership.objects.filter(organisation=organisation, service=service).select_related(
        "organisation", "service"
    )
    known = {row.since: row for row in rows.order_by("-pk")} if organisation and (service or not named) else {}
    thing = known.get(since) or known.get(None)
    new = thing is None
    thing = thing or Membership(organisation=organisation, service=service)
    return Found(thing, (values["organisation"], values.get("service", ""), since), new)


FIND: Mapping[str, Callable[[Context, Values], Found]] = {
    "organisations": _organisation,
    "services": _service,
    "places": _place,
    "closures": _closure,
    "memberships": _membership,
}


# Looking and writing


def look(context: Context, sheet: Sheet, values: Values) -> Looked:
    """Changes nothing. At most eight queries per line. Raises NotUnderstood."""
    found, changes = _planned(context, sheet, values)
    if not context.is_writing:
        _only_once(context, sheet, found)
    if found.is_new:
        return Looked(Verdict.NEW)
    return Looked(Verdict.CHANGED, "; ".join(changes)) if changes else Looked(Verdict.SAME)


def write(context: Context, sheet: Sheet, values: Values) -> None:
    """One line, inside a transaction.

    Raises NotUnderstood when things changed since it was looked at, or what it belongs to was not written.
    """
    thing = _planned(context, sheet, values)[0].thing
    thing.save()
    for step in getattr(thing, "after_save", ()):
        step()


def _only_once(context: Context, sheet: Sheet, found: Found) -> None:
    key = (sheet.code, *found.key)
    if key in context.memory:
        raise NotUnderstood(
            _("Line %(number)s of this sheet says something about the same already. Make one line of the two.")
            % {"number": context.memory[key]}
        )
    context.memory[key] = context.line


def _planned(context: Context, sheet: Sheet, values: Values) -> tuple[Found, list[str]]:
    """The thing with its new values, not saved, and what changes in words."""
    for column in sheet.columns:
        if column.required and values.get(column.key, "") in {"", *EMPTIES}:
            raise NotUnderstood(_("“%(column)s” is empty.") % {"column": _header(column)})
    found = FIND[sheet.code](context, values)
    before = {} if found.is_new else SHOWN[sheet.code](found.thing)
    changes = []
    if sheet.code == "places":
        changes += _moved(context, found.thing, values)
    for column in sheet.columns:
        text = values.get(column.key, "")
        cell = CELLS[sheet.code].get(column.key)
        if cell is None or not text:
            continue
        value = _read(context, column, cell, text)
        if value != cell.get(found.thing):
            cell.put(found.thing, value)
            changes.append(_change(column, str(before.get(column.key) or ""), "" if text in EMPTIES else text))
    _check(sheet, found)
    return found, changes


def _read(context: Context, column: Column, cell: Cell, text: str) -> Any:
    try:
        return cell.empty if text in EMPTIES else cell.read(context, text)
    except (NotUnderstood, ValidationError) as error:
        why = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
        raise NotUnderstood(f"{_header(column)}: {why}") from error


def _moved(context: Context, place: Place, values: Values) -> list[str]:
    """A place belongs to the service its line names, to the whole organisation for "-"."""
    text = values.get("service", "")
    if not text:
        return []
    before = place.service if place.service_id else None
    service = _service_of(context, place.organisation if place.organisation_id else None, values)
    place.service = service
    if (before.code if before else "") == ("" if text in EMPTIES else text):
        return []
    column = next(
        column for sheet in SHEETS if sheet.code == "places" for column in sheet.columns if column.key == "service"
    )
    return [_change(column, before.code if before else "", "" if text in EMPTIES else text)]


def _check(sheet: Sheet, found: Found) -> None:
    """What the record itself refuses, with the header of the column; what it belongs to may not be there yet."""
    if found.is_new and sheet.code in {"organisations", "services"} and not found.thing.name:
        raise NotUnderstood(_("It is new and has no name. Write its name."))
    if sheet.code == "closures" and not found.thing.until:
        raise NotUnderstood(_("Say until which day it is closed."))
    relations = [field.name for field in found.thing._meta.fields if isinstance(field, models.ForeignKey)]
    try:
        found.thing.full_clean(exclude=relations, validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        headers = {column.key: _header(column) for column in sheet.columns}
        said = [f"{headers.get(name, name)}: {' '.join(messages)}" for name, messages in error.message_dict.items()]
        raise NotUnderstood(" ".join(said)) from error


def _header(column: Column) -> str:
    return column.headers.get(current_language(), column.key)


def _change(column: Column, before: str, after: str) -> str:
    empty = _("(empty)")
    return _("%(column)s: %(before)s → %(after)s") % {
        "column": _header(column),
        "before": before or empty,
        "after": after or empty,
    }


DIRECTORY = SheetKind(
    code="directory",
    label=gettext_lazy("Organisations, services, places and hours"),
    sheets=SHEETS,
    look=look,
    write=write,
    help=gettext_lazy(
        "An empty cell leaves what is there as it is; “-” empties it. Nothing is deleted: what "
        "is not in the workbook stays."
    ),
    order=10,
)
