"""The personal data of the groups: mandates. A running one is a reason to keep the account."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kb.accounts.personal_data import retaining
from kb.accounts.personal_data.edited_kinds import forget_log_of
from kb.accounts.personal_data.registry import COORDINATION, PEOPLE, Basis, PersonalData, register_personal, rows_of
from kb.accounts.personal_data.scrubbing import Identity
from kb.groups.models import Mandate


def mandates_of(user: Any):
    return Mandate.objects.filter(user=user).order_by("pk")


def mandates_in_words(user: Any) -> Iterator[str]:
    for mandate in mandates_of(user).select_related("body", "organisation"):
        yield ", ".join(str(part) for part in (mandate.body, mandate.get_role_display(), mandate.organisation) if part)


def not_over() -> Exists:
    """Begun, still to begin or suspended: anything but ended."""
    return Exists(Mandate.objects.not_over().filter(user=OuterRef("pk")))


def ever() -> Exists:
    return Exists(Mandate.objects.filter(user=OuterRef("pk")))


def erase_mandates(user: Any, identity: Identity) -> int:
    """The seat stays counted; one that still ran ends today,
    so that nobody is told that a number follows the contributions.
    """
    forget_log_of(mandates_of(user), identity)
    now, today = timezone.now(), timezone.localdate()
    running = mandates_of(user).filter(Q(until__isnull=True) | Q(until__gt=today))
    Mandate.objects.filter(user=user, is_referent=True).update(is_referent=False)
    running.filter(since__gt=today).update(until=F("since"), ended_at=now)
    return running.filter(Q(since__isnull=True) | Q(since__lte=today)).update(until=today, ended_at=now)


def register_all() -> None:
    retaining.register_reason_to_stay("groups.mandates", now=not_over, ever=ever)
    register_personal(
        PersonalData(
            name="groups.mandates",
            label=_("Mandates"),
            what=_("In which group or committee, for which organisation, with which role and voice, from when to when"),
            people=PEOPLE,
            purpose=_("Saying who may read and decide what, and counting who took part in the annual report"),
            basis=Basis.PUBLIC_TASK,
            basis_words=COORDINATION,
            kept_words=_("As long as the account"),
            seen_by=_("The members; consultants and invitees: those of their own groups"),
            after_erasure=_("The group, the organisation and the dates under a number, for the statistics"),
            order=70,
            shown=mandates_in_words,
            erase=erase_mandates,
            **rows_of(
                mandates_of,
                "body__code",
                "organisation__name",
                "service__name",
                "side",
                "role",
                "voice",
                "standing",
                "is_referent",
                "is_suspended",
                "since",
                "until",
                "ended_at",
            ),
        )
    )
