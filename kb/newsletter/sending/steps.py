"""What an editor does with an approved issue: sends it now or at an hour, stops, resumes, calls off; and what the clock
does for it.

    (none) ──start──► scheduled ──its hour──► sending ──► done        sending ◄──stop, resume──► stopped
                          └ changed since the approval ──► unapproved ──start, once approved anew──► scheduled | sending
A sending is bound to the approved revision. While nothing was delivered, `start` binds it to a newer approved one;
afterwards it never changes.
The messages themselves are handed over in `delivering`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kb.clock.queue import unfinished
from kb.newsletter.choices import ConsentEvent, DeliveryState, SendingState, SubscriberState, Trouble
from kb.newsletter.models import Consent, Issue, Sending, Subscriber
from kb.newsletter.models.approval import is_approved
from kb.newsletter.sending.claiming import free_claims
from kb.newsletter.sending.delivering import finish
from kb.newsletter.sending.tasks import ask_batch, deliver


class CannotSend(Exception):
    """A sentence for an editor."""


class NotApproved(CannotSend):
    """The newest text of the issue is not one that was agreed to."""


NEVER_APPROVED = _("This issue is not approved yet. Ask for its approval on the page of the issue, then send it.")
CHANGED_SINCE = _("The issue was changed after its approval. Have the newest version approved, then send it.")
NOBODY = _("Nobody is subscribed yet: there is nobody to send it to.")
SENT_ALREADY = _("This issue has been sent. An issue is sent once.")
UNDER_WAY = _("This issue is being sent already.")
STOPPED_HALFWAY = _(
    "The sending of this issue was stopped on its way. Resume it: those who have it do not get it again."
)
NOT_STOPPED = _("The sending was no longer stopped: here is where it is now.")
NOT_RUNNING = _("The sending was no longer running: here is where it is now.")
TOO_LATE = _("Messages have gone out already, so the sending can no longer be called off. You can stop it.")


def start(issue: Issue, *, by: Any, starts_at: datetime | None = None) -> Sending:
    """Sends the approved revision at that hour, or now, on the long queue. Raises CannotSend, or NotApproved."""
    with transaction.atomic():
        sending = begin(issue, by=by, starts_at=starts_at)
        if sending.state == SendingState.SENDING:
            transaction.on_commit(lambda: ask_batch(sending.pk))
    return sending


@transaction.atomic
def begin(issue: Issue, *, by: Any, starts_at: datetime | None = None) -> Sending:
    """The same as `start`, without asking for a batch: whoever calls it delivers."""
    fresh = Issue.objects.select_for_update().get(pk=issue.pk)
    sending = Sending.objects.select_for_update().filter(issue=fresh).first()
    if sending is not None:
        _refuse_again(sending)
    check_approved(fresh)
    if not active_subscribers().exists():
        raise CannotSend(str(NOBODY))
    now = timezone.now()
    is_now = starts_at is None or starts_at <= now
    values = {
        "revision_id": fresh.live_revision_id,
        "state": SendingState.SENDING if is_now else SendingState.SCHEDULED,
        "starts_at": now if starts_at is None else starts_at,
        "started_at": now if is_now else None,
        "rate": settings.NEWSLETTER_RATE,
        "created_by": by,
        **_WELL,
    }
    return Sending.objects.update_or_create(issue=fresh, defaults=values)[0]


_WELL = {"trouble": "", "troubles": 0, "note": "", "next_batch_at": None}


def _refuse_again(sending: Sending) -> None:
    if sending.state == SendingState.DONE:
        raise CannotSend(str(SENT_ALREADY))
    if sending.state == SendingState.SENDING:
        raise CannotSend(str(UNDER_WAY))
    if sending.state == SendingState.STOPPED and has_begun(sending):
        raise CannotSend(str(STOPPED_HALFWAY))


def check_approved(issue: Issue) -> None:
    """Raises NotApproved unless the newest text is the one that is published, and was agreed to.
    Two queries at most.
    """
    if not issue.live or not is_approved(issue, issue.live_revision_id):
        raise NotApproved(str(NEVER_APPROVED))
    if issue.latest_revision_id != issue.live_revision_id:
        raise NotApproved(str(CHANGED_SINCE))


def has_begun(sending: Sending) -> bool:
    """Whether a message was handed over, or at least tried: from then on the sending keeps its revision."""
    return sending.deliveries.filter(Q(attempts__gt=0) | ~Q(state=DeliveryState.WAITING)).exists()


def stop(sending: Sending) -> None:
    """The message in hand is the last one. Raises CannotSend when it was not running."""
    if not Sending.objects.filter(pk=sending.pk, state=SendingState.SENDING).update(
        state=SendingState.STOPPED, **_WELL
    ):
        raise CannotSend(str(NOT_RUNNING))


def go_on(sending: Sending) -> None:
    """Resumes where it was, with the same revision; where nobody got it yet, with the one that is approved now.

    Raises CannotSend when it was not stopped, or the issue is not published any more; NotApproved as `start` does,
    before the first message.
    """
    issue = Issue.objects.get(pk=sending.issue_id)
    if not issue.live:
        raise CannotSend(str(Trouble.WITHDRAWN.label))
    with transaction.atomic():
        stopped = Sending.objects.filter(pk=sending.pk, state=SendingState.STOPPED)
        bound = {}
        if not has_begun(sending):
            check_approved(issue)
            bound = {"revision_id": issue.live_revision_id}
        if not stopped.update(state=SendingState.SENDING, resumed_at=timezone.now(), **bound, **_WELL):
            raise CannotSend(str(NOT_STOPPED))
        transaction.on_commit(lambda: ask_batch(sending.pk))


@transaction.atomic
def cancel(sending: Sending) -> None:
    """Calls off what has not begun; it can be started anew. Raises CannotSend when messages have gone out."""
    waiting = (
        Sending.objects.select_for_update()
        .filter(pk=sending.pk)
        .exclude(state__in=(SendingState.SENDING, SendingState.DONE))
        .first()
    )
    if waiting is None or has_begun(waiting):
        raise CannotSend(str(TOO_LATE))
    waiting.delete()


def active_subscribers() -> QuerySet[Subscriber]:
    return Subscriber.objects.filter(state=SubscriberState.ACTIVE)


def subscribers_by_language() -> dict[str, int]:
    """{"fr": 1200, …}, only languages that have any. One query."""
    return dict(active_subscribers().order_by("language").values_list("language").annotate(Count("pk")))


def counts(sending: Sending) -> dict[str, int]:
    """How many deliveries are in each state, every state named. One query."""
    found = dict(sending.deliveries.order_by().values_list("state").annotate(Count("pk")))
    return {state.value: found.get(state.value, 0) for state in DeliveryState}


def unsubscribed_since(sending: Sending) -> int:
    """How many of those it was sent to left afterwards. One query."""
    left = Consent.objects.filter(event=ConsentEvent.WITHDRAWN, subscriber__deliveries__sending=sending)
    if sending.started_at is None:
        return 0
    return (
        left.filter(at__gte=sending.started_at, subscriber__state=SubscriberState.UNSUBSCRIBED)
        .values("subscriber")
        .distinct()
        .count()
    )


def stopped_by_themselves() -> QuerySet[Sending]:
    """What only an editor can set going again, and what has been failing for a quarter of an hour or more."""
    halted = Q(state__in=(SendingState.STOPPED, SendingState.UNAPPROVED)) & ~Q(trouble="")
    return (
        Sending.objects.filter(halted | Q(state=SendingState.SENDING, troubles__gte=3))
        .select_related("issue")
        .order_by("pk")
    )


# By the clock


def keep_going() -> str:
    """Starts what is scheduled, gives back what dead workers had in hand, asks for batches that nobody asked for; ""
    when there was nothing.
    """
    done = [*_start_scheduled()]
    if freed := free_claims():
        done.append(f"{freed} deliveries left by a worker")
    done += _ask_again()
    return ", ".join(done)


def _start_scheduled():
    now = timezone.now()
    due = Sending.objects.filter(state=SendingState.SCHEDULED, starts_at__lte=now)
    for sending in due.select_related("issue"):
        scheduled = Sending.objects.filter(pk=sending.pk, state=SendingState.SCHEDULED)
        if _is_bound(sending):
            if scheduled.update(state=SendingState.SENDING, started_at=now, **_WELL):
                yield f"issue {sending.issue.number} begins"
        elif scheduled.update(state=SendingState.UNAPPROVED, trouble=Trouble.CHANGED):
            yield f"issue {sending.issue.number} was changed since its approval"


def _is_bound(sending: Sending) -> bool:
    issue = sending.issue
    return (
        issue.live
        and issue.latest_revision_id == issue.live_revision_id == sending.revision_id
        and is_approved(issue, sending.revision_id)
    )


def _ask_again():
    now = timezone.now()
    running = (
        Sending.objects.filter(state=SendingState.SENDING)
        .filter(Q(next_batch_at=None) | Q(next_batch_at__lte=now))
        .select_related("issue")
    )
    in_queue: set[int] | None = None
    for sending in running:
        waits = sending.deliveries.filter(state=DeliveryState.WAITING, next_attempt_at__lte=now)
        if sending.is_prepared and not waits.exists():
            if finish(sending):
                yield f"issue {sending.issue.number} is sent"
            continue
        in_queue = unfinished(deliver) if in_queue is None else in_queue
        if sending.pk not in in_queue:
            ask_batch(sending.pk)
            yield f"issue {sending.issue.number}: a batch asked for again"
