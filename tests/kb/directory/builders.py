"""Organisations with what hangs on them; the builder says only what matters to a test."""

from __future__ import annotations

from itertools import count

from django.utils import timezone

from kb.accounts.models import User
from kb.directory.hours import read_day, rows_of
from kb.directory.models import Closure, Employment, Membership, Organisation, Place, Service
from kb.groups.models import Body, Mandate

_numbers = count(1)


def organisation(name: str = "Maison des Exemples", code: str = "", **values) -> Organisation:
    concepts = values.pop("concepts", ())
    made = Organisation.objects.create(code=code or f"organisation-{next(_numbers)}", name=name, **values)
    made.concepts.set(concepts)
    return made


def service(of: Organisation, name: str = "Consultation", code: str = "", **values) -> Service:
    concepts = values.pop("concepts", ())
    made = Service.objects.create(organisation=of, code=code or f"service-{next(_numbers)}", name=name, **values)
    made.concepts.set(concepts)
    return made


def place(
    of: Organisation, street: str = "Rue de l’Exemple", code: str = "", *, week: dict[int, str] | None = None, **values
) -> Place:
    """week: ISO weekday -> hours as people write them."""
    values.setdefault("municipality", {"fr": "Schaerbeek", "nl": "Schaarbeek"})
    made = Place(
        organisation=of, code=code or f"place-{next(_numbers)}", street={"fr": street} if street else {}, **values
    )
    made.hours = rows_of({day: read_day(text) for day, text in (week or {}).items()})
    made.save()
    return made


def closure(of: Place, since, until=None, **values) -> Closure:
    return Closure.objects.create(place=of, since=since, until=until or since, **values)


def membership(of: Organisation, of_service: Service | None = None, **values) -> Membership:
    return Membership.objects.create(organisation=of, service=of_service, **values)


def full(number: int, concepts=()) -> Organisation:
    """An organisation with two services and three places, each with hours, a closure, a membership and themes."""
    made = organisation(
        f"Organisation {number:03}", spoken=["fr", "nl"], concepts=concepts, description={"fr": "Aide.", "nl": "Hulp."}
    )
    for which in range(2):
        of = service(made, f"Service {which}", concepts=concepts)
        closure(place(made, service=of, week={1: "09:00-12:00", 4: "13:00-16:00"}), "2030-01-01")
        membership(made, of)
    place(made, week={2: "10:00-12:00"})
    return made


def full_of_people(word: str, *, member_of: str) -> Organisation:
    """An organisation "union" where somebody who has `word` in name, address and function works: nothing of it is for
    readers of the directory.
    """
    made = organisation("Union", "union", phone="02 000 10 30")
    membership(made, since=timezone.localdate())
    person = User.objects.create_user(
        f"{word}@union.example", "secret-word", name=f"Personne {word}", phone="02 000 10 77", shares_contact=True
    )
    Employment.objects.create(user=person, organisation=made, function=f"Directrice {word}")
    Mandate.objects.create(user=person, organisation=made, body=Body.objects.get(code=member_of), role="member")
    return made
