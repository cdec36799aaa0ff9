"""What keeps the gathering of news and the reminding of editors from being done twice."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from kb.newsletter.models.issues import Issue


class Drawn(models.Model):
    """What was offered for an issue when it was gathered, kept or dropped since: it is offered to no issue again.

    Things whose moment is older than the last hour before the gathering need no row, unless they were drawn: the next
    gathering begins there.
    """

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="drawn")
    subject = models.CharField(max_length=80, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issue", "subject"], name="newsletter_drawn_once")]


class Reminder(models.Model):
    """That an editor was reminded, by mail, of the issue that is due on this day: one row, one message."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    due_on = models.DateField()
    sent_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "due_on"], name="newsletter_reminder_once")]
