"""A line of the sheet of mandates.

The same mandate: same person, body, organisation, role and first day; where a cell is empty, any.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from kb.accounts.models import User
from kb.backoffice.columns import column
from kb.directory.models import Organisation, Service
from kb.groups.choices import MandateRole, SideName, Standing, Voice
from kb.groups.importing.people import address, recognised
from kb.groups.importing.planning import Change, Plan, once, planned, the_organisation
from kb.groups.models import Body, Mandate
from kb.sheets.kinds import Context, NotUnderstood, choice_of, day_of, folded, yes_or_no

_MEMBER = (
    *("avec voix délibérative", "voix délibérative", "délibératif", "délibérative", "membre"),
    *("membre effectif", "membre avec voix délibérative", "stemgerechtigd lid", "member with a vote", "deliberative"),
    *("met stem", "met beslissende stem", "stemgerechtigd", "lid", "with a vote", "vote", "member"),
)
_CHAIR = ("président", "présidente", "présidence", "voorzitter", "voorzitster", "chair", "chairperson")
_VICE_CHAIR = (
    "vice-président",
    "vice-présidente",
    "vice-présidence",
    "ondervoorzitter",
    "vicevoorzitter",
    "vice-chair",
)
_COORDINATOR = ("coordinateur", "coordinatrice", "coördinator", "coordinator")
_INVITED = (
    "invité",
    "invitée",
    "sans voix",
    "genodigde",
    "uitgenodigd",
    "zonder stem",
    "invité, sans voix",
    "uitgenodigd, zonder stem",
    "invited, without a vote",
    "invited",
    "invitee",
    "without a vote",
)
_ROLE_WORDS = {
    **{word: MandateRole.MEMBER for word in _MEMBER},
    **{word: MandateRole.CHAIR for word in _CHAIR},
    **{word: MandateRole.VICE_CHAIR for word in _VICE_CHAIR},
    **{word: MandateRole.COORDINATOR for word in _COORDINATOR},
    **{
        word: MandateRole.CONSULTANT
        for word in ("consultant", "voix consultative", "consultatif", "raadgevend", "raadgevende stem")
    },
    **{word: MandateRole.INVITEE for word in _INVITED},
}
_VOICE_WORDS = {
    **{word: Voice.DELIBERATIVE for word in ("délibérative", "beslissend", "stemgerechtigd", "deliberative")},
    **{word: Voice.CONSULTATIVE for word in ("consultative", "raadgevend", "sans voix", "zonder stem")},
}
_STANDING_WORDS = {
    **{word: Standing.HOLDER for word in ("effectif", "effective", "titulaire", "effectief", "holder")},
    **{
        word: Standing.SUBSTITUTE
        for word in ("suppléant", "suppléante", "plaatsvervanger", "plaatsvervangend", "substitute")
    },
}
_SIDE_WORDS = {
    **{word: SideName.CPAS for word in ("cpas", "ocmw")},
    **{word: SideName.COMMUNE for word in ("commune", "gemeente", "municipality")},
    **{
        word: SideName.ASSOCIATIVE
        for word in ("associatif", "associative", "associations", "verenigingen", "associatief", "associatieve")
    },
}


def plan(context: Context, values: Mapping[str, str]) -> Plan:
    person = _person(context, values.get("email", ""))
    body = _body(context, values.get("body", ""))
    organisation = the_organisation(context, values["organisation"]) if values.get("organisation") else None
    role = choice_of(values.get("role", ""), MandateRole, also=_ROLE_WORDS)
    since, until = day_of(values.get("since", "")), day_of(values.get("until", ""))
    seat = _seat(values, organisation)
    once(context, ("mandate", person.email, body.pk, organisation and organisation.code, role, since))
    existing = _mandates(context, person, body)
    same = _same(existing, organisation, role, since)
    if same is not None:
        return _plan_of_change(context, same, {"since": since, "until": until, **seat})
    given = {name: value for name, value in seat.items() if value is not None}
    made = Mandate(user=person, body=body, organisation=organisation, role=role, since=since, until=until, **given)
    _refuse(made, existing)
    _note(context, made)
    return planned((), made.save, is_new=True)


def _seat(values: Mapping[str, str], organisation: Organisation | None) -> dict[str, Any]:
    """What a line says of the seat, by field; None where it leaves it open."""

    def chosen(name: str, choices: type[models.TextChoices], also: Mapping[str, str]) -> str | None:
        return choice_of(values.get(name, ""), choices, also=also) or None

    return {
        "side": chosen("side", SideName, _SIDE_WORDS),
        "voice": chosen("voice", Voice, _VOICE_WORDS),
        "standing": chosen("standing", Standing, _STANDING_WORDS),
        "service": _service(organisation, values["service"]) if values.get("service") else None,
        "is_referent": yes_or_no(values["is_referent"]) if values.get("is_referent") else None,
    }


def _service(organisation: Organisation | None, text: str) -> Service:
    """By its code or its name, among those of the organisation of the line."""
    services = list(organisation.services.all()) if organisation is not None and organisation.pk else []
    for one in services:
        if folded(text) in {folded(name) for name in (one.code, one.name, *one.other_names.values()) if name}:
            return one
    raise NotUnderstood(
        _("“%(text)s” is no service of this organisation. Write its name as the directory has it.") % {"text": text}
    )


def _person(context: Context, text: str) -> User:
    """Somebody who is there, or whom an earlier line of the workbook will make."""
    email = address(text)
    coming = {} if context.is_writing else context.memory.get("new people", {})
    person = coming.get(email) or recognised(email)
    if person is None:
        raise NotUnderstood(
            _("Nobody has the address “%(email)s”. Add the person to the sheet of people.") % {"email": email}
        )
    if not person.is_active:
        raise NotUnderstood(_("The account of %(person)s is closed: open it again first.") % {"person": person})
    return person


def _body(context: Context, text: str) -> Body:
    """By its code, else by its name in any language. One query a workbook."""
    if "bodies" not in context.memory:
        bodies = list(Body.objects.select_related("successor").order_by("-is_active", "code"))
        known = {
            folded(name): body
            for body in reversed(bodies)
            for language, name in body.name.items()
            if language != "source" and name
        }
        context.memory["bodies"] = known | {folded(body.code): body for body in bodies}
    found = context.memory["bodies"].get(folded(text))
    if found is None:
        codes = ", ".join(sorted({body.code for body in context.memory["bodies"].values() if body.is_active}))
        raise NotUnderstood(
            _("“%(text)s” is no group or committee. Write one of these codes: %(codes)s.")
            % {"text": text, "codes": codes}
        )
    return found


def _mandates(context: Context, person: User, body: Body) -> list[Mandate]:
    """Those of the person in the body, as they will be after the earlier lines of the workbook. One query."""
    noted = context.memory.setdefault("mandates", {})
    there = (
        Mandate.objects.filter(user=person, body=body).select_related("organisation", "user").order_by("pk")
        if person.pk
        else ()
    )
    return [noted.get(one.pk, one) for one in there] + [one for one in noted.get((person.email, body.pk), ())]


def _note(context: Context, mandate: Mandate) -> None:
    """Lines after this one meet it; when writing, the database holds it."""
    if context.is_writing:
        return
    noted = context.memory.setdefault("mandates", {})
    if mandate.pk:
        noted[mandate.pk] = mandate
    else:
        noted.setdefault((mandate.user.email, mandate.body_id), []).append(mandate)


def _code(organisation: Organisation | None) -> str:
    return organisation.code if organisation else ""


def _same(existing: list[Mandate], organisation: Organisation | None, role: str, since: date | None) -> Mandate | None:
    """The mandate that a line speaks of: the running or newest one where the line leaves something open."""
    alike = [
        one
        for one in existing
        if (organisation is None or _code(one.organisation) == _code(organisation)) and (not role or one.role == role)
    ]
    if since is not None:
        dated = [one for one in alike if one.since == since]
        return dated[-1] if dated else next((one for one in alike if one.since is None and one.until is None), None)
    still_open = [one for one in alike if one.until is None]
    return next(reversed(still_open or alike), None)


def _plan_of_change(context: Context, mandate: Mandate, wanted: Mapping[str, Any]) -> Plan:
    """wanted: {field: value}, None where the line leaves it as it is."""
    changes = []
    for field, value in wanted.items():
        before = getattr(mandate, field)
        if value is not None and before != value:
            change = Change(str(column(Mandate, field).verbose_name), _label(field, before), _label(field, value))
            changes.append(change)
            setattr(mandate, field, value)
    mandate.clean()
    _note(context, mandate)
    return planned(changes, mandate.save)


def _label(field: str, value: Any) -> Any:
    """A choice as people read it; anything else as it is."""
    choices = dict(column(Mandate, field).flatchoices)
    return str(choices[value]) if value in choices else value


def _refuse(made: Mandate, existing: list[Mandate]) -> None:
    """Raises NotUnderstood (or ValidationError) for a new mandate that says too little, or that runs beside another of
    the person in the body.
    """
    if not made.role:
        roles = "; ".join(str(label) for label in MandateRole.labels)
        raise NotUnderstood(_("Write in which role the person sits there: %(roles)s.") % {"roles": roles})
    made.clean()
    if not made.body.is_active and made.until is None:
        said = [_("“%(body)s” no longer meets: nobody begins there.") % {"body": made.body}]
        if made.body.successor:
            said.append(_("It goes on as “%(body)s”.") % {"body": made.body.successor})
        raise NotUnderstood(" ".join(said))
    for one in existing:
        if _overlap(one, made) and _code(one.organisation) in ("", _code(made.organisation)):
            raise NotUnderstood(
                _(
                    "There is already a mandate there (%(role)s). End it first: by hand, or by a line "
                    "above this one with the day on which it ends."
                )
                % {"role": one.get_role_display()}
            )


def _overlap(one: Mandate, other: Mandate) -> bool:
    begins = max((day for day in (one.since, other.since) if day), default=date.min)
    ends = min((day for day in (one.until, other.until) if day), default=date.max)
    return begins <= ends
