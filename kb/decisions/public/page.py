"""What the page of a decision shows one reader: everyone question, outcome and the presence of the two sides; the body
also seat by seat, with its words.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import override

from kb.accounts import audiences
from kb.decisions.choices import AmendmentState, ManifestState, Manner, State, Weight
from kb.decisions.deciding.closing import counted_of
from kb.decisions.deciding.meeting import votes_of_seats
from kb.decisions.models import Amendment, Decision, Seat, Vote
from kb.decisions.reading import rows_read
from kb.decisions.rule import Count
from kb.groups.choices import SideName, Voice
from kb.languages import CODES, current_language
from kb.pages.agreements import Shown, kind_of
from kb.pages.texts import Shown as ShownText
from kb.pages.translations.echoes import Echo


@dataclass(frozen=True, slots=True)
class ShownSide:
    """A side: its label, how many of its seats voted, its quorum; its seats only for the body."""

    label: str
    present: int
    seats: int
    quorum: int
    has_quorum: bool
    lines: tuple[tuple[Seat, Vote | None], ...]


@dataclass(frozen=True, slots=True)
class ShownDecision:
    """sees_seats: whether the reader is of the body. words: the sentence for the minutes, by language."""

    question: ShownText
    echoes: tuple[Echo, ...]
    counted: Count | None
    sides: tuple[ShownSide, ...]
    sees_seats: bool
    noted: tuple[Vote, ...]
    rows: tuple[Shown, ...]
    thing_url: str
    words: ShownText
    other_words: tuple[ShownText, ...]
    later: tuple[Decision, ...]
    amendments: tuple[Amendment, ...]


def shown_decision(decision: Decision, held: Iterable[str]) -> ShownDecision:
    """Ten queries at most, whatever the seats, and those of the thing's kind."""
    sees_seats = may_see_seats(decision, held)
    counted = counted_of(decision) if decision.manner != Manner.REPORTED else None
    votes = votes_of_seats(decision) if sees_seats else {}
    seats = list(decision.seats.select_related("holder__organisation")) if sees_seats else []
    here = current_language()
    return ShownDecision(
        question=decision.question.shown(),
        echoes=tuple(_echoes(decision, here)),
        counted=counted,
        sides=tuple(_sides(decision, counted, seats, votes)) if counted else (),
        sees_seats=sees_seats,
        noted=tuple(_noted(decision)) if sees_seats else (),
        rows=_rows(decision, sees_seats),
        thing_url=_thing_url(decision),
        words=decision.words.shown(),
        other_words=tuple(
            ShownText(decision.words[code], code) for code in CODES if code != here and decision.words.get(code)
        ),
        later=tuple(decision.withdrawn_by.filter(state=State.CLOSED).exclude(number=None).select_related("body")),
        amendments=tuple(_amendments(decision)) if sees_seats else (),
    )


def may_see_seats(decision: Decision, held: Iterable[str]) -> bool:
    """Seat by seat is the body's alone (and the coordination's, which keeps the minutes), once it is closed."""
    return decision.state == State.CLOSED and audiences.may_see(held, {audiences.body(decision.body.code)})


def _sides(decision: Decision, counted: Count, seats: list[Seat], votes: dict[int, Vote]) -> Iterable[ShownSide]:
    for side, rule in sorted(decision.rules.items(), key=lambda one: SideName.values.index(one[0])):
        present = counted.present[side]
        lines = tuple((seat, votes.get(seat.pk)) for seat in seats if seat.side == side)
        yield ShownSide(str(SideName(side).label), present, rule.seats, rule.quorum, present >= rule.quorum, lines)


def _noted(decision: Decision) -> Iterable[Vote]:
    return decision.votes.filter(weight=Weight.NOTED, ballot__voice=Voice.CONSULTATIVE).select_related("ballot__user")


def _amendments(decision: Decision) -> Iterable[Amendment]:
    """What changed under it without a vote, for the body, while it is read."""
    public = [AmendmentState.STANDING, AmendmentState.CALLED_BACK]
    found = Amendment.objects.filter(manifest=decision.manifest_id, state__in=public) if decision.is_public else ()
    return found if decision.manifest_id else ()


def _rows(decision: Decision, sees_seats: bool) -> tuple[Shown, ...]:
    """What was agreed to, as far as it may still be read: by everyone while it is public, else by the body."""
    return tuple(rows_read(decision).values()) if sees_seats or decision.is_public else ()


def _thing_url(decision: Decision) -> str:
    manifest = decision.manifest
    if manifest is None or not decision.is_public or manifest.state != ManifestState.AGREED:
        return ""
    try:
        kind, pk = kind_of(manifest.subject)
        return kind.url(pk)
    except LookupError:
        return ""


def _echoes(decision: Decision, here: str) -> Iterable[Echo]:
    for code in CODES:
        if code != here and decision.question.get(code):
            with override(code):
                yield Echo(code, decision.question[code], reverse("decisions:decision", args=(decision.code,)))
