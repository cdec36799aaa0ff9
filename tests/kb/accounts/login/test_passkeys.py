"""Passkeys without a browser: whose they are, what a session opened with one may do.

The ceremony itself is in tests/journeys/test_passkeys.py.
"""

import json
import time
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth as webauthn
from django import forms
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core import signing
from django.test import Client

from kb.accounts.audiences import STAFF, audiences_of, passed_second_factor
from kb.accounts.models import User
from kb.accounts.session_rows import UserSession
from kb.accounts.sessions.second_factor import has_second_factor
from tests.kb.accounts.builders import PASSWORD, editor, log_in, member, open_session_without_second_factor, url

pytestmark = pytest.mark.django_db


def passkey(user, name="Téléphone") -> Authenticator:
    return Authenticator.objects.create(
        user=user, type=Authenticator.Type.WEBAUTHN, data={"name": name, "credential": {}}
    )


@pytest.mark.parametrize("name", ["mfa_edit_webauthn", "mfa_remove_webauthn"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_touches_the_passkeys_of_others(client, name, method):
    key = passkey(member("autre@cass.example"))
    log_in(client, member())
    assert getattr(client, method)(url(name, pk=key.pk), {"name": "À moi"}).status_code == 404
    key.refresh_from_db()
    assert key.data["name"] == "Téléphone"


def test_a_list_shows_one_s_own_only(client):
    passkey(member("autre@cass.example"), "Clé d’autrui")
    log_in(client, member())
    assert "Clé d’autrui" not in client.get(url("mfa_list_webauthn")).content.decode()


def test_a_passkey_is_a_second_factor():
    user = editor(second_factor=False)
    assert not has_second_factor(user)
    passkey(user)
    assert has_second_factor(user)


def test_what_allauth_records_of_a_log_in_by_passkey_gives_the_editor_the_staff_audience(rf, client):
    user = editor(second_factor=False)
    key = passkey(user)
    open_session_without_second_factor(client, user)
    request = rf.get("/")
    request.session, request.user = client.session, user
    assert STAFF not in audiences_of(request)
    record = {"method": "mfa", "at": time.time(), "id": key.pk, "type": "webauthn", "passwordless": True}
    request = rf.get("/")
    request.session, request.user = (
        {"account_authentication_methods": [record], "account_authentication_methods_user": str(user.pk)},
        user,
    )
    assert STAFF in audiences_of(request)
    request.user = AnonymousUser()
    assert not passed_second_factor(request)


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
def test_an_older_session_of_someone_with_a_passkey_alone_is_asked_for_it(client, language):
    user = editor(second_factor=False, language=language)
    open_session_without_second_factor(client, user)
    passkey(user)
    assert client.get("/admin/")["Location"].startswith(url("mfa_reauthenticate_webauthn", language))


@pytest.mark.parametrize("name", ["mfa_add_webauthn", "mfa_list_webauthn", "mfa_activate_totp"])
def test_a_session_that_did_not_pass_the_factor_cannot_add_another(client, name):
    user = editor(second_factor=False)
    open_session_without_second_factor(client, user)
    passkey(user)
    assert client.get(url(name))["Location"].startswith(url("mfa_reauthenticate_webauthn"))


# The challenge, which the browser keeps


def challenge(client) -> str:
    """What a browser is given that asks; its cookie stays with the client."""
    answer = client.get(url("mfa_login_webauthn"), headers={"X-Requested-With": "XMLHttpRequest"})
    return answer.json()["request_options"]["publicKey"]["challenge"]


@dataclass
class Given:
    """As much of an answer's reading as is asked for: whose it is, whether the key checked who held it."""

    person: int
    verified: bool

    @property
    def response(self):
        return SimpleNamespace(authenticator_data=SimpleNamespace(is_user_verified=lambda: self.verified))


@pytest.fixture
def held_against(monkeypatch):
    """The challenges that answers were held against, in order; every answer is as good as its challenge is ours."""
    seen = []

    def complete(user, response):
        state = webauthn.get_state()
        seen.append(state and state["challenge"])
        if state is None:
            raise forms.ValidationError("no challenge")
        return Authenticator.objects.get(user=user)

    def parse(response):
        return Given(response["id"], response.get("verified", True))

    monkeypatch.setattr(webauthn, "parse_authentication_response", parse)
    monkeypatch.setattr(webauthn, "extract_user_from_response", lambda response: User.objects.get(pk=response["id"]))
    monkeypatch.setattr(webauthn, "complete_authentication", complete)
    return seen


def test_asking_for_a_challenge_writes_no_row_however_often(client):
    given = {challenge(Client()) for _ in range(20)} | {challenge(client) for _ in range(20)}
    assert len(given) == 40
    assert not UserSession.objects.exists()


def test_an_answer_is_held_against_the_challenge_of_that_browser_once_and_for_five_minutes(
    client, held_against, monkeypatch
):
    person = editor(second_factor=False)
    passkey(person)
    answer = {"credential": json.dumps({"id": person.pk})}
    given = challenge(client)
    cookie = client.cookies[settings.CHALLENGE_COOKIE_NAME].value
    assert client.cookies[settings.CHALLENGE_COOKIE_NAME]["httponly"]

    client.post(url("mfa_login_webauthn"), answer)
    assert held_against == [given]
    assert client.session["_auth_user_id"] == str(person.pk)
    assert "mfa.webauthn.state" not in client.session
    assert client.cookies[settings.CHALLENGE_COOKIE_NAME].value == ""

    now = time.time()
    for stolen in (cookie, cookie[:-3] + "abc", "", signing.dumps({"challenge": "x"})):
        other = Client()
        other.cookies[settings.CHALLENGE_COOKIE_NAME] = stolen
        other.post(url("mfa_login_webauthn"), answer)
        assert "_auth_user_id" not in other.session, stolen
    late = Client()
    challenge(late)
    monkeypatch.setattr("time.time", lambda: now + 301)
    late.post(url("mfa_login_webauthn"), answer)
    assert held_against == [given] + [None] * 5


def test_a_log_in_that_begins_in_the_short_session_of_a_link_lasts_as_long_as_any(client, held_against, settings):
    person = member()
    passkey(person)
    session = client.session
    session.set_expiry(600)
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    challenge(client)
    client.post(url("mfa_login_webauthn"), {"credential": json.dumps({"id": person.pk})})
    assert client.session["_auth_user_id"] == str(person.pk)
    assert client.session.get_expiry_age() == settings.SESSION_COOKIE_AGE


def test_a_key_that_did_not_check_who_holds_it_lets_nobody_in(client, held_against):
    person = editor(second_factor=False)
    passkey(person)
    given = challenge(client)
    client.post(url("mfa_login_webauthn"), {"credential": json.dumps({"id": person.pk, "verified": False})})
    assert held_against == [given]
    assert "_auth_user_id" not in client.session


def test_an_answer_that_does_not_fit_leaves_no_row(client):
    challenge(client)
    client.post(url("mfa_login_webauthn"), {"credential": "{"})
    assert not UserSession.objects.exists()


# What Python's reader of JSON does not call wrong JSON: nested deeper than it goes, numbers longer than it takes.
LOADED = {
    "deep": "[" * 100_000,
    "deep and short": "[" * 10_000,
    "deep objects": '{"a":' * 3_000,
    "closed": "[" * 9_000 + "]" * 9_000,
    "long": "1" * 5_000,
    "long inside": '{"id":' + "1" * 5_000 + "}",
    "large": '{"id": "' + "a" * 20_000 + '"}',
}


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "{}",
        "[]",
        "null",
        "1",
        '"x"',
        '{"id": 1}',
        '{"response": {"userHandle": "AAAA"}}',
        "{" * 2000,
        *LOADED.values(),
    ],
)
def test_a_forged_answer_of_a_key_opens_nothing_and_breaks_nothing(client, sent):
    answer = client.post(url("mfa_login_webauthn"), {"credential": sent})
    assert answer["Location"] == url("account_login")
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize(
    "sent",
    [
        *LOADED.values(),
        "",
        "{}",
        "[]",
        "1",
        '{"id": 1}',
        '{"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": {}}',
    ],
)
def test_a_forged_new_key_is_refused_in_a_sentence_and_nothing_is_kept(client, sent):
    user = member()
    log_in(client, user)
    client.get(url("mfa_add_webauthn"))
    answer = client.post(url("mfa_add_webauthn"), {"name": "Clé", "credential": sent})
    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert not has_second_factor(user)


@pytest.mark.parametrize("name", ["mfa_authenticate", "mfa_reauthenticate_webauthn"])
def test_a_forged_answer_confirms_nobody(client, name):
    user = editor(second_factor=False)
    passkey(user)
    log_in(client, user, code=False)
    if name == "mfa_reauthenticate_webauthn":
        open_session_without_second_factor(client, user)
    from unittest.mock import patch

    # The key of this test was never made by a browser: what is asked of it does not matter here.
    with patch("allauth.mfa.webauthn.internal.auth.get_credentials", return_value=[]):
        answer = client.post(url(name), {"credential": '{"id": 1}'})
    assert answer.status_code in (200, 302)
    assert client.get("/admin/").status_code == 302


def test_passkey_tries_end_in_a_sentence(client):
    answers = [client.post(url("mfa_login_webauthn", "en"), {"credential": "{}"}).status_code for _try in range(12)]
    assert answers[-1] == 429


def test_the_log_in_page_offers_a_passkey_and_the_password_still_works(client):
    user = member()
    shown = client.get(url("account_login") + "?next=/fr/bibliotheque/").content.decode()
    assert 'data-passkey="log-in"' in shown
    assert shown.count('value="/fr/bibliotheque/"') == 2
    answer = client.post(url("account_login"), {"login": user.email, "password": PASSWORD, "next": "/fr/bibliotheque/"})
    assert answer["Location"] == "/fr/bibliotheque/"
