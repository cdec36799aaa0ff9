"""What the search remembers in the database: changes still to be indexed, who is draining them, and what was asked (without who).

The index itself is not here and is not precious: it can be made again from what the registered kinds give.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class OutboxQuerySet(models.QuerySet):
    def closing(self) -> OutboxQuerySet:
        """Changes that may take something from a reader; an index of their own finds them among any number of others."""
        return self.filter(closes=True)


class Outbox(models.Model):
    """A subject whose entries must be made again; written in the same transaction as the change. The id is the order.

    closes: somebody may find less than before, so the subject is left out of every answer while the row waits.
    """

    subject = models.CharField(max_length=120, db_index=True)
    closes = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OutboxQuerySet.as_manager()

    class Meta:
        verbose_name = _("change to index")
        verbose_name_plural = _("changes to index")
        indexes = [models.Index(fields=["id", "subject"], condition=models.Q(closes=True), name="search_outbox_closing")]

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
    """What was asked: words, language, number of results, day. No person, no address, nothing with six digits in a row."""

    words = models.CharField(max_length=200)
    language = models.CharField(max_length=2)
    results = models.PositiveIntegerField()
    day = models.DateField(db_index=True)
    asked = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("logged search")
        verbose_name_plural = _("logged searches")
        constraints = [models.UniqueConstraint(fields=["day", "language", "words", "results"], name="search_querylog_once_a_day")]

    def __str__(self) -> str:
        return self.words
