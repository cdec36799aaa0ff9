"""What a mandate opens: the audiences of its body and, in a living body, of all members (votes) and its referents. See `kb.accounts.audiences`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import FilteredRelation, Q
from django.utils import timezone

from kb.accounts import audiences
from kb.groups.choices import MandateRole
from kb.groups.models import Body, running_on


def audiences_of_mandates(user: Any) -> set[str]:
    """The audiences of a person's running mandates; a seat in a successor also gives what its predecessors had. One query, whatever the mandates."""
    mine = FilteredRelation("mandates", condition=Q(mandates__user=user) & running_on(timezone.localdate(), "mandates__"))
    rows = list(
        Body.objects.order_by("code").annotate(mine=mine).values_list("pk", "code", "successor_id", "is_active", "mine__role", "mine__is_referent")
    )
    codes = {pk: code for pk, code, *_rest in rows}
    predecessors: dict[int, set[int]] = {}
    for pk, _code, successor, *_rest in rows:
        if successor is not None:
            predecessors.setdefault(successor, set()).add(pk)
    held: set[str] = set()
    for pk, _code, _successor, is_active, role, is_referent in rows:
        if role is None:
            continue
        reached = [codes[one] for one in _with_all_before(pk, predecessors)]
        held.update(audiences.body(code) for code in reached)
        if is_referent and is_active:
            held.update(audiences.referent(code) for code in reached)
        if role == MandateRole.DELIBERATIVE and is_active:
            held.add(audiences.MEMBERS)
    return held


def _with_all_before(body: int, predecessors: dict[int, set[int]]) -> Iterator[int]:
    seen, waiting = set(), [body]
    while waiting:
        reached = waiting.pop()
        if reached not in seen:
            seen.add(reached)
            yield reached
            waiting.extend(predecessors.get(reached, ()))


def body_choices() -> Iterable[tuple[str, str]]:
    """Each body as an audience an editor can choose, living ones first. One query."""
    for body in Body.objects.order_by("-is_active", "code"):
        yield audiences.body(body.code), f"{body} ({body.code})"
