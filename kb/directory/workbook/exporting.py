"""The directory as a workbook, and the columns that say how: the same that `importing` reads, so that what goes out
comes in again as it was.

Sheets: organisations, services, places (with the hours of each day), closures, memberships. Texts in three languages
have a column each.
Everything in it is public; nothing of people is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from kb.directory.choices import Weekday
from kb.directory.hours import by_day, write_day
from kb.directory.models import Closure, Membership, OpeningHours, Organisation, Place, Service
from kb.directory.spoken import write_spoken
from kb.languages import CODES, current_language
from kb.sheets.kinds import Column, Sheet, SheetToWrite, headers, sheet_name, workbook

FILE_NAME = {"fr": "repertoire", "nl": "gids", "en": "directory"}
_AT_ONCE = 500
_IN = {
    "fr": {"fr": "français", "nl": "néerlandais", "en": "anglais"},
    "nl": {"fr": "Frans", "nl": "Nederlands", "en": "Engels"},
}
_IN["en"] = {"fr": "French", "nl": "Dutch", "en": "English"}


def _column(key: str, fr: str, nl: str, en: str, **options: Any) -> Column:
    return Column(key, {"fr": fr, "nl": nl, "en": en}, **options)


def _texts(key: str, fr: str, nl: str, en: str) -> tuple[Column, ...]:
    """A column for each language: "Description (français)"."""
    names = {"fr": fr, "nl": nl, "en": en}
    return tuple(
        Column(f"{key}_{code}", {spoken: f"{name} ({_IN[spoken][code]})" for spoken, name in names.items()})
        for code in CODES
    )


_DAYS = {
    "fr": ("Lundi", "Mardi", "Mercredi", "Jeudi", "Vendredi", "Samedi", "Dimanche"),
    "nl": ("Maandag", "Dinsdag", "Woensdag", "Donderdag", "Vrijdag", "Zaterdag", "Zondag"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}


def _days() -> tuple[Column, ...]:
    help_text = _("For example 09:00-12:00, 13:00-16:30; “-” closes the day.")
    return tuple(
        Column(f"day_{day.value}", {code: _DAYS[code][day - 1] for code in CODES}, help=help_text) for day in Weekday
    )


ORGANISATION = _column(
    "organisation", "Code de l’organisation", "Code van de organisatie", "Code of the organisation", required=True
)
SERVICE = _column("service", "Code du service", "Code van de dienst", "Code of the service")
CODE = _column(
    "code", "Code", "Code", "Code", required=True, help=_("Short, without spaces or accents; it never changes.")
)
NAME = _column("name", "Nom", "Naam", "Name")
THEMES = _column(
    "concepts",
    "Thèmes (codes)",
    "Thema’s (codes)",
    "Themes (codes)",
    help=_("Codes or labels of concepts, separated by ;"),
)
SPOKEN = _column(
    "spoken",
    "Langues parlées",
    "Gesproken talen",
    "Languages spoken",
    help=_("Names of languages, separated by commas"),
)
PHONE = _column("phone", "Téléphone", "Telefoon", "Phone")
EMAIL = _column("email", "Adresse électronique", "E-mailadres", "E-mail address")
WEB = _column("url", "Page web", "Webpagina", "Web page")
ACTIVE = _column("is_active", "Actif", "Actief", "Active", help=_("Yes or no"))
ORDER = _column("sort_order", "Ordre", "Volgorde", "Order")
SINCE = _column("since", "Depuis le", "Sinds", "Since", help=_("A day: 31/12/2026"))
UNTIL = _column("until", "Jusqu’au", "Tot en met", "Until", help=_("A day: 31/12/2026"))
OTHER_NAMES = _texts("other_names", "Nom", "Naam", "Name")
DESCRIPTION = _texts("description", "En une phrase", "In één zin", "In one sentence")

SHEETS = (
    Sheet(
        "organisations",
        {"fr": "Organisations", "nl": "Organisaties", "en": "Organisations"},
        (
            *(CODE, NAME, *OTHER_NAMES),
            _column("kind", "Type", "Soort", "Kind"),
            _column("language_side", "Rôle linguistique", "Taalrol", "Language side", help=_("fr, nl, or “both”")),
            *(*DESCRIPTION, THEMES, SPOKEN, PHONE, EMAIL, WEB, ACTIVE),
        ),
    ),
    Sheet(
        "services",
        {"fr": "Services", "nl": "Diensten", "en": "Services"},
        (
            *(ORGANISATION, CODE, NAME, *OTHER_NAMES, *DESCRIPTION, THEMES),
            *_texts("publics", "Pour qui", "Voor wie", "For whom"),
            *_texts("conditions", "Conditions", "Voorwaarden", "Conditions"),
            *_texts("cost", "Coût", "Kostprijs", "Cost"),
            *(SPOKEN, PHONE, EMAIL, WEB, ORDER, ACTIVE),
        ),
    ),
    Sheet(
        "places",
        {"fr": "Lieux et heures", "nl": "Plaatsen en uren", "en": "Places and hours"},
        (
            *(ORGANISATION, CODE, SERVICE),
            _column("name", "Nom du lieu", "Naam van de plaats", "Name of the place"),
            *_texts("street", "Rue", "Straat", "Street"),
            _column("house_number", "Numéro", "Nummer", "Number"),
            _column("postal_code", "Code postal", "Postcode", "Postal code"),
            *_texts("municipality", "Commune", "Gemeente", "Municipality"),
            *_texts("access", "Accès", "Toegang", "Access"),
            _column("latitude", "Latitude", "Breedtegraad", "Latitude"),
            _column("longitude", "Longitude", "Lengtegraad", "Longitude"),
            *(PHONE, EMAIL, *_days(), ORDER),
        ),
    ),
    Sheet(
        "closures",
        {"fr": "Fermetures", "nl": "Sluitingen", "en": "Closures"},
        (
            ORGANISATION,
            _column("place", "Code du lieu", "Code van de plaats", "Code of the place", required=True),
            _column("since", "Depuis le", "Sinds", "Since", required=True, help=_("A day: 31/12/2026")),
            _column("until", "Jusqu’au", "Tot en met", "Until", required=True, help=_("A day: 31/12/2026")),
            *_texts("reason", "Raison", "Reden", "Reason"),
        ),
    ),
    Sheet(
        "memberships",
        {"fr": "Coordination Sociale", "nl": "Sociale Coördinatie", "en": "Coordination Sociale"},
        (ORGANISATION, SERVICE, SINCE, UNTIL),
    ),
)


def directory_workbook(organisations: QuerySet[Organisation] | None = None) -> bytes:
    """The organisations (all of them unless told) and all that hangs on them, in the language of the moment. Rows are
    read as they are written.

    Six queries and three more every 500 rows.
    """
    chosen = Organisation.objects.all() if organisations is None else organisations
    mine = {} if organisations is None else {"organisation__in": chosen.order_by().values("pk")}
    of_places = {f"place__{name}": value for name, value in mine.items()}
    services = Service.objects.filter(**mine).select_related("organisation").prefetch_related("concepts")
    places = Place.objects.filter(**mine).select_related("organisation", "service")
    closures = Closure.objects.filter(**of_places).select_related("place__organisation")
    memberships = Membership.objects.filter(**mine).select_related("organisation", "service")
    rows: Mapping[str, tuple[QuerySet, Any]] = {
        "organisations": (chosen.order_by("code").prefetch_related("concepts"), organisation_values),
        "services": (services.order_by("organisation__code", "sort_order", "code"), service_values),
        "places": (places.order_by("organisation__code", "sort_order", "code"), place_values),
        "closures": (closures.order_by("place__organisation__code", "place__code", "since", "pk"), closure_values),
        "memberships": (memberships.order_by("organisation__code", "service__code", "since", "pk"), membership_values),
    }
    return workbook(
        SheetToWrite(sheet_name(sheet), headers(sheet), _rows(sheet, *rows[sheet.code])) for sheet in SHEETS
    )


def _rows(sheet: Sheet, things: QuerySet, values_of: Any) -> Iterator[Sequence[object]]:
    """An empty text is an empty cell, which costs nothing."""
    keys = [column.key for column in sheet.columns]
    streamed = things.iterator(chunk_size=_AT_ONCE)
    while some := list(islice(streamed, _AT_ONCE)):
        hours = hours_of(some) if sheet.code == "places" else {}
        for thing in some:
            values = values_of(thing, hours[thing.pk]) if hours else values_of(thing)
            yield [None if values[key] == "" else values[key] for key in keys]


def hours_of(places: Sequence[Place]) -> dict[int, list[OpeningHours]]:
    """By id of the place. One query."""
    found: dict[int, list[OpeningHours]] = {place.pk: [] for place in places}
    for row in OpeningHours.objects.filter(place__in=found):
        found[row.place_id].append(row)
    return found


# What stands in the cells


def _in_each(key: str, texts: Mapping[str, str]) -> dict[str, str]:
    return {f"{key}_{code}": texts.get(code, "") for code in CODES}


def _codes(concepts: Iterable[Any]) -> str:
    return "; ".join(sorted(concept.code for concept in concepts))


def _yes_no(value: bool) -> str:
    return {"fr": ("non", "oui"), "nl": ("nee", "ja"), "en": ("no", "yes")}[current_language()][value]


def organisation_values(one: Organisation) -> dict[str, Any]:
    return {
        "code": one.code,
        "name": one.name,
        **_in_each("other_names", one.other_names),
        "kind": one.get_kind_display(),
        "language_side": one.language_side or {"fr": "les deux", "nl": "beide", "en": "both"}[current_language()],
        **_in_each("description", one.description),
        "concepts": _codes(one.concepts.all()),
        "spoken": write_spoken(one.spoken),
        "phone": one.phone,
        "email": one.email,
        "url": one.url,
        "is_active": _yes_no(one.is_active),
    }


def service_values(one: Service) -> dict[str, Any]:
    return {
        "organisation": one.organisation.code,
        "code": one.code,
        "name": one.name,
        **_in_each("other_names", one.other_names),
        **_in_each("description", one.description),
        "concepts": _codes(one.concepts.all()),
        **_in_each("publics", one.publics),
        **_in_each("conditions", one.conditions),
        **_in_each("cost", one.cost),
        "spoken": write_spoken(one.spoken),
        "phone": one.phone,
        "email": one.email,
        "url": one.url,
        "sort_order": one.sort_order,
        "is_active": _yes_no(one.is_active),
    }


def place_values(one: Place, hours: Iterable[OpeningHours] | None = None) -> dict[str, Any]:
    week = by_day(one.hours.all() if hours is None else hours)
    return {
        "organisation": one.organisation.code,
        "code": one.code,
        "service": one.service.code if one.service else "",
        "name": one.name,
        **_in_each("street", one.street),
        "house_number": one.house_number,
        "postal_code": one.postal_code,
        **_in_each("municipality", one.municipality),
        **_in_each("access", one.access),
        "latitude": "" if one.latitude is None else str(one.latitude),
        "longitude": "" if one.longitude is None else str(one.longitude),
        "phone": one.phone,
        "email": one.email,
        **{f"day_{day.value}": write_day(week.get(day, ())) for day in Weekday},
        "sort_order": one.sort_order,
    }


def closure_values(one: Closure) -> dict[str, Any]:
    reason = _in_each("reason", one.reason)
    return {
        "organisation": one.place.organisation.code,
        "place": one.place.code,
        "since": one.since,
        "until": one.until,
        **reason,
    }


def membership_values(one: Membership) -> dict[str, Any]:
    service = one.service.code if one.service else ""
    return {"organisation": one.organisation.code, "service": service, "since": one.since, "until": one.until}
