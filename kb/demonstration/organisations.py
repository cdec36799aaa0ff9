"""The directory of the demonstration: organisations with services, places, hours and memberships, through the same
models as an editor's work.

Addresses, hours and numbers are examples and say so: streets "de l’Exemple", numbers 02 000 10 xx.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone

from kb.directory.hours import read_day, rows_of
from kb.directory.models import Closure, Membership, Organisation, Place, Service
from kb.vocabulary.models import Concept

_OF_BOTH = ("name", "other_names", "description", "spoken", "phone", "email", "url")
_OF_SERVICE = ("publics", "conditions", "cost")
_OF_PLACE = ("street", "house_number", "postal_code", "municipality", "access")


def make_organisation(item: Mapping[str, Any], concepts: Mapping[str, Concept]) -> Organisation:
    made = Organisation(
        code=item["code"], kind=item["kind"], language_side=item["language_side"], **_filled(item, _OF_BOTH)
    )
    made.full_clean()
    made.save()
    made.concepts.set([concepts[code] for code in item["concepts"]])
    _make_places(made, None, item)
    services = {
        one["code"]: _make_service(made, place, one, concepts) for place, one in enumerate(item.get("services", ()))
    }
    for membership in item["memberships"]:
        of_service = services[membership["service"]] if "service" in membership else None
        Membership.objects.create(
            organisation=made, service=of_service, since=membership.get("since"), until=membership.get("until")
        )
    return made


def _make_service(
    of: Organisation, sort_order: int, item: Mapping[str, Any], concepts: Mapping[str, Concept]
) -> Service:
    made = Service(
        organisation=of, code=item["code"], sort_order=sort_order, **_filled(item, (*_OF_BOTH, *_OF_SERVICE))
    )
    made.full_clean()
    made.save()
    made.concepts.set([concepts[code] for code in item["concepts"]])
    _make_places(of, made, item)
    return made


def _make_places(of: Organisation, service: Service | None, item: Mapping[str, Any]) -> None:
    """Closures are so many days from now, so that there is one to see."""
    for sort_order, described in enumerate(item.get("places", ())):
        place = Place(
            organisation=of,
            service=service,
            code=described["code"],
            sort_order=sort_order,
            **_filled(described, _OF_PLACE),
        )
        place.full_clean()
        place.hours.set(rows_of({int(day): read_day(text) for day, text in described.get("hours", {}).items()}))
        place.save()
        for closure in described.get("closures", ()):
            since = timezone.localdate() + timedelta(days=closure["in_days"])
            Closure.objects.create(
                place=place, since=since, until=since + timedelta(days=closure["days"] - 1), reason=closure["reason"]
            )


def _filled(item: Mapping[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
    return {name: item[name] for name in fields if name in item}
