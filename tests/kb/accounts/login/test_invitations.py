"""Inviting a person by a link, and what its page does: one effect, whoever opens it how often."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from kb.accounts import addresses
from kb.accounts.choices import InvitationState
from kb.accounts.login import invitations
from kb.accounts.models import Invitation, User
from kb.accounts.session_rows import UserSession
from tests.kb.accounts.builders import PASSWORD, editor, log_in, member, url

pytestmark = pytest.mark.django_db

CHOSEN = "encore une longue phrase"
LANGUAGES = pytest.mark.parametrize("language", ["fr", "nl", "en"])


def invited(email="nouvelle@cass.example", **values) -> User:
    return User.objects.create_user(email, **values)


def link_in_mail(number: int = -1) -> str:
    return urlsplit(re.search(r"https?://\S+", mail.outbox[number].body)[0]).path


def given(user: User, **values) -> dict:
    return {"name": "Nouvelle", "language": user.language, "password1": CHOSEN, "password2": CHOSEN, **values}


@LANGUAGES
def test_the_message_and_its_page_speak_the_language_of_the_person(client, language):
    user = invited(language=language)
    invitations.invite(user)
    assert mail.outbox[0].to == [user.email]
    assert (mail.outbox[0].kind, mail.outbox[0].user) == ("accounts.invitation", user)
    shown = client.get(link_in_mail(), follow=True)
    assert shown.status_code == 200
    assert f'<html lang="{language}"' in shown.content.decode()
    assert user.email in shown.content.decode()


@LANGUAGES
def test_a_member_chooses_a_password_and_is_logged_in_where_members_begin(client, language):
    user = invited(language=language)
    invitations.invite(user)
    page = client.get(link_in_mail()).headers["Location"]
    answer = client.post(page, given(user, name="Une fonction"))
    assert answer["Location"] == url("home:members", language)
    assert client.session["_auth_user_id"] == str(user.pk)
    user.refresh_from_db()
    assert (user.name, user.check_password(CHOSEN), addresses.is_proven(user)) == ("Une fonction", True, True)


def test_an_editor_is_led_to_the_second_factor(client):
    user = editor(second_factor=False)
    invitations.invite(user)
    page = client.get(link_in_mail()).headers["Location"]
    assert client.post(page, given(user))["Location"] == url("mfa_activate_totp")


def test_who_has_a_second_factor_is_asked_for_it_before_the_session_opens(client):
    user = editor()
    invitations.invite(user)
    client.get(link_in_mail())
    assert client.post(url("account_invitation_page"), given(user))["Location"] == url("mfa_authenticate")
    assert "_auth_user_id" not in client.session


def test_a_mail_scanner_that_opens_every_link_changes_nothing():
    user = invited()
    invitations.invite(user)
    for method in ("get", "head", "options", "get"):
        scanner = Client()
        getattr(scanner, method)(link_in_mail(), follow=True)
        assert "_auth_user_id" not in scanner.session
    user.refresh_from_db()
    assert not user.has_usable_password()
    assert not addresses.is_proven(user)
    assert Invitation.objects.get().is_open


def test_the_address_is_not_proven_before_the_link_is_used():
    assert not addresses.is_proven(invited())


def test_a_link_has_one_effect(client):
    user = invited()
    invitations.invite(user)
    client.post(link_in_mail(), given(user))
    second = Client()
    answer = second.post(
        link_in_mail(), given(user, password1="tout autre phrase choisie", password2="tout autre phrase choisie")
    )
    assert answer.status_code == 410
    assert answer.context["state"] == "used"
    assert "_auth_user_id" not in second.session
    user.refresh_from_db()
    assert user.check_password(CHOSEN)


def test_of_two_that_come_at_once_one_is_accepted():
    user = invited()
    invitations.invite(user)
    one, other = Invitation.objects.get(), Invitation.objects.get()
    answers = [invitations.accept(each, password=CHOSEN, name="N", language="fr") for each in (one, other)]
    assert answers == [True, False]


def _used(user):
    invitations.accept(Invitation.objects.get(), password=CHOSEN, name="N", language="fr")


def _revoked(user):
    invitations.revoke(user)


def _expired(user):
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))


def _closed(user):
    User.objects.filter(pk=user.pk).update(is_active=False)


def _erased(user):
    User.objects.filter(pk=user.pk).update(erased_at=timezone.now())


DEAD = [(_used, "used"), (_revoked, "revoked"), (_expired, "expired"), (_closed, "closed"), (_erased, "closed")]


@pytest.mark.parametrize(("kill", "state"), DEAD, ids=[kill.__name__.strip("_") for kill, _state in DEAD])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_dead_link_says_why_and_does_nothing(client, kill, state, method):
    user = invited()
    invitations.invite(user)
    kill(user)
    before = User.objects.values("password", "name").get(pk=user.pk)
    client.get(link_in_mail())
    answer = getattr(client, method)(
        url("account_invitation_page", "en"), given(user, password1="tout autre phrase choisie")
    )
    assert (answer.status_code, answer.context["state"]) == (410, state)
    assert User.objects.values("password", "name").get(pk=user.pk) == before
    assert "_auth_user_id" not in client.session


def test_an_unknown_link_says_so(client):
    answer = client.get(url("account_invitation", "en", token="rien-de-tel"), follow=True)
    assert (answer.status_code, answer.context["state"]) == (404, "unknown")
    assert "copy it whole" in answer.content.decode()


@pytest.mark.parametrize("word", ["\x00", "a" * 3000, "é", "'", "%00", "..", "<script>"])
def test_an_odd_link_is_unknown_and_leaves_no_session(client, word):
    answer = client.get(url("account_invitation", token=word))
    assert answer.status_code == 404
    assert not UserSession.objects.exists()


def test_a_newer_invitation_replaces_the_older():
    user = invited()
    first, second = invitations.invite(user), invitations.invite(user)
    first.refresh_from_db()
    assert (first.is_open, second.is_open) == (False, True)


def test_only_a_hash_of_the_word_is_kept_and_it_is_long_enough():
    user = invited()
    made = invitations.invite(user)
    word = link_in_mail().rstrip("/").rpartition("/")[2]
    assert len(word) * 6 >= 128
    kept = Invitation.objects.values().get()
    assert word not in str(kept)
    assert re.fullmatch(r"[0-9a-f]{64}", made.token_hash)


@pytest.mark.parametrize("name", ["account_invitation", "account_invitation_page"])
def test_nothing_of_the_link_is_kept_or_told_to_others(client, name):
    user = invited()
    invitations.invite(user)
    link = link_in_mail()
    client.get(link)
    answer = client.get(link if name == "account_invitation" else url(name))
    assert "no-store" in answer["Cache-Control"]
    assert "noindex" in answer["X-Robots-Tag"]
    assert answer["Referrer-Policy"] == ("no-referrer" if name == "account_invitation" else "same-origin")
    assert link not in answer.content.decode()


def test_opening_a_link_leaves_a_session_that_was_planted_before(client):
    user = invited()
    invitations.invite(user)
    session = client.session
    session["planted"] = "by someone else"
    session.save()
    client.cookies["sessionid"] = session.session_key
    thief = Client()
    thief.cookies["sessionid"] = session.session_key
    client.get(link_in_mail())
    assert client.session.session_key != session.session_key
    assert thief.get(url("account_invitation_page")).status_code == 404


def test_someone_logged_in_as_another_person_is_told_so_and_nothing_happens(client):
    user = invited()
    invitations.invite(user)
    other = member()
    log_in(client, other)
    client.get(link_in_mail())
    answer = client.post(url("account_invitation_page"), given(user))
    assert answer.status_code == 409
    assert client.session["_auth_user_id"] == str(other.pk)
    assert Invitation.objects.get().is_open


def test_a_bad_password_is_said_beside_the_field_and_the_link_stays_good(client):
    user = invited()
    invitations.invite(user)
    client.get(link_in_mail())
    for wrong in ({"password1": "court"}, {"password2": "autre chose que la première"}, {"name": ""}):
        answer = client.post(url("account_invitation_page"), given(user, **wrong))
        assert set(answer.context["form"].errors) & set(wrong) or "password2" in answer.context["form"].errors
    user.refresh_from_db()
    assert (user.name, user.has_usable_password()) == ("", False)
    assert client.post(url("account_invitation_page"), given(user)).status_code == 302


def test_the_sessions_of_before_end_when_an_invitation_is_used(client):
    user = member()
    log_in(client, user)
    invitations.invite(user)
    invitations.accept(Invitation.objects.get(), password=CHOSEN, name="N", language="fr")
    assert client.get(url("account_change_password")).status_code == 302


@pytest.mark.parametrize("kill", [_revoked, _expired])
def test_asking_again_sends_a_new_link_to_the_same_address(client, kill):
    user = invited()
    invitations.invite(user)
    kill(user)
    client.get(link_in_mail())
    answer = client.post(url("account_invitation_again"), follow=True)
    assert answer.status_code == 200
    assert [message.to for message in mail.outbox] == [[user.email]] * 2
    assert client.get(link_in_mail(), follow=True).status_code == 200


@pytest.mark.parametrize("kill", [_used, _closed, _erased])
def test_asking_again_answers_alike_where_nothing_is_sent(client, kill):
    user = invited()
    invitations.invite(user)
    unknown = client.post(url("account_invitation_again"), follow=True).content
    kill(user)
    client.get(link_in_mail())
    assert client.post(url("account_invitation_again"), follow=True).content == unknown
    assert len(mail.outbox) == 1


def test_asking_again_by_opening_its_address_sends_nothing(client):
    user = invited()
    invitations.invite(user)
    _expired(user)
    client.get(link_in_mail())
    assert client.get(url("account_invitation_again")).status_code == 405
    assert len(mail.outbox) == 1


def test_guessing_links_ends_in_a_sentence(client):
    answers = [client.post(url("account_invitation_again", "en")).status_code for _attempt in range(25)]
    assert answers[0] == 302
    assert answers[-1] == 429


@pytest.mark.parametrize("closed", [{"is_active": False}, {"erased_at": timezone.now()}], ids=["inactive", "erased"])
def test_a_closed_account_cannot_be_invited(closed):
    with pytest.raises(invitations.CannotInvite):
        invitations.invite(invited(**closed))
    assert mail.outbox == []


def _state(user: User) -> InvitationState:
    return invitations.invitation_state(invitations.with_invitation(User.objects.filter(pk=user.pk)).get())


def test_lists_tell_who_was_invited_and_who_came():
    user = invited()
    assert _state(user) == InvitationState.NONE
    invitations.invite(user)
    assert _state(user) == InvitationState.OPEN
    _expired(user)
    assert _state(user) == InvitationState.EXPIRED
    assert user in invitations.never_came(User.objects.all())
    invitations.accept(invitations.invite(user), password=CHOSEN, name="N", language="fr")
    assert _state(user) == InvitationState.USED
    assert user not in invitations.never_came(User.objects.all())


def test_who_logged_in_without_an_invitation_came_too(client):
    user = member()
    assert user in invitations.never_came(User.objects.all())
    log_in(client, user)
    assert _state(user) == InvitationState.USED
    assert not invitations.never_came(User.objects.all()).exists()


def test_a_list_of_sixty_costs_one_query(django_assert_num_queries):
    for number in range(60):
        invitations.invite(invited(f"p{number}@cass.example"))
    with django_assert_num_queries(1):
        assert (
            len([invitations.invitation_state(user) for user in invitations.with_invitation(User.objects.all())]) == 60
        )


def test_a_password_chosen_before_is_not_needed_to_be_invited():
    user = member()
    invitations.invite(user)
    assert user.check_password(PASSWORD)
