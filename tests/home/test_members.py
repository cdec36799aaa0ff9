"""The members' home: one's own, and nobody else's."""

from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from home import members
from kb.clock.notices import noticing, waiting
from kb.clock.notices.noticing import Told, notice
from kb.clock.notices.waiting import Waiting, WaitingList
from kb.groups.models import Mandate
from kb.library.contributions import waiting as awaiting
from tests.axe import assert_no_axe_findings
from tests.kb.accounts import builders as people
from tests.kb.library import builders as make

pytestmark = pytest.mark.django_db
ADDRESSES = {"fr": "/fr/membres/", "nl": "/nl/leden/", "en": "/en/members/"}
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def waits():
    """Titles that wait, by e-mail address of the person; what domains let wait is not asked for."""
    found: dict[str, list[str]] = {}

    def find(user, held) -> WaitingList:
        titles = found.get(user.email, [])
        return WaitingList(
            len(titles),
            tuple(Waiting(title, f"/fr/{title}/", language="nl", word="l’année") for title in titles[:5]),
            "/fr/tout/",
        )

    with waiting.LISTS.temporarily():
        waiting.register_waiting("tests.mend", "À compléter", find, order=10)
        yield found


def logged_in(user) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def page(user, language="fr") -> str:
    answer = logged_in(user).get(ADDRESSES[language])
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("language", ADDRESSES)
def test_whoever_is_not_logged_in_is_sent_to_do_so_and_back(client, language):
    answer = client.get(ADDRESSES[language])
    assert answer.status_code == 302
    assert answer["Location"].startswith(people.url("account_login", language))
    assert f"next={ADDRESSES[language]}" in answer["Location"]


@pytest.mark.parametrize("language", ADDRESSES)
def test_the_page_speaks_the_language_of_its_address_and_echoes_in_the_others(waits, language):
    shown = page(make.member("PA"), language)
    assert f'<html lang="{language}"' in shown
    for other, address in ADDRESSES.items():
        assert (f'href="{address}"' in shown) or other == language


def test_it_shows_what_waits_under_its_heading(waits):
    user = make.member("PA")
    waits[user.email] = ["Huisvesting", *(f"t{number}" for number in range(7))]
    shown = page(user)
    assert "À compléter" in shown
    assert "(8)" in shown
    assert 'href="/fr/Huisvesting/" lang="nl"' in shown
    assert 'href="/fr/tout/"' in shown
    assert "t3" in shown
    assert "t4" not in shown


def test_it_says_so_when_nothing_waits_and_nothing_was_put_in(waits):
    shown = page(make.member("PA"), "en")
    assert "Nothing waits for you." in shown
    assert "You have put nothing in yet." in shown


def test_it_names_the_groups_with_their_purpose_role_and_first_day(waits):
    user = make.member("PA")
    body = make.body("PA")
    body.purpose = {"fr": "Accueillir", "source": "fr"}
    body.save()
    Mandate.objects.filter(user=user).update(since=date(2012, 3, 1), is_referent=True)
    shown = page(user)
    for words in ("Groupe PA", "Accueillir", "1 mars 2012"):
        assert words in shown


@pytest.mark.parametrize("ended", [{"until": date(2012, 1, 1)}, {"is_suspended": True}], ids=["ended", "suspended"])
def test_a_mandate_that_does_not_run_is_not_a_group_of_mine(waits, ended):
    user = make.member("PA")
    Mandate.objects.filter(user=user).update(**ended)
    assert "Groupe PA" not in page(user)


def test_an_account_without_a_group_is_told_what_it_sees_and_whom_to_ask(waits):
    user = people.member()
    shown = page(user, "en")
    assert "You are in no group at the moment. You see what is public, and what you put in yourself." in shown
    assert "coordination" in shown
    assert people.url("library:add", "en") not in shown


def test_a_member_finds_the_button_to_add_a_reference(waits):
    assert f'href="{people.url("library:add")}"' in page(make.member("PA"))


def test_it_shows_where_each_contribution_stands(waits):
    user = make.member("PA")
    make.reference("Étude abricot", state="returned", created_by=user, state_reason="Il manque l’année")
    shown = page(user)
    assert "Étude abricot" in shown
    assert "Il manque l’année" in shown
    assert str(awaiting.STATE_WORDS["returned"]) in shown


@noticing.KINDS.temporarily()
def test_it_shows_what_happened_lately_even_to_whoever_wants_no_mail(waits):
    noticing.register_notice_kind(
        "tests.accepted", lambda notices, held: {one.pk: Told("C’est accepté", "/r/PA") for one in notices}
    )
    user = make.member("PA")
    user.digest_frequency = "never"
    user.save()
    notice(user, "tests.accepted", "library.reference:17")
    assert "C’est accepté" in page(user)


READERS = ("anyone", "other", "consultant", "without mandate", "editor", "half")


@pytest.mark.parametrize("reader", READERS)
@noticing.KINDS.temporarily()
def test_nobody_s_home_shows_the_things_of_another(waits, reader):
    noticing.register_notice_kind(
        "tests.accepted", lambda notices, held: {one.pk: Told("Nouvelle dahlia") for one in notices}
    )
    owner = make.member("PA", email="citronnier@cass.example")
    make.reference("Étude abricot", state="draft", created_by=owner, audiences=("body:PA",))
    waits[owner.email] = ["edelweiss"]
    notice(owner, "tests.accepted", "library.reference:17")
    mine = page(owner)
    traces = ("abricot", "edelweiss", "dahlia", "citronnier")
    assert all(trace in mine for trace in traces)
    client = Client()
    if reader == "editor":
        people.log_in(client, people.editor())
    elif reader != "anyone":
        user = {
            "other": lambda: make.member("LO"),
            "consultant": lambda: make.member("PA", role="consultant"),
            "without mandate": people.member,
            "half": lambda: people.editor(second_factor=False),
        }[reader]()
        client.force_login(user, backend=BACKEND)
    for address in ADDRESSES.values():
        shown = client.get(address, follow=True).content.decode()
        assert [trace for trace in traces if trace in shown] == []


def test_the_page_is_kept_by_no_cache_and_found_by_no_search_engine(waits):
    answer = logged_in(make.member("PA")).get(ADDRESSES["fr"])
    assert "no-store" in answer["Cache-Control"]
    assert 'content="noindex"' in answer.content.decode()


def test_it_only_shows(waits):
    assert logged_in(make.member("PA")).post(ADDRESSES["fr"]).status_code == 405


def test_it_costs_the_same_for_one_thing_of_each_as_for_many():
    user = make.member("PA")
    client = logged_in(user)

    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(ADDRESSES["fr"]).status_code == 200
        return len(asked)

    def add(code: str) -> None:
        if code != "PA":
            Mandate.objects.create(user=user, body=make.body(code))
        for state in ("proposed", "returned", "accepted"):
            made = make.reference(f"Étude {code}", state=state, created_by=user, code=code)
            notice(user, f"library.{state}", f"library.reference:{made.pk}")

    add("PA")
    cost()
    few = cost()
    for code in ("LO", "SA", "TR", "EN", "GU", "RE", "HA"):
        add(code)
    assert cost() == few


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("language", "width", "scheme"), [("fr", 1280, "light"), ("nl", 390, "dark")])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(live_server, context, waits, language, width, scheme):
    user = make.member("PA", language=language)
    waits[user.email] = ["Verzamelverblijfsvergunningsaanvraagformulier", "Logement"]
    make.reference("Étude abricot", state="returned", created_by=user, state_reason="Il manque l’année")
    session = logged_in(user).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    page = context.new_page()
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{live_server.url}{ADDRESSES[language]}")
    assert page.locator("h1").inner_text() == members.TITLES[language]
    assert_no_axe_findings(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if width < 1024:
        page.locator("summary").first.click()
    assert page.locator(f'a.head__link[href="{ADDRESSES[language]}"]:visible').get_attribute("aria-current") == "page"


# The way to it, on every page


def test_the_header_leads_there_and_marks_where_we_are(waits):
    client = logged_in(make.member("PA"))
    assert '<a class="head__link" href="/fr/membres/"' in client.get("/fr/plan/").content.decode()
    assert "aria-current" not in client.get("/fr/plan/").content.decode().split('href="/fr/membres/"')[1].split(">")[0]
    here = client.get("/fr/membres/").content.decode()
    assert 'aria-current="page"' in here.split('class="head__link" href="/fr/membres/"')[1].split(">")[0]
    assert people.url("account_logout") in here


def test_the_header_of_whoever_is_not_logged_in_leads_to_the_log_in(client):
    assert f'href="{people.url("account_login")}?next=/fr/plan/"' in client.get("/fr/plan/").content.decode()


def test_an_editor_still_finds_the_way_to_the_admin(waits):
    client = Client()
    people.log_in(client, people.editor())
    assert 'href="/admin/"' in client.get("/fr/membres/").content.decode()
