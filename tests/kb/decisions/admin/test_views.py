"""What a coordinator does in the admin: asking, entering, taking back, looking again; each form with bad input too."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from kb.decisions.choices import State, Way
from kb.decisions.deciding import closing
from kb.decisions.deciding.casting import cast
from kb.decisions.deciding.disputing import dispute
from kb.decisions.errors import Refused
from kb.decisions.models import Decision
from kb.groups.models import Body, Mandate
from tests.kb.accounts.builders import editor, fresh_limits, log_in
from tests.kb.decisions.builders import SUBJECT, asked, ballot, committee, leaflets

__all__ = ["fresh_limits"]
pytestmark = pytest.mark.django_db
ADMIN = "/admin/decision/"
NOT_THERE = (404, 302)  # an address that is nothing is looked for under a language too
QUESTION = {"question_fr": "Publier ?", "question_nl": "Publiceren?", "question_en": ""}


@pytest.fixture
def things():
    with leaflets() as found:
        yield found


@pytest.fixture
def desk(client, things):
    log_in(client, editor("coordination@cass.example"))
    return client


def told(answer) -> str:
    return answer.content.decode()


def tomorrow(days: int = 7) -> str:
    return timezone.localtime(timezone.now() + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M")


def mandate_of(name: str) -> int:
    return Mandate.objects.get(user__email=f"{name}@cass.example").pk


def decided(of: Body, choice: str = "for") -> Decision:
    decision = asked(of)
    for name in ("cpas1", "cpas2", "asso1", "asso2"):
        cast(ballot(decision, name).pk, choice)
    closing.close(decision.pk, at=timezone.now() + timedelta(hours=80))
    return Decision.objects.get(pk=decision.pk)


def test_the_list_says_where_each_stands_is_searched_and_filtered_and_costs_the_same_for_more(
    desk, things, django_assert_max_num_queries
):
    assert "Décisions" in told(desk.get(ADMIN))
    of = committee()
    decision = decided(of)
    assert decision.code in told(desk.get(ADMIN))
    assert decision.code in told(desk.get(f"{ADMIN}?q=dépliant&state=closed"))
    assert decision.code not in told(desk.get(f"{ADMIN}?state=open"))
    assert decision.code in told(desk.get(f"{ADMIN}?q={decision.code}"))
    with django_assert_max_num_queries(40) as two:
        desk.get(ADMIN)
    Decision.objects.bulk_create(
        [Decision(body=of, question={"fr": f"Question {n}"}, state=State.WITHDRAWN) for n in range(5)]
    )
    with django_assert_max_num_queries(len(two)):
        desk.get(ADMIN)


def test_without_a_body_that_has_seats_it_says_what_to_do_first_and_with_two_it_asks_which(desk):
    assert "Aucun organe n’a encore de sièges" in told(desk.get(f"{ADMIN}ask/"))
    of = committee()
    committee("AUTRE", cpas=0, associations=0)
    assert f"?body={of.code}" in told(desk.get(f"{ADMIN}ask/"))
    assert desk.get(f"{ADMIN}ask/?body=CP").status_code == 200


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"closes_at": tomorrow(-1)}, "clôture plus tardive"),
        ({"question_fr": "", "question_nl": ""}, "Champ requis"),
        ({"closes_at": "hier"}, ""),
        ({"parts": []}, ""),
    ],
)
def test_a_question_that_cannot_be_put_keeps_what_was_typed(desk, wrong, said):
    committee()
    data = {**QUESTION, "explanation_fr": "Des pages à lire", "parts": ["all"], "closes_at": tomorrow(), **wrong}
    answer = desk.post(f"{ADMIN}ask/?subject={SUBJECT}", data)
    assert answer.status_code == 200 and "Des pages à lire" in told(answer) and said in told(answer)
    assert "Rien n’est encore enregistré" in told(answer)
    assert not Decision.objects.exists()


def test_more_people_than_seats_are_not_named(desk):
    of = committee(associations=5)
    names = [mandate_of(f"asso{number}") for number in range(1, 6)]
    data = {**QUESTION, "parts": ["all"], "closes_at": tomorrow(), "named-associative": names}
    assert "4 sièges" in told(desk.post(f"{ADMIN}ask/?subject={SUBJECT}", data))
    data["named-associative"] = names[:4]
    assert desk.post(f"{ADMIN}ask/?subject={SUBJECT}", data).status_code == 302
    assert Decision.objects.get(body=of).seats.exclude(holder=None).count() == 4


def test_a_meeting_is_entered_seat_by_seat_or_as_unanimous(desk):
    committee()
    data = {**QUESTION, "parts": ["all"], "held_on": timezone.localdate().isoformat()}
    address = f"{ADMIN}meeting/?subject={SUBJECT}"
    assert "au moins pour un siège" in told(desk.post(address, data))
    twice = {"who-cpas-1": mandate_of("cpas1"), "who-cpas-2": mandate_of("cpas1"), "unanimous": "on"}
    assert "occupe déjà un autre siège" in told(desk.post(address, {**data, **twice}))
    assert "comment ce siège a voté" in told(desk.post(address, {**data, "who-cpas-1": mandate_of("cpas1")}))
    later = (timezone.localdate() + timedelta(days=2)).isoformat()
    assert "n’a pas encore eu lieu" in told(desk.post(address, {**data, "held_on": later}))
    sat = {"who-cpas-1": mandate_of("cpas1"), "who-associative-1": mandate_of("asso1"), "choice-cpas-2": "against"}
    answer = desk.post(address, {**data, **sat, "unanimous": "on"})
    decision = Decision.objects.get()
    assert answer.status_code == 302 and decision.state == State.CONFIRMING
    assert sorted(decision.votes.values_list("choice", flat=True)) == ["against", "for", "for"]
    assert "A siégé" in told(desk.get(f"{ADMIN}{decision.pk}/"))


def test_a_vote_by_telephone_is_entered_once(desk):
    decision = asked(committee())
    address = f"{ADMIN}{decision.pk}/vote/"
    data = {"ballot": ballot(decision, "cpas1").pk, "choice": "for", "way": "telephone", "word": "Par tél."}
    assert desk.post(address, {**data, "choice": ""}).status_code == 200
    assert desk.post(address, data).status_code == 302
    assert desk.post(address, data).status_code == 200  # whoever has voted is no choice any more
    assert decision.votes.get().way == Way.TELEPHONE
    Mandate.objects.get(pk=mandate_of("cpas2")).end_now()
    ended = desk.post(address, {**data, "ballot": ballot(decision, "cpas2").pk})
    assert "a pris fin" in told(ended) and "Par tél." in told(ended)


def test_taking_back_wants_a_reason_and_happens_once(desk):
    decision = asked(committee())
    address = f"{ADMIN}{decision.pk}/take-back/"
    assert desk.get(address).status_code == 200
    assert "en quelques mots" in told(desk.post(address, {"reason": ""}))
    assert "prévenus" in told(desk.post(address, {"reason": "Le texte change"}, follow=True))
    assert "rien n’a changé" in told(desk.post(address, {"reason": "Encore"}, follow=True))
    decision.refresh_from_db()
    assert (decision.state, decision.reason) == (State.WITHDRAWN, "Le texte change")


def test_the_words_of_an_outcome_are_corrected_and_nothing_else_of_it(desk):
    of = committee()
    decision = decided(of)
    address = f"{ADMIN}edit/{decision.pk}/"
    assert decision.code in told(desk.get(address))
    words = {"words_fr": "CP. Accord, mieux dit.", "words_nl": "", "words_en": "", "outcome": "no-agreement"}
    assert desk.post(address, words).status_code == 302
    decision.refresh_from_db()
    assert (str(decision.words), decision.outcome) == ("CP. Accord, mieux dit.", "agreement")
    running = asked(of, subject="")
    assert desk.get(f"{ADMIN}edit/{running.pk}/").status_code in NOT_THERE


def test_a_doubt_is_looked_at_and_an_agreement_is_asked_to_be_withdrawn(desk, things):
    of = committee()
    decision = decided(of)
    withdrawing = f"{ADMIN}ask/?withdraws={decision.pk}&body=CP"
    assert decision.code in told(desk.get(withdrawing))
    dispute(decision.votes.first().pk)
    assert "examiné" in told(desk.get(f"{ADMIN}{decision.pk}/"))
    assert desk.post(f"{ADMIN}{decision.pk}/").status_code == 302
    decision.refresh_from_db()
    assert decision.looked_at_by_editor is not None
    assert desk.post(withdrawing, {**QUESTION, "closes_at": tomorrow()}).status_code == 302
    assert Decision.objects.get(state=State.OPEN).withdraws == decision
    assert desk.get(f"{ADMIN}ask/?withdraws=999999").status_code in NOT_THERE
    gone = desk.post(
        f"{ADMIN}ask/?subject=decisions.leaflet:99", {**QUESTION, "parts": ["all"], "closes_at": tomorrow()}
    )
    assert "n’existe plus" in told(gone)
    assert desk.get(f"{ADMIN}ask/?subject=nothing:1").status_code in NOT_THERE


def test_the_public_list_costs_the_same_for_a_page_as_for_two(client, things, django_assert_max_num_queries):
    of = committee()

    def make(numbers):
        Decision.objects.bulk_create(
            Decision(
                body=of,
                asked_by=of,
                question={"fr": f"Question {number}"},
                state=State.CLOSED,
                outcome="agreement",
                is_public=True,
                year=2012,
                number=number,
                closed_at=timezone.now(),
            )
            for number in numbers
        )

    make(range(1, 3))
    client.get("/fr/decisions/")
    with django_assert_max_num_queries(6) as two:
        client.get("/fr/decisions/")
    make(range(3, 40))
    with django_assert_max_num_queries(len(two)):
        answer = client.get("/fr/decisions/")
    assert told(answer).count("CP-2012-") >= 25 and "?p=2" in told(answer)
    assert client.get("/fr/decisions/?p=2").status_code == 200 and client.get("/fr/decisions/?p=x").status_code == 200


def test_the_form_says_that_a_question_about_it_is_open_and_one_side_alone_agrees_to_nothing(desk, things):
    of = committee()
    form = f"{ADMIN}ask/?subject=decisions.leaflet:1&body=CP"
    warning = "est déjà ouverte"
    assert warning not in told(desk.get(form))
    asked(of)
    assert warning in told(desk.get(form))
    of.sides.filter(name="cpas").delete()
    with pytest.raises(Refused) as refused:
        asked(of)
    assert refused.value.code == "one-side"
