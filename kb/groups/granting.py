"""What a mandate opens: the audiences of its body and, in a living body, of all members (votes) and its referents.

See `kb.accounts.audiences`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Exists, FilteredRelation, OuterRef, Q
from django.utils import timezone

from kb.accounts import audiences
from kb.groups.choices import Voice
from kb.groups.models import Body, Mandate, running_on


def audiences_of_mandates(user: Any) -> set[str]:
    """The audiences of a person's running mandates; a seat in a successor also gives what its predecessors had.

    One query, whatever the mandates.
    """
    mine = FilteredRelation(
        "mandates", condition=Q(mandates__user=user) & running_on(timezone.localdate(), "mandates__")
    )
    rows = list(
        Body.objects.order_by("code")
        .annotate(mine=mine)
        .values_list("pk", "code", "successor_id", "is_active", "mine__voice", "mine__is_referent")
    )
    codes = {pk: code for pk, code, *_rest in rows}
    predecessors = _predecessors((pk, successor) for pk, _code, successor, *_rest in rows)
    held: set[str] = set()
    for pk, _code, _successor, is_active, voice, is_referent in rows:
        if voice is None:
            continue
        reached = [codes[one] for one in _with_all_before(pk, predecessors)]
        held.update(audiences.body(code) for code in reached)
        if is_referent and is_active:
            held.update(audiences.referent(code) for code in reached)
        if voice == Voice.DELIBERATIVE and is_active:
            held.add(audiences.MEMBERS)
    return held


def followed_bodies() -> set[int]:
    """The ids of bodies that somebody follows as a referent today, in the body or in one after it, however far. One
    query.

    Somebody with a closed account follows nothing; neither does a referent of a body that no longer meets.
    """
    running = Mandate.objects.running().filter(body=OuterRef("pk"), is_referent=True, user__is_active=True)
    rows = list(Body.objects.order_by().values_list("pk", "successor_id", "is_active", Exists(running)))
    predecessors = _predecessors((pk, successor) for pk, successor, *_rest in rows)
    found: set[int] = set()
    for pk, _successor, is_active, has_referent in rows:
        if is_active and has_referent:
            found.update(_with_all_before(pk, predecessors))
    return found


def _predecessors(successors: Iterable[tuple[int, int | None]]) -> dict[int, set[int]]:
    """From (body, successor) pairs: of each successor, the bodies that came just before it."""
    found: dict[int, set[int]] = {}
    for body, successor in successors:
        if successor is not None:
            found.setdefault(successor, set()).add(body)
    return found


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
