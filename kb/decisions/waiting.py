"""What waits for a person: questions that their seat has not answered. For coordinators: what an objection stopped,
meetings that nobody confirmed in time, and outcomes in doubt.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from kb.accounts.audiences import STAFF
from kb.clock.notices.waiting import SHOWN, Waiting, WaitingList
from kb.decisions.choices import State, Weight
from kb.decisions.models import Ballot, Decision, Vote
from kb.decisions.models.decisions import OBJECTIONS
from kb.groups.choices import Voice
from kb.groups.models import Mandate


def to_answer(user: Any, held: frozenset[str]) -> WaitingList:
    """Two queries at most. A mandate that ended asks nothing."""
    mine = Ballot.objects.filter(user=user, declined_at=None, mandate__in=Mandate.objects.running().filter(user=user))
    answered = Vote.objects.exclude(weight=Weight.PAST).filter(ballot__user=user).values("ballot")
    to_vote = Q(decision__state=State.OPEN) & ~Q(pk__in=answered)
    to_confirm = Q(
        decision__state=State.CONFIRMING, voice=Voice.DELIBERATIVE, confirmed_at=None, objected_at=None
    ) & ~Q(side="")
    found = list(
        mine.filter(to_vote | to_confirm).select_related("decision__body").order_by("decision__opened_at", "pk")
    )
    things = []
    for ballot in found[:SHOWN]:
        decision = ballot.decision
        question = decision.question.shown()
        url = reverse("decisions:own-vote", args=(decision.pk,))
        things.append(Waiting(question.text, url, decision.opened_at, question.language, decision.body.code))
    return WaitingList(len(found), tuple(things), reverse("decisions:list"))


def to_clear_up(user: Any, held: frozenset[str]) -> WaitingList:
    """For editors; named only in a session with the second factor. Two queries at most."""
    if not user.is_staff:
        return WaitingList(0)
    unconfirmed = Q(state=State.CONFIRMING, entered_at__lte=timezone.now() - OBJECTIONS)
    found = Decision.objects.filter(Q(state=State.STOPPED) | ~Q(disputed_at=None) | unconfirmed).select_related("body")
    total = found.count()
    things: tuple[Waiting, ...] = ()
    if STAFF in held and total:
        things = tuple(
            Waiting(one.question.shown().text, reverse("decision:page", args=(one.pk,)), one.opened_at)
            for one in found.order_by("opened_at")[:SHOWN]
        )
    return WaitingList(total, things, reverse("decision:index"))
