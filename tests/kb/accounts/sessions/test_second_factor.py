"""The door of the admin: who is let in, with which session, by which address and method."""

import time

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from django.urls import resolve

from kb.accounts.audiences import STAFF, audiences_of
from kb.accounts.sessions.second_factor import has_second_factor
from kb.demonstration.accounts import give_second_factor, present_code
from tests.kb.accounts.builders import PASSWORD, SECRET, editor, log_in, member, open_session_without_second_factor, url

pytestmark = pytest.mark.django_db

ADMIN_ADDRESSES = [
    "/admin/",
    "/admin/pages/",
    "/admin/api/main/pages/",
    "/admin/choose-page/",
    "/admin/tag-autocomplete/?term=a",
    "/admin/users/",
    "/admin/groups/",
    "/admin/images/",
    "/admin/reports/locked/",
    "/admin/account/",
    "/admin/failwhale/",
    "/admin/jsi18n/",
    "/admin/sprite/",
    "/admin/people/",
    "/admin/unknown/",
    "/admin/pages/1/edit/",
    "/admin/dismissibles/",
    "/admin/editing-sessions/",
    "/admin/bulk/accounts/user/delete/",
]


def _nothing_of_the_admin(answer) -> bool:
    led_away = answer.status_code == 302 and not answer["Location"].startswith("/admin/")
    return led_away or answer.status_code == 403


def _editor_who_never_enrolled(client):
    log_in(client, editor(second_factor=False))


def _editor_whose_session_is_older_than_the_factor(client):
    user = editor(second_factor=False)
    open_session_without_second_factor(client, user)
    give_second_factor(user, SECRET)


def _member(client):
    log_in(client, member())


def _member_with_a_second_factor(client):
    user = member()
    give_second_factor(user, SECRET)
    log_in(client, user)


def _member_put_into_the_group_of_editors(client):
    user = editor(second_factor=False)
    user.is_staff = False
    user.save()
    log_in(client, user)


def _editor_between_password_and_code(client):
    log_in(client, editor(), code=False)


PEOPLE = [
    _editor_who_never_enrolled,
    _editor_whose_session_is_older_than_the_factor,
    _member,
    _member_with_a_second_factor,
    _member_put_into_the_group_of_editors,
]


METHODS = ("get", "post", "put", "delete", "head")
ALSO_FOR_ANYONE = {"/admin/jsi18n/", "/admin/sprite/", "/admin/unknown/"}


@pytest.mark.parametrize("arrive", PEOPLE, ids=lambda arrive: arrive.__name__.strip("_"))
def test_no_address_and_no_method_gives_anything_of_the_admin(client, arrive):
    arrive(client)
    client.raise_request_exception = False
    asked = [(method, address) for address in ADMIN_ADDRESSES for method in METHODS]
    given = [one for one in asked if not _nothing_of_the_admin(getattr(client, one[0])(one[1]))]
    assert given == []


def test_requests_made_by_scripts_get_nothing_either(client):
    _editor_whose_session_is_older_than_the_factor(client)
    script = {"x-requested-with": "XMLHttpRequest"}
    assert {client.get(address, headers=script).status_code for address in ADMIN_ADDRESSES} == {403}


@pytest.mark.parametrize(
    "arrive", [None, _editor_between_password_and_code], ids=["anonymous", "between password and code"]
)
def test_without_an_open_session_every_address_leads_to_the_log_in(client, arrive):
    if arrive:
        arrive(client)
    for address in set(ADMIN_ADDRESSES) - ALSO_FOR_ANYONE:
        answer = client.get(address)
        nowhere = answer.status_code == 404
        assert nowhere or answer.get("Location", "").startswith((url("account_login"), "/admin/login/")), address


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("/admin/login/", "account_login"),
        ("/admin/login/?next=//evil.example/", "account_login"),
        ("/django-admin/login/", "account_login"),
        ("/django-admin/", "account_login"),
        ("/fr/_util/login/", "account_login"),
        ("/fr/_util/authenticate_with_password/1/1/", "account_login"),
        ("/admin/password_reset/", "account_reset_password"),
        ("/admin/password_reset/done/", "account_reset_password"),
        ("/admin/password_reset/confirm/MQ/set-password/", "account_reset_password"),
        ("/admin/password_reset/complete/", "account_reset_password"),
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_each_side_door_leads_to_the_one_log_in(client, address, name, method):
    user = editor(second_factor=False)
    answer = getattr(client, method)(address, {"username": user.email, "password": PASSWORD})
    assert answer.status_code == 302
    assert answer["Location"] == url(name)
    assert "_auth_user_id" not in client.session


def test_the_side_door_takes_the_way_back_along(client):
    assert (
        client.get("/admin/login/?next=/admin/pages/")["Location"] == f"{url('account_login')}?next=%2Fadmin%2Fpages%2F"
    )


@pytest.mark.parametrize("address", ["/admin/login/", "/fr/_util/login/", "/admin/password_reset/"])
def test_wagtails_own_views_are_behind_ours(address):
    assert resolve(address).func.__module__ == "kb.accounts.login.doors"


@pytest.mark.django_db(transaction=True)
def test_an_editor_without_a_second_factor_is_led_to_set_one_up_and_then_edits(client):
    log_in(client, editor(second_factor=False))
    assert client.get("/admin/")["Location"] == url("mfa_activate_totp")
    form = client.get(url("mfa_activate_totp"))
    assert form.status_code == 200
    secret = form.context["form"].secret
    done = client.post(url("mfa_activate_totp"), {"code": present_code(secret)[0]})
    assert done["Location"] == url("mfa_view_recovery_codes")
    assert len(client.get(done["Location"]).context["unused_codes"]) == 10
    assert client.get("/admin/").status_code == 200
    assert client.session.get_expiry_age() <= settings.EDITOR_SESSION_SECONDS


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
@pytest.mark.parametrize(("second_factor", "name"), [(False, "mfa_activate_totp"), (True, "mfa_reauthenticate")])
def test_the_admin_leads_to_the_factor_in_the_language_of_the_person(client, language, second_factor, name):
    user = editor(language=language, second_factor=second_factor)
    open_session_without_second_factor(client, user)
    assert client.get("/admin/", headers={"accept-language": "de"})["Location"].startswith(url(name, language))


def test_an_older_session_is_asked_for_the_code_and_then_comes_back(client):
    _editor_whose_session_is_older_than_the_factor(client)
    asked = client.get("/admin/pages/")
    assert asked["Location"] == f"{url('mfa_reauthenticate')}?next=%2Fadmin%2Fpages%2F"
    back = client.post(asked["Location"], {"code": present_code(SECRET)[0], "next": "/admin/pages/"})
    assert back["Location"] == "/admin/pages/"
    assert client.get("/admin/", follow=True).status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "mfa_deactivate_totp",
        "mfa_view_recovery_codes",
        "mfa_generate_recovery_codes",
        "mfa_download_recovery_codes",
        "account_reauthenticate",
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_session_that_did_not_pass_the_factor_cannot_take_it_away_by_the_password(client, name, method):
    _editor_whose_session_is_older_than_the_factor(client)
    answer = getattr(client, method)(url(name), {"password": PASSWORD})
    assert answer.status_code == 302
    assert answer["Location"].startswith(url("mfa_reauthenticate"))


def test_whoever_takes_the_factor_away_is_out_of_the_admin_at_once(client):
    user = editor()
    log_in(client, user)
    assert client.post(url("mfa_deactivate_totp")).status_code == 302
    assert not has_second_factor(user)
    assert client.get("/admin/")["Location"] == url("mfa_activate_totp")


def sees_what_editors_see(client) -> bool:
    """Whether the session holds what is only for editors, as pages outside the admin ask it."""
    answer = client.get(url("account_index"))
    return answer.status_code == 200 and STAFF in audiences_of(answer.wsgi_request)


def also_logged_in(client, user) -> Client:
    """A second browser, after both passed the factor."""
    other = Client()
    for browser in (client, other):
        log_in(browser, user)
        cache.clear()  # a code is good once
        assert sees_what_editors_see(browser)
    return other


def test_whoever_takes_the_factor_away_goes_on_in_this_session_and_ends_the_others(client):
    stolen = also_logged_in(client, editor())
    client.post(url("mfa_deactivate_totp"))
    assert client.get(url("account_index")).status_code == 200
    assert not sees_what_editors_see(client)
    assert stolen.get(url("account_index")).status_code == 302


def test_one_of_two_factors_taken_away_ends_the_other_sessions_too(client):
    user = editor()
    stolen = also_logged_in(client, user)
    Authenticator.objects.create(user=user, type="webauthn", data={"name": "Clé"})
    client.post(url("mfa_deactivate_totp"))
    assert sees_what_editors_see(client)
    assert stolen.get(url("account_index")).status_code == 302


def test_a_factor_that_goes_in_any_other_manner_ends_every_session(client):
    user = editor()
    log_in(client, user)
    Authenticator.objects.filter(user=user).delete()
    assert client.get(url("account_index")).status_code == 302


def test_new_recovery_codes_end_no_session(client):
    user = editor()
    log_in(client, user)
    Authenticator.objects.filter(user=user, type="recovery_codes").delete()
    assert sees_what_editors_see(client)


def test_recovery_codes_alone_are_no_second_factor():
    user = editor()
    user.authenticator_set.filter(type="totp").delete()
    assert not has_second_factor(user)


def test_changing_the_factor_asks_for_a_code_again_after_five_minutes(client):
    log_in(client, editor())
    session = client.session
    session["account_authentication_methods"] = [
        {**record, "at": record["at"] - 301} for record in session["account_authentication_methods"]
    ]
    session.save()
    assert client.get(url("mfa_deactivate_totp"))["Location"].startswith(url("mfa_reauthenticate"))
    assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize(("factor", "name"), [(False, "account_reauthenticate"), (True, "mfa_reauthenticate")])
def test_a_proven_address_is_no_way_to_confirm_who_one_is(client, factor, name):
    """Password or factor, no code by mail: whoever reads the mail of somebody is not yet that person."""
    user = editor() if factor else member()
    EmailAddress.objects.filter(user=user).update(verified=True)
    log_in(client, user)
    session = client.session
    session["account_authentication_methods"] = [
        {**record, "at": record["at"] - 301} for record in session["account_authentication_methods"]
    ]
    session.save()
    assert client.get(url("mfa_add_webauthn"))["Location"].startswith(url(name))
    page = client.get(url(name))
    assert [way["id"] for way in page.context["reauthentication_alternatives"]] == []


@pytest.mark.parametrize("later_s", [0, 29, 59])
def test_a_code_counts_once_for_as_long_as_it_is_accepted(client, monkeypatch, later_s):
    user = editor()
    now = time.time() // 30 * 30
    code = present_code(SECRET, now=now + 30)[0]  # of a clock that goes half a minute fast
    monkeypatch.setattr("time.time", lambda: now)
    for browser, at, let_in in ((client, now, True), (Client(), now + later_s, False)):
        monkeypatch.setattr("time.time", lambda at=at: at)
        browser.post(url("account_login"), {"login": user.email, "password": PASSWORD})
        browser.post(url("mfa_authenticate"), {"code": code})
        assert ("_auth_user_id" in browser.session) is let_in


def test_logging_out_of_the_admin_ends_the_session(client):
    log_in(client, editor())
    client.post("/admin/logout/")
    assert "_auth_user_id" not in client.session
