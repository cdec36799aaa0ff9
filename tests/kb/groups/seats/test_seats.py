"""Sides, voices and the presidency: what goes without saying, what is refused, what was there before."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from kb.accounts.audiences import held_by
from kb.clock.choices import MailState
from kb.clock.models import OutgoingMail
from kb.directory.models import Organisation, Service
from kb.groups.choices import BodyKind, MandateRole, SideName, Voice
from kb.groups.models import Mandate, Side
from tests.kb.accounts.builders import member
from tests.kb.groups.builders import body, day, mandate

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("seats", "quorum", "needed"), [(4, None, 2), (5, None, 3), (1, None, 1), (4, 3, 3)])
def test_half_of_the_seats_must_take_part_unless_another_number_was_set(seats, quorum, needed):
    assert Side(seats=seats, quorum=quorum).needed == needed


def test_a_quorum_above_the_seats_is_refused():
    with pytest.raises(ValidationError):
        Side(body=body("CP"), name=SideName.CPAS, seats=4, quorum=5).full_clean()


@pytest.mark.parametrize("kind", ["cpas", "commune", "association", "other"])
def test_the_side_is_that_of_the_organisation_when_the_mandate_begins_and_stays(kind):
    employer = Organisation.objects.create(code="o", name="Organisation", kind=kind)
    seat = mandate(member(), body("CP"), organisation=employer)
    expected = {"association": "associative", "other": ""}.get(kind, kind)
    assert seat.side == expected
    employer.kind = "commune" if kind != "commune" else "cpas"
    employer.save()
    seat.save()
    assert Mandate.objects.get().side == expected


@pytest.mark.parametrize("role", MandateRole.values)
def test_the_voice_is_that_of_the_role_and_with_it_what_members_read(role):
    seat = mandate(user := member(), body("LOG"), role)
    decides = role in ("chair", "vice-chair", "member")
    assert seat.voice == (Voice.DELIBERATIVE if decides else Voice.CONSULTATIVE)
    assert ("members" in held_by(user, second_factor=False)) is decides


def test_another_voice_may_be_chosen_but_not_for_consultants_and_the_invited():
    seat = mandate(user := member(), body("LOG"), voice=Voice.CONSULTATIVE)
    assert (seat.voice, "members" in held_by(user, second_factor=False)) == (Voice.CONSULTATIVE, False)
    for role in ("consultant", "invitee"):
        with pytest.raises(ValidationError) as refused:
            Mandate(user=user, body=seat.body, role=role, voice=Voice.DELIBERATIVE).full_clean()
        assert "voice" in refused.value.error_dict


@pytest.mark.parametrize(
    ("role", "side", "sound"),
    [
        ("chair", "cpas", True),
        ("chair", "associative", False),
        ("vice-chair", "associative", True),
        ("vice-chair", "cpas", False),
        ("member", "associative", True),
    ],
)
def test_the_centre_presides_the_committee_and_the_associations_have_the_vice_presidency(role, side, sound):
    committee, group = body("CP", kind=BodyKind.STEERING_COMMITTEE), body("LOG")
    user = member()
    Mandate(user=user, body=group, role=role, side=side).full_clean(exclude=["voice"])
    seat = Mandate(user=user, body=committee, role=role, side=side)
    if sound:
        seat.full_clean()
    else:
        with pytest.raises(ValidationError):
            seat.full_clean()


def test_a_service_is_one_of_the_organisation_the_person_sits_for():
    ours, theirs = (Organisation.objects.create(code=code, name=code) for code in ("un", "deux"))
    service = Service.objects.create(organisation=theirs, code="s", name="Permanence")
    with pytest.raises(ValidationError) as refused:
        Mandate(user=member(), body=body("LOG"), organisation=ours, service=service).full_clean()
    assert "service" in refused.value.error_dict


def test_a_mandate_that_ended_at_a_moment_ran_on_that_day_for_who_asks_of_it():
    seat = mandate(member(), body("LOG"), since=day(-5))
    seat.end_now()
    assert not seat.is_running and not Mandate.objects.running().exists()
    Mandate.objects.update(ended_at=timezone.now() - timezone.timedelta(days=2), until=day(-2))
    assert [Mandate.objects.running(day(offset)).exists() for offset in (-3, -2, -1, 0)] == [True, True, False, False]


def test_who_had_a_vote_has_a_deliberative_voice_and_nobody_loses_a_right():
    migration = import_module("kb.groups.migrations.0004_seats")
    employer = Organisation.objects.create(code="o", name="Organisation", kind="association")
    people = {role: member(f"{role}@cass.example") for role in ("deliberative", "consultant", "invitee")}
    for role, user in people.items():
        Mandate.objects.bulk_create([Mandate(user=user, body=body(role[:3].upper()), role=role, organisation=employer)])

    migration.seat(apps, SimpleNamespace(connection=connection))

    assert dict(Mandate.objects.values_list("role", "voice")) == {
        "member": "deliberative",
        "consultant": "consultative",
        "invitee": "consultative",
    }
    assert set(Mandate.objects.values_list("side", flat=True)) == {"associative"}
    assert {role for role, user in people.items() if "members" in held_by(user, second_factor=False)} == {
        "deliberative"
    }

    migration.unseat(apps, SimpleNamespace(connection=connection))
    assert set(Mandate.objects.values_list("role", flat=True)) == set(people)


def suspended(seat: Mandate) -> None:
    seat.is_suspended = True
    seat.save()


@pytest.mark.parametrize("how", [Mandate.end_now, suspended])
def test_what_was_written_by_what_they_could_read_is_not_sent_after_the_mandate(how):
    seat, other = mandate(member("siege@cass.example"), body("LOG")), member("autre@cass.example")
    for user in (seat.user, other):
        OutgoingMail.objects.create(user=user, address=user.email, kind="clock.digest", sealed=b"x")
    OutgoingMail.objects.create(user=seat.user, address=seat.user.email, kind="account.password", sealed=b"x")
    failed = OutgoingMail.objects.create(
        user=seat.user, address=seat.user.email, kind="clock.digest", state=MailState.FAILED, sealed=b"x"
    )
    seat.is_referent = True
    seat.save()
    assert OutgoingMail.objects.filter(user=seat.user).count() == 3

    how(seat)

    assert set(OutgoingMail.objects.exclude(pk=failed.pk).values_list("user__email", "kind")) == {
        ("autre@cass.example", "clock.digest"),
        ("siege@cass.example", "account.password"),
    }
    failed.refresh_from_db()
    assert not bytes(failed.sealed)  # an editor cannot send it again
