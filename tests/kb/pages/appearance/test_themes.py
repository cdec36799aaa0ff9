import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_choice_is_kept_in_a_cookie_and_leads_back():
    answer = Client(enforce_csrf_checks=True).post("/fr/affichage/", {"theme": "dark", "next": "/fr/plan/"})
    assert (answer.status_code, answer["Location"]) == (302, "/fr/plan/")
    assert answer.cookies["theme"].value == "dark"


def test_automatic_takes_the_cookie_away(client):
    client.cookies["theme"] = "dark"
    answer = client.post("/fr/affichage/", {"theme": "", "next": "/fr/"})
    assert answer.cookies["theme"]["max-age"] == 0


@pytest.mark.parametrize("back", ["https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)", ""])
def test_choice_never_leads_to_another_site(client, back):
    assert client.post("/fr/affichage/", {"theme": "dark", "next": back})["Location"] == "/"


def test_unknown_value_of_the_cookie_is_not_written_into_the_page(client):
    client.cookies["theme"] = '"><script>'
    assert "data-theme" not in client.get("/fr/").content.decode()


def test_choosing_is_a_post(client):
    assert client.get("/fr/affichage/").status_code == 405
