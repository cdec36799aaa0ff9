"""What a meeting decided: entered seat by seat, confirmed by one seat of each side, open to objections for two days.

enter ──► confirming ── 48 hours, one seat of each side has confirmed, none objects ──► closed (`closing`)
              └── a seat objects ──► stopped: a coordinator takes it back, or enters it again
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from kb.decisions.choices import Choice, Manner, State, Way, Weight
from kb.decisions.deciding.asking import Question, prepare
from kb.decisions.deciding.casting import check_mandate, held
from kb.decisions.errors import Refused
from kb.decisions.messages import send_link, tell_all
from kb.decisions.models import Ballot, Decision, Seat, Vote


@dataclass(frozen=True, slots=True)
class Sat:
    """A seat that was taken in the meeting: by which mandate (None where it was not noted), and how it voted."""

    side: str
    number: int
    choice: str
    mandate_id: int | None = None


@transaction.atomic
def enter(question: Question, sat: Iterable[Sat], *, held_on: date, by: Any) -> Decision:
    """Writes down what a meeting decided and sends each voice the link to confirm or to object.

    Raises Refused as `asking.ask` does, and KeyError for a seat that the body does not have.
    """
    decision = prepare(question, Manner.MEETING, by=by, held_on=held_on)
    seats = {(seat.side, seat.number): seat for seat in Seat.objects.filter(decision=decision)}
    ballots = {ballot.mandate_id: ballot for ballot in decision.ballots.all() if ballot.counts}
    votes, seated = [], set()
    for one in sat:
        ballot = ballots.get(one.mandate_id) if one.mandate_id not in seated else None
        ballot = ballot if ballot is not None and ballot.side == one.side else None
        seated.add(one.mandate_id)
        votes.append(
            Vote(
                decision=decision,
                seat=seats[one.side, one.number],
                ballot=ballot,
                choice=Choice(one.choice),
                way=Way.MEETING,
                entered_by=by,
                by_drafter=ballot is not None and ballot.user_id == getattr(by, "pk", None),
            )
        )
    Vote.objects.bulk_create(votes)
    for ballot in decision.ballots.select_related("user", "decision__body").order_by("pk"):
        if ballot.counts:
            send_link(ballot, "meeting", vote=ballot.votes.first())
    return decision


@transaction.atomic
def confirm(ballot_id: int) -> Decision:
    """A seat says that the meeting decided so. Raises Refused. Pressed again, nothing changes."""
    ballot, decision = _confirming(ballot_id)
    if decision.drafted_by_id is not None and ballot.user_id == decision.drafted_by_id:
        raise Refused("own-entry")
    if ballot.confirmed_at is None:
        Ballot.objects.filter(pk=ballot.pk).update(confirmed_at=timezone.now(), objected_at=None, declined_at=None)
    return decision


@transaction.atomic
def object_to(ballot_id: int, word: str) -> Decision:
    """A seat says that the meeting did not decide so: nothing follows until a coordinator has dealt with it."""
    ballot, decision = _confirming(ballot_id, also_stopped=True)
    Ballot.objects.filter(pk=ballot.pk).update(
        objected_at=timezone.now(), confirmed_at=None, declined_at=None, word=word.strip()[:1000]
    )
    if decision.state == State.CONFIRMING:
        decision.state = State.STOPPED
        decision.save(update_fields=["state"])
        tell_all(decision, "stopped")
    return decision


def sides_confirmed(decision: Decision) -> set[str]:
    """The sides of which a seat, other than whoever entered it, has confirmed. One query."""
    confirmed = decision.ballots.answering().exclude(confirmed_at=None).exclude(side="")
    if decision.drafted_by_id is not None:
        confirmed = confirmed.exclude(user_id=decision.drafted_by_id)
    return set(confirmed.values_list("side", flat=True))


def is_confirmed(decision: Decision) -> bool:
    return sides_confirmed(decision) >= set(decision.rule)


def _confirming(ballot_id: int, *, also_stopped: bool = False) -> tuple[Ballot, Decision]:
    ballot, decision = held(ballot_id)
    if decision.state == State.WITHDRAWN:
        raise Refused("withdrawn")
    if decision.state == State.CLOSED:
        raise Refused("closed")
    if decision.state != State.CONFIRMING and not (also_stopped and decision.state == State.STOPPED):
        raise Refused("not-open")
    if not ballot.counts:
        raise Refused("not-yours")
    check_mandate(ballot)
    return ballot, decision


def votes_of_seats(decision: Decision) -> dict[int, Vote]:
    """The counted vote of each seat, by the seat's id. One query."""
    found = decision.votes.filter(weight=Weight.COUNTED).select_related(
        "seat", "ballot__user", "ballot__mandate__organisation"
    )
    return {vote.seat_id: vote for vote in found if vote.seat_id}
