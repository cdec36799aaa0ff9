"""What an issue looks like to the search: one public entry while it is live, with a section for its lead and one for
each brief.

The words are those that `shown` gives readers: what is no longer public is not there either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _

from kb.accounts.audiences import PUBLIC
from kb.languages import CODES
from kb.newsletter.models import Issue, IssueItem
from kb.newsletter.models.issues import KIND
from kb.newsletter.public.shown import ShownIssue, issue_path, shown, subjects
from kb.pages.news import still_public
from kb.pages.texts import Shown
from search.entries import Entry, LanguageSpan, Section, Title
from search.registry import Card, Found, FoundSection, Opened

_LEAD = ""
_EVERYONE = frozenset({PUBLIC})


@dataclass(frozen=True, slots=True)
class _Whole:
    """A live issue as shown in each language, and the language it was written in first."""

    issue: Issue
    shown: Mapping[str, ShownIssue]

    @property
    def first(self) -> ShownIssue:
        return self.shown[self.issue.title.source]


def issue_id_of(key: str) -> int:
    """The id in a subject ("newsletter.issue:17") or a key ("newsletter.issue:17/"); 0 for what is neither."""
    digits = key.partition(":")[2].partition("/")[0]
    return int(digits) if digits.isdecimal() else 0


def issues_that_speak_of(found: Sequence[str]) -> list[str]:
    """The live issues whose words these subjects gave: `search.registry.register_dependents`. One query."""
    spoken_of = Q(lead_subject__in=found) | Q(items__subject__in=found)
    return [
        Issue.subject_of(pk)
        for pk in Issue.objects.public().filter(spoken_of).order_by().values_list("pk", flat=True).distinct()
    ]


class IssueKind:
    """The kind "newsletter.issue" of `search.registry`."""

    code = KIND

    def label(self) -> str:
        return _("L'Échos-CASS")

    def subjects(self) -> Iterator[str]:
        for pk in Issue.objects.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=500):
            yield Issue.subject_of(pk)

    def entries(self, subjects: Sequence[str]) -> Iterator[tuple[str, Sequence[Entry]]]:
        """Two queries, and those of `still_public`."""
        live = _live(subjects)
        for subject in subjects:
            whole = live.get(issue_id_of(subject))
            yield subject, [_entry(whole)] if whole else []

    def open_to(self, subjects: Sequence[str]) -> dict[str, Opened]:
        """A live issue, what its lead speaks of, and each of its items.

        Two queries; the issues are held until the transaction ends.
        """
        live = (
            Issue.objects.public()
            .filter(pk__in={issue_id_of(subject) for subject in subjects})
            .order_by("pk")
            .select_for_update()
        )
        found = {pk: {"": _EVERYONE, f"lead {lead}": _EVERYONE} for pk, lead in live.values_list("pk", "lead_subject")}
        for pk, item, spoken_of in (
            IssueItem.objects.filter(issue__in=found).order_by("pk").values_list("issue_id", "pk", "subject")
        ):
            found[pk][f"item {item} {spoken_of}"] = _EVERYONE
        return {Issue.subject_of(pk): parts for pk, parts in found.items()}

    def found(
        self, anchors: Mapping[str, Sequence[str]], *, audiences: frozenset[str], language: str, query_text: str = ""
    ) -> dict[str, Found]:
        """Two queries, and those of `still_public`; a brief leads to where it stands on the page of its issue."""
        live = _live(anchors)
        found = {}
        for key, wanted in anchors.items():
            if whole := live.get(issue_id_of(key)):
                card = _card(whole, language)
                sections = [section for section in _sections(whole) if section.anchor in wanted] if wanted else []
                found[key] = Found(
                    card,
                    {
                        one.anchor: FoundSection(one, f"{card.url}#{one.anchor}" if one.anchor else card.url)
                        for one in sections
                    },
                )
        return found


def _live(keys: Iterable[str]) -> dict[int, _Whole]:
    wanted = {issue_id_of(key) for key in keys}
    issues = list(Issue.objects.public().filter(pk__in=wanted).prefetch_related("items"))
    public = still_public(subjects(issues))
    return {issue.pk: _Whole(issue, {code: shown(issue, code, public=public) for code in CODES}) for issue in issues}


def _entry(whole: _Whole) -> Entry:
    issue, first = whole.issue, whole.first
    return Entry(
        subject=Issue.subject_of(issue.pk),
        kind=KIND,
        url=issue_path(issue.number, CODES[0]),
        titles=tuple(
            Title(title.language, title.text) for title in _own([whole.shown[code].title for code in _codes(whole)])
        ),
        audiences=_EVERYONE,
        languages=_languages(whole),
        year=issue.date.year,
        published=issue.date,
        keywords=tuple(dict.fromkeys(one.issue_line for one in (first, *whole.shown.values()))),
        sections=tuple(_sections(whole)),
    )


def _codes(whole: _Whole) -> list[str]:
    """The languages of the entry, that of the issue first."""
    return list(dict.fromkeys((whole.issue.title.source, *CODES)))


def _languages(whole: _Whole) -> tuple[str, ...]:
    return tuple(code for code in _codes(whole) if code in whole.first.written)


def _own(texts: Iterable[Shown]) -> list[Shown]:
    """Each text once: a text asked for in three languages comes back in those it has."""
    return [text for text in dict.fromkeys(texts) if text.text]


def _sections(whole: _Whole) -> Iterator[Section]:
    """The lead (page 0), then the briefs by their numbers (pages from 1)."""
    every = [whole.shown[code] for code in CODES]
    yield _section(_LEAD, 0, "", _own(one.lead for one in every))
    for same in zip(*(one.items for one in every), strict=True):
        number = same[0].number
        texts = [*_own(item.title for item in same), *_own(item.text for item in same)]
        yield _section(f"brief-{number}", number, _("brief %(number)s") % {"number": number}, texts)


def _section(anchor: str, number: int, label: str, texts: Iterable[Shown]) -> Section:
    """A text a line, in its languages; spans say which is which."""
    lines, spans, at = [], [], 0
    for text in texts:
        spans.append(LanguageSpan(at, at + len(text.text) + 1, text.language))
        lines.append(f"{text.text}\n")
        at += len(text.text) + 1
    return Section(anchor, number, label, "".join(lines), tuple(spans))


def _card(whole: _Whole, language: str) -> Card:
    one = whole.shown.get(language, whole.first)
    return Card(
        subject=Issue.subject_of(whole.issue.pk),
        title=one.title.text,
        title_language=one.title.language,
        url=one.path,
        meta=one.issue_line if one.has_lead else "",
        languages=_languages(whole),
    )
