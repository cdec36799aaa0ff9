"""Nothing of the coordination's own work is public but what the Steering Committee agreed to.

a change ─► `check`, in its transaction: exactly agreed to ─► the row names that agreement        else ─► NotAgreed, nothing changed
a row that says it is for everyone and names no agreement (loaddata, SQL, suspended) ─► editors alone (`models.references`)
each hour ─► `compare`: what differs from its agreement loses it, is seen by editors alone and named in the log
"""  # noqa: E501

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from kb.decisions.answering import rests_on
from kb.decisions.choices import ManifestState
from kb.decisions.models import Manifest
from kb.library.catalogue.agreeing import bind, rows_of
from kb.library.catalogue.gathering import gather, in_batches, reference_id_of
from kb.library.catalogue.owning import named_ours
from kb.library.choices import ReferenceState
from kb.library.models import Reference
from kb.library.models.references import NAMED_AS_OURS, NEEDS_AGREEMENT
from kb.pages.agreements import NotAgreed, agreement_for, digest_of
from search.recording import is_erasing, record_since
from search.registry import open_to

logger = logging.getLogger(__name__)
_AT_ONCE = 100


def check(subjects: Sequence[str]) -> None:
    """For `search.recording`: raises NotAgreed where one of these is our own work for everyone, as nobody agreed to it.

    One query where none of them is ours, two more for what everyone reads; ten for each of ours that is for everyone.
    """
    ids = [pk for subject in subjects if (pk := reference_id_of(subject)) is not None]
    for some in in_batches(ids, 500):
        all_rows: models.QuerySet[Reference] = models.QuerySet(Reference)
        ours = all_rows.filter(
            Q(agreement__isnull=False) | Q(own_production__isnull=False, state=ReferenceState.ACCEPTED), pk__in=some
        )
        rows = list(ours.only("state", "audiences", "own_production", "agreement").order_by("pk"))
        closed = [one.pk for one in rows if one.agreement_id and not one.is_for_everyone()]
        if closed:
            all_rows.filter(pk__in=closed).update(agreement=None)
            for pk in closed:
                rests_on(Reference.subject_of(pk), None)
        for reference in rows:
            if reference.is_for_everyone():
                _check(reference.pk, reference.agreement_id)
        _check_names(some)


def _check_names(ids: Sequence[int]) -> None:
    """Refuses what everyone would read though one of our own names is its creator or publisher, and nobody said whose
    work it is.
    """
    unsaid = Reference.objects.public().filter(pk__in=ids, own_production=None, not_ours_because="")
    rows = list(unsaid.order_by().values_list("publisher", "creators__name"))
    if not is_erasing() and (name := named_ours(name or "" for row in rows for name in row)):
        raise NotAgreed({"own_production": NAMED_AS_OURS % {"name": name}})


def _check(pk: int, named: int | None) -> None:
    whole = gather([pk])[pk]
    rows = rows_of(whole)
    agreement = agreement_for(Reference.subject_of(pk), digest_of(rows))
    if agreement is None and is_erasing():
        for manifest in _standing_for(pk, named):
            Manifest.objects.rewrite(manifest, rows, manifest.parts)
        return
    if agreement is None:
        raise NotAgreed({"own_production": NEEDS_AGREEMENT}) if named is None else NotAgreed(_changed(whole.reference))
    if agreement != named:
        bind(pk, agreement)


def _standing_for(pk: int, named: int | None) -> models.QuerySet[Manifest]:
    """What says what the row shows: the agreement that it names, or the one in doubt, which was compared with it when
    it was taken off; of a row that names none and is in no doubt nothing does.
    """
    if named is not None:
        return Manifest.objects.filter(pk=named)
    return Manifest.objects.filter(subject=Reference.subject_of(pk), state=ManifestState.SUSPENDED)


def _changed(reference: Reference) -> str:
    return _(
        "%(mark)s is the coordination's own work, and public as the Steering Committee agreed to it. Changed, it needs "
        "a new agreement: choose the group or all members as its readers first, change it, then ask the committee."
    ) % {"mark": reference.mark}


def compare() -> str | None:
    """Takes off what is public otherwise than it was agreed to, and what names an agreement that is over. Six queries
    for each hundred. For the clock.
    """
    taken_off = 0
    agreed = Reference.objects.for_everyone().filter(agreement__isnull=False).order_by("pk")
    for some in in_batches(agreed.values_list("pk", flat=True).iterator(chunk_size=2000), _AT_ONCE):
        for pk in _differing(some):
            taken_off += _take_off(pk)
    return f"{taken_off} taken off: not what was agreed to" if taken_off else None


def _differing(ids: Iterable[int]) -> Iterator[int]:
    rows = Reference.objects.filter(pk__in=list(ids)).values_list("pk", "agreement__digest", "agreement__state")
    known: Mapping[int, tuple[str, str]] = {pk: (digest, state) for pk, digest, state in rows}
    for pk, whole in gather(known).items():
        digest, state = known[pk]
        if state != ManifestState.AGREED or (digest and digest != digest_of(rows_of(whole))):
            yield pk


@transaction.atomic
def _take_off(pk: int) -> int:
    """Looks once more, on the row itself: a decision may have come meanwhile."""
    reference = models.QuerySet(Reference).select_for_update(of=("self",)).filter(pk=pk).first()
    if reference is None or not reference.agreement_id or not list(_differing([pk])):
        return 0
    subject = reference.search_subject()
    before = open_to([subject])
    models.QuerySet(Reference).filter(pk=pk).update(agreement=None)
    rests_on(subject, None)
    record_since(before, [subject])
    logger.error("%s is not what was agreed to: editors alone see it until there is an agreement", subject)
    return 1
