"""What somebody who is not logged in leaves behind: nothing by looking, whatever the address, and what they write has a
bound.
"""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.test import Client

from kb.newsletter.models import NewsletterSettings
from search.models import QueryLog
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
    """But for the words that were looked for, which have a bound (tests/search/test_remembering.py)."""
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
        assert not Session.objects.exists(), address
