"""What a decision looks like to the search: once it is closed, its number, its question and the words of its outcome,
for those who may see them. Votes and words of voters are never searched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localdate
from django.utils.translation import gettext, override

from kb.accounts.audiences import may_see
from kb.decisions.choices import State
from kb.decisions.models import Decision
from kb.decisions.models.decisions import KIND
from kb.languages import CODES
from search.entries import Entry, LanguageSpan, Section, Title
from search.registry import Card, Found, FoundSection, Opened


class DecisionKind:
    """The kind "decisions.decision" of `search.registry`."""

    code = KIND

    def label(self) -> str:
        return gettext("Decisions")

    def subjects(self) -> Iterator[str]:
        for pk in Decision.objects.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=500):
            yield Decision.subject_of(pk)

    def entries(self, subjects: Sequence[str]) -> Iterator[tuple[str, Sequence[Entry]]]:
        """One query."""
        closed = _closed(subjects)
        for subject in subjects:
            decision = closed.get(_id_of(subject))
            yield subject, [_entry(decision)] if decision else []

    def open_to(self, subjects: Sequence[str]) -> dict[str, Opened]:
        """One query; the decisions are held until the transaction ends."""
        held = Decision.objects.filter(pk__in=list(map(_id_of, subjects))).order_by("pk").select_for_update()
        list(held.values_list("pk", flat=True))
        return {
            Decision.subject_of(pk): {"": decision.effective_audiences} for pk, decision in _closed(subjects).items()
        }

    def found(
        self, anchors: Mapping[str, Sequence[str]], *, audiences: frozenset[str], language: str, query_text: str = ""
    ) -> dict[str, Found]:
        """One query."""
        closed = _closed(anchors)
        found = {}
        for key, wanted in anchors.items():
            decision = closed.get(_id_of(key))
            if decision is not None and may_see(audiences, decision.effective_audiences):
                card = _card(decision, language)
                sections = {
                    one.anchor: FoundSection(one, card.url) for one in _sections(decision) if one.anchor in wanted
                }
                found[key] = Found(card, sections)
        return found


def _id_of(key: str) -> int:
    digits = key.partition(":")[2].partition("/")[0]
    return int(digits) if digits.isdecimal() else 0


def _closed(keys: Iterable[str]) -> dict[int, Decision]:
    rows = Decision.objects.filter(pk__in=set(map(_id_of, keys)), state=State.CLOSED).exclude(number=None)
    return {decision.pk: decision for decision in rows.select_related("body", "asked_by")}


def _entry(decision: Decision) -> Entry:
    day = localdate(decision.closed_at) if decision.closed_at else None
    return Entry(
        subject=Decision.subject_of(decision.pk),
        kind=KIND,
        url=_url(decision, CODES[0]),
        titles=tuple(Title(code, decision.question[code]) for code in CODES if decision.question.get(code)),
        audiences=decision.effective_audiences,
        languages=_languages(decision),
        groups=tuple(dict.fromkeys(body.code for body in (decision.body, decision.asked_by) if body)),
        year=decision.year,
        published=day,
        keywords=(decision.code,),
        sections=tuple(_sections(decision)),
    )


def _languages(decision: Decision) -> tuple[str, ...]:
    return tuple(code for code in CODES if decision.question.get(code))


def _sections(decision: Decision) -> Iterator[Section]:
    """One section: the words of the outcome and the explanation, a text a line in its language."""
    lines, spans, at = [], [], 0
    for texts in (decision.words, decision.explanation):
        for code in CODES:
            if texts.get(code):
                line = f"{texts[code]}\n"
                spans.append(LanguageSpan(at, at + len(line), code))
                lines.append(line)
                at += len(line)
    yield Section("", 0, "", "".join(lines), tuple(spans))


def _card(decision: Decision, language: str) -> Card:
    question = decision.question.shown(language)
    with override(language):
        day = date_format(localdate(decision.closed_at), "DATE_FORMAT") if decision.closed_at else ""
        meta = ", ".join(part for part in (decision.get_outcome_display(), str(decision.body), day) if part)
    return Card(
        subject=Decision.subject_of(decision.pk),
        title=question.text,
        title_language=question.language,
        url=_url(decision, language),
        meta=meta,
        languages=_languages(decision),
        mark=decision.code,
    )


def _url(decision: Decision, language: str) -> str:
    with override(language):
        return reverse("decisions:decision", args=(decision.code,))
