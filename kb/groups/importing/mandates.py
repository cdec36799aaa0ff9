"""A line of the sheet of mandates.

The same mandate: same person, body, organisation, role and first day; where a cell is empty, any.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.utils.translation import gettext as _

from kb.accounts.models import User
from kb.backoffice.columns import column
from kb.directory.models import Organisation
from kb.groups.choices import MandateRole
from kb.groups.importing.people import address, recognised
from kb.groups.importing.planning import Change, Plan, once, planned, the_organisation
from kb.groups.models import Body, Mandate
from kb.sheets.kinds import Context, NotUnderstood, choice_of, day_of, folded, yes_or_no

_MEMBER = (
    *("avec voix délibérative", "voix délibérative", "délibératif", "délibérative", "membre"),
    *("met stem", "met beslissende stem", "stemgerechtigd", "lid", "with a vote", "vote", "member"),
)
_INVITED = (
    "invité",
    "invitée",
    "sans voix",
    "genodigde",
    "uitgenodigd",
    "zonder stem",
    "invited",
    "invitee",
    "without a vote",
)
_ROLE_WORDS = {
    **{word: MandateRole.DELIBERATIVE for word in _MEMBER},
    **{
        word: MandateRole.CONSULTANT
        for word in ("consultant", "voix consultative", "consultatif", "raadgevend", "raadgevende stem")
    },
    **{word: MandateRole.INVITEE for word in _INVITED},
}


def plan(context: Context, values: Mapping[str, str]) -> Plan:
    person = _person(context, values.get("email", ""))
    body = _body(context, values.get("body", ""))
    organisation = the_organisation(context, values["organisation"]) if values.get("organisation") else None
    role = choice_of(values.get("role", ""), MandateRole, also=_ROLE_WORDS)
    since, until = day_of(values.get("since", "")), day_of(values.get("until", ""))
    is_referent = yes_or_no(values["is_referent"]) if values.get("is_referent") else None
    once(context, ("mandate", person.email, body.pk, organisation and organisation.code, role, since))
    existing = _mandates(context, person, body)
    same = _same(existing, organisation, role, since)
    if same is not None:
        return _plan_of_change(context, same, since, until, is_referent)
    made = Mandate(
        user=person,
        body=body,
        organisation=organisation,
        role=role,
        since=since,
        until=until,
        is_referent=bool(is_referent),
    )
    _refuse(made, existing)
    _note(context, made)
    return planned((), made.save, is_new=True)


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


def _plan_of_change(
    context: Context, mandate: Mandate, since: date | None, until: date | None, is_referent: bool | None
) -> Plan:
    changes = []
    for field, wanted in (("since", since), ("until", until), ("is_referent", is_referent)):
        before = getattr(mandate, field)
        if wanted is not None and before != wanted:
            changes.append(Change(str(column(Mandate, field).verbose_name), before, wanted))
            setattr(mandate, field, wanted)
    mandate.clean()
    _note(context, mandate)
    return planned(changes, mandate.save)


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
