"""A question closes: the votes are counted, the outcome gets its number and its words, and what was agreed to becomes
public, all in one transaction.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kb.decisions.choices import IN_FORCE, ManifestState, Manner, Outcome, Purpose, State, Weight
from kb.decisions.deciding.meeting import is_confirmed
from kb.decisions.messages import tell_all
from kb.decisions.models import Decision, Manifest
from kb.decisions.reading import stands_as_asked
from kb.decisions.rule import Cast, Count, count
from kb.languages import CODES
from kb.pages.agreements import NotAgreed, kind_of
from kb.pages.texts import Texts

logger = logging.getLogger(__name__)


def close_due() -> str | None:
    """Closes what is due, each in a transaction of its own; one that fails stops no other. For the clock."""
    done = 0
    for pk in list(Decision.objects.due(timezone.now()).order_by("pk").values_list("pk", flat=True)):
        try:
            done += close(pk)
        except Exception:  # the edge: the others are due as well
            logger.exception("Decision %s could not be closed", pk)
    return f"{done} closed" if done else None


@transaction.atomic
def close(decision_id: int, *, at: datetime | None = None) -> bool:
    """Gives the question its outcome where it is due; whether it did. Whoever votes at the same time comes before, and
    is counted, or after, and is told so.
    """
    now = at or timezone.now()
    decision = Decision.objects.select_for_update().filter(pk=decision_id).first()
    if decision is None or not Decision.objects.due(now).filter(pk=decision_id).exists():
        return False
    if decision.manner == Manner.MEETING and not is_confirmed(decision):
        return False
    counted = counted_of(decision)
    decision.state, decision.outcome, decision.closed_at = State.CLOSED, counted.outcome, now
    day = decision.held_on or timezone.localdate(now)
    decision.give_number(day.year)
    decision.words = words_of(decision, counted)
    takes_effect = counted.outcome == Outcome.AGREEMENT
    if takes_effect and decision.purpose == Purpose.OTHER:
        decision.is_public = False
    decision.save()
    if decision.manifest_id:
        _settle(decision, agreed=takes_effect)
    if takes_effect and decision.withdraws_id:
        end_agreement(decision.withdraws_id)
    tell_all(decision, "outcome", counted=counted)
    return True


def counted_of(decision: Decision) -> Count:
    """What the counted votes come to under the decision's own rule. One query."""
    votes = decision.votes.filter(weight=Weight.COUNTED).values_list("seat__side", "choice", "by_drafter")
    return count(decision.rules, [Cast(side, choice, by_drafter) for side, choice, by_drafter in votes])


def open_agreed(decision: Decision) -> bool:
    """Makes public what a decision agreed to, where it still is what was agreed to and nobody chose other readers since
    it was asked about; whether it did. Former agreements about the same are over either way, and where this one opened
    nothing, what rested on them is taken off. Call it inside a transaction.
    """
    manifest = decision.manifest
    assert manifest is not None
    others = _in_force(manifest.subject).exclude(pk=manifest.pk)
    try:
        kind, pk = kind_of(manifest.subject)
        if not stands_as_asked(manifest):
            raise NotAgreed("other readers were chosen for it since")
        with transaction.atomic():
            kind.open(pk, manifest.pk, manifest.parts)
    except (NotAgreed, LookupError):
        _take_off(others)
        _end(others)
        return False
    manifest.opened_at = manifest.opened_at or timezone.now()
    manifest.save(update_fields=["opened_at"])
    _end(others)
    _mark_public(decision, is_public=True)
    return True


def reopen_agreed(decision: Decision) -> bool:
    """What was in doubt comes back, where it still is as it was taken off; whether it did."""
    manifest = decision.manifest
    assert manifest is not None
    try:
        kind, pk = kind_of(manifest.subject)
        with transaction.atomic():
            kind.reopen(pk, manifest.pk)
    except (NotAgreed, LookupError):
        return False
    _mark_public(decision, is_public=True)
    return True


def suspend_agreed(decision: Decision) -> None:
    """Takes off what rests on a decision, everywhere, until it was looked at; who reads it then is noted. Call it
    inside the transaction of its reason.
    """
    manifest = decision.manifest
    assert manifest is not None
    manifest.state = ManifestState.SUSPENDED
    manifest.save(update_fields=["state"])
    try:
        kind, pk = kind_of(manifest.subject)
        kind.close(pk, manifest.pk, False)
        manifest.standing = kind.standing(pk, manifest.parts)
        manifest.save(update_fields=["standing"])
    except LookupError:
        pass
    _mark_public(decision, is_public=False)


def end_agreement(decision_id: int) -> None:
    """What a later decision withdrew leaves every way out, whichever agreement it rests on by now: none about the same
    holds any longer. Call it inside that decision's transaction.
    """
    former = Decision.objects.select_for_update().get(pk=decision_id)
    if former.manifest is not None:
        agreements = _in_force(former.manifest.subject)
        _take_off(agreements)
        _end(agreements)


def _in_force(subject: str) -> QuerySet[Manifest]:
    return Manifest.objects.filter(subject=subject, state__in=IN_FORCE).order_by("pk")


def _take_off(agreements: QuerySet[Manifest]) -> None:
    """What rests on one of these is the group's again."""
    for manifest in agreements:
        try:
            kind, pk = kind_of(manifest.subject)
            kind.close(pk, manifest.pk, True)
        except LookupError:
            continue


def _end(agreements: QuerySet[Manifest]) -> None:
    """None of these holds any longer; a doubt about one is over with it."""
    ids = list(agreements.values_list("pk", flat=True))
    for decision in Decision.objects.filter(manifest__in=ids):
        decision.is_public, decision.disputed_at = False, None
        decision.save(update_fields=["is_public", "disputed_at"])
    Manifest.objects.filter(pk__in=ids).update(state=ManifestState.OVER)


def _mark_public(decision: Decision, *, is_public: bool) -> None:
    if decision.is_public != is_public:
        decision.is_public = is_public
        decision.save(update_fields=["is_public"])


def _settle(decision: Decision, *, agreed: bool) -> None:
    manifest = decision.manifest
    assert manifest is not None
    manifest.state = ManifestState.AGREED if agreed else ManifestState.OVER
    manifest.save(update_fields=["state"])
    if agreed:
        open_agreed(decision)


# The words


def words_of(decision: Decision, counted: Count) -> Texts:
    """The outcome for the minutes, in each language: number, body, how, question, count."""
    found = Texts(source="fr")
    for code in CODES:
        with translation.override(code):
            found[code] = _sentence(decision, counted)
    return found


def _sentence(decision: Decision, counted: Count) -> str:
    words = {
        "number": decision.code,
        "body": str(decision.body),
        "question": str(decision.question),
        "count": tally(counted),
    }
    if counted.outcome == Outcome.NO_EFFECT:
        if decision.manner == Manner.MEETING:
            return (
                _("%(number)s. %(body)s, in a meeting: no effect, for want of a quorum. %(question)s (%(count)s).")
                % words
            )
        return _("%(number)s. %(body)s, in writing: no effect, for want of a quorum. %(question)s (%(count)s).") % words
    if counted.outcome == Outcome.AGREEMENT:
        if decision.manner == Manner.MEETING:
            return _("%(number)s. %(body)s, in a meeting: agreement. %(question)s (%(count)s).") % words
        return _("%(number)s. %(body)s, in writing: agreement. %(question)s (%(count)s).") % words
    if decision.manner == Manner.MEETING:
        return _("%(number)s. %(body)s, in a meeting: no agreement. %(question)s (%(count)s).") % words
    return _("%(number)s. %(body)s, in writing: no agreement. %(question)s (%(count)s).") % words


def tally(counted: Count) -> str:
    """ "6 for, 0 against, 1 abstention, 1 seat without a vote", what is nought left out but for the first two."""
    said = [
        _("%(count)d for") % {"count": counted.votes_for},
        _("%(count)d against") % {"count": counted.against},
    ]
    if counted.abstentions:
        said.append(
            ngettext("%(count)d abstention", "%(count)d abstentions", counted.abstentions)
            % {"count": counted.abstentions}
        )
    if counted.silent:
        said.append(
            ngettext("%(count)d seat without a vote", "%(count)d seats without a vote", counted.silent)
            % {"count": counted.silent}
        )
    return ", ".join(said)
