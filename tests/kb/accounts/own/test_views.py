"""The page of one's own account: what a person says of themselves, and the language the site then speaks to them."""

import pytest
from django.test import Client

from kb.accounts.models import User
from kb.accounts.own import ways
from tests.kb.accounts import builders
from tests.kb.accounts.builders import editor, log_in, member, url

pytestmark = pytest.mark.django_db

SAID = {
    "name": "Une fonction",
    "language": "nl",
    "phone": "02 000 00 00",
    "shares_contact": "on",
    "digest_frequency": "weekly",
}


def test_a_person_says_who_they_are_and_the_page_goes_on_in_their_language(client):
    user = member()
    log_in(client, user)
    assert client.post(url("account_index"), SAID)["Location"] == url("account_index", "nl")
    user.refresh_from_db()
    assert (user.name, user.language, user.phone, user.shares_contact, user.digest_frequency) == (
        "Une fonction",
        "nl",
        "02 000 00 00",
        True,
        "weekly",
    )


def test_an_editor_s_language_is_that_of_the_admin_too(client):
    user = editor()
    log_in(client, user)
    client.post(url("account_index"), SAID)
    assert User.objects.get(pk=user.pk).wagtail_userprofile.preferred_language == "nl"


@pytest.mark.parametrize(
    "more",
    ["email", "is_staff", "is_superuser", "is_active", "password", "session_salt", "digest_sent_at", "erased_at"],
)
def test_nothing_else_can_be_said(client, more):
    user = member()
    log_in(client, user)
    before = User.objects.values(more).get(pk=user.pk)
    assert client.post(url("account_index"), {**SAID, more: "1"}).status_code == 302
    assert User.objects.values(more).get(pk=user.pk) == before


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"language": "de"}, {"digest_frequency": "always"}, {"phone": "0" * 41}]
)
def test_what_cannot_be_kept_is_said_beside_the_field_and_the_rest_stays_typed(client, wrong):
    user = member(name="Avant")
    log_in(client, user)
    answer = client.post(url("account_index"), {**SAID, **wrong})
    assert set(answer.context["form"].errors) == set(wrong)
    assert 'value="02 000 00 00"' in answer.content.decode() or "phone" in wrong
    assert User.objects.get(pk=user.pk).name == "Avant"


def test_saving_puts_nothing_back_that_changed_meanwhile(client):
    from kb.accounts.login.forms import ProfileForm

    user = member()
    form = ProfileForm(SAID, instance=User.objects.get(pk=user.pk))
    User.objects.filter(pk=user.pk).update(session_salt="new", email="autre@cass.example")
    assert form.is_valid()
    form.save()
    user.refresh_from_db()
    assert (user.session_salt, user.email, user.name) == ("new", "autre@cass.example", "Une fonction")


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
def test_after_the_log_in_addresses_without_a_language_open_in_that_of_the_person(language):
    client = Client(headers={"accept-language": "de"})
    log_in(client, member(language=language), language="fr")
    assert client.get("/", follow=False)["Location"] == f"/{language}/"


def test_the_address_wins_over_the_language_of_the_person(client):
    log_in(client, member(language="nl"))
    assert '<html lang="en"' in client.get(url("account_index", "en")).content.decode()


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
def test_the_page_leads_to_everything_that_belongs_to_the_account(client, language):
    log_in(client, member(language=language))
    shown = client.get(url("account_index", language)).content.decode()
    for name in (
        "account_addresses",
        "account_change_password",
        "mfa_index",
        "mfa_list_webauthn",
        "account_sessions",
        "account_logout",
    ):
        assert f'href="{url(name, language)}"' in shown


@ways.WAYS.temporarily()
def test_domains_add_ways_and_without_any_the_page_stands(client):
    builders.open_session_without_second_factor(client, builders.member())
    empty = client.get(builders.url("account_index"))
    ways.register_way("account_sessions", "Une voie de plus", "Ce qu’elle fait")
    ways.register_way("no_such_route", "Nulle part", "Sans page")
    page = client.get(builders.url("account_index")).content.decode()
    assert empty.status_code == 200 and "Une voie de plus" not in empty.content.decode()
    assert "Une voie de plus" in page and "Ce qu’elle fait" in page and "Nulle part" not in page
