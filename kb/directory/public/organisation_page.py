"""An organisation as its public page shows it: only what is filled, in the reader's language where there is one.

Nothing of people.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from kb.directory.gathering import Gathered, GatheredPlace, GatheredService, Themes, gather
from kb.directory.hours import Day, week_of
from kb.directory.models import Closure, Membership, Organisation, Place
from kb.directory.spoken import names_of
from kb.languages import CODES
from kb.pages.texts import Shown, Texts
from kb.pages.translations.echoes import Echo


@dataclass(frozen=True, slots=True)
class ShownClosure:
    sentence: str
    reason: Shown
    is_running: bool


@dataclass(frozen=True, slots=True)
class Contact:
    """call is what a telephone dials: "+3220001030"."""

    phone: str
    call: str
    email: str
    url: str = ""

    def __bool__(self) -> bool:
        return bool(self.phone or self.email or self.url)


@dataclass(frozen=True, slots=True)
class ShownPlace:
    """address is in address.language; map_url leads to OpenStreetMap, "" while no address is known."""

    name: str
    address: Shown
    map_url: str
    access: Shown
    contact: Contact
    week: tuple[Day, ...]
    closures: tuple[ShownClosure, ...]


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What an organisation and a service have alike. memberships are sentences; other_names those in other languages
    than the one shown.
    """

    name: Shown
    other_names: tuple[Shown, ...]
    description: Shown
    memberships: tuple[str, ...]
    themes: tuple[Link, ...]
    spoken: tuple[str, ...]
    contact: Contact
    places: tuple[ShownPlace, ...]


@dataclass(frozen=True, slots=True)
class ShownService:
    entry: Entry
    anchor: str
    publics: Shown
    conditions: Shown
    cost: Shown


@dataclass(frozen=True, slots=True)
class ShownOrganisation:
    """echoes: its names in other languages, each leading to its page there.

    An inactive one has neither contact, places nor services.
    """

    organisation: Organisation
    entry: Entry
    echoes: tuple[Echo, ...]
    kind: str
    services: tuple[ShownService, ...]


def shown_organisation(code: str, *, language: str, today: date | None = None) -> ShownOrganisation | None:
    """None when there is none with that code. Ten queries, whatever hangs on it."""
    pk = Organisation.objects.filter(code=code).values_list("pk", flat=True).first()
    whole = gather([pk]).get(pk) if pk is not None else None
    return _shown(whole, language, today or timezone.localdate()) if whole else None


def _shown(whole: Gathered, language: str, today: date) -> ShownOrganisation:
    organisation, themes = whole.organisation, Themes()
    entry = Entry(
        name=organisation.names.shown(language),
        other_names=_others(organisation.names, language),
        description=organisation.description.shown(language),
        memberships=tuple(_membership(one, today) for one in whole.memberships),
        themes=_links(whole.concept_ids, themes, language),
        spoken=tuple(names_of(organisation.spoken, language)) if organisation.is_active else (),
        contact=_contact(organisation) if organisation.is_active else Contact("", "", ""),
        places=tuple(_place(one, language, today) for one in whole.places) if organisation.is_active else (),
    )
    services = tuple(_service(one, themes, language, today) for one in whole.services) if organisation.is_active else ()
    return ShownOrganisation(
        organisation, entry, _echoes(organisation, entry.name.language), organisation.get_kind_display(), services
    )


def _service(one: GatheredService, themes: Themes, language: str, today: date) -> ShownService:
    service = one.service
    entry = Entry(
        name=service.names.shown(language),
        other_names=_others(service.names, language),
        description=service.description.shown(language),
        memberships=tuple(_membership(membership, today) for membership in one.memberships),
        themes=_links(one.concept_ids, themes, language),
        spoken=tuple(names_of(service.spoken, language)),
        contact=_contact(service),
        places=tuple(_place(place, language, today) for place in one.places),
    )
    return ShownService(
        entry, service.anchor, *(text.shown(language) for text in (service.publics, service.conditions, service.cost))
    )


def _others(names: Texts, language: str) -> tuple[Shown, ...]:
    """The names in other languages; one that is written alike is said once."""
    shown = names.shown(language)
    return tuple(
        Shown(names[code], code)
        for code in CODES
        if code != shown.language and names.get(code) and names[code] != shown.text
    )


def _echoes(organisation: Organisation, shown_in: str) -> tuple[Echo, ...]:
    echoes = []
    for other in _others(organisation.names, shown_in):
        with override(other.language):
            echoes.append(Echo(other.language, other.text, organisation.get_absolute_url()))
    return tuple(echoes)


def _links(concept_ids: Iterable[int], themes: Themes, language: str) -> tuple[Link, ...]:
    """Each concept in the reader's words, leading to the organisations of its theme."""
    address = reverse("directory:list")
    return tuple(
        Link(themes.concepts[pk].label(language), f"{address}?{urlencode({'theme': themes.top(pk).code})}")
        for pk in concept_ids
    )


def _contact(of: Organisation | Place) -> Contact:
    return Contact(of.phone, dialled(of.phone), of.email, getattr(of, "url", ""))


def dialled(phone: str) -> str:
    """What a telephone dials for a number as people write it: "02 000 10 30" is "+3220001030"; a number that begins
    with + keeps its country.
    """
    digits = re.sub(r"\D", "", phone.replace("(0)", ""))
    if phone.strip().startswith("+"):
        return f"+{digits}"
    if digits.startswith("00"):
        return f"+{digits[2:]}"
    # Numbers of four signs and fewer (112, 103, 1813) exist in one country only and are dialled as they are.
    return f"+32{digits[1:]}" if digits.startswith("0") else digits


def _place(gathered: GatheredPlace, language: str, today: date) -> ShownPlace:
    place = gathered.place
    street = place.street.shown(language)
    address = Shown(place.address(language), street.language) if street.text else place.municipality.shown(language)
    closures = [closure for closure in gathered.closures if closure.until >= today]
    return ShownPlace(
        name=place.name,
        address=address,
        map_url=_map_url(place, address.text if street.text else ""),
        access=place.access.shown(language),
        contact=_contact(place),
        week=week_of(gathered.hours, today=today, closures=closures),
        closures=tuple(
            ShownClosure(_closed(closure), closure.reason.shown(language), closure.since <= today)
            for closure in closures
        ),
    )


def _map_url(place: Place, address: str) -> str:
    if place.latitude is not None and place.longitude is not None:
        here = f"{place.latitude}/{place.longitude}"
        return f"https://www.openstreetmap.org/?{urlencode({'mlat': place.latitude, 'mlon': place.longitude})}#map=18/{here}"  # noqa: E501
    return f"https://www.openstreetmap.org/search?{urlencode({'query': address})}" if address else ""


def _closed(closure: Closure) -> str:
    since, until = date_format(closure.since), date_format(closure.until)
    if closure.since == closure.until:
        return _("Closed on %(day)s") % {"day": since}
    return _("Closed from %(since)s to %(until)s") % {"since": since, "until": until}


def _membership(membership: Membership, today: date) -> str:
    """A sentence; a membership that is over says so."""
    days = {
        "since": date_format(membership.since) if membership.since else "",
        "until": date_format(membership.until) if membership.until else "",
    }
    if membership.since and membership.since > today:
        return _("Member of the Coordination Sociale from %(since)s") % days
    if membership.until and membership.until < today:
        if membership.since:
            return _("Was a member of the Coordination Sociale from %(since)s to %(until)s") % days
        return _("Was a member of the Coordination Sociale until %(until)s") % days
    if membership.since:
        return _("Member of the Coordination Sociale since %(since)s") % days
    return _("Member of the Coordination Sociale")
