"""Sessions: ended everywhere, stolen, planted beforehand."""

import re

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from django.urls import reverse

from kb.accounts import editors
from kb.accounts.audiences import STAFF, audiences_of
from kb.accounts.models import User
from kb.accounts.sessions.ending import end_sessions
from kb.demonstration.accounts import present_code
from tests.kb.accounts.builders import PASSWORD, SECRET, editor, log_in, member, url
from tests.sending import stamps

pytestmark = pytest.mark.django_db

CHOSEN = "encore une longue phrase"


def logged_in(user: User) -> Client:
    client = Client()
    log_in(client, user)
    return client


def is_open(client: Client) -> bool:
    return client.get(url("account_index")).status_code == 200


def thief_of(client: Client) -> Client:
    """Another browser with the same cookie."""
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert is_open(thief)
    return thief


def test_ending_sessions_ends_those_of_this_person_only():
    user, other = member(), member("autre@cass.example")
    own, others = [logged_in(user), logged_in(user)], logged_in(other)
    end_sessions(user)
    assert [is_open(client) for client in own] == [False, False]
    assert is_open(others)


def test_logging_out_everywhere_else_keeps_this_session_and_kills_a_stolen_cookie():
    user = member()
    here, elsewhere = logged_in(user), logged_in(user)
    thief = thief_of(here)
    assert here.get(url("account_sessions")).status_code == 200
    assert (is_open(here), is_open(elsewhere)) == (True, True)
    here.post(url("account_sessions"))
    assert is_open(here)
    assert not is_open(elsewhere)
    assert not is_open(thief)


def test_an_editor_who_logs_out_everywhere_else_stays_in_the_admin(rf):
    user = editor()
    here = logged_in(user)
    here.post(url("account_sessions"))
    request = rf.get("/")
    request.session, request.user = here.session, User.objects.get(pk=user.pk)
    assert STAFF in audiences_of(request)


def _changes_password(client: Client, user: User) -> None:
    client.post(url("account_change_password"), {"oldpassword": PASSWORD, "password1": CHOSEN, "password2": CHOSEN})


def _resets_password(client: Client, user: User) -> None:
    reader = Client()
    reader.post(url("account_reset_password"), {"email": user.email})
    form = reader.get(re.search(r"https?://[^/\s]+(\S+)", mail.outbox[-1].body)[1], follow=True)
    reader.post(form.redirect_chain[-1][0], {"password1": CHOSEN, "password2": CHOSEN})


@pytest.mark.parametrize(("do", "stays"), [(_changes_password, True), (_resets_password, False)])
def test_a_new_password_ends_the_other_sessions(do, stays):
    user = member()
    here, elsewhere = logged_in(user), logged_in(user)
    thief = thief_of(here)
    do(here, user)
    user.refresh_from_db()
    assert user.check_password(CHOSEN)
    assert (is_open(here), is_open(elsewhere), is_open(thief)) == (stays, False, False)


def test_a_cookie_given_beforehand_opens_nothing_after_the_log_in():
    attacker = Client()
    attacker.get(url("account_login"))
    session = attacker.session
    session["planted"] = "by someone else"
    session.save()
    victim = Client()
    victim.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    attacker.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    log_in(victim, member())
    assert is_open(victim)
    assert victim.session.session_key != session.session_key
    assert not is_open(attacker)


def test_a_cookie_given_between_password_and_code_opens_nothing_after_the_code():
    victim, user = Client(), editor()
    log_in(victim, user, code=False)
    attacker = Client()
    attacker.cookies[settings.SESSION_COOKIE_NAME] = victim.cookies[settings.SESSION_COOKIE_NAME].value
    victim.post(url("mfa_authenticate"), {"code": present_code(SECRET)[0]})
    assert is_open(victim)
    assert not is_open(attacker)


def test_a_link_to_a_new_password_is_not_read_in_a_session_that_was_planted_before():
    user, victim, thief = member(), Client(), Client()
    session = victim.session
    session["planted"] = "by someone else"
    session.save()
    for client in (victim, thief):
        client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    victim.post(url("account_reset_password"), {"email": user.email})
    page = victim.get(re.search(r"https?://[^/\s]+(\S+)", mail.outbox[-1].body)[1])
    assert (page["Referrer-Policy"], "no-store" in page["Cache-Control"]) == ("no-referrer", True)
    assert "form" in victim.get(page["Location"]).context
    assert thief.get(page["Location"]).context["token_fail"]


def test_whoever_leaves_the_editors_is_out_at_once():
    user = editor()
    client = logged_in(user)
    editors.leave(user)
    assert not is_open(client)


def test_saving_a_member_in_the_admin_ends_nothing():
    chief, user = logged_in(editor(is_superuser=True)), member(name="Un nom")
    client = logged_in(user)
    given = {"email": user.email, "name": "Autre nom", "language": "fr", "is_active": "on"}
    assert chief.post(reverse("wagtailusers_users:edit", args=[user.pk]), given).status_code == 302
    assert is_open(client)


def _in_the_form(chief: Client, user: User, *, active: bool) -> None:
    edit = reverse("wagtailusers_users:edit", args=[user.pk])
    given = {
        "email": user.email,
        "name": user.name,
        "language": "fr",
        **({"is_active": "on"} if active else {}),
        **stamps(chief, edit),
    }
    assert chief.post(edit, given).status_code == 302


def _in_bulk(chief: Client, user: User, *, active: bool) -> None:
    address = reverse("wagtail_bulk_action", args=["accounts", "user", "set_active_state"])
    assert chief.post(f"{address}?id={user.pk}", {"mark_as_active": str(active)}).status_code == 302


@pytest.mark.parametrize("close", [_in_the_form, _in_bulk])
def test_a_closed_account_is_out_at_once_and_opened_again_finds_no_former_session(close):
    chief, user = logged_in(editor(is_superuser=True)), member(name="Un nom")
    client = logged_in(user)
    close(chief, user, active=False)
    assert not User.objects.get(pk=user.pk).is_active
    assert not is_open(client)
    close(chief, user, active=True)
    assert User.objects.get(pk=user.pk).is_active
    assert not is_open(client)


def test_sessions_opened_before_there_was_a_salt_go_on():
    user = member()
    client = logged_in(user)
    assert user.session_salt == ""
    assert is_open(client)
