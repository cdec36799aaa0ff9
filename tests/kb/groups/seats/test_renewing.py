"""A side renewed on one day: what stays, what ends, what passes; nobody keeps or loses a seat by oversight."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from kb.groups.choices import BodyKind, MandateRole, SideName, Standing, Voice
from kb.groups.models import Mandate, Side
from kb.groups.seats.renewing import Drawn, Lot, mandates_of, renew
from tests.kb.accounts.builders import member
from tests.kb.groups.builders import body, day, mandate

pytestmark = pytest.mark.django_db


@pytest.fixture
def side():
    committee = body("CP", kind=BodyKind.STEERING_COMMITTEE)
    return Side.objects.create(body=committee, name=SideName.CPAS, seats=4)


def seat(side: Side, name: str, **values) -> Mandate:
    return mandate(member(f"{name}@cass.example", name=name), side.body, side=side.name, **values)


def test_one_stays_one_ends_and_one_passes_with_its_seat_role_and_voice(side):
    stays, ends = seat(side, "reste"), seat(side, "finit", since=day(-100))
    passes = seat(
        side,
        "passe",
        role=MandateRole.CHAIR,
        standing=Standing.SUBSTITUTE,
        is_referent=True,
        until=day(400),
        since=day(-9),
    )
    after, first = member("arrive@cass.example"), day(10)

    changed = renew(
        side, first, {stays.pk: Drawn(Lot.STAYS), ends.pk: Drawn(Lot.ENDS), passes.pk: Drawn(Lot.PASSES, after)}
    )

    for one in (stays, ends, passes):
        one.refresh_from_db()
    assert (changed, stays.until) == (2, None)
    assert ends.until == passes.until == first - timedelta(days=1)
    new = Mandate.objects.get(user=after)
    assert (new.since, new.until, new.side) == (first, day(400), SideName.CPAS)
    assert (new.role, new.voice, new.standing) == (MandateRole.CHAIR, Voice.DELIBERATIVE, Standing.SUBSTITUTE)
    assert new.is_referent
    assert set(mandates_of(side)) == {stays, ends, passes, new}


def test_from_today_on_the_former_has_no_seat_any_more_and_the_next_has(side):
    former, after = seat(side, "avant", since=day(-5)), member("apres@cass.example")
    renew(side, day(0), {former.pk: Drawn(Lot.PASSES, after)})
    assert [one.user for one in side.pool()] == [after]


def test_a_mandate_that_was_to_begin_later_never_begins(side):
    later = seat(side, "plustard", since=day(30))
    renew(side, day(10), {later.pk: Drawn(Lot.ENDS)})
    assert not Mandate.objects.running(day(30)).filter(pk=later.pk).exists()
    assert not Mandate.objects.not_over().exists()


def test_none_is_left_without_a_word_and_then_nothing_changes(side):
    first, _second = seat(side, "un"), seat(side, "deux")
    with pytest.raises(KeyError):
        renew(side, day(1), {first.pk: Drawn(Lot.ENDS)})
    assert not Mandate.objects.exclude(until=None).exists()


def test_the_other_side_other_bodies_and_what_is_over_are_left_alone(side):
    other = mandate(member("asbl@cass.example"), side.body, side=SideName.ASSOCIATIVE)
    elsewhere = mandate(member("pa@cass.example"), body("PA"), side=SideName.CPAS)
    over = seat(side, "ancien", until=timezone.localdate() - timedelta(days=1))
    assert renew(side, day(1), {}) == 0
    assert set(Mandate.objects.filter(pk__in=(other.pk, elsewhere.pk, over.pk), until=None)) == {other, elsewhere}


@pytest.mark.parametrize("lot", [Lot.ENDS, Lot.PASSES])
def test_a_mandate_that_ends_before_that_day_is_not_prolonged_to_it(side, lot):
    soon = seat(side, "bientot", since=day(-50), until=day(2))
    after = member("apres@cass.example") if lot == Lot.PASSES else None
    renew(side, day(30), {soon.pk: Drawn(lot, after)})
    soon.refresh_from_db()
    assert soon.until == day(2)
    assert [one.since for one in Mandate.objects.filter(user=after)] == ([day(30)] if after else [])


def test_another_voice_and_the_end_at_a_moment_are_noted(side, caplog):
    one = seat(side, "notee")
    caplog.clear()
    with caplog.at_level("INFO", logger="kb.security"):
        one.voice = Voice.CONSULTATIVE
        one.save()
        one.end_now()
    assert "voice" in caplog.text and "ended_at" in caplog.text


@pytest.mark.parametrize("is_suspended", [True, False])
def test_a_suspended_mandate_passes_suspended(side, is_suspended):
    former, after = seat(side, "avant", is_suspended=is_suspended, is_referent=True), member("apres@cass.example")
    renew(side, day(0), {former.pk: Drawn(Lot.PASSES, after)})
    assert Mandate.objects.get(user=after).is_suspended == is_suspended
