"""Bodies and mandates in the admin: referents, and lists and choosers that stay as quick with sixty as with ten."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kb.directory.models import Organisation
from kb.groups.models import Mandate
from tests.kb.accounts import builders
from tests.kb.accounts.builders import fresh_limits, member
from tests.kb.groups.builders import body, mandate
from tests.sending import stamps

__all__ = ["fresh_limits"]

pytestmark = pytest.mark.django_db

LISTS = {
    "mandates": ("mandate:index", ""),
    "mandates searched": ("mandate:index", "?q=personne"),
    "mandates of referents": ("mandate:index", "?is_referent=true"),
    "bodies": ("body:index", ""),
    "people to choose": ("person_chooser:choose", ""),
    "people searched to choose": ("person_chooser:choose_results", "?q=personne"),
    "organisations to choose": ("organisation_chooser:choose", ""),
}


@pytest.fixture(autouse=True)
def editor(client):
    user = builders.editor(language="en")
    builders.log_in(client, user)
    return user


@pytest.mark.parametrize("name", LISTS)
def test_five_take_the_queries_of_two(client, name):
    url_name, query = LISTS[name]
    counted, group = [], body("PA")
    for first, last in ((0, 2), (2, 5)):
        for number in range(first, last):
            employer = Organisation.objects.create(code=f"o{number}", name=f"Organisation {number}")
            mandate(
                member(f"p{number}@x.example", name=f"Personne {number}"),
                group,
                organisation=employer,
                is_referent=True,
            )
        client.get(reverse(url_name) + query)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse(url_name) + query).status_code == 200
        counted.append(len(queries))
    assert counted[0] == counted[1]


def test_an_editor_makes_a_referent_and_finds_those_there_are(client):
    person, group = member("a@x.example", name="Personne A"), body("PA")
    seat = mandate(person, group)
    mandate(member("b@x.example", name="Personne B"), group)
    values = {
        "user": person.pk,
        "body": group.pk,
        "role": "member",
        "standing": "holder",
        "is_referent": "on",
        "organisation": "",
        "since": "",
        "until": "",
    }
    edit = reverse("mandate:edit", args=(seat.pk,))
    assert client.post(edit, values | stamps(client, edit)).status_code == 302
    assert Mandate.objects.get(pk=seat.pk).is_referent
    page = client.get(reverse("mandate:index") + "?is_referent=true").content.decode()
    assert "Personne A" in page and "Personne B" not in page


def test_a_body_is_found_by_a_word_with_an_accent(client):
    found = body("SAN")
    found.name = {"fr": "GT Santé", "source": "fr"}
    found.save()
    assert "GT Santé" in client.get(reverse("body:index"), {"q": "santé"}).content.decode()
