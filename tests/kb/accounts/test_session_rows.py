"""Rows of sessions say whose they are: those of one person are found without looking into all others."""

from importlib import import_module

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.test import Client

from kb.accounts.personal_data.own_kinds import erase_sessions, session_rows
from kb.accounts.personal_data.scrubbing import Identity
from kb.accounts.session_rows import SessionStore, UserSession
from tests.kb.accounts import builders as people

pytestmark = pytest.mark.django_db
moving = import_module("kb.accounts.migrations.0008_carry_sessions_over")


def accounts() -> list[int | None]:
    return list(UserSession.objects.order_by("account").values_list("account", flat=True))


def opened(user, *, code: bool = True) -> Client:
    client = Client()
    people.log_in(client, user, code=code)
    return client


def of_nobody(**data) -> UserSession:
    session = SessionStore()
    session.update(data or {"language": "fr"})
    session.save()
    return UserSession.objects.get(pk=session.session_key)


def test_a_session_says_whose_it_is_and_no_longer_after_logging_out():
    user = people.member()
    client = opened(user)
    assert accounts() == [user.pk]
    client.post(people.url("account_logout"))
    assert user.pk not in accounts()


def test_a_log_in_between_password_and_code_is_already_that_person_s_and_is_no_open_session():
    user = people.editor()
    opened(user, code=False)
    assert accounts() == [user.pk]
    assert list(session_rows(user)) == []


@pytest.fixture
def looked_into(monkeypatch) -> list[str]:
    found: list[str] = []
    decoded = UserSession.get_decoded
    monkeypatch.setattr(UserSession, "get_decoded", lambda row: found.append(row.pk) or decoded(row))
    return found


def test_one_s_own_sessions_are_found_without_looking_into_those_of_others(looked_into):
    user, other = people.member(), people.member("autre@cass.example")
    own = opened(user)
    opened(other)
    of_nobody()
    assert len(list(session_rows(user))) == 1
    assert looked_into == [own.session.session_key]


def test_an_erasure_looks_only_into_sessions_of_nobody_for_the_address(looked_into):
    user, other = people.member(), people.member("autre@cass.example")
    opened(user)
    stays = opened(other).session.session_key
    nobody = [of_nobody(), of_nobody(account_login={"email": user.email})]
    assert erase_sessions(user, Identity(user.pk, (user.email,))) == 2
    assert set(looked_into) == {one.pk for one in nobody}
    assert set(UserSession.objects.values_list("pk", flat=True)) == {stays, nobody[0].pk}


@pytest.mark.parametrize("data", [{"account_login": None}, {"account_login": {"user_pk": "é"}}, {"_auth_user_id": "x"}])
def test_a_session_with_odd_values_is_that_of_nobody(data):
    assert of_nobody(**data).account is None


def test_sessions_opened_before_the_column_go_on_and_can_be_carried_back():
    user = people.member()
    client = opened(user)
    moving.carry_back(apps, None)
    assert (UserSession.objects.count(), Session.objects.count()) == (0, 1)
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert db.SessionStore(key)["_auth_user_id"] == str(user.pk)  # as Django itself reads it
    moving.carry_over(apps, None)
    assert (accounts(), Session.objects.count()) == ([user.pk], 0)
    assert client.get(people.url("account_index")).status_code == 200
