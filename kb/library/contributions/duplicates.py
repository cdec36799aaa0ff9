"""Possible duplicates that somebody put in without being able to see the other: a list for editors,
each pair until it is settled.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from kb.accounts.audiences import STAFF
from kb.clock.notices.waiting import SHOWN, Waiting, WaitingList
from kb.library.choices import ReferenceState
from kb.library.models import Reference, Resemblance

ADDRESS = "library_duplicates"
HOW_WORDS: dict[str, str | Promise] = {
    "file": gettext_lazy("the same file"),
    "doi": gettext_lazy("the same DOI"),
    "isbn": gettext_lazy("the same ISBN"),
    "url": gettext_lazy("the same web address"),
    "title": gettext_lazy("nearly the same title"),
}
_AT_REST = (ReferenceState.DRAFT, ReferenceState.REFUSED, ReferenceState.WITHDRAWN)


def open_pairs() -> QuerySet[Resemblance]:
    """Pairs that nobody has settled and of which both are still in the library or on their way to it, latest first."""
    at_rest = Q(reference__state__in=_AT_REST) | Q(other__state__in=_AT_REST)
    pairs = Resemblance.objects.filter(settled_at=None).exclude(at_rest)
    return pairs.select_related("reference__body", "other__body").order_by("-id")


def settle(pair_id: int) -> bool:
    """An editor has looked at the pair; False when it was settled or gone before."""
    return bool(Resemblance.objects.filter(pk=pair_id, settled_at=None).update(settled_at=timezone.now()))


def waiting(user: Any, held: frozenset[str]) -> WaitingList:
    """For editors: how many pairs wait, and which, after the second factor. Two queries."""
    if not user.is_staff:
        return WaitingList(0)
    pairs = open_pairs()
    total = pairs.count()
    named = pairs.order_by("id")[:SHOWN] if total and STAFF in held else ()
    things = tuple(_waiting(pair.reference, pair) for pair in named)
    return WaitingList(total, things, reverse(ADDRESS))


def _waiting(reference: Reference, pair: Resemblance) -> Waiting:
    return Waiting(
        title=reference.full_title,
        url=reverse(ADDRESS),
        since=pair.noticed_at,
        language=reference.language,
        word=str(HOW_WORDS.get(pair.how, "")),
    )
