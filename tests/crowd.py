"""Many people and organisations at once, for tests that ask whether lists stay as quick as with ten: queries are
counted, never seconds.
"""

from __future__ import annotations

from datetime import time

from allauth.account.models import EmailAddress
from django.utils import timezone

from kb.accounts.models import User
from kb.directory.models import Employment, Membership, OpeningHours, Organisation, Place, Service
from kb.groups.choices import MandateRole, Voice
from kb.groups.models import Body, Mandate
from tests.kb.groups import builders as groups


def organisations(count: int, *, prefix: str = "org") -> list[Organisation]:
    """`count` organisations, each a member with two services, two places and their hours."""
    made = Organisation.objects.bulk_create(
        Organisation(
            code=f"{prefix}-{number}",
            name=f"{prefix.title()} {number:05}",
            other_names={"nl": f"Vereniging {number}"},
            spoken=["fr", "nl"],
            phone=f"02 000 {number % 100:02} 30",
        )
        for number in range(count)
    )
    services = Service.objects.bulk_create(
        Service(organisation=one, code=f"service-{letter}", name=f"Service {letter}")
        for one in made
        for letter in ("a", "b")
    )
    places = Place.objects.bulk_create(
        Place(
            organisation=service.organisation,
            service=service,
            code=f"place-{service.code}",
            street={"fr": "rue de l’Exemple", "nl": "Voorbeeldstraat"},
            house_number="12",
            postal_code="1030",
            municipality={"fr": "Schaerbeek", "nl": "Schaarbeek"},
        )
        for service in services
    )
    OpeningHours.objects.bulk_create(
        OpeningHours(place=place, weekday=day, opens=time(9), closes=time(12)) for place in places for day in (1, 2, 4)
    )
    Membership.objects.bulk_create(Membership(organisation=one) for one in made)
    return made


def people(count: int, bodies: list[Body], employers: list[Organisation], *, prefix: str = "personne") -> list[User]:
    """`count` people, each with an employer, a mandate for it,
    and an address and phone they share with their groups.
    """
    made = User.objects.bulk_create(
        User(
            email=f"{prefix}{number}@foule.example",
            name=f"{prefix.title()} {number:05}",
            password="!",
            phone="02 000 10 31",
            shares_contact=number % 2 == 0,
            last_login=timezone.now() if number % 3 else None,
        )
        for number in range(count)
    )
    EmailAddress.objects.bulk_create(
        EmailAddress(user=one, email=one.email, verified=True, primary=True) for one in made
    )
    Employment.objects.bulk_create(
        Employment(user=one, organisation=employers[number % len(employers)], function="médiation")
        for number, one in enumerate(made)
    )
    Mandate.objects.bulk_create(
        Mandate(
            user=one,
            body=bodies[number % len(bodies)],
            organisation=employers[number % len(employers)],
            role=MandateRole.MEMBER,
            voice=Voice.DELIBERATIVE,
            is_referent=number % 20 == 0,
        )
        for number, one in enumerate(made)
    )
    return made


def crowd(how_many_people: int, how_many_organisations: int, *, prefix: str = "") -> list[User]:
    """People of five bodies, working for as many organisations as asked."""
    bodies = [Body.objects.filter(code=code).first() or groups.body(code) for code in ("PA", "LOG", "SAN", "GUI", "CP")]
    return people(
        how_many_people,
        bodies,
        organisations(how_many_organisations, prefix=f"{prefix}org"),
        prefix=f"{prefix}personne",
    )
