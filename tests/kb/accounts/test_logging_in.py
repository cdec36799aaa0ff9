"""Logging in, out and asking for a new password, as allauth does it with our settings."""

import re

import pytest
from django.conf import settings
from django.core import mail

from kb.accounts.audiences import STAFF, audiences_of, held_by
from kb.demonstration.accounts import present_code
from tests.kb.accounts.builders import PASSWORD, SECRET, editor, log_in, member, url

pytestmark = pytest.mark.django_db

LANGUAGES = pytest.mark.parametrize("language", ["fr", "nl", "en"])


@LANGUAGES
def test_a_member_logs_in_with_address_and_password_alone(client, language):
    answer = log_in(client, member(), language=language)
    assert answer.status_code == 302
    assert answer["Location"] == url("home:members", language)
    assert "_auth_user_id" in client.session


def test_capitals_in_the_address_do_not_matter(client):
    member("membre@cass.example")
    answer = client.post(url("account_login"), {"login": "Membre@CASS.example", "password": PASSWORD})
    assert answer.status_code == 302


@LANGUAGES
def test_an_editor_is_asked_for_a_code_before_the_session_opens(client, language):
    answer = log_in(client, editor(), language=language, code=False)
    assert answer["Location"] == url("mfa_authenticate", language)
    assert "_auth_user_id" not in client.session
    assert client.get(answer["Location"]).status_code == 200


def test_the_right_code_opens_the_session_and_the_admin(client):
    answer = log_in(client, editor())
    assert answer["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_a_code_works_once(client, django_user_model):
    user = editor()
    log_in(client, user)
    client.post(url("account_logout"))
    answer = log_in(client, user)
    assert answer.status_code == 200
    assert "_auth_user_id" not in client.session


def test_a_recovery_code_opens_the_session_once(client):
    user = editor()
    spare = user.authenticator_set.get(type="recovery_codes").wrap().get_unused_codes()[0]
    log_in(client, user, code=False)
    assert client.post(url("mfa_authenticate"), {"code": spare}).status_code == 302
    client.post(url("account_logout"))
    log_in(client, user, code=False)
    assert client.post(url("mfa_authenticate"), {"code": spare}).status_code == 200


def test_what_allauth_records_of_a_real_log_in_gives_the_editor_the_staff_audience(client, rf):
    user = editor()
    log_in(client, user)
    request = rf.get("/")
    request.session, request.user = client.session, user
    assert STAFF in audiences_of(request)


def test_the_records_of_someone_else_in_the_same_session_give_nothing(client, rf):
    log_in(client, editor())
    request = rf.get("/")
    request.session, request.user = client.session, editor("autre@cass.example")
    assert STAFF not in audiences_of(request)


def test_a_command_holds_the_staff_audience_only_when_told_that_the_factor_was_passed():
    user = editor()
    assert STAFF in held_by(user, second_factor=True)
    assert STAFF not in held_by(user, second_factor=False)


def test_the_session_key_changes_at_log_in(client):
    client.get(url("account_login"))
    session = client.session
    session["planted"] = "by someone else"
    session.save()
    before = session.session_key
    client.cookies[settings.SESSION_COOKIE_NAME] = before
    log_in(client, member())
    assert client.session.session_key != before


def test_editors_log_in_anew_each_half_day(client):
    log_in(client, editor())
    assert client.session.get_expiry_age() <= settings.EDITOR_SESSION_SECONDS


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "https:evil.example", "/\\evil.example"],
)
def test_next_never_leads_to_another_site(client, target):
    user = member()
    answer = client.post(url("account_login"), {"login": user.email, "password": PASSWORD, "next": target})
    assert answer["Location"] == url("home:members")


def test_next_leads_back_to_the_page_of_this_site(client):
    user = member()
    answer = client.post(url("account_login"), {"login": user.email, "password": PASSWORD, "next": "/nl/bibliotheek/"})
    assert answer["Location"] == "/nl/bibliotheek/"


@pytest.mark.parametrize("known", [True, False], ids=["known address", "unknown address"])
def test_the_sixth_wrong_password_is_refused_without_looking(client, known):
    user = member()
    email = user.email if known else "personne@cass.example"
    for _attempt in range(5):
        client.post(url("account_login"), {"login": email, "password": "pas la bonne phrase"})
    answer = client.post(url("account_login"), {"login": email, "password": PASSWORD})
    assert answer.status_code == 200
    assert "_auth_user_id" not in client.session
    assert answer.context["form"].errors.as_data()["__all__"][0].code == "too_many_login_attempts"


def test_guessing_codes_is_limited_too(client):
    user = editor()
    log_in(client, user, code=False)
    for _attempt in range(5):
        client.post(url("mfa_authenticate"), {"code": "000000"})
    client.post(url("mfa_authenticate"), {"code": present_code(SECRET)[0]})
    assert "_auth_user_id" not in client.session


def _without_token(html: str) -> str:
    return re.sub(r'value="[A-Za-z0-9]{64}"|value="[^"]+@[^"]+"', "", html)


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client):
    user = member()
    known = client.post(url("account_login"), {"login": user.email, "password": "pas la bonne phrase"})
    unknown = client.post(url("account_login"), {"login": "personne@cass.example", "password": "pas la bonne phrase"})
    assert _without_token(known.content.decode()) == _without_token(unknown.content.decode())
    assert known.status_code == unknown.status_code == 200


def test_reset_answers_alike_for_known_and_unknown_addresses(client):
    user = member()
    answers = [
        client.post(url("account_reset_password"), {"email": email}) for email in (user.email, "personne@cass.example")
    ]
    assert {(answer.status_code, answer["Location"]) for answer in answers} == {
        (302, url("account_reset_password_done"))
    }
    assert len(mail.outbox) == 2


@LANGUAGES
def test_the_mail_speaks_the_language_of_the_person_and_its_link_works_once(client, language):
    user = member(language=language)
    client.post(url("account_reset_password", "fr"), {"email": user.email})
    link = re.search(r"https?://[^/\s]+(\S+)", mail.outbox[0].body)[1]
    assert link.startswith(f"/{language}/")
    form = client.get(link, follow=True)
    chosen = {"password1": "encore une longue phrase", "password2": "encore une longue phrase"}
    done = client.post(form.redirect_chain[-1][0], chosen)
    assert done["Location"] == url("account_reset_password_from_key_done", language)
    user.refresh_from_db()
    assert user.check_password("encore une longue phrase")
    assert "_auth_user_id" not in client.session
    assert client.get(link, follow=True).context["token_fail"]


def test_an_account_without_a_password_chooses_its_first_one_by_the_same_link(client):
    user = member()
    user.set_unusable_password()
    user.save()
    client.post(url("account_reset_password"), {"email": user.email})
    assert mail.outbox[0].to == [user.email]
    assert f"{settings.WAGTAILADMIN_BASE_URL}/fr/" in mail.outbox[0].body


@pytest.mark.parametrize("host", ["evil.example", "localhost", "evil.example:443"])
def test_no_message_leads_to_the_host_that_a_request_named(client, host):
    user = member()
    for address in (user.email, "personne@cass.example"):
        client.post(url("account_reset_password"), {"email": address}, headers={"host": host, "x-forwarded-host": host})
    assert len(mail.outbox) == 2
    for message in mail.outbox:
        assert host not in message.body
        assert all(
            link.startswith(f"{settings.WAGTAILADMIN_BASE_URL}/") for link in re.findall(r"https?://\S+", message.body)
        )


def test_nobody_signs_up_alone(client, django_user_model):
    wanted = {"email": "nouveau@cass.example", "password1": PASSWORD}
    answer = client.post(url("account_signup"), wanted)
    assert not django_user_model.objects.filter(email="nouveau@cass.example").exists()
    assert "account/signup_closed.html" in [template.name for template in answer.templates]


def test_looking_at_the_log_out_page_does_not_log_out(client):
    log_in(client, member())
    client.get(url("account_logout"))
    assert "_auth_user_id" in client.session
    client.post(url("account_logout"))
    assert "_auth_user_id" not in client.session


def test_someone_whose_account_is_closed_does_not_get_in(client):
    user = member(is_active=False)
    log_in(client, user)
    assert "_auth_user_id" not in client.session


@LANGUAGES
@pytest.mark.parametrize(
    "name",
    ["account_login", "account_reset_password", "account_reset_password_done", "account_inactive", "account_signup"],
)
def test_pages_before_the_log_in_are_in_the_language_of_their_address(client, name, language):
    answer = client.get(url(name, language))
    assert answer.status_code == 200
    assert f'<html lang="{language}"' in answer.content.decode()


@pytest.mark.parametrize(
    "name", ["account_change_password", "mfa_index", "mfa_view_recovery_codes", "mfa_deactivate_totp", "account_logout"]
)
def test_pages_of_ones_own_account_answer_after_the_log_in(client, name):
    log_in(client, editor())
    assert client.get(url(name)).status_code == 200
