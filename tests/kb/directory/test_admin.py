"""Editors keeping organisations, services and places: forms that say what is wrong, lists that stay quick, deletions
that lose nothing.
"""

from __future__ import annotations

import re
from html import unescape
from io import BytesIO

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override
from openpyxl import load_workbook

from kb.directory.admin.viewsets import organisation_chooser, place_viewset, service_chooser, service_viewset
from kb.directory.hours import by_day, write_day
from kb.directory.models import Employment, Membership, Organisation, Place, Service
from kb.groups.models import Mandate
from kb.library.models import Creator
from tests.kb.accounts import builders as people
from tests.kb.directory import builders as make
from tests.kb.groups import builders as groups
from tests.kb.library import builders as library

pytestmark = pytest.mark.django_db

ORGANISATION = "organisation"


@pytest.fixture(autouse=True)
def editor(client):
    cache.clear()
    user = people.editor(language="en")
    user.keep_admin_language()
    people.log_in(client, user)
    return user


def address(model: str, what: str, *args) -> str:
    return reverse(f"{model}:{what}", args=args)


def texts(name: str, **languages) -> dict[str, str]:
    return {f"{name}_{code}": languages.get(code, "") for code in ("fr", "nl", "en")}


def formset(name: str, rows: list[dict], initial: int = 0) -> dict[str, str]:
    values = {
        f"{name}-TOTAL_FORMS": len(rows),
        f"{name}-INITIAL_FORMS": initial,
        f"{name}-MIN_NUM_FORMS": 0,
        f"{name}-MAX_NUM_FORMS": 1000,
    }
    return values | {
        f"{name}-{number}-{field}": value for number, row in enumerate(rows) for field, value in row.items()
    }


def organisation_form(memberships=(), **changes) -> dict:
    values = {
        "name": "Union des Locataires",
        "code": "",
        "kind": "association",
        "language_side": "fr",
        "phone": "",
        "email": "",
        "url": "",
    }
    values |= (
        texts("other_names")
        | texts("description")
        | {"spoken": "", "is_active": "on"}
        | formset("memberships", list(memberships))
    )
    return values | changes


def service_form(of, **changes) -> dict:
    values = {
        "organisation": of.pk,
        "name": "Permanence",
        "code": "",
        "phone": "",
        "email": "",
        "url": "",
        "spoken": "",
        "sort_order": 0,
    }
    for name in ("other_names", "description", "publics", "conditions", "cost"):
        values |= texts(name)
    return values | {"is_active": "on"} | changes


def place_form(of, closures=(), **changes) -> dict:
    values = {
        "organisation": of.pk,
        "service": "",
        "name": "",
        "code": "",
        "house_number": "12",
        "postal_code": "1030",
        "phone": "",
        "email": "",
    }
    values |= texts("street", fr="Rue de l’Exemple") | texts("municipality", fr="Schaerbeek") | texts("access")
    values |= (
        {"latitude": "", "longitude": "", "sort_order": 0}
        | {f"day_{day}": "" for day in range(1, 8)}
        | formset("closures", list(closures))
    )
    return values | changes


def words(response) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


# Forms


def test_an_organisation_is_kept_with_its_memberships_and_languages(client):
    theme = library.concept("housing", "Logement")
    response = client.post(
        address(ORGANISATION, "add"),
        organisation_form(
            [{"since": "2005-01-01", "until": "", "service": ""}], spoken="French, Dutch, turc", concepts=[theme.pk]
        ),
    )
    assert response.status_code == 302, words(response)[:2000]
    made = Organisation.objects.get()
    assert (made.code, made.spoken) == ("union-des-locataires", ["fr", "nl", "tr"])
    assert list(made.concepts.all()) == [theme]
    assert Membership.objects.get().since.year == 2005


def test_a_language_that_does_not_exist_is_refused_with_a_sentence_and_nothing_is_lost(client):
    response = client.post(address(ORGANISATION, "add"), organisation_form(spoken="French, klingonese"))
    assert "“klingonese” is not among the languages." in words(response)
    assert 'value="French, klingonese"' in response.content.decode()
    assert not Organisation.objects.exists()


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
def test_languages_are_named_in_the_editors_language(client, editor, language):
    editor.language = language
    editor.save()
    editor.keep_admin_language()
    made = make.organisation(spoken=["fr", "tr"])
    text = client.get(address(ORGANISATION, "edit", made.pk)).content.decode()
    assert {"fr": 'value="français, turc"', "nl": 'value="Frans, Turks"', "en": 'value="French, Turkish"'}[
        language
    ] in text


def test_the_code_never_changes(client):
    made = make.organisation("Union", "union")
    client.post(address(ORGANISATION, "edit", made.pk), organisation_form(name="Union nouvelle", code="autre"))
    made.refresh_from_db()
    assert (made.name, made.code) == ("Union nouvelle", "union")
    service = make.service(made, "Permanence", "permanence")
    client.post(address("service", "edit", service.pk), service_form(made, name="Guichet", code="autre"))
    service.refresh_from_db()
    assert (service.name, service.code) == ("Guichet", "permanence")


def test_a_code_that_is_taken_gets_a_number_and_one_that_is_written_is_refused(client):
    make.organisation("Union", "union-des-locataires")
    client.post(address(ORGANISATION, "add"), organisation_form())
    assert Organisation.objects.filter(code="union-des-locataires-2").exists()
    response = client.post(address(ORGANISATION, "add"), organisation_form(code="union-des-locataires"))
    assert response.status_code == 200 and Organisation.objects.count() == 2


def test_a_membership_is_of_one_of_its_own_services(client):
    made, other = make.organisation("Union"), make.organisation("Autre")
    mine, foreign = make.service(made, "La mienne"), make.service(other, "L’autre")
    text = client.get(address(ORGANISATION, "edit", made.pk)).content.decode()
    assert "La mienne" in text and "L’autre" not in unescape(text)
    for service, status in ((foreign, 200), (mine, 302)):
        form = organisation_form([{"since": "", "until": "", "service": service.pk}], name="Union")
        assert client.post(address(ORGANISATION, "edit", made.pk), form).status_code == status
    assert Membership.objects.get().service == mine


def test_a_membership_does_not_end_before_it_begins(client):
    response = client.post(
        address(ORGANISATION, "add"), organisation_form([{"since": "2010-01-01", "until": "2009-01-01", "service": ""}])
    )
    assert "The membership would end before it begins." in words(response)


def test_a_place_is_kept_with_hours_by_day_and_closures(client):
    made = make.organisation("Union")
    closure = {"since": "2030-08-01", "until": "2030-08-15", **texts("reason", fr="Congé")}
    form = place_form(made, [closure], day_1="9-12, 13:00-16:30", day_3="by appointment")
    response = client.post(address("place", "add"), form)
    assert response.status_code == 302, words(response)[:2000]
    place = Place.objects.get()
    assert place.street == {"fr": "Rue de l’Exemple"}
    assert place.code == "rue-de-lexemple-12"
    assert {day: write_day(some, "en") for day, some in by_day(place.hours.all()).items()} == {
        1: "09:00-12:00, 13:00-16:30",
        3: "by appointment",
    }
    assert place.closures.get().reason == {"fr": "Congé"}

    text = client.get(address("place", "edit", place.pk)).content.decode()
    assert 'type="date" name="closures-0-since" value="2030-08-01"' in " ".join(text.split()), (
        "the browser's own field: no day is replaced in silence"
    )
    assert 'value="09:00-12:00, 13:00-16:30"' in text and 'value="by appointment"' in text
    again = place_form(made, code=place.code, day_2="10-11")
    assert client.post(address("place", "edit", place.pk), again).status_code == 302
    assert list(place.hours.model.objects.filter(place=place).values_list("weekday", flat=True)) == [2]


def test_hours_that_are_not_understood_are_said_beside_their_day(client):
    made = make.organisation("Union")
    response = client.post(address("place", "add"), place_form(made, day_1="le matin"))
    assert response.status_code == 200
    assert "“le matin” is not understood as hours." in words(response)
    assert 'value="le matin"' in response.content.decode()


def test_a_service_of_another_organisation_is_refused(client):
    made, other = make.organisation("Union"), make.organisation("Autre")
    foreign = make.service(other)
    response = client.post(address("place", "add"), place_form(made, service=foreign.pk))
    assert "This service belongs to another organisation." in words(response)


def test_services_of_two_organisations_may_have_the_same_code(client):
    first, second = make.organisation("Une"), make.organisation("Deux")
    for of in (first, second, second):
        assert client.post(address("service", "add"), service_form(of)).status_code == 302
    assert sorted(Service.objects.values_list("organisation__name", "code")) == [
        ("Deux", "permanence"),
        ("Deux", "permanence-2"),
        ("Une", "permanence"),
    ]


def test_the_form_of_an_organisation_leads_to_its_services_and_places(client):
    made = make.full(1)
    make.full(2)
    text = unescape(client.get(address(ORGANISATION, "edit", made.pk)).content.decode())
    for viewset, count in ((service_viewset, 2), (place_viewset, 3)):
        listed = f"{reverse(viewset.get_url_name('index'))}?organisation={made.pk}"
        assert listed in text
        assert client.get(listed).context["object_list"].count() == count
    add = f"{reverse(service_viewset.get_url_name('add'))}?organisation={made.pk}"
    assert add in text
    assert "Organisation 001" in unescape(client.get(add).content.decode())


# Deleting


HOLDERS = {
    "a person who works there": lambda one: Employment.objects.create(user=people.member(), organisation=one),
    "a mandate": lambda one: Mandate.objects.create(
        user=people.member(), body=groups.body("LOG"), organisation=one, role="member"
    ),
    "a reference it wrote": lambda one: Creator.objects.create(
        reference=library.reference(), name="Union", organisation=one
    ),
}


@pytest.mark.parametrize("holder", HOLDERS)
def test_what_something_hangs_on_is_not_deleted_and_the_editor_is_told_what_to_do(client, holder):
    made = make.full(1)
    HOLDERS[holder](made)
    for method in (client.get, client.post):
        response = method(address(ORGANISATION, "delete", made.pk), follow=True)
        assert "is not deleted" in words(response) and "Make it inactive instead" in words(response)
        assert response.redirect_chain[-1][0] == address(ORGANISATION, "edit", made.pk)
    assert Organisation.objects.filter(pk=made.pk).exists() and Place.objects.count() == 3


def test_an_organisation_nothing_hangs_on_is_deleted_with_its_services_and_places(client):
    made = make.full(1)
    assert client.post(address(ORGANISATION, "delete", made.pk)).status_code == 302
    assert not Organisation.objects.exists() and not Service.objects.exists() and not Place.objects.exists()


# Lists


def test_the_list_is_narrowed_by_kind_side_member_theme_and_state(client):
    housing = library.concept("housing", "Logement")
    lease = library.concept("lease", "Bail", broader=housing)
    whole = make.organisation("Entière", kind="cpas", language_side="nl")
    make.membership(whole)
    part = make.organisation("Par service", is_active=False)
    make.service(part, concepts=[lease])
    make.membership(part, until="2001-01-01")
    cases = {
        "kind=cpas": {"Entière"},
        "language_side=nl": {"Entière"},
        "is_member=true": {"Entière"},
        "is_member=false": {"Par service"},
        f"theme={housing.pk}": {"Par service"},
        "is_active=false": {"Par service"},
        "": {"Entière", "Par service"},
    }
    for query, expected in cases.items():
        found = client.get(f"{address(ORGANISATION, 'index')}?{query}").context["object_list"]
        assert {one.name for one in found} == expected, query


@pytest.mark.parametrize(
    ("model", "typed"),
    [
        *((ORGANISATION, typed) for typed in ("union", "huurdersbond", "UNION-CODE", "permanence", "union permanence")),
        *(("service", typed) for typed in ("permanence", "helpdesk", "union")),
        *(("place", typed) for typed in ("exemple", "voorbeeldstraat", "1030", "union", "permanence")),
    ],
)
def test_lists_find_by_every_name(client, model, typed):
    made = make.organisation("Union", "union-code", other_names={"nl": "Huurdersbond"})
    service = make.service(made, "Permanence", other_names={"en": "Helpdesk"})
    place = make.place(made, service=service, postal_code="1030")
    place.street = {"fr": "Rue de l’Exemple", "nl": "Voorbeeldstraat"}
    place.save()
    make.place(make.organisation("Autre"), "Chaussée")
    found = client.get(address(model, "index"), {"q": typed}).context["object_list"]
    assert len(found) == 1


def queries(ask) -> int:
    ask()
    with CaptureQueriesContext(connection) as asked:
        assert ask().status_code == 200
    return len(asked)


LISTS = {
    "organisations": lambda: address(ORGANISATION, "index"),
    "organisations, members of a theme": lambda: address(ORGANISATION, "index") + "?is_member=true&q=organisation",
    "services": lambda: address("service", "index"),
    "places": lambda: address("place", "index"),
    "places found": lambda: address("place", "index") + "?q=exemple",
    "chooser of organisations": lambda: reverse(organisation_chooser.get_url_name("choose")),
    "chooser of organisations found": lambda: (
        reverse(organisation_chooser.get_url_name("choose_results")) + "?q=organisation"
    ),
    "chooser of services": lambda: reverse(service_chooser.get_url_name("choose")),
    "chooser of services found": lambda: reverse(service_chooser.get_url_name("choose_results")) + "?q=service",
}


@pytest.mark.parametrize("name", LISTS)
def test_lists_and_choosers_take_the_same_queries_with_two_and_five_organisations(client, name):
    theme = library.concept("housing", "Logement")
    for number in range(2):
        make.full(number, [theme])
    two = queries(lambda: client.get(LISTS[name]()))
    for number in range(2, 5):
        make.full(number, [theme])
    assert queries(lambda: client.get(LISTS[name]())) == two


@pytest.mark.parametrize("model", [ORGANISATION, "service", "place"])
@pytest.mark.parametrize("reader", ["anyone", "member", "half"])
def test_only_editors_with_a_second_factor_come_here(client, model, reader):
    client.logout()
    made = make.full(1)
    pk = {ORGANISATION: made.pk, "service": made.services.first().pk, "place": made.places.first().pk}[model]
    if reader == "member":
        people.log_in(client, people.member())
    elif reader == "half":
        people.open_session_without_second_factor(client, people.editor("half@cass.example", second_factor=False))
    with override("en"):
        for what in (("index",), ("add",), ("edit", pk), ("delete", pk)):
            response = client.get(address(model, *what))
            assert response.status_code in (302, 403) and "Organisation 001" not in response.content.decode()


# The workbook


def sheet_of(response) -> list[list]:

    return [[cell.value for cell in row] for row in load_workbook(BytesIO(response.content)).worksheets[0].rows]


def test_the_list_is_downloaded_as_it_is_narrowed(client):
    make.full(1)
    make.organisation("Commune", kind="commune")
    listed = unescape(client.get(f"{address(ORGANISATION, 'index')}?kind=commune").content.decode())
    assert f"{address(ORGANISATION, 'export')}?kind=commune" in listed
    whole, narrowed, searched = (
        client.get(address(ORGANISATION, "export") + query) for query in ("", "?kind=commune", "?q=service")
    )
    assert [len(sheet_of(response)) for response in (whole, narrowed, searched)] == [3, 2, 2]
    assert whole["Content-Disposition"].startswith('attachment; filename="directory-')
    assert "no-store" in whole["Cache-Control"]


@pytest.mark.parametrize("reader", ["anyone", "member", "half"])
def test_only_editors_with_a_second_factor_download_the_workbook(client, reader):
    make.full(1)
    client.logout()
    if reader == "member":
        people.log_in(client, people.member())
    elif reader == "half":
        people.open_session_without_second_factor(client, people.editor("half@cass.example", second_factor=False))
    response = client.get(address(ORGANISATION, "export"))
    assert response.status_code in (302, 403)
    assert b"xl/" not in response.content
