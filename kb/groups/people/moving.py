"""A person changes employer: the former employment ends, the new one begins, and each mandate held for the former ends,
stays, or is carried along.

    since − 1 │ since
──────────────┤├──────────────►
former employment   new employment
mandate: END  ┤     KEEP ─────►  for the former organisation, as it is     CARRY ┤├─────► a new one for the new organisation, same role
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from django.db import models, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kb.accounts.models import User
from kb.directory.models import Employment, Organisation
from kb.groups.models import Mandate


class Fate(models.TextChoices):
    """What becomes of a mandate that was held for the former employer."""

    END = "end", _("Ends")
    KEEP = "keep", _("Stays, for the former employer")
    CARRY = "carry", _("Goes along, for the new employer")


def held_for(user: User, organisation: Organisation) -> QuerySet[Mandate]:
    """Mandates of the person for an organisation that have not ended,
    those that begin later or are suspended included.
    """
    return (
        Mandate.objects.not_over()
        .filter(user=user, organisation=organisation)
        .select_related("body")
        .order_by("body__code", "pk")
    )


@transaction.atomic
def change_employer(user: User, former: Employment | None, new: Employment, fates: Mapping[int, str]) -> None:
    """Ends `former` on the day before `new.since` and saves `new`; `fates` says of each mandate held for the former
    what becomes of it.

    Raises KeyError when one of these mandates has no fate: nobody loses or keeps a seat by oversight.
    """
    begins = new.since or timezone.localdate()
    if former is not None:
        former.until = last_day(former.since, begins)
        former.save(update_fields=["until"])
        for mandate in held_for(user, former.organisation):
            _settle(mandate, fates[mandate.pk], begins, new.organisation)
    new.since = begins
    new.save()


def _settle(mandate: Mandate, fate: str, begins: date, organisation: Organisation) -> None:
    if fate == Fate.KEEP:
        return
    if fate == Fate.CARRY and mandate.since and mandate.since >= begins:
        mandate.organisation, mandate.service = organisation, None
        mandate.save()
        return
    until = mandate.until
    mandate.until = earlier_of(until, last_day(mandate.since, begins))
    mandate.save()
    if fate == Fate.CARRY and (until is None or until >= begins):
        Mandate.objects.create(
            user=mandate.user,
            body=mandate.body,
            organisation=organisation,
            role=mandate.role,
            voice=mandate.voice,
            standing=mandate.standing,
            is_referent=mandate.is_referent,
            is_suspended=mandate.is_suspended,
            since=begins,
            until=until,
        )


def earlier_of(until: date | None, last: date) -> date:
    """The last day of what ends: never later than it was to end anyway."""
    return last if until is None else min(until, last)


def last_day(first: date | None, next_begins: date) -> date:
    """The day before the next begins, and never before the first."""
    last = next_begins - timedelta(days=1)
    return max(first, last) if first else last
