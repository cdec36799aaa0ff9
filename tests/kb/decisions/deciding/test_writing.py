"""A question in writing, from its links to its outcome."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from kb.accounts.audiences import STAFF
from kb.decisions.choices import ManifestState, Outcome, State, Way, Weight
from kb.decisions.deciding import closing
from kb.decisions.deciding.asking import take_back
from kb.decisions.deciding.casting import cast, decline, undo
from kb.decisions.deciding.disputing import dispute, looked_by_editor, looked_by_seat
from kb.decisions.deciding.meeting import sides_confirmed
from kb.decisions.deciding.reminding import invite_who_came, remind
from kb.decisions.errors import Refused
from kb.decisions.models import Ballot, Decision, Vote
from kb.decisions.waiting import to_answer, to_clear_up
from kb.directory.choices import OrganisationKind
from kb.groups.choices import SideName, Standing, Voice
from kb.groups.models import Mandate
from tests.kb.accounts.builders import member
from tests.kb.decisions.builders import SUBJECT, asked, ballot, committee, invited, leaflets, organisation, sitting
from tests.kb.groups.builders import body

pytestmark = pytest.mark.django_db
EVERYBODY = ("cpas1", "cpas2", "cpas3", "cpas4", "asso1", "asso2", "asso3", "asso4")


@pytest.fixture
def things():
    with leaflets() as found:
        yield found


def vote(decision: Decision, name: str, choice: str = "for", **values) -> Vote:
    return cast(ballot(decision, name).pk, choice, **values).vote


def closed(decision: Decision, *, hours: int = 100) -> Decision:
    closing.close(decision.pk, at=timezone.now() + timedelta(hours=hours))
    return Decision.objects.get(pk=decision.pk)


def messages(kind: str) -> list[str]:
    return sorted(one.to[0] for one in mail.outbox if one.kind == f"decisions.{kind}")


def test_a_question_gives_each_voice_a_link_and_each_side_its_seats(things):
    of = committee(associations=6)
    invited(of)
    decision = asked(of)
    assert decision.ballots.count() == 11
    assert len(messages("question")) == 11
    assert list(decision.seats.values_list("side", "number")) == [
        *((SideName.ASSOCIATIVE, number) for number in range(1, 5)),
        *((SideName.CPAS, number) for number in range(1, 5)),
    ]
    assert decision.rule == {"cpas": {"seats": 4, "quorum": 2}, "associative": {"seats": 4, "quorum": 2}}
    assert decision.manifest.state == ManifestState.ASKED
    assert [row.values for row in decision.manifest.shown()] == [{"text": things.texts[1]}]


def test_enough_votes_for_make_it_public_under_a_number_with_words(things):
    decision = asked(committee())
    for name in ("cpas1", "cpas2", "asso1", "asso2"):
        vote(decision, name)
    vote(decision, "asso3", "against")
    assert things.public == {}
    decision = closed(decision)
    assert (decision.state, decision.outcome) == (State.CLOSED, Outcome.AGREEMENT)
    assert decision.code == f"CP-{timezone.localdate().year}-001"
    assert things.public == {1: decision.manifest_id}
    assert decision.is_public
    assert decision.code in decision.words["fr"] and "accord" in decision.words["fr"]
    assert "De folder publiceren?" in decision.words["nl"]
    assert len(messages("outcome")) == 8


@pytest.mark.parametrize(
    ("votes", "outcome"),
    [
        ({"cpas1": "for", "cpas2": "for", "asso1": "for"}, Outcome.NO_EFFECT),
        ({}, Outcome.NO_EFFECT),
        ({"cpas1": "for", "cpas2": "against", "asso1": "for", "asso2": "against"}, Outcome.NO_AGREEMENT),
        ({"cpas1": "for", "cpas2": "abstention", "asso1": "abstention", "asso2": "abstention"}, Outcome.AGREEMENT),
    ],
)
def test_the_outcome_follows_quorum_and_majority(things, votes, outcome):
    decision = asked(committee())
    for name, choice in votes.items():
        vote(decision, name, choice)
    decision = closed(decision)
    assert decision.outcome == outcome
    assert bool(things.public) == (outcome == Outcome.AGREEMENT)


def test_the_first_four_of_a_pool_count_and_the_fifth_is_noted_and_told_so(things):
    decision = asked(committee(associations=5))
    for number in range(1, 5):
        assert vote(decision, f"asso{number}").weight == Weight.COUNTED
    fifth = vote(decision, "asso5", "against")
    assert (fifth.weight, fifth.seat) == (Weight.NOTED, None)
    counted = closing.counted_of(decision)
    assert (counted.votes_for, counted.against) == (4, 0)


def test_a_consultative_voice_is_noted_and_never_counted(things):
    of = committee()
    invited(of)
    decision = asked(of)
    assert vote(decision, "invite").weight == Weight.NOTED
    assert closing.counted_of(decision).votes_for == 0


def test_a_vote_is_changed_by_who_cast_it_and_the_same_again_changes_nothing(things):
    decision = asked(committee())
    first = vote(decision, "cpas1")
    assert cast(ballot(decision, "cpas1").pk, "for").is_new is False
    assert len(messages("receipt")) == 1
    second = vote(decision, "cpas1", "against")
    first.refresh_from_db()
    assert (first.weight, second.weight, second.seat) == (Weight.PAST, Weight.COUNTED, first.seat)


def test_a_named_holder_replaces_a_substitute_who_cannot_replace_the_holder(things):
    of = committee(associations=0, seats=2)
    one, other = organisation("Un", OrganisationKind.ASSOCIATION), organisation("Deux", OrganisationKind.ASSOCIATION)
    holder, second = sitting(of, "tenant", one), sitting(of, "second", other)
    sitting(of, "remplacant", one, standing=Standing.SUBSTITUTE)
    decision = asked(of, named={SideName.ASSOCIATIVE: [holder.pk, second.pk]})
    by_substitute = vote(decision, "remplacant")
    assert by_substitute.seat.holder == holder
    by_holder = vote(decision, "tenant", "against")
    by_substitute.refresh_from_db()
    assert (by_holder.seat, by_substitute.weight) == (by_substitute.seat, Weight.PAST)
    with pytest.raises(Refused) as refused:
        vote(decision, "remplacant")
    assert refused.value.code == "taken" and refused.value.detail["vote"] == by_holder


def test_all_seats_having_voted_it_closes_a_day_later_and_not_before(things):
    decision = asked(committee(), hours=240)
    for name in EVERYBODY:
        vote(decision, name)
    assert not closing.close(decision.pk, at=timezone.now() + timedelta(hours=23))
    assert closing.close(decision.pk, at=timezone.now() + timedelta(hours=25))
    assert not closing.close(decision.pk, at=timezone.now() + timedelta(hours=26))


def test_a_mandate_that_ended_votes_no_more_but_what_it_voted_counts(things):
    decision = asked(committee())
    vote(decision, "cpas1")
    for name in ("cpas1", "cpas2"):
        Mandate.objects.get(user__email=f"{name}@cass.example").end_now()
        with pytest.raises(Refused) as refused:
            vote(decision, name, "against")
        assert refused.value.code == "ended"
    assert closing.counted_of(decision).votes_for == 1


@pytest.mark.parametrize("change", [{"voice": "consultative"}, {"side": "cpas"}, {"is_suspended": True}])
def test_a_mandate_that_was_changed_since_no_longer_votes_for_its_seat(things, change):
    decision = asked(committee())
    Mandate.objects.filter(user__email="asso1@cass.example").update(**change)
    with pytest.raises(Refused) as refused:
        vote(decision, "asso1")
    assert refused.value.code == "ended"


def test_who_sits_twice_is_asked_once(things):
    of = committee()
    twice = Mandate.objects.get(user__email="cpas1@cass.example")
    one = organisation("Un", OrganisationKind.ASSOCIATION)
    Mandate.objects.create(user=twice.user, body=of, organisation=one)
    decision = asked(of)
    assert decision.ballots.filter(user=twice.user).count() == 1


def test_the_seat_of_a_mandate_that_ended_is_open_to_who_follows(things):
    of = committee(associations=0, seats=1)
    one, other = organisation("Un", OrganisationKind.ASSOCIATION), organisation("Deux", OrganisationKind.ASSOCIATION)
    holder = sitting(of, "tenant", one)
    decision = asked(of, named={SideName.ASSOCIATIVE: [holder.pk]})
    holder.end_now()
    sitting(of, "suivant", other, standing=Standing.SUBSTITUTE)
    invite_who_came()
    assert vote(decision, "suivant").weight == Weight.COUNTED
    assert messages("question").count("suivant@cass.example") == 1
    assert invite_who_came() is None


def test_late_votes_and_votes_on_what_was_taken_back_are_refused_in_words(things):
    decision = asked(committee())
    with pytest.raises(Refused) as late:
        vote(decision, "cpas1", at=timezone.now() + timedelta(hours=73))
    assert late.value.code == "closed" and late.value.sentence
    take_back(decision, reason="Le texte change")
    with pytest.raises(Refused) as gone:
        vote(decision, "cpas1")
    assert gone.value.code == "withdrawn"
    assert len(messages("taken_back")) == 8


def test_a_changed_text_is_a_new_question_and_the_open_one_is_taken_back(things):
    of = committee()
    first = asked(of)
    vote(first, "cpas1")
    things.texts[1] = "Quatre pages"
    second = asked(of)
    first.refresh_from_db()
    assert (first.state, first.manifest.state) == (State.WITHDRAWN, ManifestState.OVER)
    assert second.manifest.digest != first.manifest.digest
    assert second.votes.count() == 0


def test_what_changed_since_it_was_asked_does_not_become_public_by_the_outcome(things):
    decision = asked(committee())
    for name in EVERYBODY:
        vote(decision, name)
    things.texts[1] = "Autre chose"
    decision = closed(decision)
    assert decision.outcome == Outcome.AGREEMENT
    assert things.public == {} and not decision.is_public
    assert all("n’est pas encore public" in one.body for one in mail.outbox if one.kind == "decisions.outcome")


def test_this_was_not_me_undoes_until_the_closing_and_gives_a_new_link(things):
    decision = asked(committee())
    mine = vote(decision, "cpas1")
    old = set(ballot(decision, "cpas1").links.values_list("token_hash", flat=True))
    undo(mine.pk)
    undo(mine.pk)
    assert closing.counted_of(decision).votes_for == 0
    assert len(messages("undone")) == 1
    assert old.isdisjoint(ballot(decision, "cpas1").links.values_list("token_hash", flat=True))
    assert vote(decision, "cpas1", "against").weight == Weight.COUNTED


def test_this_was_not_me_after_the_closing_takes_it_off_until_both_have_looked(things):
    decision = asked(committee())
    votes = [vote(decision, name) for name in EVERYBODY]
    decision = closed(decision)
    assert things.public
    with pytest.raises(Refused):
        undo(votes[0].pk)
    dispute(votes[0].pk)
    decision.refresh_from_db()
    assert things.public == {} and not decision.is_public and not decision.is_in_force
    assert decision.manifest.state == ManifestState.SUSPENDED
    with pytest.raises(Refused):
        looked_by_seat(ballot(decision, "cpas1").pk)
    looked_by_editor(decision.pk)
    assert things.public == {}
    looked_by_seat(ballot(decision, "asso1").pk)
    decision.refresh_from_db()
    assert things.public and decision.is_public and decision.is_in_force


def test_a_vote_by_telephone_is_entered_marked_and_receipted(things):
    decision = asked(committee())
    entered = vote(decision, "cpas1", way=Way.TELEPHONE)
    assert entered.way == Way.TELEPHONE
    assert messages("receipt") == ["cpas1@cass.example"]


def test_whoever_drafted_and_entered_every_vote_does_not_decide_alone(things):
    of = committee()
    coordinator = Mandate.objects.get(user__email="cpas1@cass.example").user
    decision = asked(of, by=coordinator)
    vote(decision, "cpas1")
    for name in ("cpas2", "asso1", "asso2"):
        vote(decision, name, way=Way.PAPER, entered_by=coordinator)
    assert closed(decision).outcome == Outcome.NO_AGREEMENT
    assert things.public == {}


def test_declining_frees_the_named_seat_and_stops_the_messages(things):
    of = committee(associations=0, seats=1)
    one, other = organisation("Un", OrganisationKind.ASSOCIATION), organisation("Deux", OrganisationKind.ASSOCIATION)
    holder = sitting(of, "tenant", one)
    sitting(of, "autre", other, standing=Standing.SUBSTITUTE)
    decision = asked(of, named={SideName.ASSOCIATIVE: [holder.pk]})
    with pytest.raises(Refused) as refused:
        vote(decision, "autre")
    assert refused.value.code == "not-yours"
    decline(ballot(decision, "tenant").pk)
    assert vote(decision, "autre").weight == Weight.COUNTED


def test_nothing_can_be_asked_without_seats_time_or_an_object(things):
    of = committee()
    for code, values in {"too-early": {"hours": 0}, "no-object": {"subject": "decisions.leaflet:9"}}.items():
        with pytest.raises(Refused) as refused:
            asked(of, **values)
        assert refused.value.code == code
    of.sides.all().delete()
    with pytest.raises(Refused) as refused:
        asked(of)
    assert refused.value.code == "no-seats"
    assert not Decision.objects.exists() and mail.outbox == []


def test_exactly_what_was_agreed_to_is_not_asked_again(things):
    of = committee()
    decision = asked(of)
    for name in EVERYBODY:
        vote(decision, name)
    closed(decision)
    with pytest.raises(Refused) as refused:
        asked(of)
    assert refused.value.code == "same-text"


def test_a_later_decision_withdraws_an_agreement_and_the_address_says_so(things):
    from kb.pages.agreements import last_word

    of = committee()
    first = asked(of)
    for name in EVERYBODY:
        vote(first, name)
    first = closed(first)
    assert last_word(SUBJECT) == ""
    later = asked(of, subject="", withdraws=first)
    for name in EVERYBODY:
        vote(later, name)
    later = closed(later)
    first.refresh_from_db()
    assert things.public == {} and not first.is_public
    assert later.code in last_word(SUBJECT)


def test_one_that_cannot_be_closed_stops_no_other(things, monkeypatch):
    of = committee()
    first = asked(of)
    things.texts[2] = "Un autre"
    second = asked(of, subject="decisions.leaflet:2")
    Decision.objects.update(closes_at=timezone.now() - timedelta(1))
    close = closing.close
    monkeypatch.setattr(closing, "close", lambda pk: close(pk) if pk == second.pk else 1 // 0)
    assert closing.close_due() == "1 closed"
    assert {one.pk: one.state for one in Decision.objects.all()} == {first.pk: State.OPEN, second.pk: State.CLOSED}


def test_numbers_follow_each_other_and_never_come_twice(things):
    of = committee()
    for text, number in (("un", 1), ("deux", 2)):
        things.texts[1] = text
        decision = asked(of)
        decision = closed(decision)
        assert decision.number == number


def all_voted(decision: Decision) -> dict[str, Vote]:
    return {name: vote(decision, name) for name in EVERYBODY}


def test_only_a_vote_that_was_counted_can_be_denied_and_only_by_who_still_sits(things):
    of = committee()
    invited(of)
    decision = asked(of)
    changed, noted = vote(decision, "cpas1", "against"), vote(decision, "invite")
    votes = all_voted(decision)
    decision = closed(decision)
    for one in (changed, noted):
        with pytest.raises(Refused) as refused:
            dispute(one.pk)
        assert refused.value.code == "not-counted"
    Mandate.objects.get(user__email="asso1@cass.example").end_now()
    with pytest.raises(Refused) as refused:
        dispute(votes["asso1"].pk)
    assert refused.value.code == "ended" and things.public


def test_a_renewal_in_the_middle_gives_no_second_vote_and_takes_none_away(things):
    from kb.decisions.voting.links import ballot_of_person

    of = committee(cpas=2, associations=1, seats=2)
    decision = asked(of)
    first = vote(decision, "cpas1")
    for name in ("cpas1", "cpas2"):
        former = Mandate.objects.get(user__email=f"{name}@cass.example")
        former.end_now()
        Mandate.objects.create(user=former.user, body=of, organisation=former.organisation)
    assert invite_who_came() == "2 invited" and invite_who_came() is None
    changed = cast(ballot_of_person(first.ballot.user, decision.pk).pk, "against").vote
    assert changed.seat == first.seat
    late = decision.ballots.filter(user__email="cpas2@cass.example").order_by("-pk").first()
    assert cast(late.pk, "for").vote.weight == Weight.COUNTED
    assert closing.counted_of(decision).present == {"cpas": 2, "associative": 0}
    assert closing.counted_of(decision).against == 1


def test_who_follows_in_a_seat_that_has_voted_neither_changes_its_vote_nor_adds_one(things):
    of = committee(associations=1, seats=2)
    decision = asked(of)
    first = vote(decision, "asso1")
    former = Mandate.objects.get(user__email="asso1@cass.example")
    former.end_now()
    sitting(of, "suivante", former.organisation)
    invite_who_came()
    with pytest.raises(Refused) as refused:
        vote(decision, "suivante", "against")
    first.refresh_from_db()
    assert (refused.value.code, first.weight) == ("taken", Weight.COUNTED)


def test_the_vote_of_a_mandate_that_ended_stands_beside_those_of_its_colleagues(things):
    decision = asked(committee())
    first = vote(decision, "cpas1")
    Mandate.objects.get(user__email="cpas1@cass.example").end_now()
    others = [vote(decision, name) for name in ("cpas2", "cpas3", "cpas4")]
    first.refresh_from_db()
    assert {one.weight for one in (first, *others)} == {Weight.COUNTED}
    assert len({one.seat_id for one in (first, *others)}) == 4


def test_the_holder_s_vote_is_told_to_who_stood_in(things):
    of = committee(associations=0, seats=1)
    one = organisation("Un", OrganisationKind.ASSOCIATION)
    holder = sitting(of, "tenant", one)
    sitting(of, "remplacant", one, standing=Standing.SUBSTITUTE)
    decision = asked(of, named={SideName.ASSOCIATIVE: [holder.pk]})
    vote(decision, "remplacant")
    vote(decision, "tenant", "against")
    assert messages("replaced") == ["remplacant@cass.example"]


def test_readers_chosen_while_the_vote_is_open_are_not_written_over_by_its_yes(things):
    decision = asked(committee())
    all_voted(decision)
    things.standing[1] = "fewer"
    decision = closed(decision)
    assert decision.outcome == Outcome.AGREEMENT and things.public == {} and not decision.is_public


def test_only_the_steering_committee_agrees_and_withdraws_and_one_question_does_one_of_the_two(things):
    from kb.groups.choices import BodyKind
    from kb.groups.models import Body, Side

    of = committee()
    first = asked(of)
    all_voted(first)
    first = closed(first)
    group = Body.objects.create(code="LOG", kind=BodyKind.WORKING_GROUP, name={"fr": "Logement"})
    Side.objects.create(body=group, name=SideName.CPAS, seats=1)
    things.texts[2] = "Un autre"
    for asked_of, values in (
        (group, {"subject": "decisions.leaflet:2"}),
        (group, {"subject": "", "withdraws": first}),
        (of, {"subject": "decisions.leaflet:2", "withdraws": first}),
    ):
        with pytest.raises(Refused) as refused:
            asked(asked_of, **values)
        assert refused.value.code == "not-competent"
    assert things.public


def test_a_vote_that_came_too_late_counts_once_a_seat_is_free_and_it_is_sent_again(things):
    decision = asked(committee(associations=3, seats=2))
    first = vote(decision, "asso1")
    vote(decision, "asso2")
    assert vote(decision, "asso3").weight == Weight.NOTED
    undo(first.pk)
    assert vote(decision, "asso3").weight == Weight.COUNTED


def test_nobody_whose_mandate_ended_is_written_to_any_more(things):
    decision = asked(committee())
    Mandate.objects.get(user__email="asso4@cass.example").end_now()
    all_but = [name for name in EVERYBODY if name != "asso4"]
    for name in all_but:
        vote(decision, name)
    closed(decision)
    assert "asso4@cass.example" not in messages("outcome") and len(messages("outcome")) == 7


def test_neither_who_drafted_nor_an_editor_looks_for_a_seat(things):
    of = committee()
    drafter = Mandate.objects.get(user__email="asso2@cass.example").user
    decision = asked(of, by=drafter)
    votes = all_voted(decision)
    decision = closed(decision)
    dispute(votes["cpas1"].pk)
    editing = ballot(decision, "asso3").user
    editing.is_staff = True
    editing.save()
    for name in ("asso2", "asso3"):
        with pytest.raises(Refused):
            looked_by_seat(ballot(decision, name).pk)
    looked_by_seat(ballot(decision, "asso1").pk)


def test_an_agreement_ends_the_older_ones_about_the_same(things):
    of = committee()
    first = asked(of)
    votes = all_voted(first)
    first = closed(first)
    things.texts[1] = "Moins"
    second = asked(of)
    all_voted(second)
    second = closed(second)
    first.refresh_from_db()
    assert (first.manifest.state, first.is_public, second.is_public) == (ManifestState.OVER, False, True)
    dispute(votes["cpas1"].pk)
    for looks in (lambda: looked_by_editor(first.pk), lambda: looked_by_seat(ballot(first, "asso1").pk)):
        with pytest.raises(Refused):  # nothing rests on it any longer: there is nothing to look at
            looks()
    first.refresh_from_db()
    assert not first.is_public and first.disputed_at is None and things.public == {1: second.manifest_id}


def test_this_was_not_me_is_not_before_the_closing_because_the_clock_is_late(things):
    decision = asked(committee())
    mine = vote(decision, "cpas1")
    Decision.objects.filter(pk=decision.pk).update(closes_at=timezone.now() - timedelta(hours=5))
    with pytest.raises(Refused) as refused:
        undo(mine.pk)
    assert refused.value.code == "closed"


CHANGED = {
    "to another person": lambda mandate: Mandate.objects.filter(pk=mandate.pk).update(
        user=member("nouveau@cass.example")
    ),
    "to another body": lambda mandate: Mandate.objects.filter(pk=mandate.pk).update(body=body("LOG"), side=""),
    "to a consultative voice": lambda mandate: Mandate.objects.filter(pk=mandate.pk).update(voice=Voice.CONSULTATIVE),
    "suspended": lambda mandate: Mandate.objects.filter(pk=mandate.pk).update(is_suspended=True),
    "without an account": lambda mandate: type(mandate.user).objects.filter(pk=mandate.user_id).update(is_active=False),
}


@pytest.mark.parametrize("change", CHANGED)
def test_whose_mandate_is_another_is_neither_written_to_nor_counted_as_the_seat(things, change):
    decision = asked(committee())
    mine = ballot(decision, "asso4")
    Ballot.objects.filter(pk=mine.pk).update(confirmed_at=timezone.now())
    CHANGED[change](mine.mandate)
    mine = Ballot.objects.select_related("mandate", "user", "decision").get(pk=mine.pk)
    now = timezone.now()
    Decision.objects.update(opened_at=now - timedelta(days=5), closes_at=now + timedelta(hours=40))
    assert not mine.may_answer and mine not in Ballot.objects.answering()
    assert to_answer(mine.user, frozenset()).total == 0 and sides_confirmed(decision) == set()
    remind()
    closed(decision)
    for kind in ("reminder", "outcome"):
        assert "asso4@cass.example" not in messages(kind) and "asso3@cass.example" in messages(kind)
    with pytest.raises(Refused):
        decline(mine.pk)


def test_one_queryset_and_one_ballot_agree_on_who_may_answer(things):
    of = committee()
    invited(of)
    decision = asked(of)
    Mandate.objects.get(user__email="cpas2@cass.example").end_now()
    for one in decision.ballots.select_related("mandate", "user", "decision"):
        assert one.may_answer == Ballot.objects.answering().filter(pk=one.pk).exists()


def test_a_mandate_that_passes_to_another_person_or_is_given_a_voice_brings_the_seat_its_link(things):
    of = committee(associations=2)
    invited(of)
    decision = asked(of)
    vote(decision, "asso2")
    for name in ("asso1", "asso2"):
        successor = member(f"{name}bis@cass.example")
        Mandate.objects.filter(user__email=f"{name}@cass.example").update(user=successor)
    one = organisation("Trois", OrganisationKind.ASSOCIATION)
    Mandate.objects.filter(user__email="invite@cass.example").update(
        voice=Voice.DELIBERATIVE, side=SideName.ASSOCIATIVE, organisation=one, role="member"
    )
    assert invite_who_came() == "3 invited" and invite_who_came() is None
    assert vote(decision, "asso1bis").weight == vote(decision, "invite").weight == Weight.COUNTED
    with pytest.raises(Refused) as refused:
        vote(decision, "asso2bis")
    assert refused.value.code == "taken", "the seat has voted"


def test_each_new_doubt_is_looked_at_anew_by_who_did_not_raise_it(things):
    decision = asked(committee())
    first = all_voted(decision)
    undo(first["asso1"].pk)
    votes = {**first, "asso1": vote(decision, "asso1")}
    decision = closed(decision)
    dispute(votes["cpas1"].pk)
    looked_by_editor(decision.pk)
    dispute(votes["cpas2"].pk)
    decision.refresh_from_db()
    assert decision.looked_at_by_editor is None, "who looked before did not see this doubt"
    with pytest.raises(Refused) as refused:
        looked_by_editor(decision.pk, by=votes["cpas2"].ballot.user)
    assert refused.value.code == "own-doubt"
    looked_by_editor(decision.pk, by=member("coordination@cass.example"))
    looked_by_seat(ballot(decision, "asso1").pk)  # who said so before the closing, and voted anew, may look
    assert things.public


def test_a_yes_that_opened_nothing_waits_for_a_coordinator_and_what_is_over_is_not_withdrawn(things):
    of = committee()
    decision = asked(of)
    all_voted(decision)
    things.standing[1] = "fewer"
    decision = closed(decision)
    coordinator = member("coordination@cass.example", is_staff=True)
    assert to_clear_up(coordinator, frozenset({STAFF})).total == 1
    things.texts[1], things.standing = "Moins", {}
    second = asked(of)
    all_voted(second)
    closed(second)
    assert to_clear_up(coordinator, frozenset({STAFF})).total == 0
    with pytest.raises(Refused) as refused:
        asked(of, subject="", withdraws=decision)
    assert refused.value.code == "over"


def test_whose_mandate_was_renewed_during_the_vote_may_deny_it_afterwards(things):
    of = committee()
    decision = asked(of)
    votes = {name: vote(decision, name) for name in ("cpas1", "cpas2", "asso1", "asso2")}
    old = ballot(decision, "cpas1").mandate
    Mandate.objects.filter(pk=old.pk).update(ended_at=timezone.now())
    decision = closed(decision)
    with pytest.raises(Refused):
        dispute(votes["cpas1"].pk)
    sitting_again = Mandate.objects.get(pk=old.pk)
    sitting_again.pk, sitting_again.ended_at = None, None
    sitting_again.save()
    dispute(votes["cpas1"].pk)
    decision.refresh_from_db()
    assert decision.disputed_at is not None and things.public == {}
