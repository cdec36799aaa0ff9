"""The message that gathers for one person what happened and what waits, in their language and at their own frequency.

    run_due ─► people whose hour has come ─► held without the second factor ─► told(…) + waiting_for(…) ─► one transaction: notices, mark, message
When a person's hour comes (on the hour; 7 in the morning; 7 on Monday) a message is written if something happened
since, if something waits that
their last message did not name, or if what waits has not changed but was last named a week ago: an unchanged list is
never sent every day. Otherwise nothing is written, and nothing is ever written to whoever chose never, has never logged
in, was made inactive or erased. Killed at any moment, the
transaction is there or it is not: no notice is lost, none is told twice. The message itself leaves through `posting`.
"""  # noqa: E501

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from kb.accounts.audiences import held_by
from kb.accounts.choices import DigestFrequency
from kb.accounts.models import User
from kb.clock.choices import MailState
from kb.clock.models import DigestMark, Notice, OutgoingMail
from kb.clock.notices.noticing import Told, told
from kb.clock.notices.waiting import Heading, waiting_for

logger = logging.getLogger(__name__)

KIND = "clock.digest"
MORNING = 7  # o'clock, in Brussels
A_ROUND = 500  # people; the next minute goes on
REMINDED_AFTER = timedelta(days=6, hours=12)  # a week, less what the clock may be late
NEWS_FOR = timedelta(days=30)  # what is older is no news any more
MOST_TOLD = 30


class DigestsFailed(Exception):
    """Some messages could not be written; the log says which and why."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a message to a person says. more: how many further things happened."""

    news: tuple[Told, ...]
    more: int
    headings: tuple[Heading, ...]


def write_digests() -> str:
    """Writes to at most A_ROUND people whose hour has come; gives how many messages, "" for none.

    Raises DigestsFailed after the last of them.
    """
    now = timezone.now()
    written = failed = 0
    for user in people_due(now)[:A_ROUND].iterator():
        try:
            written += write_digest(user, now=now)
        except Exception:  # the edge: what a domain raises over one person keeps no other waiting
            failed += 1
            logger.exception("The message to person %s could not be written", user.pk)
            DigestMark.objects.filter(user=user).update(looked_at=now)
    if failed:
        raise DigestsFailed(f"{failed} messages could not be written, {written} were")
    return f"{written} messages written" if written else ""


def people_due(now: datetime) -> QuerySet[User]:
    """People who have logged in, want messages and were not looked at yet since their hour last came."""
    due = Q()
    for frequency in (DigestFrequency.HOURLY, DigestFrequency.DAILY, DigestFrequency.WEEKLY):
        hour = last_hour(frequency, now)
        due |= Q(digest_frequency=frequency) & (
            Q(digest_mark__looked_at__lt=hour) | Q(digest_mark=None, date_joined__lt=hour)
        )
    return User.objects.filter(due, is_active=True, erased_at=None, last_login__isnull=False).order_by("pk")


def last_hour(frequency: str, now: datetime) -> datetime:
    """The latest moment, at or before now, at which people of this frequency are written to."""
    local = timezone.localtime(now)
    if frequency == DigestFrequency.HOURLY:
        return local.replace(minute=0, second=0, microsecond=0)
    morning = local.replace(hour=MORNING, minute=0, second=0, microsecond=0)
    if frequency == DigestFrequency.WEEKLY:
        morning -= timedelta(days=morning.weekday())
        return morning if morning <= local else morning - timedelta(days=7)
    return morning if morning <= local else morning - timedelta(days=1)


def write_digest(user: User, *, now: datetime) -> bool:
    """Whether a message was written; marks in any case that we looked. A few queries for each list that may wait."""
    mark, _created = DigestMark.objects.get_or_create(user=user, defaults={"looked_at": user.date_joined})
    notices = list(Notice.objects.filter(user=user, sent_at=None))
    with override(user.language):
        gathered = _gather(user, [one for one in notices if one.created_at > now - NEWS_FOR])
        says_something = bool(gathered.news) or _is_worth_telling(gathered.headings, mark, now)
        message = _message(user, gathered) if says_something else None
    with transaction.atomic():
        fields = (
            {"waiting": _named(gathered.headings), "told_at": now}
            if message
            else {"waiting": _still(gathered.headings, mark)}
        )
        if not DigestMark.objects.filter(user=user, looked_at=mark.looked_at).update(looked_at=now, **fields):
            return False  # another process was quicker
        Notice.objects.filter(pk__in=[one.pk for one in notices]).update(sent_at=now)
        if message:
            message.send()
            User.objects.filter(pk=user.pk).update(digest_sent_at=now)
    return bool(message)


def drop_waiting(user_id: int) -> int:
    """Takes back what was written to a person and no mail server has taken yet, for they may read less from now on;
    gives how many. What happened stands on their pages, and what waits is told anew when it is due. Two queries.
    """
    written = OutgoingMail.objects.filter(user=user_id, kind=KIND)
    written.filter(state=MailState.FAILED).update(sealed=b"")  # an editor cannot send it again
    deleted, _rows = written.filter(state=MailState.WAITING).delete()
    return deleted


def recent_news(user: Any, held: frozenset[str], *, limit: int) -> tuple[tuple[Told, datetime], ...]:
    """What happened of late and may be told on this occasion, latest first, sent by mail or not,
    each with its moment.
    """
    latest = list(
        Notice.objects.filter(user=user, created_at__gt=timezone.now() - NEWS_FOR).order_by("-pk")[: 2 * limit]
    )
    words = told(latest[::-1], held)
    return tuple((words[one.pk], one.created_at) for one in latest if one.pk in words)[:limit]


def _gather(user: User, notices: Sequence[Notice]) -> Gathered:
    held = held_by(user, second_factor=False)  # so that no mail names what only an editor may see
    words = told(notices, held)
    news = tuple(words[one.pk] for one in notices if one.pk in words)
    return Gathered(news[:MOST_TOLD], max(0, len(news) - MOST_TOLD), waiting_for(user, held))


def _is_worth_telling(headings: Iterable[Heading], mark: DigestMark, now: datetime) -> bool:
    """Whether something waits that the last message did not name, or has waited for a week since."""
    headings = list(headings)
    if headings and mark.told_at is not None and now - mark.told_at >= REMINDED_AFTER:
        return True
    return any(_is_new(heading, mark) for heading in headings)


def _is_new(heading: Heading, mark: DigestMark) -> bool:
    before = mark.waiting.get(heading.name, {"total": 0, "urls": []})
    if heading.waiting.total > before["total"]:
        return True
    unnamed = (thing for thing in heading.waiting.things if thing.url not in before["urls"])
    return any(thing.since is None or mark.told_at is None or thing.since > mark.told_at for thing in unnamed)


def _named(headings: Iterable[Heading]) -> dict[str, Mapping[str, Any]]:
    return {
        one.name: {"total": one.waiting.total, "urls": [thing.url for thing in one.waiting.things]} for one in headings
    }


def _still(headings: Iterable[Heading], mark: DigestMark) -> dict[str, Mapping[str, Any]]:
    """What was named and waits still, so that one more of it is new."""
    return {
        one.name: {**mark.waiting[one.name], "total": min(one.waiting.total, mark.waiting[one.name]["total"])}
        for one in headings
        if one.name in mark.waiting
    }


def _message(user: User, gathered: Gathered) -> EmailMultiAlternatives:
    context = {
        "person": user,
        "gathered": gathered,
        "site": settings.WAGTAILADMIN_BASE_URL.rstrip("/"),
        "site_name": settings.SITE_NAME,
        "language": user.language,
        "own_page": _address("home:members"),
        "frequency_page": _address("account_index") or _address("home:members"),
        "frequency": user.get_digest_frequency_display(),
    }
    text = render_to_string("clock/digest/message.txt", context).strip() + "\n"
    message = EmailMultiAlternatives(
        _subject(gathered), text, to=[user.email], headers={"Auto-Submitted": "auto-generated"}
    )
    message.attach_alternative(render_to_string("clock/digest/message.html", context), "text/html")
    message.kind, message.user, message.in_bulk = KIND, user, True  # type: ignore[attr-defined]
    return message


def _subject(gathered: Gathered) -> str:
    if gathered.news and gathered.headings:
        return _("CASS: what is new and what waits for you")
    return _("CASS: what is new for you") if gathered.news else _("CASS: what waits for you")


def _address(name: str) -> str:
    """ "" while no page has this name."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
