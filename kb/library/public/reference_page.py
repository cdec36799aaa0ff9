"""What the page of a reference says: languages in whole sentences, facts, access, attachments with their states."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_lazy

from kb.accounts.audiences import MEMBERS, PUBLIC, STAFF
from kb.files.choices import State
from kb.files.models import FileVersion
from kb.files.states import ShownState, shown_state
from kb.groups.models import Body
from kb.languages import CODES
from kb.library.catalogue.gathering import Attachment, Gathered
from kb.library.catalogue.naming import date_words, described, format_name, pages_words
from kb.library.choices import CreatorRole
from kb.library.hits.cards import file_url, partly_searched
from kb.library.models import Creator, Holding, Reference
from kb.library.models.references import KIND
from kb.pages.texts import Shown
from kb.pages.translations.echoes import Echo
from kb.vocabulary.models import Concept, Keyword

DOCUMENT_IN = {
    ("fr",): gettext_lazy("Document in French."),
    ("nl",): gettext_lazy("Document in Dutch."),
    ("en",): gettext_lazy("Document in English."),
    ("fr", "nl"): gettext_lazy("Document in French and Dutch."),
    ("fr", "en"): gettext_lazy("Document in French and English."),
    ("nl", "en"): gettext_lazy("Document in Dutch and English."),
    ("fr", "nl", "en"): gettext_lazy("Document in French, Dutch and English."),
}
SUMMARY_IN = {
    ("fr",): gettext_lazy("Summary in French."),
    ("nl",): gettext_lazy("Summary in Dutch."),
    ("en",): gettext_lazy("Summary in English."),
    ("fr", "nl"): gettext_lazy("Summary in French and Dutch."),
    ("fr", "en"): gettext_lazy("Summary in French and English."),
    ("nl", "en"): gettext_lazy("Summary in Dutch and English."),
    ("fr", "nl", "en"): gettext_lazy("Summary in French, Dutch and English."),
}
SUMMARY_ONLY_IN = {
    "fr": gettext_lazy("The summary exists in French only."),
    "nl": gettext_lazy("The summary exists in Dutch only."),
    "en": gettext_lazy("The summary exists in English only."),
}
_READABLE = {State.READ, State.SCAN}


@dataclass(frozen=True, slots=True)
class Link:
    """`language` is that of the label where it is not the page's."""

    label: str
    url: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Access:
    """Who may see something: `names` as people say it; is_open: everyone."""

    names: tuple[str, ...]
    is_open: bool


@dataclass(frozen=True, slots=True)
class ShownVersion:
    """A version with its addresses; read_url "" when there is nothing to read here."""

    number: int
    facts: str
    size_bytes: int
    open_url: str
    download_url: str
    read_url: str
    date: str
    state: ShownState


@dataclass(frozen=True, slots=True)
class ShownAttachment:
    title: str
    language: str
    format: str
    latest: ShownVersion
    older: tuple[ShownVersion, ...]
    access: Access | None


@dataclass(frozen=True, slots=True)
class ReferencePage:
    """Everything the template shows; nothing of a file that this reader may not open."""

    reference: Reference
    languages: tuple[str, ...]
    languages_said: str
    echoes: tuple[Echo, ...]
    summary: Shown
    summary_said: str
    creators: tuple[tuple[str, str], ...]
    date: str
    themes: tuple[Link, ...]
    concepts: tuple[Link, ...]
    keywords: tuple[Link, ...]
    size: str
    access: Access
    attachments: tuple[ShownAttachment, ...]
    partly_searched: str
    holdings: tuple[Holding, ...]

    @property
    def date_numbers(self) -> str:
        """ "2010/05/21", as catalogues read it."""
        return self.reference.date_text.replace("-", "/")

    @property
    def public_pdf_url(self) -> str:
        """The address of the first PDF that everyone may open; "" for none."""
        return next(
            (
                one.latest.open_url
                for one in self.attachments
                if one.format == "PDF" and (one.access or self.access).is_open
            ),
            "",
        )


def shown_reference(whole: Gathered, *, held: frozenset[str], language: str) -> ReferencePage:
    """Five queries beside those that gathered it."""
    reference = whole.reference
    opened = [one for one in whole.opened_by(held) if one.latest]
    languages = whole.languages(opened)
    summary = reference.abstract.shown(language)
    names = _names_of_bodies([reference.effective_audiences, *(one.audiences for one in opened)])
    themes, concepts = _concepts(reference, language)
    return ReferencePage(
        reference=reference,
        languages=languages,
        languages_said=_languages_said(reference, languages),
        echoes=_echoes(reference),
        summary=summary,
        summary_said=str(SUMMARY_ONLY_IN[summary.language]) if summary.text and summary.language != language else "",
        creators=tuple(_creators(whole.creators)),
        date=date_words(reference.date_text),
        themes=themes,
        concepts=concepts,
        keywords=_keywords(reference),
        size=pages_words(reference.pages, within=reference.container_title)
        or next((described(one.latest) for one in opened if one.latest and one.latest.page_count), ""),
        access=access_of(reference.effective_audiences, names),
        attachments=tuple(_attachment(reference, one, names) for one in opened),
        partly_searched=partly_searched(one.latest for one in opened if one.latest),
        holdings=tuple(Holding.objects.filter(reference=reference).order_by("sort_order", "pk")),
    )


def _languages_said(reference: Reference, languages: Sequence[str]) -> str:
    document = tuple(code for code in CODES if code in languages)
    summary = tuple(code for code in CODES if reference.abstract.get(code))
    return " ".join(
        str(sentence) for sentence in (DOCUMENT_IN.get(document, ""), SUMMARY_IN.get(summary, "")) if sentence
    )


def _echoes(reference: Reference) -> tuple[Echo, ...]:
    """Titles in the other languages where they are known; each leads to this page in that language."""
    return tuple(
        Echo(code, reference.translated_titles[code], f"/r/{reference.mark_slug}?lang={code}")
        for code in CODES
        if code != reference.language and reference.translated_titles.get(code)
    )


def _creators(creators: Iterable[Creator]) -> Iterable[tuple[str, str]]:
    """(name, role where it is not the author)."""
    for one in creators:
        yield one.name, "" if one.role == CreatorRole.AUTHOR else str(one.get_role_display())


def _concepts(reference: Reference, language: str) -> tuple[tuple[Link, ...], tuple[Link, ...]]:
    """Links to the search by theme, and by the words of the other concepts.
    Two queries and one for each level above.
    """
    search = reverse("search:results")
    used = list(Concept.objects.filter(references=reference).order_by("code"))
    tops: dict[int, Concept] = {one.pk: one for one in used if one.is_theme}
    above = {one.broader_id for one in used if one.broader_id}
    while above:
        level = list(Concept.objects.filter(pk__in=above))
        tops |= {one.pk: one for one in level if one.is_theme}
        above = {one.broader_id for one in level if one.broader_id}
    themes = sorted(tops.values(), key=lambda one: one.code)
    by_theme = tuple(
        Link(one.label(language), f"{search}?{urlencode({'where': KIND, 'theme': one.code})}") for one in themes
    )
    labels = [one.label(language) for one in used if not one.is_theme]
    by_words = tuple(Link(label, f"{search}?{urlencode({'q': label, 'where': KIND})}") for label in labels)
    return by_theme, by_words


def _keywords(reference: Reference) -> tuple[Link, ...]:
    search = reverse("search:results")
    found = Keyword.objects.filter(references__content_object=reference).order_by("name", "language")
    return tuple(Link(one.name, f"{search}?{urlencode({'q': one.name, 'where': KIND})}", one.language) for one in found)


def _names_of_bodies(sets: Iterable[Iterable[str]]) -> dict[str, str]:
    codes = {value.removeprefix("body:") for values in sets for value in values if value.startswith("body:")}
    return {f"body:{one.code}": str(one) for one in Body.objects.filter(code__in=codes)} if codes else {}


def access_of(audiences: Iterable[str], names: dict[str, str]) -> Access:
    """Who it is open to, widest first; a draft is its author's and the editors'."""
    audiences = frozenset(audiences)
    if PUBLIC in audiences:
        return Access((gettext("Open to everyone"),), True)
    said = [gettext("Members")] if MEMBERS in audiences else []
    said += [names[value] for value in sorted(audiences) if value in names]
    if any(value.startswith("person:") for value in audiences):
        said.append(gettext("The person who put it in"))
    if any(value.startswith("referent:") for value in audiences):
        said.append(gettext("Those who follow the contributions of the group"))
    if STAFF in audiences or not said:
        said.append(gettext("Editors"))
    return Access(tuple(said), False)


def _attachment(reference: Reference, one: Attachment, names: dict[str, str]) -> ShownAttachment:
    assert one.latest is not None
    shown = [_version(reference, one, version) for version in reversed(one.versions)]
    differs = one.audiences != reference.effective_audiences
    return ShownAttachment(
        title=one.title,
        language=one.languages[0] if one.languages else reference.language,
        format=format_name(one.latest),
        latest=shown[0],
        older=tuple(shown[1:]),
        access=access_of(one.audiences, names) if differs else None,
    )


def _version(reference: Reference, one: Attachment, version: FileVersion) -> ShownVersion:
    address = file_url(reference, one.file.number, version.number)
    readable = version.state in _READABLE and version.page_count
    return ShownVersion(
        number=version.number,
        facts=described(version),
        size_bytes=version.size_bytes,
        open_url=address,
        download_url=f"{address}?download",
        read_url=reverse("library:read", args=[reference.mark_slug, one.file.number, version.number, 1])
        if readable
        else "",
        date=date_format(version.created_at, "DATE_FORMAT"),
        state=shown_state(version),
    )
