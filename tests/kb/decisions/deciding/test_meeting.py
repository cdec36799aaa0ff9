"""What a meeting decided takes effect only when both sides confirmed it and nobody objects for two days."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from kb.decisions.choices import Outcome, State
from kb.decisions.deciding import closing
from kb.decisions.deciding.asking import Question
from kb.decisions.deciding.meeting import Sat, confirm, enter, object_to
from kb.decisions.errors import Refused
from kb.decisions.models import Decision
from kb.groups.models import Mandate
from kb.pages.texts import Texts
from tests.kb.accounts.builders import member
from tests.kb.decisions.builders import SUBJECT, ballot, committee, leaflets

pytestmark = pytest.mark.django_db
IN_TIME, TOO_SOON = timedelta(hours=49), timedelta(hours=47)


@pytest.fixture
def things():
    with leaflets() as found:
        yield found


def sat(*names: str, choice: str = "for") -> list[Sat]:
    found = []
    for name in names:
        mandate = Mandate.objects.get(user__email=f"{name}@cass.example")
        found.append(Sat(mandate.side, int(name[-1]), choice, mandate.pk))
    return found


def held(*seats: Sat, by=None) -> Decision:
    question = Question(Mandate.objects.first().body, Texts(fr="Publier ?", source="fr"), subject=SUBJECT)
    return enter(question, seats, held_on=timezone.localdate(), by=by)


def closes(decision: Decision, after: timedelta) -> bool:
    return closing.close(decision.pk, at=timezone.now() + after)


def test_it_opens_only_when_a_seat_of_each_side_has_confirmed_and_two_days_passed(things):
    committee()
    decision = held(*sat("cpas1", "cpas2", "asso1", "asso2"))
    assert len([one for one in mail.outbox if one.kind == "decisions.meeting"]) == 8
    confirm(ballot(decision, "cpas1").pk)
    assert not closes(decision, IN_TIME)
    confirm(ballot(decision, "asso4").pk)
    assert not closes(decision, TOO_SOON)
    assert things.public == {}
    assert closes(decision, IN_TIME)
    decision.refresh_from_db()
    assert decision.outcome == Outcome.AGREEMENT and things.public


def test_an_objection_stops_it_even_after_the_confirmations(things):
    committee()
    decision = held(*sat("cpas1", "cpas2", "asso1", "asso2"))
    for name in ("cpas1", "asso1"):
        confirm(ballot(decision, name).pk)
    object_to(ballot(decision, "asso2").pk, "Nous avons voté contre")
    decision.refresh_from_db()
    assert decision.state == State.STOPPED
    assert not closes(decision, IN_TIME) and things.public == {}
    with pytest.raises(Refused) as refused:
        confirm(ballot(decision, "asso3").pk)
    assert refused.value.code == "not-open"


def test_who_entered_it_does_not_confirm_it(things):
    of = committee()
    coordinator = Mandate.objects.get(user__email="cpas1@cass.example").user
    decision = held(*sat("cpas1", "cpas2", "asso1", "asso2"), by=coordinator)
    with pytest.raises(Refused) as refused:
        confirm(ballot(decision, "cpas1").pk)
    assert refused.value.code == "own-entry"
    assert of.decisions.count() == 1


def test_a_consultative_voice_neither_confirms_nor_objects(things):
    from tests.kb.decisions.builders import invited

    of = committee()
    invited(of)
    decision = held(*sat("cpas1", "cpas2", "asso1", "asso2"))
    for act in (lambda pk: confirm(pk), lambda pk: object_to(pk, "non")):
        with pytest.raises(Refused) as refused:
            act(ballot(decision, "invite").pk)
        assert refused.value.code == "not-yours"


def test_too_few_who_sat_is_without_effect(things):
    committee()
    decision = held(*sat("cpas1", "cpas2", "asso1"))
    for name in ("cpas1", "asso1"):
        confirm(ballot(decision, name).pk)
    assert closes(decision, IN_TIME)
    decision.refresh_from_db()
    assert decision.outcome == Outcome.NO_EFFECT and things.public == {}


def test_a_person_of_another_body_has_no_seat_in_it(things):
    committee()
    stranger = member("autre@cass.example")
    decision = held(*sat("cpas1", "cpas2", "asso1", "asso2"), by=stranger)
    assert not decision.ballots.filter(user=stranger).exists()
