"""A side of a body is renewed, after elections or a general assembly: in one act, on one day, each of its mandates
stays, ends, or passes to another person.

       day − 1 │ day
───────────────┤├──────────────►
mandate:  ENDS ┤     STAYS ─────►  as it is     PASSES ┤├─────► a new one of another person: same seat, role and voice
A suspended one passes suspended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kb.accounts.models import User
from kb.groups.models import Mandate, Side
from kb.groups.people.moving import earlier_of, last_day


class Lot(models.TextChoices):
    """What becomes of a mandate when its side is renewed."""

    STAYS = "stays", _("Stays")
    ENDS = "ends", _("Ends")
    PASSES = "passes", _("Passes to another person")


@dataclass(frozen=True, slots=True)
class Drawn:
    """The lot of one mandate. successor: whom it passes to, None for any other lot."""

    lot: str
    successor: User | None = None


def mandates_of(side: Side) -> QuerySet[Mandate]:
    """Those of the side that are not over: running, suspended, or still to begin. One query."""
    return (
        Mandate.objects.not_over()
        .filter(body=side.body_id, side=side.name)
        .select_related("user", "organisation", "service")
        .order_by("standing", "user__name", "pk")
    )


@transaction.atomic
def renew(side: Side, day: date, drawn: Mapping[int, Drawn]) -> int:
    """Does to each mandate of the side what was drawn for it, from `day` on; how many changed.

    Raises KeyError when one of these mandates has no lot: nobody loses or keeps a seat by oversight. Mandates are held
    until the end: who ends one at the same time waits.
    """
    changed = 0
    for mandate in mandates_of(side).select_for_update(of=("self",)):
        one = drawn[mandate.pk]
        if one.lot == Lot.STAYS:
            continue
        changed += 1
        until, begins = mandate.until, max(day, mandate.since or day)
        mandate.until = earlier_of(until, last_day(mandate.since, day))
        if mandate.since and mandate.since >= day:  # it never begins
            mandate.ended_at = timezone.now()
        mandate.save(update_fields=["until", "ended_at"])
        if one.lot == Lot.PASSES:
            assert one.successor is not None
            Mandate.objects.create(
                user=one.successor,
                body=mandate.body,
                organisation=mandate.organisation,
                service=mandate.service,
                side=mandate.side,
                role=mandate.role,
                voice=mandate.voice,
                standing=mandate.standing,
                is_referent=mandate.is_referent,
                is_suspended=mandate.is_suspended,
                since=begins,
                until=until if until is not None and until >= begins else None,
            )
    return changed


def sits_already(person: User, side: Side, day: date, *, besides: int) -> bool:
    """Whether the person has another mandate in the body that runs on that day or later."""
    not_before = Q(until__isnull=True) | Q(until__gte=day)
    return Mandate.objects.not_over().filter(not_before, user=person, body=side.body_id).exclude(pk=besides).exists()
