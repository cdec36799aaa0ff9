"""One voice answers: which seat it votes for, what becomes of the vote that stood there, what is only noted.

    consultative ─────────────────────────────────────────────► noted
    has voted already, also under a mandate that ended ──► its own seat again: changed
    follows somebody whose vote for the seat counts ──► refused, and told so
    holder named for a seat ──► that seat; a substitute's vote there is replaced
    a free seat of the side (named for nobody, or for a holder of the same organisation whom it substitutes) ──► counted
    none left ──► where a holder voted for it: refused, and told so ── else noted: the seats were quicker

Whoever answers holds the row of the question until the transaction ends: two voters of one seat come one after another.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from django.db import transaction
from django.utils import timezone

from kb.decisions.choices import Choice, State, Way, Weight
from kb.decisions.errors import Refused
from kb.decisions.messages import send_link, send_receipt, write
from kb.decisions.models import Ballot, Decision, Seat, Vote
from kb.groups.choices import Standing, Voice

_OF_A_SEAT = ("side", "organisation_id", "service_id", "role", "standing")


@dataclass(frozen=True, slots=True)
class Answer:
    """The vote as it stands now. is_new: False where exactly this was noted before."""

    vote: Vote
    is_new: bool = True


@transaction.atomic
def cast(
    ballot_id: int, choice: str, word: str = "", *, way: Way = Way.LINK, entered_by: Any = None, at: Any = None
) -> Answer:
    """Notes the answer of a ballot and sends its receipt.

    Raises Refused: closed, taken back, the mandate ended, or the seat's other person voted. The same answer again
    changes nothing.
    """
    now = at or timezone.now()
    ballot, decision = held(ballot_id)
    check_open(decision, now)
    check_mandate(ballot)
    choice, word = Choice(choice), word.strip()[:1000]
    mine = ballot.votes.exclude(weight=Weight.PAST).select_related("seat").first()
    is_late = mine is not None and mine.weight == Weight.NOTED and ballot.counts  # a seat may be free by now
    if mine is not None and not is_late and (mine.choice, mine.word, mine.way) == (choice, word, way):
        return Answer(mine, is_new=False)
    seat = _seat_for(ballot, decision, mine) if ballot.counts else None
    if mine is not None:
        _becomes_past(mine)
    if seat is not None:
        for former in seat.votes.filter(weight=Weight.COUNTED).select_related("ballot__user"):
            _becomes_past(former)
            if former.ballot is not None and former.ballot.user_id != ballot.user_id:
                former.ballot.decision = decision
                write(former.ballot, "replaced", {"vote": former})
    vote = Vote.objects.create(
        decision=decision,
        seat=seat,
        ballot=ballot,
        choice=choice,
        word=word,
        weight=Weight.COUNTED if seat else Weight.NOTED,
        way=way,
        entered_by=entered_by,
        by_drafter=decision.drafted_by_id is not None
        and decision.drafted_by_id in {ballot.user_id, getattr(entered_by, "pk", None)},
        cast_at=now,
    )
    Ballot.objects.filter(pk=ballot.pk).update(declined_at=None)
    note_whether_all_voted(decision, now)
    send_receipt(vote)
    return Answer(vote)


@transaction.atomic
def undo(vote_id: int) -> Decision:
    """ "This was not me": before the closing the vote counts no longer, its seat is free, and its person gets a new
    link; what follows after the closing is `disputing`'s. Pressed again, nothing more happens.

    Raises Refused("closed") after the closing.
    """
    found = Vote.objects.get(pk=vote_id)
    decision = Decision.objects.select_for_update().select_related("body").get(pk=found.decision_id)
    vote = Vote.objects.select_related("ballot__user").get(pk=vote_id)
    if vote.undone_at is not None:
        return decision
    is_over = decision.ends_at is not None and decision.ends_at <= timezone.now()
    if decision.state not in (State.OPEN, State.CONFIRMING) or is_over:
        raise Refused("closed")
    was_counted = vote.weight != Weight.PAST
    vote.undone_at = timezone.now()
    _becomes_past(vote)
    note_whether_all_voted(decision, timezone.now())
    if was_counted and vote.ballot is not None:
        vote.ballot.decision = decision
        send_link(vote.ballot, "undone", alone=True, vote=vote)
    return decision


@transaction.atomic
def decline(ballot_id: int) -> None:
    """ "This vote is not for me": no more messages about it; a seat named for this person may be taken by others.

    Raises Refused where the mandate ended: it has no seat to give.
    """
    ballot, decision = held(ballot_id)
    check_mandate(ballot)
    if decision.is_running and not ballot.votes.exclude(weight=Weight.PAST).exists():
        Ballot.objects.filter(pk=ballot.pk).update(declined_at=timezone.now())


def held(ballot_id: int) -> tuple[Ballot, Decision]:
    """The ballot and its decision, whose row is held until the transaction ends."""
    decision_id = Ballot.objects.values_list("decision_id", flat=True).get(pk=ballot_id)
    decision = Decision.objects.select_for_update().get(pk=decision_id)
    ballot = Ballot.objects.select_related("mandate", "user").get(pk=ballot_id)
    ballot.decision = decision
    return ballot, decision


def check_open(decision: Decision, now: Any) -> None:
    if decision.state == State.WITHDRAWN:
        raise Refused("withdrawn")
    if decision.state != State.OPEN or (decision.ends_at is not None and decision.ends_at <= now):
        raise Refused("closed" if decision.state in (State.OPEN, State.CLOSED) else "not-open")


def check_mandate(ballot: Ballot) -> None:
    """A vote is cast under a mandate that runs at this moment. Raises Refused("ended")."""
    if not ballot.may_answer:
        raise Refused("ended")


def note_whether_all_voted(decision: Decision, now: Any) -> None:
    """From when every seat has voted, the question closes a day later. Two queries."""
    voted = decision.votes.filter(weight=Weight.COUNTED).count()
    seats = sum(rule.seats for rule in decision.rules.values())
    before, decision.all_voted_at = decision.all_voted_at, (decision.all_voted_at or now) if voted >= seats else None
    if before != decision.all_voted_at:
        decision.save(update_fields=["all_voted_at"])


def taken(ballot: Ballot) -> Refused | None:
    """What a first vote of this ballot would be answered now, where its seat has voted; None where it may vote."""
    try:
        _seat_for(ballot, ballot.decision, None)
    except Refused as refused:
        return refused if refused.code == "taken" else None
    return None


def _seats(ballot: Ballot) -> list[Seat]:
    return list(ballot.decision.seats.filter(side=ballot.side).select_related("holder").order_by("number"))


def _seat_for(ballot: Ballot, decision: Decision, mine: Vote | None) -> Seat | None:
    """The seat this ballot votes for; None where its side's seats are taken. Raises Refused("taken")."""
    if mine is not None and mine.seat is not None:
        return mine.seat
    if mine is None and (before := _voted_before(ballot, decision)) is not None:
        return before
    seats = _seats(ballot)
    own = next((seat for seat in seats if seat.holder_id == ballot.mandate_id), None)
    if own is not None:
        return own
    voted = set(decision.votes.filter(weight=Weight.COUNTED, seat__side=ballot.side).values_list("seat_id", flat=True))
    free = [seat for seat in seats if seat.pk not in voted]
    for seat in free:
        if _is_open_to(seat, ballot):
            return seat
    shared = [seat for seat in seats if _shares(seat, ballot)]
    if mine is None and shared:  # of several, which is this person's is not known: nobody's vote is shown
        raise Refused("taken", vote=shared[0].votes.get(weight=Weight.COUNTED) if len(shared) == 1 else None)
    if all(seat.holder_id and not _shares(seat, ballot) for seat in seats):
        raise Refused("not-yours")
    return None


def _voted_before(ballot: Ballot, decision: Decision) -> Seat | None:
    """The seat for which this person has voted under a mandate that ended since, and may change their vote.

    Raises Refused("taken") where they have voted for another seat, or follow somebody whose vote counts: it was cast
    under a mandate that ran, and a seat has one.
    """
    counted = decision.votes.filter(weight=Weight.COUNTED).exclude(ballot=ballot).exclude(ballot=None)
    for vote in counted.select_related("seat", "ballot__mandate", "ballot__user"):
        former = vote.ballot
        if former is None:
            continue
        former.decision = decision
        if former.user_id == ballot.user_id and former.user_id is not None:
            if former.side == ballot.side and not former.may_answer:
                return vote.seat
            raise Refused("taken", vote=vote)
        if _follows(ballot, former):
            raise Refused("taken", vote=vote)
    return None


def _follows(ballot: Ballot, former: Ballot) -> bool:
    """Whether a ballot was given when another, of the same seat as far as mandates tell, had ended: the same side,
    organisation, service, role and standing; or for the same mandate, which passed to another person.
    """
    mandate, before = ballot.mandate, former.mandate
    if mandate is None or before is None:
        return False
    if mandate.pk == before.pk:
        return True
    if before.is_running:
        return False
    ended = before.ended_at or (before.until and timezone.make_aware(datetime.combine(before.until, time.max)))
    if not ended or ballot.made_at <= ended:
        return False
    return all(getattr(mandate, name) == getattr(before, name) for name in _OF_A_SEAT)


def _is_open_to(seat: Seat, ballot: Ballot) -> bool:
    """Whether a free seat may be taken: named for nobody, its holder gone or out of it, or this is the substitute."""
    holder = seat.holder
    if holder is None or not holder.is_running or holder.body_id != ballot.decision.body_id:
        return True
    if holder.voice != Voice.DELIBERATIVE or holder.side != seat.side:
        return True
    return _shares(seat, ballot) or _has_declined(seat)


def _shares(seat: Seat, ballot: Ballot) -> bool:
    """Whether the ballot is the substitute's of a named seat: of the same organisation; without one of nobody."""
    holder, mandate = seat.holder, ballot.mandate
    if holder is None or mandate is None:
        return False
    if holder.pk == mandate.pk:
        return True
    if mandate.organisation_id is None or ballot.standing != Standing.SUBSTITUTE:
        return False
    return holder.organisation_id == mandate.organisation_id


def _has_declined(seat: Seat) -> bool:
    return Ballot.objects.filter(decision=seat.decision_id, mandate=seat.holder_id).exclude(declined_at=None).exists()


def _becomes_past(vote: Vote) -> None:
    vote.weight = Weight.PAST
    vote.save(update_fields=["weight", "undone_at"])
