"""A question is put: its seats, the rule in force, the manifest of what it is about, a link for each voice.

    Question ─ ask ─► Decision (open) + Manifest (asked) + Seats + Ballots ─► a message with a link to each
An open question about the same thing is taken back, its voters told: a changed text is a new question.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from kb.decisions.choices import IN_FORCE, RUNNING, ManifestState, Manner, Outcome, Purpose, State, Weight
from kb.decisions.errors import Refused
from kb.decisions.messages import send_link, tell_all
from kb.decisions.models import Ballot, Decision, Manifest, Seat
from kb.groups.choices import BodyKind, Standing, Voice
from kb.groups.models import Body, Mandate
from kb.pages.agreements import agreement_for, digest_of, kind_of
from kb.pages.texts import Texts

SHORTEST = timedelta(hours=1)
LONGEST_TITLE = 300


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. subject: what it is about ("library.reference:17"), "" for nothing of the site; parts: the keys of
    what is to be public with it; withdraws: the decision whose agreement would end; named: the ids of the mandates that
    hold a side's seats, {} for the first who vote.
    """

    body: Body
    texts: Texts
    explanation: Texts = field(default_factory=Texts)
    asked_by: Body | None = None
    subject: str = ""
    parts: Collection[str] = ()
    withdraws: Decision | None = None
    named: Mapping[str, Collection[int]] = field(default_factory=dict)


@transaction.atomic
def ask(question: Question, *, closes_at: datetime, by: Any) -> Decision:
    """Puts a question in writing. Raises Refused with nothing changed: no seats, no time, nothing to be public, or
    exactly this agreed to already.
    """
    if closes_at < timezone.now() + SHORTEST:
        raise Refused("too-early")
    decision = prepare(question, Manner.WRITING, by=by, closes_at=closes_at)
    for ballot in decision.ballots.select_related("user", "decision__body").order_by("pk"):
        send_link(ballot, "question")
    return decision


def prepare(
    question: Question, manner: Manner, *, by: Any, closes_at: datetime | None = None, held_on: date | None = None
) -> Decision:
    """The rows of a question, without a message. Call it inside a transaction."""
    sides = list(question.body.sides.order_by("name"))
    if not sides:
        raise Refused("no-seats")
    _check_competence(question)
    manifest = _manifest_of(question)
    decision = Decision.objects.create(
        body=question.body,
        purpose=_purpose_of(question),
        manner=manner,
        state=State.OPEN if manner == Manner.WRITING else State.CONFIRMING,
        question=question.texts,
        explanation=question.explanation,
        asked_by=question.asked_by,
        drafted_by=by,
        manifest=manifest,
        withdraws=question.withdraws,
        closes_at=closes_at,
        held_on=held_on,
        entered_at=timezone.now() if manner == Manner.MEETING else None,
        rule={side.name: {"seats": side.seats, "quorum": side.needed} for side in sides},
    )
    for side in sides:
        _make_seats(decision, side.name, side.seats, question.named.get(side.name, ()))
    invite(decision, Mandate.objects.running().filter(body=question.body))
    return decision


def invite(decision: Decision, mandates: Iterable[Mandate]) -> list[Ballot]:
    """A ballot for each of these mandates that may answer and has none: all voices, one a person; where a side's seats
    are named, those who hold one and the substitutes. One whose mandate was given another voice or side, or passed to
    another person, since is given anew, unless its vote counts. A fixed number of queries, and one for each given anew.
    """
    named = {seat.holder_id: seat for seat in decision.seats.all() if seat.holder_id}
    named_sides = {seat.side for seat in named.values()}
    known = {(one.mandate_id, one.user_id): one for one in decision.ballots.all()}
    counted = set(decision.votes.filter(weight=Weight.COUNTED).values_list("ballot_id", flat=True))
    answering = dict(decision.ballots.answering().values_list("user_id", "pk"))
    anew, new = [], []
    for mandate in sorted(mandates, key=lambda one: (one.voice != Voice.DELIBERATIVE, one.pk)):
        deliberates = mandate.voice == Voice.DELIBERATIVE and mandate.side in decision.rule
        if mandate.voice == Voice.DELIBERATIVE and not deliberates:
            continue
        is_substitute = mandate.standing == Standing.SUBSTITUTE
        if deliberates and mandate.side in named_sides and mandate.pk not in named and not is_substitute:
            continue
        given = {
            "side": mandate.side if deliberates else "",
            "voice": mandate.voice,
            "standing": mandate.standing,
        }
        mine = known.get((mandate.pk, mandate.user_id))
        has_another = mandate.user_id in answering and answering[mandate.user_id] != (mine.pk if mine else None)
        if has_another or (mine is not None and (mine.pk in counted or _is_as_given(mine, given))):
            continue
        if mine is not None:
            for name, value in given.items():
                setattr(mine, name, value)
            mine.save(update_fields=[*given])
            anew.append(mine)
        else:
            new.append(Ballot(decision=decision, mandate=mandate, user_id=mandate.user_id, **given))
        answering[mandate.user_id] = mine.pk if mine is not None else 0
    return [*anew, *Ballot.objects.bulk_create(new)]


def _is_as_given(ballot: Ballot, given: Mapping[str, str]) -> bool:
    return (ballot.voice, ballot.side) == (given["voice"], given["side"])


@transaction.atomic
def take_back(decision: Decision, *, reason: str = "") -> bool:
    """Takes a question back that has no outcome yet, and tells who was asked; False where it has one, or was. How
    anybody voted is nobody's to read before an outcome: that they did stays, choices and words go.
    """
    locked = Decision.objects.select_for_update().get(pk=decision.pk)
    if locked.state not in RUNNING:
        return False
    locked.state, locked.reason, locked.closed_at = State.WITHDRAWN, reason[:500], timezone.now()
    locked.save(update_fields=["state", "reason", "closed_at"])
    locked.votes.update(choice="", word="")
    if locked.manifest_id:
        Manifest.objects.filter(pk=locked.manifest_id).update(state=ManifestState.OVER)
    tell_all(locked, "taken_back", reason=reason)
    return True


def _check_competence(question: Question) -> None:
    """What leaves the house, and what comes back, is the Steering Committee's; only who agreed withdraws, and one
    question does one of the two.
    """
    if not question.subject and question.withdraws is None:
        return
    if question.body.kind != BodyKind.STEERING_COMMITTEE or (question.subject and question.withdraws is not None):
        raise Refused("not-competent")
    if question.body.sides.count() < 2:
        raise Refused("one-side")
    if question.withdraws is not None:
        former = Decision.objects.select_related("manifest").get(pk=question.withdraws.pk)
        if former.body_id != question.body.pk or former.state != State.CLOSED or former.outcome != Outcome.AGREEMENT:
            raise Refused("not-competent")
        if former.manifest is not None and former.manifest.state not in IN_FORCE:
            raise Refused("over")


def _make_seats(decision: Decision, side: str, seats: int, named: Collection[int]) -> None:
    holders: list[Mandate | None] = list(
        Mandate.objects.running()
        .filter(pk__in=named, body=decision.body, side=side, voice=Voice.DELIBERATIVE, standing=Standing.HOLDER)
        .order_by("pk")[:seats]
    )
    holders += [None] * (seats - len(holders))
    Seat.objects.bulk_create(
        Seat(decision=decision, side=side, number=number, holder=holder) for number, holder in enumerate(holders, 1)
    )


def _purpose_of(question: Question) -> Purpose:
    if question.withdraws is not None:
        return Purpose.WITHDRAW
    return Purpose.PUBLISH if question.subject else Purpose.OTHER


def _manifest_of(question: Question) -> Manifest | None:
    """What is asked about, as it stands now; questions still open about the same thing are taken back."""
    if not question.subject:
        return None
    try:
        kind, pk = kind_of(question.subject)
        rows = kind.shown(pk, frozenset(question.parts))
    except LookupError:
        raise Refused("no-object") from None
    if not rows:
        raise Refused("not-public")
    if agreement_for(question.subject, digest_of(rows)) is not None:
        raise Refused("same-text")
    for former in Decision.objects.filter(manifest__subject=question.subject, state__in=RUNNING).order_by("pk"):
        take_back(former)
    return Manifest.objects.write(question.subject, rows, question.parts, standing=kind.standing(pk, question.parts))
