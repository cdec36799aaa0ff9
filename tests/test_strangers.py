"""What somebody who is not logged in leaves behind: nothing by looking, whatever the address, and what they write has a
bound.
"""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.apps import apps
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from kb.accounts.session_rows import UserSession
from kb.newsletter.models import NewsletterSettings
from search.models import QueryLog
from tests.kb.accounts.builders import member, url
from tests.kb.site.test_headers import every_address

pytestmark = pytest.mark.django_db

ASKED_BY_A_SCRIPT = {"X-Requested-With": "XMLHttpRequest", "Accept": "application/json"}


def outside_the_admin() -> list[str]:
    """Whatever is under /admin/ leads to the log-in before it is looked at."""
    return [address for address in every_address() if not address.startswith("/admin/")]


def rows() -> dict[str, int]:
    """How many there are of each kind, whoever made them."""
    return {model._meta.label: model._base_manager.count() for model in apps.get_models() if model._meta.managed}


def test_looking_at_any_address_leaves_no_row_behind():
    """But for the words that were looked for, which have a bound (tests/search/public/test_remembering.py)."""
    NewsletterSettings.load()
    before = rows()
    for address in outside_the_admin():
        Client().get(address, {"q": "logement", "next": "/fr/", "email": "a@example.org"})
    QueryLog.objects.all().delete()
    assert rows() == before


def test_neither_a_script_that_asks_nor_a_form_that_is_sent_opens_a_session_at_any_address():
    sent = {"email": "a@example.org", "login": "a@example.org", "password": "not the password", "credential": "{}"}
    for address in [*outside_the_admin(), "/admin/"]:
        stranger = Client(headers=ASKED_BY_A_SCRIPT, raise_request_exception=False)
        stranger.get(address)
        stranger.post(address, sent)
        assert not UserSession.objects.exists(), address


def links(outbox) -> list[str]:
    """The path of the first link of each message."""
    return [re.search(r"https?://[^/\s]+(/\S+)", message.body)[1] for message in outbox]


def counted(settings, **rates) -> None:
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | rates
    cache.clear()


def test_a_link_that_is_opened_without_cookies_again_and_again_makes_few_sessions(mailoutbox, settings):
    counted(settings, link="3/h/key", link_first="1/h/key", link_place="5/h/key")
    person = member("lectrice@cass.example")
    Client().post(url("account_reset_password"), {"email": person.email})
    for number in (1, 2):
        Client().post("/fr/echos/abonnement/", {"email": f"a{number}@cass.example", "language": "fr"})
    assert not UserSession.objects.exists(), "asking for a link makes none"
    reset, *subscribing = links(mailoutbox)
    for link in (reset, subscribing[0]):
        assert [Client().get(link).status_code for _ in range(5)] == [302] * 3 + [429] * 2, link
    assert [Client().get(subscribing[1]).status_code for _ in range(5)] == [302] * 2 + [429] * 3, "of one place"
    assert UserSession.objects.count() == 8
    assert not UserSession.objects.filter(expire_date__gt=timezone.now() + timedelta(hours=12)).exists()
    assert Client(REMOTE_ADDR="192.0.2.9").get(subscribing[1], follow=True).status_code == 200


def test_links_that_others_open_at_a_place_invented_or_theirs_keep_nobody_from_their_own(mailoutbox, settings):
    counted(settings, link="30/h/key", link_first="1/h/key", link_place="2/h/key")
    person = member("lectrice@cass.example")
    Client().post(url("account_reset_password"), {"email": person.email})
    for number in (1, 2):
        Client().post("/fr/echos/abonnement/", {"email": f"a{number}@cass.example", "language": "fr"})
    reset, *subscribing = links(mailoutbox)

    invented = [re.sub(r"[^/-]+-[^/]+/$", f"zz-aaaa{number}/", reset) for number in range(4)]
    assert [Client().get(link).status_code for link in invented] == [200] * 4
    assert [Client().get(subscribing[0]).status_code for _ in range(4)] == [302] * 3 + [429]

    assert Client().get(subscribing[1]).status_code == 302
    assert Client().get(reset, follow=True).status_code == 200
