"""Numbers that a body gives in a year, one after another: shelf marks, decisions. None is ever given twice."""

from __future__ import annotations

from django.db import models, transaction
from django.db.models import F
from django.db.models.functions import Greatest

from kb.groups.models import Body


class YearCounterManager(models.Manager["YearCounter"]):
    def next_number(self, body: Body, year: int) -> int:
        """The next number of a body in a year; the row stays locked until the transaction of the caller ends, so that
        two never get the same.
        """
        with transaction.atomic(using=self.db):
            self.get_or_create(body=body, year=year)
            rows = self.filter(body=body, year=year)
            rows.update(last=F("last") + 1)
            return rows.values_list("last", flat=True).get()

    def passed(self, body: Body, year: int, number: int) -> None:
        """A number came from elsewhere (an older catalogue): numbers up to it are never given."""
        with transaction.atomic(using=self.db):
            self.get_or_create(body=body, year=year)
            self.filter(body=body, year=year).update(last=Greatest(F("last"), number))


class YearCounter(models.Model):
    """The last number given to a body in a year; a number is never given twice, not even after a deletion."""

    body = models.ForeignKey(Body, on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    objects = YearCounterManager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.body.code} {self.year}/{self.last}"
