"""What is known of a few organisations, fetched together: their active services, places, hours, closures, memberships
and themes.

Entries of the search, public pages and sheets all start from here, so that they hold the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from kb.directory.models import Closure, Membership, OpeningHours, Organisation, Place, Service
from kb.directory.models.organisations import KIND
from kb.vocabulary.models import Concept


@dataclass(slots=True)
class GatheredPlace:
    """hours are in no order: `hours.by_day` orders them. closures by first day."""

    place: Place
    hours: list[OpeningHours] = field(default_factory=list)
    closures: list[Closure] = field(default_factory=list)


@dataclass(slots=True)
class GatheredService:
    service: Service
    places: list[GatheredPlace] = field(default_factory=list)
    memberships: list[Membership] = field(default_factory=list)
    concept_ids: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Gathered:
    """places and memberships are those of the whole organisation; those of its services hang on them.

    Inactive services are left out.
    """

    organisation: Organisation
    services: list[GatheredService] = field(default_factory=list)
    places: list[GatheredPlace] = field(default_factory=list)
    memberships: list[Membership] = field(default_factory=list)
    concept_ids: list[int] = field(default_factory=list)

    def all_concept_ids(self) -> list[int]:
        """Of the organisation, then of its services, each once."""
        return list(dict.fromkeys((*self.concept_ids, *(pk for one in self.services for pk in one.concept_ids))))

    def all_places(self) -> list[GatheredPlace]:
        return [*self.places, *(place for one in self.services for place in one.places)]


def organisation_id_of(key: str) -> int | None:
    """17 from "directory.organisation:17" or from the key of its entry ("directory.organisation:17/");
    None for anything else.
    """
    kind, _, rest = key.partition(":")
    number = rest.partition("/")[0]
    return int(number) if kind == KIND and number.isdecimal() else None


def gather(organisation_ids: Iterable[int]) -> dict[int, Gathered]:
    """By id, in the order of ids; one that is gone is left out. Eight queries however many."""
    found = gather_texts(organisation_ids)
    services = {one.service.pk: one for whole in found.values() for one in whole.services}
    places = {one.place.pk: one for whole in found.values() for one in whole.all_places()}
    for row in OpeningHours.objects.filter(place__in=places):
        places[row.place_id].hours.append(row)
    for closure in Closure.objects.filter(place__in=places).order_by("since"):
        places[closure.place_id].closures.append(closure)
    for membership in Membership.objects.filter(organisation__in=found).order_by("since", "pk"):
        owner = services.get(membership.service_id) if membership.service_id else found[membership.organisation_id]
        if owner is not None:
            owner.memberships.append(membership)
    gather_themes(found)
    return found


def gather_texts(organisation_ids: Iterable[int]) -> dict[int, Gathered]:
    """As `gather`, with what is written of organisations, services and places alone. Three queries however many."""
    found = {one.pk: Gathered(one) for one in Organisation.objects.filter(pk__in=set(organisation_ids)).order_by("pk")}
    services: dict[int, GatheredService] = {}
    for service in Service.objects.filter(organisation__in=found, is_active=True).order_by(
        "organisation_id", "sort_order", "name"
    ):
        service.organisation = found[service.organisation_id].organisation
        services[service.pk] = GatheredService(service)
        found[service.organisation_id].services.append(services[service.pk])
    for place in Place.objects.filter(organisation__in=found).order_by("organisation_id", "sort_order", "code"):
        owner = services.get(place.service_id) if place.service_id else found[place.organisation_id]
        if owner is not None:
            owner.places.append(GatheredPlace(place))
    return found


def gather_themes(found: dict[int, Gathered]) -> None:
    """Adds the ids of their concepts, to organisations and to services. Two queries."""
    services = {one.service.pk: one for whole in found.values() for one in whole.services}
    of_organisations = Organisation.concepts.through.objects.filter(organisation__in=found).order_by("concept__code")
    for organisation_id, concept_id in of_organisations.values_list("organisation_id", "concept_id"):
        found[organisation_id].concept_ids.append(concept_id)
    of_services = Service.concepts.through.objects.filter(service__in=services).order_by("concept__code")
    for service_id, concept_id in of_services.values_list("service_id", "concept_id"):
        services[service_id].concept_ids.append(concept_id)


def standing(organisation_ids: Iterable[int | None]) -> dict[int, list[str]]:
    """{an active organisation: "" for itself, then what of it is shown: "service 3", "place 7"}. Three queries.

    The organisations are held until the transaction ends: who changes what is shown of one at the same time compares
    with what we write.
    """
    held = Organisation.objects.filter(pk__in={pk for pk in organisation_ids if pk}).order_by("pk").select_for_update()
    found = {pk: [""] for pk, is_active in held.values_list("pk", "is_active") if is_active}
    services = dict(
        Service.objects.filter(organisation__in=found, is_active=True)
        .order_by("pk")
        .values_list("pk", "organisation_id")
    )
    for service_id, pk in services.items():
        found[pk].append(f"service {service_id}")
    for place_id, pk, service_id in (
        Place.objects.filter(organisation__in=found).order_by("pk").values_list("pk", "organisation_id", "service_id")
    ):
        if service_id is None or service_id in services:
            found[pk].append(f"place {place_id}")
    return found


class Themes:
    """The vocabulary, read once: which theme a concept stands under. One query."""

    def __init__(self) -> None:
        self.concepts = {concept.pk: concept for concept in Concept.objects.all()}

    def top(self, concept_id: int) -> Concept:
        """The concept at the top above it; the last one before a circle, if editors made one."""
        concept, passed = self.concepts[concept_id], {concept_id}
        while concept.broader_id is not None and concept.broader_id not in passed:
            concept = self.concepts[concept.broader_id]
            passed.add(concept.pk)
        return concept

    def codes(self, concept_ids: Iterable[int]) -> tuple[str, ...]:
        """Codes of the themes above these concepts."""
        return tuple(sorted({self.top(pk).code for pk in concept_ids if pk in self.concepts}))
