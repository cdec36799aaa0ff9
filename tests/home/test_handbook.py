"""The handbook: each page of help in three languages, for those whose task it is and for nobody else."""

import re

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from home.handbook import TASKS
from kb.languages import CODES
from kb.library.catalogue.verifying import mark
from tests.axe import assert_no_axe_findings
from tests.kb.accounts import builders as people
from tests.kb.groups import builders as groups
from tests.kb.library import builders as make

pytestmark = pytest.mark.django_db
NAMES = {task.name for task in TASKS}
OF_MEMBERS = {task.name for task in TASKS if not task.is_for_editors}


def reads(reader: str, language: str = "fr") -> Client:
    client = Client()
    if reader == "editor":
        people.log_in(client, people.editor(language=language), language=language)
    elif reader != "anyone":
        user = people.editor(second_factor=False) if reader == "half" else people.member(language=language)
        if reader in ("member", "consultant"):
            role = "consultant" if reader == "consultant" else "member"
            groups.mandate(user, groups.body("PA"), role=role)
        people.open_session_without_second_factor(client, user)
    return client


@pytest.mark.parametrize(
    ("reader", "seen"),
    [
        ("anyone", set()),
        ("member", OF_MEMBERS),
        ("consultant", OF_MEMBERS),
        ("without a group", OF_MEMBERS),
        ("half", OF_MEMBERS),
        ("editor", NAMES),
    ],
)
def test_each_reader_has_the_help_for_their_own_tasks(reader, seen):
    client = reads(reader)
    answers = {name: client.get(people.url(f"handbook:{name}")) for name in NAMES}
    assert {name for name, answer in answers.items() if answer.status_code == 200} == seen
    refused = 302 if reader == "anyone" else 404
    assert {answer.status_code for name, answer in answers.items() if name not in seen} <= {refused}
    index = client.get(people.url("handbook:index"))
    listed = {name for name in NAMES if people.url(f"handbook:{name}") in index.content.decode()}
    assert listed == seen
    assert (index.status_code == 302) is (reader == "anyone")


@pytest.mark.parametrize("language", CODES)
def test_every_page_is_in_the_language_of_its_address_and_what_it_leads_to_is_there(language):
    client = reads("editor", language)
    groups.body("PA")
    for task in TASKS:
        shown = client.get(people.url(f"handbook:{task.name}", language)).content.decode()
        text = shown[shown.index('<div class="prose">') : shown.index("<footer")]
        assert "<ol>" in text
        for address in re.findall(r'href="([^"]+)"', text):
            assert client.get(address).status_code == 200, address
        for other in CODES:
            assert people.url(f"handbook:{task.name}", other) in shown


@pytest.mark.parametrize("language", ["fr", "nl"])
def test_help_is_a_link_away_from_where_the_thing_is_done(language):
    client = reads("editor", language)
    reference = make.reference()
    mark(reference, {"title": "guess"})
    person = people.member("autre@cass.example")
    for name, places in {
        "verify": [f"/admin/snippets/library/reference/edit/{reference.pk}/"],
        "erase": ["/admin/personal-data/places/", f"/admin/personal-data/{person.pk}/"],
        "newsletter": [reverse("wagtailsnippets_newsletter_issue:list")],
        "contribute": [people.url("library:add", language), people.url("library:contributions", language)],
        "index": ["/admin/", people.url("home:members", language)],
    }.items():
        for place in places:
            assert f'"{people.url(f"handbook:{name}", language)}"' in client.get(place).content.decode(), place


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("language", "width", "scheme"), [("nl", 390, "dark")])
def test_the_pages_have_no_findings_and_fit(live_server, page, language, width, scheme):
    client = reads("editor", language)
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 844})
    for place in ("index", *NAMES):
        page.goto(live_server.url + people.url(f"handbook:{place}", language))
        assert_no_axe_findings(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
