"""The outcome is what the rule says, whatever the seats and the votes; the oracle is a plain second reading of it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kb.decisions.rule import ABSTENTION, AGAINST, AGREEMENT, FOR, NO_AGREEMENT, NO_EFFECT, Cast, SideRule, count

CHOICES = (FOR, AGAINST, ABSTENTION)
QUICK = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def elections(draw):
    rule, votes = {}, []
    for side in draw(
        st.lists(st.sampled_from(["cpas", "commune", "associative"]), min_size=1, max_size=3, unique=True)
    ):
        seats = draw(st.integers(1, 6))
        rule[side] = SideRule(seats, draw(st.integers(1, seats)))
        for _ in range(draw(st.integers(0, seats))):
            votes.append(Cast(side, draw(st.sampled_from(CHOICES)), draw(st.booleans())))
    return rule, votes


def oracle(rule, votes) -> str:
    """As one would count on paper."""
    for side in rule:
        sat = 0
        for vote in votes:
            if vote.side == side:
                sat += 1
        if sat < rule[side].quorum:
            return NO_EFFECT
    balance = 0
    others_agree = False
    for vote in votes:
        if vote.choice == FOR:
            balance += 1
            others_agree = others_agree or not vote.by_drafter
        if vote.choice == AGAINST:
            balance -= 1
    return AGREEMENT if balance > 0 and others_agree else NO_AGREEMENT


@QUICK
@given(elections())
def test_the_outcome_is_what_counting_on_paper_gives(election):
    rule, votes = election
    counted = count(rule, votes)
    assert counted.outcome == oracle(rule, votes)
    assert counted.votes_for + counted.against + counted.abstentions == len(votes)
    assert counted.silent == sum(one.seats for one in rule.values()) - len(votes)


@QUICK
@given(elections(), st.randoms())
def test_the_order_of_the_votes_changes_nothing(election, random):
    rule, votes = election
    shuffled = list(votes)
    random.shuffle(shuffled)
    assert count(rule, shuffled) == count(rule, votes)


@QUICK
@given(elections())
def test_one_vote_more_against_never_makes_an_agreement(election):
    rule, votes = election
    side = next((name for name in rule if sum(vote.side == name for vote in votes) < rule[name].seats), None)
    if side is None or count(rule, votes).outcome != NO_AGREEMENT:
        return
    assert count(rule, [*votes, Cast(side, AGAINST)]).outcome == NO_AGREEMENT


def test_a_tie_is_no_agreement_and_an_abstention_makes_the_quorum():
    rule = {"cpas": SideRule(4, 2), "associative": SideRule(4, 2)}
    tie = [Cast("cpas", FOR), Cast("cpas", AGAINST), Cast("associative", FOR), Cast("associative", AGAINST)]
    assert count(rule, tie).outcome == NO_AGREEMENT
    quorum = [
        Cast("cpas", FOR),
        Cast("cpas", ABSTENTION),
        Cast("associative", ABSTENTION),
        Cast("associative", ABSTENTION),
    ]
    assert count(rule, quorum).outcome == AGREEMENT


def test_whoever_drafted_it_cannot_alone_decide_it():
    rule = {"cpas": SideRule(1, 1), "associative": SideRule(1, 1)}
    alone = [Cast("cpas", FOR, by_drafter=True), Cast("associative", ABSTENTION)]
    assert count(rule, alone).outcome == NO_AGREEMENT
    assert count(rule, [alone[0], Cast("associative", FOR)]).outcome == AGREEMENT


def test_more_votes_than_seats_is_an_error_of_ours():
    with pytest.raises(ValueError, match="fewer seats"):
        count({"cpas": SideRule(1, 1)}, [Cast("cpas", FOR), Cast("cpas", FOR)])
    with pytest.raises(ValueError, match="fewer seats"):
        count({"cpas": SideRule(1, 1)}, [Cast("commune", FOR)])


def test_nobody_decides_where_there_are_no_sides():
    assert count({}, []).outcome == NO_EFFECT
