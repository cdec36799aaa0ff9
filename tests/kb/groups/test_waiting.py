"""Unanswered invitations wait for editors, and for nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from kb.accounts.audiences import STAFF, held_by
from kb.accounts.login.invitations import invite
from kb.accounts.models import Invitation, User
from kb.clock.notices.waiting import SHOWN, waiting_for
from kb.groups.waiting import invitations
from tests.kb.accounts.builders import editor, member

pytestmark = pytest.mark.django_db


def invited(name: str, *, days_ago: int) -> User:
    person = member(f"{name}@x.example", name=f"Personne {name}")
    made = invite(person)
    Invitation.objects.filter(pk=made.pk).update(made_at=timezone.now() - timedelta(days=days_ago))
    return person


@pytest.fixture
def boss():
    return editor(name="Rédaction")


def found(user, *, second_factor: bool = True):
    return invitations(user, held_by(user, second_factor=second_factor))


def test_an_invitation_waits_after_seven_days_the_oldest_first(boss):
    invited("jeune", days_ago=6), invited("vieille", days_ago=8), invited("ancienne", days_ago=30)
    waiting = found(boss)
    assert (waiting.total, [thing.title for thing in waiting.things]) == (2, ["Personne ancienne", "Personne vieille"])
    assert waiting.url.endswith("?state=never-came")


def test_it_waits_no_longer_once_the_person_came_was_closed_or_was_asked_again(boss):
    came, closed, again = (invited(name, days_ago=20) for name in ("venue", "fermée", "relancée"))
    User.objects.filter(pk=came.pk).update(last_login=timezone.now())
    User.objects.filter(pk=closed.pk).update(is_active=False)
    invite(again)
    assert found(boss).total == 0


def test_without_the_second_factor_it_counts_and_names_nobody(boss):
    invited("vieille", days_ago=8)
    waiting = found(boss, second_factor=False)
    assert (waiting.total, waiting.things) == (1, ())


def test_it_waits_for_no_member(boss):
    invited("vieille", days_ago=8)
    assert found(member("m@x.example")).total == 0
    assert "groups.invitations" not in {
        heading.name for heading in waiting_for(member("n@x.example"), frozenset({STAFF}))
    }


def test_it_is_among_what_waits_and_takes_two_queries_whatever_waits(boss):
    for number in range(12):
        invited(f"p{number}", days_ago=8)
    held = held_by(boss, second_factor=True)
    with CaptureQueriesContext(connection) as queries:
        waiting = invitations(boss, held)
    assert (len(queries), len(waiting.things), waiting.total) == (2, SHOWN, 12)
    assert "groups.invitations" in {heading.name for heading in waiting_for(boss, held)}
