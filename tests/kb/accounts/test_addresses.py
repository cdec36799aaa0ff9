"""Several addresses of one person: whose they are, proving them, choosing the main one,
and saying nothing of somebody else's.
"""

import re
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kb.accounts import addresses
from kb.accounts.login import invitations
from kb.accounts.models import User
from tests.kb.accounts.builders import PASSWORD, editor, log_in, member, url
from tests.sending import stamps

pytestmark = pytest.mark.django_db

LANGUAGES = pytest.mark.parametrize("language", ["fr", "nl", "en"])


def further(user: User, email: str, *, verified: bool = True) -> EmailAddress:
    return EmailAddress.objects.create(user=user, email=email, verified=verified)


def ask(client, email: str, language: str = "fr"):
    return client.post(url("account_addresses", language), {"email": email}, follow=True)


def link_to(email: str) -> str:
    body = next(message.body for message in reversed(mail.outbox) if message.to == [email])
    return urlsplit(re.search(r"https?://\S+", body)[0]).path


def press(client, button: str, row: EmailAddress):
    return client.post(url("account_addresses"), {button: row.pk}, follow=True)


# Whose an address is


def test_a_person_is_found_by_the_main_address_and_by_any_proven_one():
    user = member("membre@cass.example")
    further(user, "autre@cass.example")
    further(user, "demandee@cass.example", verified=False)
    assert addresses.find_person(" Membre@CASS.example ") == user
    assert addresses.find_person("autre@cass.example") == user
    assert addresses.find_person("demandee@cass.example") is None


def test_many_are_found_in_two_queries(django_assert_num_queries):
    for number in range(60):
        further(member(f"m{number}@cass.example"), f"n{number}@cass.example")
    wanted = [f"{letter}{number}@cass.example" for letter in "mnx" for number in range(60)]
    with django_assert_num_queries(2):
        found = addresses.people_by_address(wanted)
    assert len(found) == 120
    assert found["m7@cass.example"] == found["n7@cass.example"]


def test_a_proven_address_counts_before_the_unproven_main_one_of_another():
    first, second = member("deux@cass.example"), member("un@cass.example")
    further(second, "deux@cass.example")
    assert addresses.find_person("deux@cass.example") == second != first


# Changing the main one


def test_saving_a_person_keeps_further_addresses():
    user = member()
    further(user, "autre@cass.example")
    user.name = "Autre nom"
    user.save()
    assert {row.email for row in addresses.own_addresses(user)} == {user.email, "autre@cass.example"}


def test_an_address_given_by_an_editor_takes_the_place_of_the_former_which_is_told():
    user = member("ancien@cass.example", language="nl")
    addresses.prove(user, user.email)
    addresses.change_address(user, "Nouveau@cass.example", verified=False)
    assert [(row.email, row.primary, row.verified) for row in addresses.own_addresses(user)] == [
        ("nouveau@cass.example", True, False)
    ]
    assert mail.outbox[0].to == ["ancien@cass.example"]
    assert "nouveau@cass.example" in mail.outbox[0].body
    assert addresses.find_person("ancien@cass.example") is None


def test_an_address_that_was_never_proven_is_corrected_without_a_word():
    addresses.change_address(member("faute@cass.example"), "juste@cass.example", verified=False)
    assert mail.outbox == []


def test_an_invitation_sent_to_the_former_address_stops_working():
    user = member("faute@cass.example")
    sent = invitations.invite(user)
    addresses.change_address(user, "juste@cass.example", verified=False)
    sent.refresh_from_db()
    assert not sent.is_open
    assert invitations.invite(user).is_open


def test_choosing_among_ones_own_keeps_both():
    user = member("un@cass.example")
    addresses.prove(user, user.email)
    further(user, "deux@cass.example")
    addresses.change_address(user, "deux@cass.example", verified=True)
    assert [(row.email, row.primary, row.verified) for row in addresses.own_addresses(user)] == [
        ("deux@cass.example", True, True),
        ("un@cass.example", False, True),
    ]


@pytest.mark.parametrize("verified", [True, False])
@pytest.mark.parametrize("taken", ["membre@cass.example", "autre@cass.example"])
def test_somebody_else_s_address_is_refused(verified, taken):
    owner = member("membre@cass.example")
    further(owner, "autre@cass.example")
    user = member("nouvelle@cass.example")
    with pytest.raises(ValidationError):
        addresses.change_address(user, taken, verified=verified)
    assert User.objects.get(pk=user.pk).email == "nouvelle@cass.example"


def test_allauth_s_own_way_to_the_main_address_ends_in_the_same_rows():
    user = member("un@cass.example")
    further(user, "deux@cass.example").set_as_primary()
    user.refresh_from_db()
    assert user.email == "deux@cass.example"
    assert [(row.email, row.primary) for row in addresses.own_addresses(user)] == [
        ("deux@cass.example", True),
        ("un@cass.example", False),
    ]


def test_the_admin_refuses_an_address_that_is_a_further_one_of_somebody_else(client):
    log_in(client, editor(is_superuser=True))
    further(member(), "autre@cass.example")
    answer = client.post(reverse("wagtailusers_users:add"), {"email": "Autre@cass.example", "language": "fr"})
    assert "email" in answer.context["form"].errors


def test_an_address_changed_in_the_admin_is_unproven_the_former_is_told_and_its_invitation_ends(client):
    log_in(client, editor(is_superuser=True))
    user = member("avant@cass.example", name="Un nom")
    EmailAddress.objects.filter(user=user).update(verified=True)
    invitation = invitations.invite(user)
    given = {"email": "Apres@cass.example", "name": user.name, "language": "fr", "is_active": "on"}
    edit = reverse("wagtailusers_users:edit", args=[user.pk])
    given |= stamps(client, edit)
    mail.outbox.clear()
    assert client.post(edit, given).status_code == 302
    invitation.refresh_from_db()
    assert [(row.email, row.primary, row.verified) for row in addresses.own_addresses(user)] == [
        ("apres@cass.example", True, False)
    ]
    assert [message.to for message in mail.outbox] == [["avant@cass.example"]]
    assert not invitation.is_open


# Logging in with them


def test_any_proven_address_logs_in_and_an_asked_one_does_not(client):
    user = member()
    further(user, "autre@cass.example")
    further(user, "demandee@cass.example", verified=False)
    assert (
        client.post(url("account_login"), {"login": "demandee@cass.example", "password": PASSWORD}).status_code == 200
    )
    assert client.post(url("account_login"), {"login": "autre@cass.example", "password": PASSWORD}).status_code == 302


def test_a_new_password_is_sent_to_a_proven_address_and_never_to_one_that_was_only_asked_for(client):
    user = member()
    further(user, "autre@cass.example")
    further(user, "demandee@cass.example", verified=False)
    for email in ("autre@cass.example", "demandee@cass.example"):
        client.post(url("account_reset_password"), {"email": email})
    assert [message.kind for message in mail.outbox] == ["accounts.password_reset_key", "accounts.unknown_account"]


def test_choosing_a_password_by_the_mail_proves_the_main_address(client):
    user = member()
    client.post(url("account_reset_password"), {"email": user.email})
    form = client.get(link_to(user.email), follow=True)
    client.post(
        form.redirect_chain[-1][0], {"password1": "encore une longue phrase", "password2": "encore une longue phrase"}
    )
    assert addresses.is_proven(user)


def test_a_link_sent_to_a_further_address_does_not_prove_the_main_one(client):
    user = member()
    further(user, "autre@cass.example")
    client.post(url("account_reset_password"), {"email": "autre@cass.example"})
    form = client.get(link_to("autre@cass.example"), follow=True)
    client.post(
        form.redirect_chain[-1][0], {"password1": "encore une longue phrase", "password2": "encore une longue phrase"}
    )
    assert not addresses.is_proven(user)


# The page


@LANGUAGES
def test_an_address_is_added_by_a_link_that_only_shows_until_it_is_confirmed(client, language):
    user = member(language=language)
    log_in(client, user)
    ask(client, "autre@cass.example", language)
    link = link_to("autre@cass.example")
    assert link.startswith(f"/{language}/")
    reader = Client()
    for _time in range(2):
        assert reader.get(link, follow=True).status_code == 200
    assert not EmailAddress.objects.get(email="autre@cass.example").verified
    assert reader.post(url("account_address_confirm", language)).status_code == 302
    assert EmailAddress.objects.get(email="autre@cass.example").verified
    assert mail.outbox[-1].to == [user.email]
    assert "_auth_user_id" not in reader.session


def test_the_link_has_one_effect_and_says_so_afterwards(client):
    user = member()
    log_in(client, user)
    ask(client, "autre@cass.example")
    link = link_to("autre@cass.example")
    client.post(link)
    sent = len(mail.outbox)
    assert client.post(link).status_code == 410
    assert len(mail.outbox) == sent


def test_the_link_is_dead_once_the_address_was_removed(client):
    user = member()
    log_in(client, user)
    ask(client, "autre@cass.example")
    press(client, "remove", EmailAddress.objects.get(email="autre@cass.example"))
    assert client.post(link_to("autre@cass.example")).status_code == 410


def _comparable(answer, email: str) -> str:
    html = re.sub(r'value="\d+"|value="[A-Za-z0-9]{64}"', "", answer.content.decode())
    return html.replace(email, "…")


@pytest.mark.parametrize(
    "taken", ["autre@cass.example", "deuxieme@cass.example"], ids=["main address", "further address"]
)
def test_asking_for_somebody_else_s_address_looks_the_same_and_tells_its_owner(client, taken):
    owner = member("autre@cass.example", language="nl")
    further(owner, "deuxieme@cass.example")
    user = member()
    log_in(client, user)
    free = _comparable(ask(client, "libre@cass.example"), "libre@cass.example")
    press(client, "remove", EmailAddress.objects.get(email="libre@cass.example"))
    mail.outbox.clear()
    assert _comparable(ask(client, taken), taken) == free
    assert [(message.to, message.kind, message.user) for message in mail.outbox] == [
        ([taken], "accounts.address_taken", owner)
    ]
    assert "http" not in mail.outbox[0].body
    again = press(client, "send", EmailAddress.objects.get(email=taken, user=user))
    assert again.status_code == 200
    assert addresses.find_person(taken) == owner


def test_asking_for_a_free_and_for_a_taken_address_cost_the_same():
    member("autre@cass.example")
    user, counts = member(), []
    for email in ("libre@cass.example", "autre@cass.example"):
        with CaptureQueriesContext(connection) as asked:
            addresses.ask_for(user, email)
        counts.append(len(asked))
    assert (
        abs(counts[0] - counts[1]) <= 1
    )  # one more to fetch its owner; the message that both send costs many times that
    assert len(mail.outbox) == 2


def test_who_took_an_address_meanwhile_keeps_it(client):
    user = member()
    log_in(client, user)
    ask(client, "autre@cass.example")
    owner = member("autre@cass.example")
    answer = client.post(link_to("autre@cass.example"))
    assert answer.status_code == 409
    assert addresses.find_person("autre@cass.example") == owner


def test_the_main_address_is_chosen_among_the_confirmed_ones(client):
    user = member("un@cass.example")
    addresses.prove(user, user.email)
    log_in(client, user)
    asked, proven = further(user, "deux@cass.example", verified=False), further(user, "trois@cass.example")
    press(client, "choose", asked)
    user.refresh_from_db()
    assert user.email == "un@cass.example"
    press(client, "choose", proven)
    user.refresh_from_db()
    assert user.email == "trois@cass.example"
    assert mail.outbox[-1].to == ["un@cass.example"]
    assert client.post(url("account_login"), {"login": "un@cass.example", "password": PASSWORD}).status_code == 302


def test_a_further_address_is_removed_and_the_main_one_stays(client):
    user = member()
    log_in(client, user)
    row = further(user, "autre@cass.example")
    press(client, "remove", row)
    press(client, "remove", EmailAddress.objects.get(user=user, email=user.email))
    assert [each.email for each in addresses.own_addresses(user)] == [user.email]


@pytest.mark.parametrize("button", ["choose", "remove", "send"])
def test_nobody_touches_the_addresses_of_others(client, button):
    row = further(member("autre@cass.example"), "deux@cass.example")
    log_in(client, member())
    assert press(client, button, row).status_code == 404
    assert EmailAddress.objects.filter(pk=row.pk, primary=False, verified=True).exists()
    assert mail.outbox == []


def test_changing_addresses_asks_once_more_who_one_is_after_five_minutes(client):
    user = member()
    log_in(client, user)
    session = client.session
    session["account_authentication_methods"] = [
        {**record, "at": record["at"] - 301} for record in session["account_authentication_methods"]
    ]
    session.save()
    answer = client.post(url("account_addresses"), {"email": "autre@cass.example"})
    assert answer["Location"].startswith(url("account_reauthenticate"))
    assert mail.outbox == []
    assert client.get(url("account_addresses")).status_code == 200


def test_a_sixth_address_and_a_flood_of_messages_are_refused(client):
    user = member()
    log_in(client, user)
    for number in range(addresses.MOST - 1):
        ask(client, f"n{number}@cass.example")
    assert "email" in ask(client, "trop@cass.example").context["form"].errors
    row = EmailAddress.objects.get(email="n0@cass.example")
    statuses = [press(client, "send", row).status_code for _time in range(8)]
    assert statuses[-1] == 429
    assert len(mail.outbox) <= 10


@pytest.mark.parametrize(
    "name", ["account_addresses", "account_index", "account_sessions", "mfa_list_webauthn", "mfa_add_webauthn"]
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_pages_of_the_account_are_for_whoever_is_logged_in(client, name, method):
    assert getattr(client, method)(url(name))["Location"].startswith(url("account_login"))
