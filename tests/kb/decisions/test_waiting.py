"""What waits for a seat, and for a coordinator."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from kb.accounts.audiences import STAFF
from kb.decisions.deciding.casting import cast
from kb.decisions.deciding.reminding import remind
from kb.decisions.models import Decision
from kb.decisions.waiting import to_answer, to_clear_up
from kb.groups.models import Mandate
from tests.kb.accounts.builders import editor
from tests.kb.decisions.builders import asked, ballot, committee, leaflets
from tests.kb.decisions.deciding.test_meeting import held, sat

pytestmark = pytest.mark.django_db


@pytest.fixture
def things():
    with leaflets() as found:
        yield found


def test_a_question_waits_until_it_is_answered_and_no_longer_than_the_mandate(things, django_assert_max_num_queries):
    decision = asked(committee())
    seats = [ballot(decision, name).user for name in ("cpas1", "cpas2")]
    with django_assert_max_num_queries(2):
        assert to_answer(seats[0], frozenset()).total == 1
    cast(ballot(decision, "cpas1").pk, "for")
    Mandate.objects.get(user=seats[1]).end_now()
    assert [to_answer(one, frozenset()).total for one in seats] == [0, 0]


def test_what_was_stopped_or_confirmed_by_nobody_waits_for_a_coordinator_and_is_named_with_the_second_factor(things):
    committee()
    coordinator = editor()
    decision = held(*sat("cpas1", "cpas2", "asso1", "asso2"))
    assert to_clear_up(coordinator, frozenset({STAFF})).total == 0
    Decision.objects.filter(pk=decision.pk).update(entered_at=timezone.now() - timedelta(hours=49))
    assert to_clear_up(coordinator, frozenset()).total == 1 and not to_clear_up(coordinator, frozenset()).things
    assert len(to_clear_up(coordinator, frozenset({STAFF})).things) == 1
    assert to_clear_up(Mandate.objects.first().user, frozenset({STAFF})).total == 0


def test_each_seat_that_is_silent_is_reminded_once_before_the_closing(things):
    decision = asked(committee())
    cast(ballot(decision, "cpas1").pk, "for")
    assert remind() is None
    now = timezone.now()
    Decision.objects.filter(pk=decision.pk).update(
        opened_at=now - timedelta(days=5), closes_at=now + timedelta(hours=40)
    )
    assert remind() == "7 reminded" and remind() is None
    assert sorted(one.to[0] for one in mail.outbox if one.kind == "decisions.reminder")[0] == "asso1@cass.example"
    assert "cpas1@cass.example" not in [one.to[0] for one in mail.outbox if one.kind == "decisions.reminder"]
