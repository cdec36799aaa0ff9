"""What the decisions answer when a gated thing asks whether it was agreed to (`kb.pages.agreements`)."""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from kb.decisions.choices import ManifestState, Manner, Outcome, State
from kb.decisions.models import Decision, Manifest
from kb.pages.agreements import Answers


def agreement_for(subject: str, digest: str) -> int | None:
    """One query. A manifest without a digest stands for what was public before the gate and is not bound yet."""
    rows = Manifest.objects.filter(subject=subject, state=ManifestState.AGREED)
    return rows.filter(Q(digest=digest) | Q(digest="")).order_by("-pk").values_list("pk", flat=True).first()


def rests_on(subject: str, agreement: int | None) -> None:
    """Tells the decisions about this subject on which of them it rests now, as everyone sees it: that one is public,
    the others are not. Call it in the transaction in which that changes. Two queries where nothing does.
    """
    if agreement is not None:
        Manifest.objects.filter(pk=agreement, opened_at=None).update(opened_at=timezone.now())
    for decision in Decision.objects.filter(manifest__subject=subject, outcome=Outcome.AGREEMENT):
        is_public = agreement is not None and decision.manifest_id == agreement
        if decision.is_public != is_public:
            decision.is_public = is_public
            decision.save(update_fields=["is_public"])


def last_word(subject: str) -> str:
    """Of the newest agreement by which it was public and that was withdrawn or is suspended; it names nothing of the
    thing.
    """
    was_public = ~Q(manifest__opened_at=None) | Q(manner=Manner.REPORTED)
    decision = (
        Decision.objects.filter(was_public, manifest__subject=subject, state=State.CLOSED)
        .select_related("manifest", "body")
        .order_by("-closed_at")
        .first()
    )
    if decision is None or decision.manifest is None:
        return ""
    if decision.manifest.state == ManifestState.SUSPENDED:
        return _("This was taken off: the agreement %(number)s is being looked at again.") % {"number": decision.code}
    about_it = Decision.objects.filter(withdraws__manifest__subject=subject, closed_at__gte=decision.closed_at)
    agreed = about_it.filter(state=State.CLOSED, outcome=Outcome.AGREEMENT)
    later = agreed.select_related("body").order_by("-closed_at", "-pk").first()
    if decision.manifest.state != ManifestState.OVER or later is None or later.closed_at is None:
        return ""
    words = {"number": later.code, "day": date_format(later.closed_at, "DATE_FORMAT")}
    return _("This was taken off on %(day)s: the agreement was withdrawn (%(number)s).") % words


ANSWERS = Answers(agreement_for, last_word)
