"""What the search remembers in the database: changes still to be indexed, who is draining them, and what was asked
(without who).

The index itself is not here and is not precious: it can be made again from what the registered kinds give.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

MOST_ATTEMPTS = 2  # times that a subject may end the process that indexes it: a chance kill and one more


class OutboxQuerySet(models.QuerySet):
    def closing(self) -> OutboxQuerySet:
        """Changes that may take something from a reader;
        an index of their own finds them among any number of others.
        """
        return self.filter(closes=True)

    def waiting(self) -> OutboxQuerySet:
        """Changes to be brought into the index;
        those of subjects that ended the process more than once are not tried any more.
        """
        return self.filter(attempts__lt=MOST_ATTEMPTS)

    def left_out(self) -> OutboxQuerySet:
        """Changes that are not tried again before their subject changes, or everything is tried anew."""
        return self.filter(attempts__gte=MOST_ATTEMPTS).exclude(subject__in=Outbox.objects.waiting().values("subject"))


class Outbox(models.Model):
    """A subject whose entries must be made again; written in the same transaction as the change. The id is the order.

    closes: somebody may find less than before, so the subject is left out of every answer while the row waits.
    attempts: how often a process began with it and was not there at the end; back to 0 whenever it was.
    """

    subject = models.CharField(max_length=120, db_index=True)
    closes = models.BooleanField(default=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OutboxQuerySet.as_manager()

    class Meta:
        verbose_name = _("change to index")
        verbose_name_plural = _("changes to index")
        indexes = [
            models.Index(fields=["id", "subject"], condition=models.Q(closes=True), name="search_outbox_closing")
        ]

    def __str__(self) -> str:
        return self.subject


class Lease(models.Model):
    """One drainer at a time: whoever holds the name until a moment. A dead holder's lease runs out by itself."""

    name = models.CharField(max_length=40, primary_key=True)
    holder = models.CharField(max_length=80, blank=True)
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("lease")
        verbose_name_plural = _("leases")

    def __str__(self) -> str:
        return self.name


class QueryLog(models.Model):
    """What was asked: words, language, number of results, day. No person, no address,
    nothing with six digits in a row.
    """

    words = models.CharField(max_length=200)
    language = models.CharField(max_length=2)
    results = models.PositiveIntegerField()
    day = models.DateField(db_index=True)
    asked = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("logged search")
        verbose_name_plural = _("logged searches")
        constraints = [
            models.UniqueConstraint(fields=["day", "language", "words", "results"], name="search_querylog_once_a_day")
        ]

    def __str__(self) -> str:
        return self.words
