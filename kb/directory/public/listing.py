"""The public list of organisations: narrowed by words, kind, theme, language side and membership, counted and sorted
for one reader.

A directory has a few thousand organisations at most, and every database sorts and compares accents in its own way: the
few columns that narrow are read whole and compared here, so that lists and counts are the same everywhere.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Literal, get_args
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from kb.directory.choices import OrganisationKind
from kb.directory.gathering import Themes
from kb.directory.models import Membership, Organisation, Place, Service
from kb.directory.public.organisation_page import dialled
from kb.directory.spoken import folded, name_of, names_of
from kb.languages import CODES
from kb.pages.texts import Shown

A_PAGE = 30
_MOST_LETTERS = 200
_MOST_WORDS = 8

FilterName = Literal["kind", "theme", "side", "member"]
FILTERS: tuple[FilterName, ...] = get_args(FilterName)
BOTH = ("fr", "nl")  # an organisation of no one side receives people in both


@dataclass(frozen=True, slots=True)
class ListForm:
    """What stands in the address, read leniently: a value that means nothing is left out later, never refused.
    page from 1.
    """

    words: str = ""
    chosen: dict[FilterName, tuple[str, ...]] = field(default_factory=lambda: dict.fromkeys(FILTERS, ()))
    page: int = 1

    @classmethod
    def read(cls, data: QueryDict) -> ListForm:
        page = data.get("page", "")
        return cls(
            words=" ".join(re.sub(r"[\x00-\x1f\x7f]", " ", data.get("q", ""))[:_MOST_LETTERS].split()),
            chosen={name: tuple(dict.fromkeys(data.getlist(name)))[:_MOST_LETTERS] for name in FILTERS},
            page=int(page) if re.fullmatch(r"[1-9][0-9]{0,3}", page) else 1,
        )

    def address(self) -> str:
        pairs = [("q", self.words)] if self.words else []
        pairs += [(name, value) for name in FILTERS for value in self.chosen[name]]
        return "?" + urlencode(pairs + ([("page", str(self.page))] if self.page > 1 else []))

    def on_page(self, page: int) -> ListForm:
        return replace(self, page=page)

    def without(self, name: FilterName, value: str) -> ListForm:
        return replace(
            self, chosen={**self.chosen, name: tuple(one for one in self.chosen[name] if one != value)}, page=1
        )

    @property
    def narrows(self) -> bool:
        return bool(self.words) or any(self.chosen.values())


@dataclass(slots=True)
class Row:
    """An organisation of the list. values: filter -> the values it has."""

    pk: int
    code: str
    name: Shown
    other_names: tuple[Shown, ...]
    description: Shown
    phone: str
    values: dict[FilterName, set[str]]
    haystack: str = ""

    @property
    def call(self) -> str:
        return dialled(self.phone)

    @property
    def is_member(self) -> bool:
        return bool(self.values["member"])


@dataclass(frozen=True, slots=True)
class FacetRow:
    value: str
    label: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    name: FilterName
    legend: str
    rows: tuple[FacetRow, ...]


@dataclass(frozen=True, slots=True)
class Chip:
    label: str
    address: str


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of the organisations found. total counts all found; all_count those that exist."""

    form: ListForm
    rows: tuple[Row, ...]
    total: int
    all_count: int
    facets: tuple[Facet, ...]
    chips: tuple[Chip, ...]
    last_page: int

    @property
    def previous_address(self) -> str:
        return self.form.on_page(self.form.page - 1).address() if self.form.page > 1 else ""

    @property
    def next_address(self) -> str:
        return self.form.on_page(self.form.page + 1).address() if self.form.page < self.last_page else ""

    @property
    def pages(self) -> tuple[tuple[int, str], ...]:
        """(page, address) of every page: a directory has few."""
        return tuple((page, self.form.on_page(page).address()) for page in range(1, self.last_page + 1))


def listed(form: ListForm, *, language: str) -> Listing:
    """Six queries, nine when words are looked for, however many organisations there are."""
    themes = Themes()
    rows = _rows(themes, language)
    if form.words:
        _fill_haystacks(rows, themes, language)
    labels = _labels(rows, themes, language)
    form = replace(
        form, chosen={name: tuple(value for value in form.chosen[name] if value in labels[name]) for name in FILTERS}
    )
    told = [row for row in rows if _says(row, form.words)]
    found = sorted((row for row in told if _passes(row, form)), key=lambda row: _sorting_key(row.name.text))
    last_page = max(1, ceil(len(found) / A_PAGE))
    form = replace(form, page=min(form.page, last_page))
    first = (form.page - 1) * A_PAGE
    facets = tuple(_facets(told, form, labels))
    chips = tuple(
        Chip(labels[name][value], form.without(name, value).address())
        for name in FILTERS
        for value in form.chosen[name]
    )
    return Listing(form, tuple(found[first : first + A_PAGE]), len(found), len(rows), facets, chips, last_page)


def _rows(themes: Themes, language: str) -> list[Row]:
    """Five queries: organisations, running memberships, their themes and their services' themes,
    which services exist.
    """
    active = Organisation.objects.active()
    services = dict(
        Service.objects.filter(organisation__is_active=True, is_active=True).values_list("pk", "organisation_id")
    )
    concepts: dict[int, set[int]] = defaultdict(set)
    for pk, concept_id in Organisation.concepts.through.objects.values_list("organisation_id", "concept_id"):
        concepts[pk].add(concept_id)
    for service_id, concept_id in Service.concepts.through.objects.values_list("service_id", "concept_id"):
        if service_id in services:
            concepts[services[service_id]].add(concept_id)
    running = Membership.objects.running().values_list("organisation_id", "service_id")
    members = {pk for pk, service_id in running if service_id is None or service_id in services}
    wanted = active.only("code", "name", "other_names", "kind", "language_side", "description", "spoken", "phone")
    return [_row(one, themes.codes(concepts[one.pk]), one.pk in members, language) for one in wanted]


def _row(organisation: Organisation, theme_codes: Iterable[str], is_member: bool, language: str) -> Row:
    names = organisation.names
    shown = names.shown(language)
    description = organisation.description.shown(language)
    return Row(
        pk=organisation.pk,
        code=organisation.code,
        name=shown,
        other_names=tuple(
            Shown(names[code], code)
            for code in CODES
            if code != shown.language and names.get(code) and names[code] != shown.text
        ),
        description=description,
        phone=organisation.phone,
        values={
            "kind": {organisation.kind},
            "theme": set(theme_codes),
            "side": {organisation.language_side} if organisation.language_side else set(BOTH),
            "member": {"1"} if is_member else set(),
        },
        haystack=" ".join(
            (
                organisation.code,
                *map(str, names.values()),
                *organisation.description.values(),
                *names_of(organisation.spoken, language),
            )
        ),
    )


def _fill_haystacks(rows: Sequence[Row], themes: Themes, language: str) -> None:
    """Adds what services and places say, and the themes. Two queries."""
    more: dict[int, list[str]] = defaultdict(list)
    texts = ("name", "spoken", "other_names", "description", "publics")
    for pk, name, spoken, *others in Service.objects.filter(is_active=True).values_list("organisation_id", *texts):
        more[pk] += [name, *names_of(spoken, language), *(text for other in others for text in other.values())]
    for pk, name, street, code, town in Place.objects.values_list(
        "organisation_id", "name", "street", "postal_code", "municipality"
    ):
        more[pk] += [name, *street.values(), code, *town.values()]
    labels = {
        concept.code: [concept.label(code) for code in CODES]
        for concept in themes.concepts.values()
        if concept.is_theme
    }
    for row in rows:
        themed = (label for code in row.values["theme"] for label in labels.get(code, ()))
        row.haystack = folded(" ".join((row.haystack, *more[row.pk], *themed)))


def _says(row: Row, words: str) -> bool:
    """Whether every word stands in what is known of it, without accents and case."""
    return all(word in row.haystack for word in folded(words).split()[:_MOST_WORDS])


def _passes(row: Row, form: ListForm, *, but: str = "") -> bool:
    """Values of one filter are alternatives, filters are cumulative."""
    return all(
        name == but or not form.chosen[name] or not row.values[name].isdisjoint(form.chosen[name]) for name in FILTERS
    )


def _labels(rows: Sequence[Row], themes: Themes, language: str) -> dict[FilterName, dict[str, str]]:
    """filter -> value -> label, in order; only of what some organisation has."""
    there = {name: {value for row in rows for value in row.values[name]} for name in FILTERS}
    by_code = {concept.code: concept.label(language) for concept in themes.concepts.values()}
    named: dict[FilterName, Iterable[tuple[str, str]]] = {
        "kind": ((value, str(label)) for value, label in OrganisationKind.choices),
        "theme": sorted(((code, by_code[code]) for code in there["theme"]), key=lambda pair: _sorting_key(pair[1])),
        "side": ((code, capfirst(name_of(code, language))) for code in CODES),
        "member": (("1", _("Members of the Coordination Sociale")),),
    }
    return {name: {value: label for value, label in pairs if value in there[name]} for name, pairs in named.items()}


def _facets(told: Sequence[Row], form: ListForm, labels: dict[FilterName, dict[str, str]]) -> Iterable[Facet]:
    """Counts are of what ticking the box alone in its facet would show, the other facets as they are."""
    legends = {
        "kind": _("Kind of organisation"),
        "theme": _("Theme"),
        "side": _("Language side"),
        "member": _("Coordination Sociale"),
    }
    for name in FILTERS:
        counts = Counter(value for row in told if _passes(row, form, but=name) for value in row.values[name])
        rows = [
            FacetRow(value, label, counts[value], value in form.chosen[name]) for value, label in labels[name].items()
        ]
        if rows:
            yield Facet(name, legends[name], tuple(rows))


def _sorting_key(name: str) -> str:
    """Without case, accents and the signs it begins with."""
    return re.sub(r"^\W+", "", folded(name))
