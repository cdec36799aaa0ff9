"""Numbers of shelf marks: "PA 2012/147" is the 147th mark of group PA in 2012, and no other reference ever gets it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.db import models

from kb.groups.numbering import YearCounter

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


class MarkCounter(YearCounter):
    """Of shelf marks."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["body", "year"], name="library_markcounter_once")]
