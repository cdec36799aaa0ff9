"""Decisions of the demonstration: four taken, one open; through the same acts as the committee's own, without a
message to anybody.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.utils import timezone, translation
from django.utils.translation import gettext

from kb.accounts.models import User
from kb.decisions.choices import Manner
from kb.decisions.deciding import closing, meeting
from kb.decisions.deciding.asking import Question, ask
from kb.decisions.deciding.casting import cast
from kb.decisions.messages import quietly
from kb.decisions.models import Ballot, Decision, Link, Vote
from kb.groups.models import Body, Mandate
from kb.languages import CODES
from kb.pages.agreements import kind_of
from kb.pages.texts import Texts

COMMITTEE = "CP"
AT = "demo.example"


def decided_keys(items: Collection[Mapping[str, Any]]) -> set[str]:
    """The keys of the references that a decision makes public."""
    return {item["reference"] for item in items if "reference" in item and "closes_in_days" not in item}


def make_decisions(items: Collection[Mapping[str, Any]], subjects: Mapping[str, str]) -> None:
    """subjects: {key of a reference or a page: "library.reference:17"}. In the order of `items`, so that numbers follow
    each other.
    """
    body = Body.objects.get(code=COMMITTEE)
    coordinator = User.objects.get(email=f"redaction@{AT}")
    with quietly():
        for item in items:
            _age(_make(item, body, coordinator, subjects), item["days_ago"], item.get("closes_in_days"))


def _make(item: Mapping[str, Any], body: Body, coordinator: User, subjects: Mapping[str, str]) -> Decision:
    question = Question(
        body=body, texts=Texts(item.get("question", {})), asked_by=Body.objects.get(code=item["asked_by"])
    )
    if key := item.get("reference", item.get("page", "")):
        kind, pk = kind_of(subjects[key])
        parts = [part.key for part in kind.parts(pk) if not part.refusal]
        question = replace(question, texts=_publishing(kind.titles(pk)), subject=subjects[key], parts=parts)
    now, is_open = timezone.now(), "closes_in_days" in item
    if item["manner"] == Manner.MEETING:
        sat = [_sat(name, choice, body) for name, choice in item["votes"].items()]
        numbered = [meeting.Sat(one.side, number, one.choice, one.mandate_id) for number, one in _numbered(sat)]
        decision = meeting.enter(question, numbered, held_on=timezone.localdate(), by=coordinator)
        for name in list(item["votes"])[:1] + list(item["votes"])[-1:]:
            meeting.confirm(_ballot(decision, name).pk)
        closing.close(decision.pk, at=now + timedelta(hours=49))
    else:
        hours = 24 * item["closes_in_days"] if is_open else 2
        decision = ask(question, closes_at=now + timedelta(hours=hours), by=coordinator)
        for name, choice in item["votes"].items():
            cast(_ballot(decision, name).pk, choice)
        if not is_open:
            closing.close(decision.pk, at=now + timedelta(hours=3))
    return decision


def _sat(name: str, choice: str, body: Body) -> meeting.Sat:
    mandate = Mandate.objects.running().get(user__email=f"{name}@{AT}", body=body)
    return meeting.Sat(mandate.side, 0, choice, mandate.pk)


def _numbered(sat: Collection[meeting.Sat]) -> list[tuple[int, meeting.Sat]]:
    """Each with its place among those of its side."""
    found: list[tuple[int, meeting.Sat]] = []
    for one in sat:
        found.append((sum(other.side == one.side for _number, other in found) + 1, one))
    return found


def _ballot(decision: Decision, name: str) -> Ballot:
    return Ballot.objects.get(decision=decision, user__email=f"{name}@{AT}")


def _publishing(titles: Texts) -> Texts:
    found = Texts(source="fr")
    for code in CODES:
        with translation.override(code):
            title = titles.shown(code).text
            found[code] = gettext("Publish “%(title)s”?") % {"title": title}
    return found


def _age(decision: Decision, days: int, closes_in_days: int | None) -> None:
    """As if it had been put, and decided, some days ago."""
    decision.refresh_from_db()
    put, end = timezone.now() - timedelta(days=days + 14), timezone.now() - timedelta(days=days)
    if closes_in_days is not None:
        put, end = timezone.now() - timedelta(days=days), timezone.now() + timedelta(days=closes_in_days)
    decision.opened_at = put
    if decision.closes_at is not None:
        decision.closes_at = end
    if decision.closed_at is not None:
        decision.closed_at = end
    if decision.held_on is not None:
        decision.held_on, decision.entered_at = (end - timedelta(days=3)).date(), end - timedelta(days=2)
    decision.save()
    Vote.objects.filter(decision=decision).update(cast_at=put + timedelta(days=1))
    Link.objects.filter(ballot__decision=decision).delete()
