"""What waits for a person: questions that their seat has not answered. For coordinators: what an objection stopped,
meetings that nobody confirmed in time, outcomes in doubt, and agreements by which nothing opened.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from kb.accounts.audiences import STAFF
from kb.clock.notices.waiting import SHOWN, Waiting, WaitingList
from kb.decisions.choices import AmendmentKind, AmendmentState, ManifestState, State, Weight
from kb.decisions.models import Amendment, Ballot, Decision, Vote
from kb.decisions.models.decisions import OBJECTIONS
from kb.groups.choices import Voice
from kb.languages import current_language

TO_OPEN = timedelta(days=30)  # so long a coordinator is told that a yes opened nothing


def to_answer(user: Any, held: frozenset[str]) -> WaitingList:
    """Two queries at most. A mandate that ended asks nothing."""
    mine = Ballot.objects.answering().filter(user=user, declined_at=None)
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


def to_read(user: Any, held: frozenset[str]) -> WaitingList:
    """Amendments that this person is to read: named for it, or any other editor. Two queries at most."""
    mine = Q(kind=AmendmentKind.TRANSLATION, reader=user)
    if STAFF in held:
        mine |= Q(kind=AmendmentKind.FORM) & ~Q(asked_by=user)
    found = Amendment.objects.filter(mine, state=AmendmentState.PROPOSED).order_by("asked_at", "pk")
    total = found.count()
    language = current_language()
    things = tuple(
        Waiting(str(one.get_kind_display()), reverse("decisions:amendment", args=(one.pk,)), one.asked_at, language)
        for one in (found[:SHOWN] if total else ())
    )
    return WaitingList(total, things, "")


def to_clear_up(user: Any, held: frozenset[str]) -> WaitingList:
    """For editors; named only in a session with the second factor. Two queries at most."""
    if not user.is_staff:
        return WaitingList(0)
    now = timezone.now()
    unconfirmed = Q(state=State.CONFIRMING, entered_at__lte=now - OBJECTIONS)
    unopened = Q(manifest__state=ManifestState.AGREED, manifest__opened_at=None, closed_at__gte=now - TO_OPEN)
    to_clear = Q(state=State.STOPPED) | ~Q(disputed_at=None) | unconfirmed | unopened
    found = Decision.objects.filter(to_clear).select_related("body")
    total = found.count()
    things: tuple[Waiting, ...] = ()
    if STAFF in held and total:
        things = tuple(
            Waiting(one.question.shown().text, reverse("decision:page", args=(one.pk,)), one.opened_at)
            for one in found.order_by("opened_at")[:SHOWN]
        )
    return WaitingList(total, things, reverse("decision:index"))
