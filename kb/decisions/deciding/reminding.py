"""What the clock does for open questions: a link for those who came since, one reminder before the closing."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from kb.decisions.choices import State, Weight
from kb.decisions.deciding.asking import invite
from kb.decisions.messages import send_link
from kb.decisions.models import Ballot, Decision, Vote
from kb.groups.choices import Voice
from kb.groups.models import Mandate

BEFORE = timedelta(hours=48)
NOT_SOONER = timedelta(hours=24)  # than this after the question was sent
_AT_ONCE = 50


def invite_who_came() -> str | None:
    """Mandates that began after a question was put get their link: an open vote passes with the seat."""
    done = 0
    for decision in Decision.objects.filter(state=State.OPEN).select_related("body").order_by("pk"):
        with transaction.atomic():
            held = Decision.objects.select_for_update().get(pk=decision.pk)
            if held.state != State.OPEN:
                continue
            new = invite(held, Mandate.objects.running().filter(body=held.body_id))
            for ballot in Ballot.objects.filter(pk__in=[one.pk for one in new]).select_related(
                "user", "decision__body"
            ):
                send_link(ballot, "question")
            done += len(new)
    return f"{done} invited" if done else None


def remind() -> str | None:
    """One reminder to each counted voice whose seat may still vote, two days before the closing."""
    now = timezone.now()
    open_now = Q(decision__state=State.OPEN, decision__closes_at__gt=now, decision__closes_at__lte=now + BEFORE)
    answered = Vote.objects.exclude(weight=Weight.PAST).exclude(ballot=None).values("ballot")
    silent = (
        Ballot.objects.answering()
        .filter(open_now, voice=Voice.DELIBERATIVE, declined_at=None, reminded_at=None)
        .filter(decision__opened_at__lte=now - NOT_SOONER, decision__all_voted_at=None)
        .exclude(pk__in=answered)
        .select_related("user", "decision__body")
        .order_by("pk")[:_AT_ONCE]
    )
    done = 0
    for ballot in silent:
        with transaction.atomic():
            if Ballot.objects.filter(pk=ballot.pk, reminded_at=None).update(reminded_at=now):
                send_link(ballot, "reminder")
                done += 1
    return f"{done} reminded" if done else None
