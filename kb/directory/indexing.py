"""What an organisation looks like to the search: one public entry while it is active, with a section for itself and one
for each service.

The anchor of a service's section is where it stands on the organisation's page. Nothing of people stands here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.db.models import Q
from django.utils.translation import gettext, override

from kb.accounts.audiences import PUBLIC
from kb.directory.gathering import (
    Gathered,
    GatheredPlace,
    GatheredService,
    Themes,
    gather_texts,
    gather_themes,
    organisation_id_of,
    standing,
)
from kb.directory.models import Organisation, Place
from kb.directory.models.organisations import KIND
from kb.languages import CODES
from kb.vocabulary.models import AltLabel
from search.entries import Entry, LanguageSpan, Section, Title
from search.registry import Card, Found, FoundSection, Opened

_NOTICE = ""
_EVERYONE = frozenset({PUBLIC})


class DirectoryKind:
    """The kind "directory.organisation" of `search.registry`."""

    code = KIND

    def label(self) -> str:
        return gettext("Organisations")

    def subjects(self) -> Iterator[str]:
        for pk in Organisation.objects.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=2000):
            yield Organisation.subject_of(pk)

    def entries(self, subjects: Sequence[str]) -> Iterator[tuple[str, Sequence[Entry]]]:
        """Seven queries, however many subjects."""
        gathered = _active(subjects)
        gather_themes(gathered)
        words = _Words(gathered.values())
        for subject in subjects:
            whole = gathered.get(organisation_id_of(subject) or 0)
            yield subject, [_entry(whole, words)] if whole else []

    def open_to(self, subjects: Sequence[str]) -> dict[str, Opened]:
        """The organisation, and each service and place that stands on its page, all of them for everyone.

        Three queries.
        """
        return {
            Organisation.subject_of(pk): dict.fromkeys(parts, _EVERYONE)
            for pk, parts in standing(map(organisation_id_of, subjects)).items()
        }

    def found(
        self, anchors: Mapping[str, Sequence[str]], *, audiences: frozenset[str], language: str, query_text: str = ""
    ) -> dict[str, Found]:
        """Three queries; a service leads to where it stands on the page of its organisation."""
        gathered = _active(anchors)
        found = {}
        for key, wanted in anchors.items():
            if whole := gathered.get(organisation_id_of(key) or 0):
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


def _active(keys: Iterable[str]) -> dict[int, Gathered]:
    gathered = gather_texts(pk for key in keys if (pk := organisation_id_of(key)) is not None)
    return {pk: whole for pk, whole in gathered.items() if whole.organisation.is_active}


class _Words:
    """Labels of the concepts used, in every language, and the themes above them. Two queries."""

    def __init__(self, gathered: Iterable[Gathered]) -> None:
        used = {pk for whole in gathered for pk in whole.all_concept_ids()}
        self.themes = Themes()
        self.labels = {pk: [getattr(self.themes.concepts[pk], f"label_{code}") for code in CODES] for pk in used}
        for concept_id, text in (
            AltLabel.objects.filter(Q(concept__in=used)).order_by("pk").values_list("concept_id", "text")
        ):
            self.labels[concept_id].append(text)


def _entry(whole: Gathered, words: _Words) -> Entry:
    organisation = whole.organisation
    with override("fr"):
        url = organisation.get_absolute_url()
    return Entry(
        subject=Organisation.subject_of(organisation.pk),
        kind=KIND,
        url=url,
        titles=_titles(organisation),
        audiences=_EVERYONE,
        languages=_languages(organisation),
        themes=words.themes.codes(whole.all_concept_ids()),
        keywords=tuple(dict.fromkeys(_keywords(whole, words))),
        sections=tuple(_sections(whole)),
    )


def _titles(organisation: Organisation) -> tuple[Title, ...]:
    """Its own name first."""
    names = organisation.names
    codes = (names.source, *(code for code in CODES if code != names.source and names.get(code)))
    return tuple(Title(code, names[code]) for code in codes)


def _languages(organisation: Organisation) -> tuple[str, ...]:
    """Those it is named or described in, its own first."""
    names = organisation.names
    written = [code for code in CODES if names.get(code) or organisation.description.get(code)]
    return tuple(dict.fromkeys((names.source, *written)))


def _keywords(whole: Gathered, words: _Words) -> Iterator[str]:
    yield whole.organisation.code
    for one in whole.services:
        yield from (one.service.code, *(one.service.names[code] for code in CODES if one.service.names.get(code)))
    for pk in whole.all_concept_ids():
        yield from words.labels[pk]


def _sections(whole: Gathered) -> Iterator[Section]:
    """The notice (page 0), then the services in order (pages from 1)."""
    organisation = whole.organisation
    yield _section(_NOTICE, 0, "", [organisation.description, *_place_texts(whole.places)])
    for number, one in enumerate(whole.services, start=1):
        yield _section(one.service.anchor, number, gettext("service"), _service_texts(one))


def _service_texts(one: GatheredService) -> list[Mapping[str, str]]:
    service = one.service
    return [
        service.names,
        service.description,
        service.publics,
        service.conditions,
        service.cost,
        *_place_texts(one.places),
    ]


def _place_texts(places: Iterable[GatheredPlace]) -> list[Mapping[str, str]]:
    """A place's name, address and access in each language it has them in."""
    texts: list[Mapping[str, str]] = []
    for gathered in places:
        place = gathered.place
        written = [code for code in CODES if place.street.get(code) or place.municipality.get(code)] or [CODES[0]]
        texts.append({code: ", ".join(part for part in (place.name, _where(place, code)) if part) for code in written})
        texts.append(place.access)
    return texts


def _where(place: Place, language: str) -> str:
    return place.address(language) or str(place.municipality.shown(language))


def _section(anchor: str, number: int, label: str, texts: Iterable[Mapping[str, str]]) -> Section:
    """The texts in every language, a line each; spans say which is which."""
    lines, spans, at = [], [], 0
    for text in texts:
        for code in CODES:
            if line := text.get(code, ""):
                spans.append(LanguageSpan(at, at + len(line) + 1, code))
                lines.append(line)
                at += len(line) + 1
    return Section(anchor, number, label, "\n".join(lines) + ("\n" if lines else ""), tuple(spans))


def _card(whole: Gathered, language: str) -> Card:
    organisation = whole.organisation
    shown = organisation.names.shown(language)
    towns = (str(one.place.municipality.shown(language)) for one in whole.all_places())
    meta = ", ".join(part for part in (organisation.get_kind_display(), *dict.fromkeys(towns)) if part)
    return Card(
        subject=Organisation.subject_of(organisation.pk),
        title=shown.text,
        title_language=shown.language,
        url=organisation.get_absolute_url(),
        meta=meta,
        languages=_languages(organisation),
    )
