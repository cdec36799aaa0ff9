""" "This was not me", said after the closing: what was agreed to is taken off until a coordinator and a seat have
looked at it.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from kb.decisions.choices import IN_FORCE, ManifestState, Outcome, State, Weight
from kb.decisions.deciding.casting import check_mandate, held
from kb.decisions.deciding.closing import reopen_agreed, suspend_agreed
from kb.decisions.errors import Refused
from kb.decisions.messages import asked_now, send_link, tell_all
from kb.decisions.models import Decision, Vote


@transaction.atomic
def dispute(vote_id: int) -> Decision:
    """The person of a seat denies a vote that was counted in an outcome. Pressed again, nothing changes."""
    found = Vote.objects.get(pk=vote_id)
    decision = Decision.objects.select_for_update().select_related("body", "manifest").get(pk=found.decision_id)
    vote = Vote.objects.select_related("ballot__mandate", "ballot__user", "ballot__decision").get(pk=vote_id)
    if vote.undone_at is not None or decision.state != State.CLOSED:
        return decision
    if vote.weight != Weight.COUNTED:
        raise Refused("not-counted")
    if vote.ballot is None or not vote.ballot.may_deny:
        raise Refused("ended")
    vote.undone_at = timezone.now()
    vote.save(update_fields=["undone_at"])
    if decision.outcome != Outcome.AGREEMENT or _is_over(decision):
        return decision
    is_first = decision.disputed_at is None
    was_looked_at = bool(decision.looked_at_by_editor or decision.looked_at_by_seat)
    decision.disputed_at = decision.disputed_at or timezone.now()
    decision.looked_at_by_editor = decision.looked_at_by_seat = None  # who looked before did not see this doubt
    decision.save(update_fields=["disputed_at", "looked_at_by_editor", "looked_at_by_seat"])
    if decision.manifest is not None and decision.manifest.state == ManifestState.AGREED:
        suspend_agreed(decision)
    if not is_first and not was_looked_at:
        return decision
    for ballot in asked_now(decision):
        if ballot.counts:
            send_link(ballot, "disputed")
    return decision


@transaction.atomic
def looked_by_editor(decision_id: int, *, by: Any = None) -> Decision:
    """A coordinator, other than one whose own vote is disputed, has looked: the outcome stands, as far as they are
    concerned. Raises Refused.
    """
    decision = Decision.objects.select_for_update().select_related("body", "manifest").get(pk=decision_id)
    if decision.disputed_at is None:
        raise Refused("not-open")
    if by is not None and _denied(decision.votes.filter(ballot__user=by)):
        raise Refused("own-doubt")
    decision.looked_at_by_editor = decision.looked_at_by_editor or timezone.now()
    decision.save(update_fields=["looked_at_by_editor"])
    return _settle(decision)


@transaction.atomic
def looked_by_seat(ballot_id: int) -> Decision:
    """A seat, other than the one whose vote is disputed, has looked. Raises Refused."""
    ballot, decision = held(ballot_id)
    if decision.disputed_at is None:
        raise Refused("not-open")
    check_mandate(ballot)
    is_editor = ballot.user is not None and ballot.user.is_staff  # the coordination looks for itself
    is_drafter = decision.drafted_by_id is not None and ballot.user_id == decision.drafted_by_id
    if is_editor or is_drafter or not ballot.counts or _denied(ballot.votes.all()):
        raise Refused("not-yours")
    decision.looked_at_by_seat = decision.looked_at_by_seat or timezone.now()
    decision.save(update_fields=["looked_at_by_seat"])
    return _settle(decision)


def _is_over(decision: Decision) -> bool:
    """Whether nothing rests on it any longer, so that there is nothing to take off."""
    return decision.manifest is not None and decision.manifest.state not in IN_FORCE


def _denied(votes: QuerySet[Vote]) -> bool:
    """Whether one of these votes was counted in the outcome and is disputed; one that was undone before the closing was
    given anew, or counts for nothing.
    """
    return votes.filter(weight=Weight.COUNTED).exclude(undone_at=None).exists()


def _settle(decision: Decision) -> Decision:
    """Both have looked: what was agreed to comes back."""
    if decision.looked_at_by_editor and decision.looked_at_by_seat:
        decision.disputed_at = None
        decision.save(update_fields=["disputed_at"])
        manifest = decision.manifest
        if manifest is not None and manifest.state == ManifestState.SUSPENDED:
            manifest.state = ManifestState.AGREED
            manifest.save(update_fields=["state"])
            reopen_agreed(decision)
        tell_all(decision, "settled")
    return decision
