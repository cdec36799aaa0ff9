"""Numbers of shelf marks: "PA 2012/147" is the 147th mark of group PA in 2012, and no other reference ever gets it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.db import models, transaction
from django.db.models import F
from django.db.models.functions import Greatest

from kb.groups.models import Body

_SLUG = re.compile(r"([A-Z]{2,8})-(\d{4})-([1-9]\d{0,8})")


@dataclass(frozen=True, slots=True)
class Mark:
    """A shelf mark taken apart."""

    code: str
    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.code} {self.year}/{self.number}"

    @property
    def slug(self) -> str:
        return f"{self.code}-{self.year}-{self.number}"

    @classmethod
    def from_slug(cls, slug: str) -> Mark | None:
        """From "PA-2012-147", as it stands in an address; None when it is no mark."""
        found = _SLUG.fullmatch(slug)
        return cls(found[1], int(found[2]), int(found[3])) if found else None


class MarkCounterManager(models.Manager["MarkCounter"]):
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
        """A mark came from elsewhere (an older catalogue): numbers up to it are never given."""
        with transaction.atomic(using=self.db):
            self.get_or_create(body=body, year=year)
            self.filter(body=body, year=year).update(last=Greatest(F("last"), number))


class MarkCounter(models.Model):
    """The last number given to a body in a year; a number is never given twice, not even after a deletion."""

    body = models.ForeignKey(Body, on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    objects = MarkCounterManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["body", "year"], name="library_markcounter_once")]

    def __str__(self) -> str:
        return f"{self.body.code} {self.year}/{self.last}"
