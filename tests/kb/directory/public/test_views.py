"""The public pages: a list that can be narrowed,
and one page an organisation that shows what is filled and nothing of people.
"""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override

from kb.directory.hours import said
from kb.directory.models import Employment
from kb.directory.public.organisation_page import dialled
from kb.groups.models import Mandate
from tests.kb.accounts import builders as people
from tests.kb.directory import builders as make
from tests.kb.groups import builders as groups
from tests.kb.library.builders import concept

pytestmark = pytest.mark.django_db


def names(response) -> list[str]:
    return [row.name.text for row in response.context["listing"].rows]


def counts(response) -> dict[str, dict[str, int]]:
    return {facet.name: {row.value: row.count for row in facet.rows} for facet in response.context["listing"].facets}


def words(response) -> str:
    """What stands on the page, spaces tidied."""
    main = re.search(r"<main.*</main>", response.content.decode(), re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main[0])).split())


# The list


def test_the_list_is_sorted_without_accents_case_and_signs(client):
    for name in ("Zonta", "Échelle", "escale", "« Abri »", "Étoile"):
        make.organisation(name)
    assert names(client.get("/fr/organisations/")) == ["« Abri »", "Échelle", "escale", "Étoile", "Zonta"]


def test_an_inactive_organisation_is_in_no_list_and_no_count(client):
    make.organisation("Ouverte")
    make.organisation("Fermée", is_active=False, kind="other")
    response = client.get("/fr/organisations/")
    assert names(response) == ["Ouverte"]
    assert counts(response)["kind"] == {"association": 1}


def test_facets_are_of_what_exists_and_count_what_ticking_them_shows(client):
    housing, health = concept("housing", "Logement"), concept("health", "Santé")
    lease = concept("lease", "Bail", broader=housing)
    make.organisation("Union", concepts=[lease], language_side="fr")
    both = make.organisation("Huis", concepts=[health], kind="cpas")
    make.service(both, concepts=[lease])
    make.membership(both)
    bon = make.organisation("Bon", language_side="nl")
    make.membership(bon, make.service(bon))

    whole = client.get("/en/organisations/")
    assert counts(whole) == {
        "kind": {"cpas": 1, "association": 2},
        "theme": {"housing": 2, "health": 1},
        "side": {"fr": 2, "nl": 2},
        "member": {"1": 2},
    }
    for facet, values in counts(whole).items():
        for value, count in values.items():
            response = client.get("/en/organisations/", {facet: value})
            assert len(names(response)) == response.context["listing"].total == count
    narrowed = client.get("/en/organisations/?theme=housing&member=1")
    assert names(narrowed) == ["Huis"]
    assert counts(narrowed)["theme"] == {"housing": 1, "health": 1}
    assert counts(narrowed)["member"] == {"1": 1}
    assert names(client.get("/en/organisations/?side=fr&side=nl&kind=association")) == ["Bon", "Union"]


def test_a_membership_that_is_over_or_of_a_closed_service_makes_no_member(client):
    over, closed = make.organisation("Partie"), make.organisation("Sans service")
    make.membership(over, until=timezone.localdate() - timedelta(days=1))
    make.membership(closed, make.service(closed, is_active=False))
    assert "member" not in counts(client.get("/fr/organisations/"))


@pytest.mark.parametrize(
    "typed", ["echo", "ÉCHO", "consultation huurder", "huurderbond", "exemple 1030", "loge", "turc", "maison-echo"]
)
def test_words_are_looked_for_in_all_that_is_known_without_accents(client, typed):
    found = make.organisation(
        "L’Écho",
        "maison-echo",
        other_names={"nl": "Huurderbond"},
        spoken=["tr"],
        concepts=[concept("housing", "Logement")],
    )
    make.service(found, "Consultation")
    make.place(found, "Rue de l’Exemple", postal_code="1030")
    make.organisation("Autre")
    response = client.get("/fr/organisations/", {"q": typed})
    assert names(response) == ["L’Écho"]
    assert response.context["listing"].total == 1
    assert 'content="noindex"' in response.content.decode()


def test_values_that_mean_nothing_are_left_out(client):
    make.organisation("Seule")
    for query in (
        "?kind=nothing",
        "?theme=x&side=zz&member=2",
        "?page=0",
        "?page=999",
        "?page=x",
        "?q=%00",
        "?q=" + "a" * 5000,
    ):
        response = client.get("/fr/organisations/" + query)
        assert response.status_code == 200
        assert names(response) == ([] if "aaa" in query else ["Seule"])


def test_a_list_without_an_answer_says_what_to_do_and_an_empty_directory_that_it_is_empty(client):
    assert "There is no organisation here yet." in words(client.get("/en/organisations/"))
    make.organisation("Seule")
    assert "Take a filter away" in words(client.get("/en/organisations/?q=nothing"))


def test_a_long_list_has_pages_that_keep_the_filters(client):
    for number in range(65):
        make.organisation(f"Maison {number:02}")
    second = client.get("/fr/organisations/?kind=association&page=2")
    assert names(second) == [f"Maison {number:02}" for number in range(30, 60)]
    assert 'href="?kind=association&amp;page=3"' in second.content.decode()
    assert second.context["listing"].total == 65
    assert names(client.get("/fr/organisations/?page=99")) == [f"Maison {number}" for number in range(60, 65)]


# An organisation


def shown(client, organisation, language: str = "fr"):
    with override(language):
        return client.get(organisation.get_absolute_url())


def test_an_organisation_is_at_the_address_of_each_language_and_the_tabs_lead_there(client):
    made = make.organisation("Union des Locataires", "union", other_names={"nl": "Huurdersbond"}, language_side="fr")
    for address in ("/fr/organisations/union/", "/nl/organisaties/union/", "/en/organisations/union/"):
        text = client.get(address).content.decode()
        assert all(
            f'href="{other}"' in text
            for other in ("/fr/organisations/union/", "/nl/organisaties/union/", "/en/organisations/union/")
        )
    dutch = shown(client, made, "nl").content.decode()
    assert re.search(r'<h1 lang="nl">Huurders\N{SOFT HYPHEN}?bond</h1>', dutch)
    assert '<a lang="fr" hreflang="fr" href="/fr/organisations/union/">Union des Locataires</a>' in dutch
    english = shown(client, made, "en").content.decode()
    assert '<h1 lang="fr">Union des Locataires</h1>' in english


def test_an_unknown_organisation_is_not_found(client):
    assert client.get("/fr/organisations/personne/").status_code == 404


def test_all_that_is_filled_is_shown(client):
    today = timezone.localdate()
    made = make.organisation(
        "Union",
        description={"fr": "Défend les locataires.", "nl": "Verdedigt huurders."},
        spoken=["fr", "ary"],
        phone="02 000 10 30",
        email="union@union.example",
        url="https://union.example/",
        concepts=[concept("lease", "Bail", "Huur", "Lease", broader=concept("housing", "Logement"))],
        kind="cpas",
    )
    make.membership(made, since="2005-03-01")
    make.membership(made, since="1999-01-01", until="2001-12-31")
    service = make.service(
        made,
        "Permanence juridique",
        "permanence",
        publics={"fr": "Locataires"},
        conditions={"fr": "Être membre"},
        cost={"fr": "Gratuit"},
        spoken=["tr"],
        phone="+32 2 000 10 31",
    )
    week = {
        (today + timedelta(days=3)).isoweekday(): "9-12",
        (today + timedelta(days=4)).isoweekday(): "rdv",
    }  # today it is closed
    place = make.place(
        made, service=service, house_number="12", postal_code="1030", access={"fr": "Troisième étage"}, week=week
    )
    make.closure(place, today - timedelta(days=1), today + timedelta(days=1), reason={"fr": "Travaux"})
    make.closure(place, today + timedelta(days=9))
    make.closure(place, "2001-01-01", reason={"fr": "Ancienne"})

    response = shown(client, made)
    text, said_there = response.content.decode(), words(response)

    for part in (
        "Défend les locataires.",
        "français",
        "arabe marocain",
        "turc",
        "Bail",
        "Locataires",
        "Être membre",
        "Gratuit",
        "Troisième étage",
        "Travaux",
    ):
        assert part in said_there, part
    for part in (
        'href="tel:+3220001030"',
        'href="tel:+3220001031"',
        'href="mailto:union@union.example"',
        'href="https://union.example/"',
    ):
        assert part in text, part
    assert 'id="service-permanence"' in text
    assert "?theme=housing" in text
    assert "Rue de l’Exemple 12, 1030 Schaerbeek" in said_there
    assert "https://www.openstreetmap.org/search?query=Rue" in text
    assert "Ancienne" not in said_there
    assert said(()) in said_there
    english = words(shown(client, made, "en"))
    assert "by appointment" in english and "9:00 – 12:00" in english
    assert "Member of the Coordination Sociale since March 1, 2005" in english or "since 1 March 2005" in english
    assert "Was a member of the Coordination Sociale from" in english
    assert "Closed from" in english and "Closed on" in english
    assert "Verdedigt huurders." in words(shown(client, made, "nl"))


def test_only_what_is_filled_is_shown(client):
    made = make.organisation("Union")
    text = shown(client, made, "en").content.decode()
    main = re.search(r"<main.*</main>", text, re.DOTALL)[0]
    for trace in (
        "tel:",
        "mailto:",
        "openstreetmap",
        "<table",
        "<section",
        "<dl",
        "Spoken here",
        "Themes:",
        "Member",
        "echo",
        "lead",
    ):
        assert trace not in main, trace


def test_the_table_of_hours_says_which_line_is_today(client):
    made = make.organisation("Union")
    make.place(made, week=dict.fromkeys(range(1, 8), "9-12"))
    text = shown(client, made, "en").content.decode()
    line = re.search(r'<tr class="hours__today">(.*?)</tr>', text)[1]
    with override("en"):
        assert f"{timezone.localdate():%A}" in line
    assert "(today)" in line and text.count("(today)") == 1


def test_a_place_with_coordinates_is_on_the_map_at_them(client):
    made = make.organisation("Union")
    make.place(made, latitude="50.860000", longitude="4.380000")
    assert (
        "openstreetmap.org/?mlat=50.860000&amp;mlon=4.380000#map=18/50.860000/4.380000"
        in shown(client, made).content.decode()
    )


def test_nothing_of_another_place_on_the_web_is_loaded(client):
    made = make.full(1)
    text = shown(client, made).content.decode()
    assert not re.findall(r'(?:src|<iframe|<img)[^>]*="https?:', text)


def test_an_inactive_organisation_says_that_it_no_longer_exists_and_gives_no_way_to_reach_it(client):
    made = make.organisation("Ancienne", phone="02 000 10 39", is_active=False)
    make.service(made, "Consultation d’avant")
    make.place(made, "Rue quittée", week={1: "9-12"})
    response = shown(client, made, "en")
    assert response.status_code == 200
    assert "This organisation no longer exists." in words(response)
    assert 'content="noindex"' in response.content.decode()
    for gone in ("02 000", "Consultation d’avant", "Rue quittée"):
        assert gone not in words(response)


def test_a_closed_service_is_not_shown(client):
    made = make.organisation("Union")
    closed = make.service(made, "Service fermé", is_active=False)
    make.place(made, "Rue du service fermé", service=closed)
    make.membership(made, closed, since="2001-01-01")
    text = words(shown(client, made))
    assert "fermé" not in text and "2001" not in text


@pytest.mark.parametrize("reader", ["anyone", "member", "colleague", "editor", "half"])
def test_nothing_of_people_is_shown_to_anyone(client, reader):
    made = make.organisation("Union")
    person = people.member("dalia@union.example", name="Personne Dahlia", phone="02 000 10 77", shares_contact=True)
    Employment.objects.create(user=person, organisation=made, function="Directrice dahlia")
    body = groups.body("LOG")
    Mandate.objects.create(user=person, body=body, organisation=made, role="member")
    if reader == "colleague":
        client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
        Employment.objects.create(user=person, organisation=made, function="Autre dahlia")
    elif reader != "anyone":
        user = (
            people.member("autre@cass.example")
            if reader == "member"
            else people.editor(second_factor=reader == "editor")
        )
        Mandate.objects.create(user=user, body=body, role="member")
        people.log_in(client, user, code=reader == "editor")
    for response in (shown(client, made), client.get("/fr/organisations/"), client.get("/fr/organisations/?q=dahlia")):
        text = words(response).replace('dahlia"', "")
        for trace in ("Personne Dahlia", "Directrice", "Autre dahlia", "dalia@", "10 77"):
            assert trace not in text, trace
    assert client.get("/fr/organisations/?q=directrice").context["listing"].total == 0


def test_what_differs_between_readers_is_kept_by_no_shared_cache(client):
    made = make.organisation("Union")
    for response in (shown(client, made), client.get("/fr/organisations/")):
        assert "private" in response["Cache-Control"] and "Cookie" in response["Vary"]


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_pages_are_only_read(client, method):
    made = make.organisation("Union")
    for address in ("/fr/organisations/", made.get_absolute_url()):
        assert getattr(client, method)(address).status_code == 405


@pytest.mark.parametrize(
    ("written", "call"),
    [
        ("02 000 10 30", "+3220001030"),
        ("+32 (0)2 000.10.30", "+3220001030"),
        ("0032 2 000 10 30", "+3220001030"),
        ("103", "103"),
        ("", ""),
    ],
)
def test_a_number_is_dialled_from_any_country(written, call):
    assert dialled(written) == call


# Cost


def queries(ask) -> int:
    ask()  # what is asked once a process is asked now
    with CaptureQueriesContext(
        connection,
    ) as asked:
        ask()
    return len(asked)


@pytest.mark.parametrize(
    "address",
    [
        "/fr/organisations/",
        "/fr/organisations/?q=service",
        "/fr/organisations/?kind=association&theme=housing&member=1",
    ],
)
def test_the_list_takes_the_same_queries_with_two_and_five_organisations(client, address):
    housing = concept("housing", "Logement")
    for number in range(2):
        make.full(number, [housing])
    two = queries(lambda: client.get(address))
    for number in range(2, 5):
        make.full(number, [housing])
    assert queries(lambda: client.get(address)) == two
    assert client.get(address).context["listing"].total == 5


def test_the_page_of_an_organisation_takes_the_same_queries_with_one_and_ten_services(client):
    made = make.full(1)
    few = queries(lambda: client.get(made.get_absolute_url()))
    for number in range(10):
        make.closure(make.place(made, service=make.service(made, f"Plus {number}"), week={1: "9-12"}), "2030-01-01")
    assert queries(lambda: client.get(made.get_absolute_url())) == few


# sitemap.xml


def test_the_site_map_lists_those_that_exist_under_each_language(client):
    make.organisation("Union", "union")
    make.organisation("Partie", "partie", is_active=False)
    text = client.get("/sitemap.xml").content.decode()
    for start in ("/fr/organisations/", "/nl/organisaties/", "/en/organisations/"):
        assert f"{start}union/</loc>" in text
    assert "partie" not in text
