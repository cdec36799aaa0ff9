"""Signed links of subscriptions: forged, cut, of another purpose, of a former address, of a former key."""

from __future__ import annotations

import pytest
from django.core.signing import Signer

from kb.newsletter.message import links as signing
from kb.newsletter.message.links import Purpose, subscriber_of, token_of
from kb.newsletter.models.subscribers import new_key
from kb.newsletter.subscribers import subscribing
from tests.kb.newsletter.builders import subscriber

pytestmark = pytest.mark.django_db


def test_a_word_leads_to_its_subscriber():
    one, other = subscriber(), subscriber()
    assert subscriber_of(token_of(one.key, Purpose.CHANGE)) == one
    assert subscriber_of(token_of(other.key, Purpose.UNSUBSCRIBE), Purpose.UNSUBSCRIBE) == other


def test_a_word_of_one_purpose_does_nothing_for_the_other():
    one = subscriber()
    assert subscriber_of(token_of(one.key, Purpose.UNSUBSCRIBE), Purpose.CHANGE) is None
    assert subscriber_of(token_of(one.key, Purpose.CHANGE), Purpose.UNSUBSCRIBE) is None


def forged(key: str) -> dict[str, str]:
    word = token_of(key, Purpose.CHANGE)
    last = "A" if word[-1] != "A" else "B"
    return {
        "empty": "",
        "the key alone": key,
        "no signature": f"{key}:",
        "cut": word[:-1],
        "one sign changed": word[:-1] + last,
        "another key": f"{new_key()}:{word.rpartition(':')[2]}",
        "signed with another secret": Signer(key="another", salt="kb.newsletter.change").sign(key),
        "signed for something else": Signer(salt="django.contrib.auth").sign(key),
        "five thousand signs": "a" * 5000,
        "another script": "ключ:подпись",
        "nul": f"{word}\x00",
    }


@pytest.mark.parametrize("case", forged("k"))
def test_a_forged_word_leads_nowhere(case):
    one = subscriber()
    assert subscriber_of(forged(one.key)[case]) is None


def test_a_forged_word_costs_no_query(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert subscriber_of(f"{new_key()}:{'a' * 43}") is None


def test_links_signed_with_the_former_secret_still_work(settings):
    one, former = subscriber(), settings.SECRET_KEY
    word = token_of(one.key, Purpose.CHANGE)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a new one", [former]
    assert subscriber_of(word) == one
    settings.SECRET_KEY_FALLBACKS = []
    assert subscriber_of(word) is None


def test_a_changed_address_takes_its_old_links_away():
    one = subscriber()
    word = token_of(one.key, Purpose.UNSUBSCRIBE)
    one.key = new_key()
    one.save()
    assert subscriber_of(word, Purpose.UNSUBSCRIBE) is None


def test_an_erased_address_takes_its_links_away():
    one = subscriber()
    word = token_of(one.key, Purpose.CHANGE)
    subscribing.erase(one)
    assert subscriber_of(word) is None


@pytest.mark.parametrize(
    ("language", "leave", "change"),
    [
        ("fr", "desabonnement", "abonnement"),
        ("nl", "uitschrijven", "abonnement"),
        ("en", "unsubscribe", "subscription"),
    ],
)
def test_links_are_whole_addresses_in_the_language_of_the_subscriber(client, settings, language, leave, change):
    settings.WAGTAILADMIN_BASE_URL = "https://cass.example/"
    one = subscriber()
    links = signing.links_of(one.key, language)
    assert (
        links.unsubscribe_page
        == links.one_click
        == f"https://cass.example/{language}/echos/{leave}/{token_of(one.key, Purpose.UNSUBSCRIBE)}/"
    )
    assert links.change == f"https://cass.example/{language}/echos/{change}/{token_of(one.key, Purpose.CHANGE)}/"
    assert client.get(links.one_click.removeprefix("https://cass.example")).status_code == 200


def test_links_of_an_issue_lead_to_its_page_and_to_the_two_other_languages():
    links = signing.links_of(subscriber().key, "nl", issue_number=14)
    assert links.web.endswith("/nl/echos/14/")
    assert set(links.other_languages) == {"fr", "en"}
    assert links.other_languages["en"].endswith("/en/echos/14/")


def test_links_take_no_query(django_assert_num_queries):
    one = subscriber()
    with django_assert_num_queries(0):
        signing.links_of(one.key, "fr", issue_number=14)
