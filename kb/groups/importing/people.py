"""A line of the sheet of people: who they are and where they work.

Nobody is made twice, nobody's rights are touched, nobody is written to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kb.accounts.addresses import people_by_address
from kb.accounts.models import User
from kb.backoffice.columns import column
from kb.directory.models import Employment, Organisation
from kb.groups.importing.planning import Change, Plan, once, planned, the_organisation
from kb.groups.people.bringing_in import may_describe
from kb.groups.people.moving import last_day
from kb.sheets.kinds import Context, NotUnderstood, day_of, folded, listed
from kb.site.signs import check_address

_LANGUAGES = {
    **{word: "fr" for word in ("fr", "f", "français", "frans", "french", "francophone")},
    **{word: "nl" for word in ("nl", "n", "néerlandais", "nederlands", "dutch", "néerlandophone")},
    **{word: "en" for word in ("en", "e", "anglais", "engels", "english")},
}
_LANGUAGES = {folded(word): code for word, code in _LANGUAGES.items()}


def plan(context: Context, values: Mapping[str, str]) -> Plan:
    email = address(values.get("email", ""))
    others = [address(one) for one in listed(values.get("other_addresses", ""))]
    others = [one for one in dict.fromkeys(others) if one != email]
    for one in (email, *others):
        once(context, ("address", one))
    person = recognised(email, *others)
    wanted = {
        "name": _whole_name(values),
        "language": _language(values.get("language", "")),
        "phone": values.get("phone", ""),
    }
    if person is None:
        return _plan_of_new(
            context, values, User(email=email, **{field: value for field, value in wanted.items() if value}), others
        )
    _refuse_closed(person)
    changes, steps = _own_changes(person, wanted, context.user)
    for more_changes, more_steps in (_addresses(person, (email, *others)), _employment(context, person, values)):
        changes += more_changes
        steps += more_steps
    return planned(changes, partial(_apply, steps))


Step = Callable[[], object]


def _apply(steps: list[Step]) -> None:
    for step in steps:
        step()


def address(text: str) -> str:
    """In small letters. Raises NotUnderstood for what is no address."""
    email = text.strip().lower().removeprefix("mailto:")
    try:
        check_address(email)
    except ValidationError:
        raise NotUnderstood(_("“%(text)s” is no e-mail address.") % {"text": text}) from None
    return email


def recognised(*emails: str) -> User | None:
    """Whose addresses these are. Raises NotUnderstood when they are two people's, or stand unproven with someone. Three
    queries at most.

    An address that its account never proved may have been typed there by anybody: it decides nothing by itself.
    """
    owners = people_by_address(emails)
    people = {person.pk: person for person in owners.values()}
    if len(people) > 1:
        names = ", ".join(str(person) for person in people.values())
        raise NotUnderstood(
            _("These addresses are of several people (%(names)s). Write only those of one of them.") % {"names": names}
        )
    person = next(iter(people.values()), None)
    unproven = (
        EmailAddress.objects.filter(email__in=set(emails) - set(owners), verified=False)
        .exclude(user=person)
        .select_related("user")
        .first()
    )
    if unproven is not None:
        raise NotUnderstood(
            _(
                "“%(email)s” stands with %(person)s, who has not proven it yet. Write the address with "
                "which that person logs in, or ask who it is."
            )
            % {"email": unproven.email, "person": unproven.user}
        )
    return person


def _refuse_closed(person: User) -> None:
    if not person.is_active:
        raise NotUnderstood(_("The account of %(person)s is closed: open it again first.") % {"person": person})


def _whole_name(values: Mapping[str, str]) -> str:
    return " ".join(part for part in (values.get("first_name", ""), values.get("name", "")) if part)


def _language(text: str) -> str:
    if not text:
        return ""
    try:
        return _LANGUAGES[folded(text)]
    except KeyError:
        raise NotUnderstood(
            _("“%(text)s” is none of the languages of the site: write fr, nl or en.") % {"text": text}
        ) from None


def _plan_of_new(context: Context, values: Mapping[str, str], person: User, others: list[str]) -> Plan:
    person.set_unusable_password()
    person.clean_fields()
    organisation = the_organisation(context, values["organisation"]) if values.get("organisation") else None
    if organisation is None and values.get("function"):
        raise NotUnderstood(_("Write for which employer this function is."))
    employment = _new_employment(person, organisation, values) if organisation else None
    context.memory.setdefault("new people", {}).update({one: person for one in (person.email, *others)})

    def apply() -> None:
        person.save()
        _add_addresses(person, others)
        if employment is not None:
            employment.save()

    return planned((), apply, is_new=True)


def _own_changes(person: User, wanted: Mapping[str, str], by: User | None) -> tuple[list[Change], list[Step]]:
    changed = {field: value for field, value in wanted.items() if value and getattr(person, field) != value}
    if changed and not may_describe(person, by):
        raise NotUnderstood(
            _("%(person)s edits the site: only they and the editor-in-chief change their name, language and phone.")
            % {"person": person}
        )
    changes = []
    for field, value in changed.items():
        shown = getattr(person, f"get_{field}_display", lambda field=field: getattr(person, field))
        before = shown()
        setattr(person, field, value)
        changes.append(Change(str(column(User, field).verbose_name), before, shown()))
    if changed:
        person.clean_fields(exclude=["password"])
    return changes, [partial(person.save, update_fields=list(changed))] if changed else []


def _addresses(person: User, emails: tuple[str, ...]) -> tuple[list[Change], list[Step]]:
    """Addresses that are not with the person yet. One query."""
    has = {email.lower() for email in EmailAddress.objects.filter(user=person).values_list("email", flat=True)} | {
        person.email
    }
    lacking = [email for email in emails if email not in has]
    if not lacking:
        return [], []
    if person.is_staff or person.is_superuser:
        raise NotUnderstood(
            _("%(person)s edits the site: an editor's addresses are changed by nobody else.") % {"person": person}
        )
    label = ngettext("further address", "further addresses", len(lacking))
    return [Change(label, "", ", ".join(lacking))], [partial(_add_addresses, person, lacking)]


def _add_addresses(person: User, emails: list[str]) -> None:
    for email in emails:
        EmailAddress.objects.get_or_create(user=person, email=email, defaults={"verified": False, "primary": False})


def _employment(context: Context, person: User, values: Mapping[str, str]) -> tuple[list[Change], list[Step]]:
    """A running employment there gets the function; any other organisation means that the person changed. One query."""
    organisation = the_organisation(context, values["organisation"]) if values.get("organisation") else None
    function = values.get("function", "")
    running = list(Employment.objects.filter(user=person).running().select_related("organisation"))
    here = [one for one in running if organisation is None or one.organisation_id == organisation.pk]
    if organisation is None and not function:
        return [], []
    if len(here) == 1 and (organisation is not None or len(running) == 1):
        return _function_changes(here[0], function)
    if organisation is None:
        raise NotUnderstood(_("Write for which employer this function is."))
    if len(here) > 1 or len(running) > 1:
        raise NotUnderstood(_("%(person)s works for several organisations: change this by hand.") % {"person": person})
    made = _new_employment(person, organisation, values)
    if not running:
        return [Change(_("employer"), "", organisation)], [made.save]
    before = running[0]
    before.until = last_day(before.since, made.since or timezone.localdate())
    steps: list[Step] = [partial(before.save, update_fields=["until"]), made.save]
    return [Change(_("employer"), before.organisation, organisation)], steps


def _function_changes(employment: Employment, function: str) -> tuple[list[Change], list[Step]]:
    if not function or employment.function == function:
        return [], []
    change = Change(str(Employment._meta.get_field("function").verbose_name), employment.function, function)
    employment.function = function
    employment.clean_fields(exclude=["user", "organisation"])
    return [change], [partial(employment.save, update_fields=["function"])]


def _new_employment(person: User, organisation: Organisation, values: Mapping[str, str]) -> Employment:
    made = Employment(
        user=person,
        organisation=organisation,
        function=values.get("function", ""),
        since=day_of(values.get("since", "")),
    )
    if made.since is None and person.pk:
        made.since = timezone.localdate()
    made.clean_fields(exclude=["user", "organisation"])
    return made
