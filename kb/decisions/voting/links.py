"""Whose ballot a link or a log-in opens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from kb.decisions.models import Ballot, Link, Vote
from kb.decisions.models.votes import hash_of

GOOD_AFTER_CLOSING = timedelta(days=30)
_WITH = ("user", "mandate__organisation", "decision__body", "decision__asked_by", "decision__manifest")


def ballot_of_token(token: str) -> Ballot | None:
    """The ballot of a link that is good: not taken back, and the question not closed long ago. One query."""
    if not token:
        return None
    link = (
        Link.objects.filter(token_hash=hash_of(token))
        .select_related("ballot", *(f"ballot__{one}" for one in _WITH))
        .first()
    )
    return link.ballot if link is not None and _is_fresh(link.ballot) else None


def ballot_of_person(user: Any, decision_id: int) -> Ballot | None:
    """The ballot of a person who is logged in, the counted voice before a consultative one. One query."""
    found = Ballot.objects.filter(user=user, decision=decision_id).select_related(*_WITH)
    return next(iter(sorted(found, key=lambda one: (not one.may_answer, not one.counts, one.pk))), None)


def vote_of_token(token: str) -> Vote | None:
    """The vote of a receipt's link. One query."""
    if not token:
        return None
    found = (
        Vote.objects.filter(undo_hash=hash_of(token))
        .select_related("decision__body", "seat", "ballot__user", "ballot__mandate", "ballot__decision")
        .first()
    )
    if found is None or found.ballot is None or not _is_fresh_decision(found.decision.closed_at):
        return None
    return found if found.ballot.may_deny else None


def _is_fresh(ballot: Ballot) -> bool:
    return ballot.user is not None and ballot.user.is_active and _is_fresh_decision(ballot.decision.closed_at)


def _is_fresh_decision(closed_at: Any) -> bool:
    return closed_at is None or closed_at > timezone.now() - GOOD_AFTER_CLOSING
