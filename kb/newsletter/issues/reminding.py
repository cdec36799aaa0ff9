"""The next issue comes back to the editors' minds: among what waits for them, and by one message each, by the clock.

    last public issue + weeks between two ─► due day ─ remind_days before ─► waiting; one mail an editor (a `Reminder` row in the same transaction)
Until the next issue is public it goes on waiting; nobody is written to twice about one due day. What is new is counted,
never named, and only what
everyone may see is counted: mail leaves our rights.
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from kb.accounts.audiences import STAFF
from kb.accounts.models import User
from kb.clock.notices.waiting import Waiting, WaitingList
from kb.newsletter.issues import composing
from kb.newsletter.models import Issue, NewsletterSettings, Reminder
from kb.pages.news import NewsSource

KIND = "newsletter.reminder"
MORNING = 7  # o'clock, in Brussels
KEPT = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Coming:
    """The issue that is due: due_on by the rhythm, proposed_on not before today, the draft where one is being written;
    last_on is the last one's.
    """

    last_on: date
    due_on: date
    proposed_on: date
    since: datetime
    draft: Issue | None


def coming() -> Coming | None:
    """The next issue once its editors are to think of it, else None. At most six queries."""
    due_on = composing.due_date()
    if due_on is None:
        return None
    begins = due_on - timedelta(days=NewsletterSettings.load().remind_days)
    if timezone.localdate() < begins:
        return None
    since = timezone.make_aware(datetime.combine(begins, time()))
    last_on = composing.last_date() or due_on
    return Coming(last_on, due_on, composing.proposed_date(), since, composing.open_draft())


# Among what waits


def waiting(user: Any, held: frozenset[str]) -> WaitingList:
    """For editors in a session with the second factor; on no other occasion, so not in the message that gathers what
    waits: they get their own.
    """
    if STAFF not in held or not user.has_perm("newsletter.change_issue"):
        return WaitingList(0)
    issue = coming()
    if issue is None:
        return WaitingList(0)
    thing = Waiting(_title(issue), _place(issue), issue.since, word=_news_words(composing.whats_new()))
    return WaitingList(1, (thing,), reverse(Issue.snippet_viewset.get_url_name("list")))


def _title(issue: Coming) -> str:
    day = date_format(issue.proposed_on, "DATE_FORMAT")
    if issue.draft is not None:
        return _("No. %(number)s is being written; proposed for %(day)s") % {"number": issue.draft.number, "day": day}
    return _("The next issue, proposed for %(day)s") % {"day": day}


def _place(issue: Coming) -> str:
    if issue.draft is not None:
        return reverse(Issue.snippet_viewset.get_url_name("edit"), args=[issue.draft.pk])
    return reverse(Issue.snippet_viewset.get_url_name("list"))


def _news_words(news: Sequence[tuple[NewsSource, int]]) -> str:
    total = sum(count for _source, count in news)
    if not total:
        return _("nothing new since the last one")
    return ngettext("%(count)s thing is new", "%(count)s things are new", total) % {"count": total}


# By mail


def remind() -> str | None:
    """Writes to each editor who was not yet about the issue that is due, from seven in the morning; forgets reminders
    of a year ago.
    """
    now = timezone.localtime()
    Reminder.objects.filter(sent_at__lt=now - KEPT).exclude(due_on=composing.due_date() or now.date()).delete()
    issue = coming() if now.hour >= MORNING else None
    if issue is None:
        return None
    news = composing.whats_new()
    written = sum(_remind(user, issue, news) for user in editors().exclude(pk__in=_reminded(issue)))
    return f"{written} editors reminded of the issue of {issue.due_on}" if written else None


def editors() -> QuerySet[User]:
    """The people who are reminded: editors with an open account who have logged in."""
    return User.objects.filter(is_staff=True, is_active=True, erased_at=None, last_login__isnull=False).order_by("pk")


def _reminded(issue: Coming) -> QuerySet:
    return Reminder.objects.filter(due_on=issue.due_on).values("user")


def _remind(user: User, issue: Coming, news: Sequence[tuple[NewsSource, int]]) -> bool:
    """One message; False when another process wrote it first. Row and message are there together or not at all."""
    with transaction.atomic():
        _row, is_mine = Reminder.objects.get_or_create(user=user, due_on=issue.due_on)
        if is_mine:
            message(user, issue, news).send()
    return is_mine


def message(user: User, issue: Coming, news: Sequence[tuple[NewsSource, int]]) -> EmailMessage:
    """The reminder in the language of this editor: counts under each heading, how long ago the last issue was,
    where to go on.
    """
    with override(user.language):
        words = {
            "site_name": settings.SITE_NAME,
            "user": user,
            "issue": issue,
            "days": max(0, (timezone.localdate() - issue.last_on).days),
            "is_late": issue.due_on < timezone.localdate(),
            "lines": [(source.label(), count) for source, count in news],
            "url": f"{settings.WAGTAILADMIN_BASE_URL.rstrip('/')}{_place(issue)}",
        }
        subject = " ".join(render_to_string("newsletter/email/reminder_subject.txt", words).split())
        body = render_to_string("newsletter/email/reminder_message.txt", words).strip()
    made = EmailMessage(subject, body, to=[user.email], headers={"Auto-Submitted": "auto-generated"})
    made.kind, made.user = KIND, user  # type: ignore[attr-defined]
    return made
