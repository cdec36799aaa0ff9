"""The page of a contribution as values: its lines with where each was read, its files, the page beside, its history,
what may be done.

The form behind the lines is in `contribution_forms`; nothing here writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.forms import BoundField
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy

from kb.files.choices import State
from kb.files.models import FilePage, FileVersion
from kb.files.reading.reasons import reasons_of
from kb.files.states import ShownState, shown_state
from kb.languages import LANGUAGES, current_language
from kb.library.catalogue.gathering import Attachment, gather
from kb.library.catalogue.naming import date_words, described, format_name
from kb.library.choices import FoundIn, Handling, ReferenceState
from kb.library.contributions import steps as handling
from kb.library.contributions.duplicates import HOW_WORDS
from kb.library.contributions.forms import LABELS, LINES, RecordForm
from kb.library.contributions.starting import value_of
from kb.library.contributions.twins import resembling
from kb.library.hits.cards import reference_url
from kb.library.models import Contribution, ContributionStep, Reference

# Shown only when they say something; else behind "Other lines".
ASIDE = ("subtitle", "container_title", "pages", "url", "doi", "isbn")
_ENDINGS = {
    "pdf": {"application/pdf"},
    "docx": {"application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    "odt": {"application/vnd.oasis.opendocument.text"},
}
LANGUAGE_WORDS = {"fr": gettext_lazy("French"), "nl": gettext_lazy("Dutch"), "en": gettext_lazy("English")}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the notice.

    value: "" where there is none. language: ISO code if other than the page's, else "". where: sentence such as "read
    on page 1", or "".
    field: the open field, or None for a line that is only shown. is_missing: nobody has said it and it was not found.
    """

    name: str
    label: str
    value: str
    language: str
    where: str
    field: BoundField | None
    is_missing: bool
    thirds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OlderVersion:
    number: int
    name: str
    open_url: str


@dataclass(frozen=True, slots=True)
class ShownFile:
    """A file of the contribution: its name, what it is, its state, why it was not read, and a word when its name says
    another format.

    older: the other versions that acceptance opens too, the newest first; there are some when it was accepted before.
    """

    number: int
    name: str
    facts: str
    state: ShownState
    reasons: tuple[Any, ...]
    open_url: str
    odd_name: str
    older: tuple[OlderVersion, ...] = ()


@dataclass(frozen=True, slots=True)
class FirstPage:
    """The first page of the first file, to compare: its picture, or its text while (or where) there is none."""

    image_url: str
    text: str
    language: str
    read_url: str
    page_count: int


@dataclass(frozen=True, slots=True)
class Step:
    words: str
    actor: str
    at: datetime
    word: str


@dataclass(frozen=True, slots=True)
class Similar:
    title: str
    language: str
    url: str
    mark: str
    how: str


@dataclass(frozen=True, slots=True)
class ContributionPage:
    """Everything the template shows.

    may: what this person may do now, of "edit", "propose", "handle", "take_back", "delete". is_former: its author is no
    longer of the group.
    """

    reference: Reference
    lines: tuple[Line, ...]
    aside: tuple[Line, ...]
    files: tuple[ShownFile, ...]
    first_page: FirstPage | None
    similar: tuple[Similar, ...]
    steps: tuple[Step, ...]
    may: frozenset[str]
    is_reading: bool
    is_author: bool
    is_former: bool
    contributor: str
    readers: str


def missing_lines(reference: Reference, contribution: Contribution | None) -> list[str]:
    """Names of the lines that nobody said and that were not found; those that are seldom said are never missing."""
    drafted = contribution.drafted if contribution else {}
    corrected = contribution.corrected if contribution else []
    found = []
    for name in LINES:
        if name in ASIDE or name == "title":
            continue
        if name in ("language", "type"):
            if contribution and name not in drafted and name not in corrected:
                found.append(name)
        elif name == "abstract":
            if not any(reference.abstract.get(code) for code in LANGUAGES):
                found.append(name)
        elif not value_of(reference, name):
            found.append(name)
    return found


def attachments_of(reference: Reference, held: frozenset[str]) -> list[Attachment]:
    """The files that this reader may open, in order."""
    whole = gather([reference.pk]).get(reference.pk)
    return whole.opened_by(held) if whole else []


def file_choices(attachments: Iterable[Attachment]) -> list[tuple[str, str]]:
    """For the form: each file by its number, that another copy may take the place of."""
    return [(str(one.file.number), gettext("A better copy of “%(name)s”") % {"name": one.title}) for one in attachments]


def is_reading(attachments: Sequence[Attachment]) -> bool:
    return any(one.latest and one.latest.state == State.WAITING for one in attachments)


def page_of(
    reference: Reference,
    contribution: Contribution | None,
    form: RecordForm,
    attachments: Sequence[Attachment],
    *,
    user: Any,
    held: frozenset[str],
) -> ContributionPage:
    """About ten queries, whatever the files and steps."""
    may = _may(reference, user, held)
    lines = [_line(reference, contribution, form, name) for name in LINES]
    steps = [
        Step(str(Handling(step.handling).label), step.actor.shown_name if step.actor else "", step.at, step.word)
        for step in ContributionStep.objects.filter(reference=reference).select_related("actor")
    ]
    return ContributionPage(
        reference=reference,
        lines=tuple(line for line in lines if line.name not in ASIDE or line.value or line.name in form.opened),
        aside=tuple(line for line in lines if line.name in ASIDE and not line.value and line.name not in form.opened),
        files=tuple(_file(reference, one) for one in attachments if one.latest),
        first_page=_first_page(reference, attachments),
        similar=tuple(_similar(reference, held)),
        steps=tuple(steps),
        may=may,
        is_reading=is_reading(attachments),
        is_author=handling.is_author(user, reference),
        is_former=handling.is_author(user, reference) and not handling.is_of_body(held, reference),
        contributor=reference.created_by.shown_name if reference.created_by else "",
        readers=dict(form.choices_of("readers").choices).get(form.initial["readers"], ""),
    )


def _may(reference: Reference, user: Any, held) -> frozenset[str]:
    author = handling.is_author(user, reference) and handling.is_of_body(held, reference)
    proposed = reference.state == ReferenceState.PROPOSED
    wanted = {
        "edit": handling.may_edit(user, held, reference),
        "propose": author and reference.state in handling.OPEN_TO_AUTHOR,
        "delete": handling.may_delete(user, held, reference),
        "take_back": author and proposed,
        "handle": proposed and handling.may_handle(user, held, reference),
    }
    return frozenset(name for name, allowed in wanted.items() if allowed)


def _line(reference: Reference, contribution: Contribution | None, form: RecordForm, name: str) -> Line:
    value, language = _words(reference, name)
    missing = name in form.missing
    return Line(
        name=name,
        label=str(LABELS[name]),
        value="" if missing else value,
        language=language,
        where="" if missing or not value else where_words(contribution, name),
        field=form[name] if name in form.fields else None,
        is_missing=missing,
        thirds=(reference.language,) if name == "language" and reference.language and not missing else (),
    )


def _words(reference: Reference, name: str) -> tuple[str, str]:
    """A line as it is read, and its language."""
    if name in ("title", "subtitle"):
        return getattr(reference, name), reference.language
    if name == "creators":
        return "; ".join(value_of(reference, name)), ""
    if name == "language":
        return str(LANGUAGE_WORDS.get(reference.language, "")), ""
    if name == "type":
        return str(reference.get_type_display()), ""
    if name == "date_text":
        return date_words(reference.date_text), ""
    if name == "abstract":
        shown = reference.abstract.shown()
        return shown.text, shown.language
    if name == "concepts":
        labels = [concept.label(current_language()) for concept in reference.concepts.all()]
        return ", ".join(sorted(labels, key=str.casefold)), ""
    return getattr(reference, name), ""


def where_words(contribution: Contribution | None, name: str) -> str:
    """ "read on page 1", "corrected"; "" for what was there before anybody read."""
    if contribution is None:
        return ""
    if name in contribution.corrected:
        return gettext("as the contributor wrote it")
    entry = contribution.drafted.get(name)
    if not entry or entry.get("where") not in FoundIn.values:
        return ""
    return str(FoundIn(entry["where"]).label) % {"page": entry.get("page") or 1}


def _file(reference: Reference, attachment: Attachment) -> ShownFile:
    version = attachment.latest
    assert version is not None  # asked only of files that have one
    addresses = {
        one.number: reverse("library:file", args=[reference.mark_slug, attachment.file.number, one.number])
        for one in attachment.versions
    }
    return ShownFile(
        number=attachment.file.number,
        name=version.original_name,
        facts=described(version),
        state=shown_state(version),
        reasons=tuple(reasons_of(version)) if version.state != State.READ else (),
        open_url=addresses[version.number],
        odd_name=_odd_name(version),
        older=tuple(
            OlderVersion(one.number, one.original_name, addresses[one.number])
            for one in reversed(attachment.versions[:-1])
        ),
    )


def _odd_name(version: FileVersion) -> str:
    """The format, when the name ends as another one ("report.pdf" that is a web page)."""
    ending = version.original_name.rpartition(".")[2].lower()
    expected = _ENDINGS.get(ending)
    return format_name(version) if expected and version.media_type and version.media_type not in expected else ""


def _first_page(reference: Reference, attachments: Sequence[Attachment]) -> FirstPage | None:
    for one in attachments:
        version = one.latest
        page = FilePage.objects.filter(version=version, number=1).only("image", "text").first() if version else None
        if version is None or page is None or not (page.image or page.text.strip()):
            continue
        place = [reference.mark_slug, one.file.number, version.number, 1]
        return FirstPage(
            image_url=reverse("library:page_image", args=place) if page.image else "",
            text=page.text.strip()[:600],
            language=version.languages[0] if version.languages else "",
            read_url=reverse("library:read", args=place),
            page_count=version.page_count if version.is_paged else 0,
        )
    return None


def _similar(reference: Reference, held) -> Iterable[Similar]:
    for twin in resembling(reference, held):
        other = twin.reference
        yield Similar(other.full_title, other.language, reference_url(other), other.mark, str(HOW_WORDS[twin.how]))
