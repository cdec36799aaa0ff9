"""Pages of the subscription: what they show, that a GET changes nothing,
that nobody learns whether an address is known.
"""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from kb.accounts.addresses import prove
from kb.clock.models import OutgoingMail
from kb.newsletter.choices import ConsentEvent, ConsentSource, SubscriberState
from kb.newsletter.message.links import Purpose, token_of
from kb.newsletter.models import Consent, Subscriber
from kb.newsletter.models.subscribers import new_key
from kb.newsletter.subscribers import subscribing
from tests.axe import assert_no_axe_findings
from tests.kb.accounts import builders as people
from tests.kb.newsletter.builders import subscriber

pytestmark = pytest.mark.django_db

LANGUAGES = pytest.mark.parametrize("language", ["fr", "nl", "en"])
ADDRESS = "accueil@cpas.example"
HIDDEN = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')


@pytest.fixture(autouse=True)
def _fresh_limits():
    cache.clear()


@pytest.fixture
def outbox(settings, mailoutbox):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    return mailoutbox


def at(name: str, *args, language: str = "en") -> str:
    with override(language):
        return reverse(f"newsletter:{name}", args=args)


def sign_up(client: Client, email: str = ADDRESS, *, chosen: str = "nl", language: str = "en", **extra):
    return client.post(
        at("subscribe", language=language), {"email": email, "language": chosen, "read": "True"}, **extra
    )


def path_in(message) -> str:
    return re.search(r"https?://[^/\s]+(/\S+)", message.body).group(1)


def text_of(response) -> str:
    return HIDDEN.sub("", response.content.decode())


# Signing up


@LANGUAGES
def test_who_signs_up_confirms_and_is_subscribed(client, outbox, language):
    page = client.get(at("subscribe", language=language)).content.decode()
    assert subscribing.wording(language).replace("'", "&#x27;") in page
    assert 'name="read" value="True"' in page
    answer = sign_up(client, language=language)
    assert answer["Location"] == at("subscribe_sent", language=language)
    assert client.get(answer["Location"]).status_code == 200
    assert not Subscriber.objects.filter(state=SubscriberState.ACTIVE).exists()

    link = path_in(outbox[0])
    assert link.startswith("/nl/")
    opened = client.get(link)
    assert opened["Location"] == at("confirm", language="nl") and opened["Referrer-Policy"] == "no-referrer"
    page = client.get(opened["Location"])
    assert "a•••@cpas.example" in page.content.decode() and ADDRESS not in page.content.decode()
    assert (
        page["Referrer-Policy"] == "same-origin"
        and "noindex" in page["X-Robots-Tag"]
        and "no-store" in page["Cache-Control"]
    )
    assert Subscriber.objects.get().state == SubscriberState.PENDING

    answer = client.post(at("confirm", language="nl"), follow=True)
    assert answer.redirect_chain == [(at("subscription_done", language="nl"), 302)]
    assert "a•••@cpas.example" in answer.content.decode()
    row = Subscriber.objects.get()
    assert (row.state, row.language) == (SubscriberState.ACTIVE, "nl")
    asked, given = row.consents.all()
    assert asked.wording == subscribing.wording(language) and asked.source == ConsentSource.FORM
    assert given.wording == subscribing.wording("nl") and given.source == ConsentSource.LINK


STATES = ("new", "pending", "active", "not_now", "unsubscribed", "erased", "limited")


def answers(state: str, settings, outbox):
    """What somebody sees, takes and causes who signs an address of this state up: (answers, statements, messages)."""
    cache.clear()
    Subscriber.objects.all().delete()
    if state == "erased":
        subscribing.erase(subscriber(ADDRESS))
    elif state == "limited":
        for _time in range(3):
            subscribing.ask(ADDRESS, "fr", wording="x")
    elif state != "new":
        subscriber(ADDRESS, state=state)
    outbox.clear()
    client = Client()
    client.get(at("subscribe"))
    with CaptureQueriesContext(connection) as queries:
        answer = sign_up(client)
    sent = client.get(answer["Location"])
    kinds = [query["sql"].split()[0] for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    hours = ("Set-Cookie", "Expires")  # they tell the hour, not the address
    seen = [
        (one.status_code, text_of(one), {name: value for name, value in one.headers.items() if name not in hours})
        for one in (answer, sent)
    ]
    return seen, sorted(answer.cookies), kinds, len(outbox)


def test_signing_up_shows_and_takes_the_same_whatever_the_address_is(settings, outbox):
    found = {state: answers(state, settings, outbox) for state in STATES}
    seen, cookies, statements, messages = found["new"]
    assert seen[0][0] == 302 and seen[1][0] == 200 and messages == 1
    for state in STATES:
        assert found[state][0] == seen, state
        assert found[state][1] == cookies, state
        if state != "limited":
            assert found[state][2:] == (statements, messages), state
    assert found["limited"][3] == 0


def test_messages_are_queued_with_the_answer_and_not_sent_by_it(client, settings):
    settings.EMAIL_BACKEND = "kb.clock.mail.posting.Backend"
    sign_up(client)
    row = OutgoingMail.objects.get()
    assert (row.address, row.kind, row.state) == (ADDRESS, "newsletter.confirm", "waiting")
    assert ADDRESS.encode() not in bytes(row.sealed)


@pytest.mark.parametrize(
    "typed",
    [
        "a" * 5000 + "@b.example",
        "a@b.example\r\nBcc: c@d.example",
        '"a b"@x.example',
        "Bureau <a@b.example>",
        "prénom@b.example",
        "a@localhost",
        "",
        "   ",
        "a\x00@b.example",
    ],
    ids=["long", "injection", "quoted", "named", "letters", "host", "empty", "blank", "nul"],
)
@LANGUAGES
def test_what_is_no_address_is_said_and_the_form_loses_nothing(client, outbox, typed, language):
    answer = sign_up(client, typed, language=language)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "field__error" in page and 'aria-invalid="true"' in page
    assert '<option value="nl" selected>' in page
    assert answer.context["form"]["email"].value() == typed
    assert not outbox and not Subscriber.objects.exists()


def test_a_language_that_we_do_not_have_is_said(client, outbox):
    assert "field__error" in sign_up(client, chosen="de").content.decode()
    assert not outbox


def test_a_box_without_a_language_gives_that_of_the_page(client, outbox):
    client.post(at("subscribe", language="nl"), {"email": ADDRESS})
    row = Subscriber.objects.get()
    assert row.language == "nl"
    assert row.consents.get().wording == ""  # the words were not beside the box
    client.get(path_in(outbox[0]))
    assert subscribing.wording("nl").replace("'", "&#x27;") in client.get(at("confirm", language="nl")).content.decode()
    client.post(at("confirm", language="nl"))
    assert row.consents.last().wording == subscribing.wording("nl")


def test_an_address_in_capitals_with_a_full_stop_is_the_same(client, outbox):
    sign_up(client, ADDRESS.upper() + ". ")
    sign_up(client, ADDRESS)
    assert [one.email_key for one in Subscriber.objects.all()] == [ADDRESS]


def test_a_place_that_asks_very_often_reads_a_sentence(client, outbox):
    for number in range(20):
        assert sign_up(client, f"a{number}@b.example").status_code == 302
    answer = sign_up(client, "encore@b.example")
    assert answer.status_code == 429
    assert len(outbox) == 20


def test_without_a_token_nobody_is_signed_up(outbox):
    assert sign_up(Client(enforce_csrf_checks=True)).status_code == 403
    assert not Subscriber.objects.exists()


# The link that confirms


@LANGUAGES
@pytest.mark.parametrize(
    "word", ["x", "a" * 32, "a" * 5000, "ключ"], ids=["short", "like ours", "long", "another script"]
)
def test_an_unknown_link_says_what_to_do(client, word, language):
    answer = client.get(at("confirm_link", word, language=language))
    assert answer.status_code == 410
    assert at("subscribe", language=language) in answer.content.decode()


def test_opening_the_link_a_hundred_times_changes_nothing(client, outbox):
    sign_up(client)
    for _time in range(5):
        Client().get(path_in(outbox[0]), follow=True)
        Client().head(path_in(outbox[0]), follow=True)
    assert Subscriber.objects.get().state == SubscriberState.PENDING


def test_confirming_twice_says_that_it_was_used(client, outbox):
    sign_up(client)
    client.get(path_in(outbox[0]))
    client.post(at("confirm", language="nl"))
    assert client.post(at("confirm", language="nl")).status_code == 410
    assert client.get(path_in(outbox[0])).status_code == 410
    assert Consent.objects.filter(event=ConsentEvent.GIVEN).count() == 1


def test_a_confirmation_without_a_token_does_nothing(outbox):
    client = Client(enforce_csrf_checks=True)
    subscribing.ask(ADDRESS, "nl", wording="x")
    client.get(path_in(outbox[0]))
    assert client.post(at("confirm", language="nl")).status_code == 403
    assert Subscriber.objects.get().state == SubscriberState.PENDING


def test_a_new_address_subscribed_meanwhile_is_said(client, outbox):
    row = subscriber(ADDRESS)
    subscribing.ask_new_address(row, "neuf@cpas.example")
    client.get(path_in(outbox[0]))
    subscriber("neuf@cpas.example")
    answer = client.post(at("confirm", language="fr"))
    assert answer.status_code == 409 and "n•••@cpas.example" in answer.content.decode()


# One click


def one_click(row, **options) -> tuple[Client, str]:
    return Client(enforce_csrf_checks=True, **options), at("unsubscribe", token_of(row.key, Purpose.UNSUBSCRIBE))


def test_the_mail_programme_s_post_unsubscribes_without_cookie_or_token():
    client, address = one_click(subscriber(ADDRESS))
    answer = client.post(address, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200 and not answer.cookies
    row = Subscriber.objects.get()
    assert row.state == SubscriberState.UNSUBSCRIBED
    assert [(one.event, one.source) for one in row.consents.all()][-1] == (ConsentEvent.WITHDRAWN, ConsentSource.LINK)


def test_a_post_in_parts_and_from_elsewhere_does_as_well():
    client, address = one_click(subscriber(ADDRESS))
    answer = client.post(
        address,
        {"List-Unsubscribe": "One-Click"},
        headers={"Origin": "https://mail.example", "Referer": "https://mail.example/"},
    )
    assert answer.status_code == 200
    assert Subscriber.objects.get().state == SubscriberState.UNSUBSCRIBED


def test_pressing_it_again_says_the_same_and_writes_nothing():
    client, address = one_click(subscriber(ADDRESS))
    first, second = client.post(address), client.post(address)
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert Consent.objects.filter(event=ConsentEvent.WITHDRAWN).count() == 1


@LANGUAGES
def test_opening_the_page_shows_a_button_and_changes_nothing(client, language):
    row = subscriber(ADDRESS)
    address = at("unsubscribe", token_of(row.key, Purpose.UNSUBSCRIBE), language=language)
    for method in (client.get, client.head):
        answer = method(address)
        assert (
            answer.status_code == 200
            and answer["Referrer-Policy"] == "no-referrer"
            and "no-store" in answer["Cache-Control"]
        )
    page = client.get(address).content.decode()
    assert f'action="{address}"' in page and "a•••@cpas.example" in page and ADDRESS not in page
    assert Subscriber.objects.get().state == SubscriberState.ACTIVE


def test_who_subscribed_again_is_unsubscribed_by_an_old_issue_s_link_too():
    row = subscriber(ADDRESS, state="unsubscribed")
    client, address = one_click(row)
    subscribing.ask(ADDRESS, "fr", wording="x")
    Subscriber.objects.update(state=SubscriberState.ACTIVE)
    client.post(address)
    assert Subscriber.objects.get().state == SubscriberState.UNSUBSCRIBED


def test_forged_links_are_told_apart_by_nobody(client):
    row = subscriber(ADDRESS)
    gone = subscriber("parti@cpas.example")
    erased = token_of(gone.key, Purpose.UNSUBSCRIBE)
    subscribing.erase(gone)
    words = [
        token_of(row.key, Purpose.UNSUBSCRIBE)[:-1],
        token_of(row.key, Purpose.CHANGE),
        f"{new_key()}:{'a' * 43}",
        "zqzqzq",
        erased,
    ]
    for method in ("get", "post"):
        found = [getattr(client, method)(at("unsubscribe", word)) for word in words]
        assert {answer.status_code for answer in found} == {404}
        assert (
            len(
                {
                    text_of(answer).replace(word, "").replace(quote(word), "")
                    for answer, word in zip(found, words, strict=True)
                }
            )
            == 1
        )
    assert at("subscribe") in found[0].content.decode()
    assert client.get(at("unsubscribe_bare")).status_code == 404
    assert Subscriber.objects.get().state == SubscriberState.ACTIVE


# Changing


@pytest.fixture
def row():
    return subscriber(ADDRESS)


@pytest.fixture
def holder(row):
    """A browser that opened the link of a message, and checks tokens as Django does."""
    client = Client()
    answer = client.get(at("change_link", token_of(row.key, Purpose.CHANGE)))
    assert (answer.status_code, answer["Location"], answer["Referrer-Policy"]) == (302, at("change"), "no-referrer")
    return client


def press(client: Client, action: str, **values):
    return client.post(at("change"), {"action": action, **values}, follow=True)


def test_the_page_shows_what_there_is_without_the_whole_address(holder):
    answer = holder.get(at("change"))
    page = answer.content.decode()
    assert answer.status_code == 200 and "a•••@cpas.example" in page and ADDRESS not in page
    assert "no-store" in answer["Cache-Control"]


def test_the_language_is_changed(holder, row):
    press(holder, "language", language="nl")
    row.refresh_from_db()
    assert row.language == "nl"
    assert "field__error" in press(holder, "language", language="xx").content.decode()


def test_the_address_is_changed_in_two_steps(holder, row, outbox):
    page = press(holder, "address", email=" Neuf@CPAS.example ").content.decode()
    assert "message--done" in page
    assert [message.to for message in outbox] == [["Neuf@cpas.example"]]
    reader = Client()
    reader.get(path_in(outbox[0]))
    reader.post(at("confirm", language="fr"))
    row.refresh_from_db()
    assert row.email == "Neuf@cpas.example"
    assert holder.get(at("change")).status_code == 404
    assert outbox[1].to == [ADDRESS]


def test_a_known_new_address_is_answered_like_an_unknown_one(holder, outbox):
    subscriber("connue@cpas.example")
    unknown, known = (press(holder, "address", email=f"{name}@cpas.example") for name in ("inconnue", "connue"))
    assert text_of(unknown) == text_of(known)
    assert len(outbox) == 2


def test_a_hostile_new_address_is_said_and_stays_in_the_form(holder, outbox):
    answer = press(holder, "address", email="a@b.example\nBcc: x@y.example")
    assert "field__error" in answer.content.decode() and not outbox
    assert answer.context["address_form"]["email"].value() == "a@b.example\nBcc: x@y.example"


def test_leaving_and_coming_back_from_the_page(holder, row, outbox):
    press(holder, "leave")
    row.refresh_from_db()
    assert row.state == SubscriberState.UNSUBSCRIBED
    press(holder, "ask")
    row.refresh_from_db()
    assert row.state == SubscriberState.UNSUBSCRIBED and outbox[0].to == [ADDRESS]
    subscribing.confirm(path_in(outbox[0]).split("/")[-2])
    row.refresh_from_db()
    assert row.state == SubscriberState.ACTIVE


def test_not_now_is_lifted_from_the_page(holder, row):
    Subscriber.objects.update(state=SubscriberState.NOT_NOW, refusals=2)
    assert 'value="lift"' in holder.get(at("change")).content.decode()
    press(holder, "lift")
    row.refresh_from_db()
    assert (row.state, row.refusals) == (SubscriberState.ACTIVE, 0)


def test_erasing_asks_first_and_leaves_nothing(holder):
    assert "field__error" in press(holder, "erase").content.decode()
    assert Subscriber.objects.exists()
    answer = press(holder, "erase", sure="on")
    assert answer.redirect_chain == [(at("subscription_done"), 302)]
    assert not Subscriber.objects.exists()
    assert holder.get(at("change")).status_code == 404


OF = re.compile(r'name="of" value="([0-9a-f]{16})"')


@pytest.mark.parametrize("action", ["leave", "erase", "address", "language"])
def test_a_link_planted_since_does_not_get_what_was_pressed_on_the_page_before(holder, row, outbox, action):
    """Somebody leads the browser to the link of their own subscription while this page is open: what is typed and
    pressed is not for theirs.
    """
    (mine,) = set(OF.findall(holder.get(at("change")).content.decode()))
    theirs = subscriber("autre@cpas.example")
    holder.get(at("change_link", token_of(theirs.key, Purpose.CHANGE)))
    before = list(Subscriber.objects.order_by("pk").values())
    answer = press(holder, action, of=mine, sure="on", email="neuf@cpas.example", language="nl")
    assert answer.status_code == 404 and list(Subscriber.objects.order_by("pk").values()) == before and not outbox


def test_the_buttons_of_the_page_say_whose_they_are(holder, row):
    page = holder.get(at("change")).content.decode()
    (mine,) = set(OF.findall(page))
    assert page.count('name="of"') == page.count(f'action="{at("change")}"') == 4
    assert press(holder, "leave", of=mine).status_code == 200
    row.refresh_from_db()
    assert row.state == SubscriberState.UNSUBSCRIBED


def test_a_link_signed_with_a_former_secret_still_acts(row, settings):
    word, former = token_of(row.key, Purpose.CHANGE), settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = (
        "another secret of fifty signs or more, as Django asks",
        [former],
    )
    client = Client()
    client.get(at("change_link", word))
    mine = OF.search(client.get(at("change")).content.decode()).group(1)
    assert press(client, "leave", of=mine).status_code == 200
    row.refresh_from_db()
    assert row.state == SubscriberState.UNSUBSCRIBED


def test_a_link_planted_since_is_not_confirmed_by_the_page_before(client, outbox):
    pages = {}
    for address in (ADDRESS, "autre@cpas.example"):
        sign_up(client, address)
        client.get(path_in(outbox[-1]))
        pages[address] = OF.search(client.get(at("confirm")).content.decode()).group(1)
    assert client.post(at("confirm"), {"of": pages[ADDRESS]}).status_code == 410
    assert not Subscriber.objects.filter(state=SubscriberState.ACTIVE).exists()
    assert client.post(at("confirm"), {"of": pages["autre@cpas.example"]}).status_code == 302
    assert Subscriber.objects.get(state=SubscriberState.ACTIVE).email == "autre@cpas.example"


def test_an_unknown_button_changes_nothing(holder, row):
    before = Subscriber.objects.values().get()
    assert press(holder, "confirm").status_code == 200
    assert press(holder, "").status_code == 200
    assert Subscriber.objects.values().get() == before


def test_a_button_without_a_token_changes_nothing(row):
    client = Client(enforce_csrf_checks=True)
    client.get(at("change_link", token_of(row.key, Purpose.CHANGE)))
    assert client.post(at("change"), {"action": "erase", "sure": "on"}).status_code == 403
    assert Subscriber.objects.exists()


@pytest.mark.parametrize("word", ["x", "a" * 22 + ":" + "b" * 43, "ключ:подпись"])
def test_a_forged_link_to_change_says_how_to_get_a_new_one(client, word):
    answer = client.get(at("change_link", word))
    assert answer.status_code == 404 and at("subscribe") in answer.content.decode()
    assert client.post(at("change_link", word), {"action": "leave"}).status_code == 404


def test_without_a_link_there_is_nothing_to_change(client, row):
    assert client.get(at("change")).status_code == 404
    assert client.post(at("change"), {"action": "leave"}).status_code == 404


def test_a_link_that_unsubscribes_opens_no_page_of_changes(client, row):
    assert client.get(at("change_link", token_of(row.key, Purpose.UNSUBSCRIBE))).status_code == 404


# A member's own


@pytest.fixture
def reader(client):
    user = people.member(language="nl")
    prove(user, user.email)
    people.open_session_without_second_factor(client, user)
    return user


def test_a_stranger_is_led_to_the_log_in(client):
    for method in (client.get, client.post):
        assert people.url("account_login", "en") in method(at("own"))["Location"]


def test_an_account_alone_brings_no_newsletter(client, reader):
    page = client.get(at("own")).content.decode()
    assert "checkbox" not in page and subscribing.wording("en").replace("'", "&#x27;") in page
    assert not Subscriber.objects.exists()


def test_a_member_subscribes_and_leaves_with_a_button(client, reader):
    client.post(at("own"), {"subscribe": "1", "language": "nl"})
    row = Subscriber.objects.get()
    assert (row.email, row.state, row.language) == (reader.email, SubscriberState.ACTIVE, "nl")
    assert (
        row.consents.get().wording == subscribing.wording("en") and row.consents.get().source == ConsentSource.ACCOUNT
    )
    client.post(at("own"), {"leave": str(row.pk)})
    row.refresh_from_db()
    assert row.state == SubscriberState.UNSUBSCRIBED
    assert [(one.event, one.source) for one in row.consents.all()][-1] == (
        ConsentEvent.WITHDRAWN,
        ConsentSource.ACCOUNT,
    )


def test_a_member_neither_sees_nor_ends_the_subscription_of_another(client, reader):
    other = subscriber(ADDRESS)
    client.post(at("own"), {"leave": str(other.pk)})
    other.refresh_from_db()
    assert other.state == SubscriberState.ACTIVE
    assert ADDRESS not in client.get(at("own")).content.decode()


def test_a_member_whose_address_is_not_proven_reads_what_to_do(client):
    user = people.member("neuf@cass.example")
    people.open_session_without_second_factor(client, user)
    page = client.post(at("own"), {"subscribe": "1", "language": "fr"}, follow=True).content.decode()
    assert "message--missing" in page and not Subscriber.objects.exists()


def test_the_account_leads_to_the_subscription(client, reader):
    assert at("own", language="fr") in client.get(people.url("account_index")).content.decode()


# For everybody


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_pages_of_the_subscription_are_usable_by_all(browser, live_server, outbox, width, scheme):
    row = subscriber(ADDRESS)
    subscribing.ask("neuf@cpas.example", "fr", wording="x")
    addresses = [
        at("subscribe", language="fr"),
        at("subscribe_sent", language="nl"),
        path_in(outbox[0]),
        at("confirm_link", "x", language="nl"),
        at("unsubscribe", token_of(row.key, Purpose.UNSUBSCRIBE), language="fr"),
        at("unsubscribe", "x", language="nl"),
        at("change_link", token_of(row.key, Purpose.CHANGE), language="fr"),
        at("subscription_done", language="en"),
    ]
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=True
    )
    page = context.new_page()
    for address in addresses:
        page.goto(live_server.url + address)
        assert_no_axe_findings(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address
    context.close()


@pytest.mark.django_db(transaction=True)
def test_without_javascript_somebody_subscribes_and_leaves(browser, live_server, outbox, settings):
    settings.WAGTAILADMIN_BASE_URL = live_server.url
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(live_server.url + at("subscribe", language="fr"))
    page.fill("#id_email", ADDRESS)
    page.select_option("#id_language", "en")
    page.click("main form button")
    page.goto(re.search(r"https?://\S+", outbox[0].body).group(0))
    page.click("main form button")
    row = Subscriber.objects.get()
    assert row.state == SubscriberState.ACTIVE
    page.goto(live_server.url + at("unsubscribe", token_of(row.key, Purpose.UNSUBSCRIBE)))
    page.click("main form button")
    assert page.locator("h1").inner_text() == "You are unsubscribed"
    row.refresh_from_db()
    assert row.state == SubscriberState.UNSUBSCRIBED
    context.close()
