"""Too many attempts, and forms that come too late: each ends in a sentence, and nobody is kept out for ever."""

import re
import time

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kb.accounts import addresses
from kb.accounts.login import invitations
from kb.clock.models import OutgoingMail
from kb.site import limiting
from tests.kb.accounts.builders import PASSWORD, member, url

pytestmark = pytest.mark.django_db

LANGUAGES = pytest.mark.parametrize("language", ["fr", "nl", "en"])
WRONG = "pas la bonne phrase"


def attempt(client: Client, email: str, password: str = WRONG, *, place: str = "192.0.2.1", language: str = "fr"):
    return client.post(url("account_login", language), {"login": email, "password": password}, REMOTE_ADDR=place)


@pytest.fixture
def one_moment(monkeypatch):
    """All within one second, however slow the machine is."""
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)


@pytest.mark.parametrize(
    ("language", "tries"), [pytest.param("fr", 1000, marks=pytest.mark.drill), ("nl", 40), ("en", 40)]
)
def test_a_thousand_tries_end_in_a_sentence_and_other_people_and_places_come_in(one_moment, language, tries):
    user, other, attacker = member(), member("autre@cass.example"), Client()
    answers = [attempt(attacker, user.email, place="203.0.113.7", language=language) for _try in range(tries)]
    last = answers[-1]
    assert [answer.status_code for answer in answers] == [200] * 30 + [429] * (tries - 30)
    assert f'<html lang="{language}"' in last.content.decode()
    assert "<h1>" in last.content.decode()
    assert attempt(Client(), other.email, PASSWORD).status_code == 302
    assert attempt(Client(), user.email, PASSWORD).status_code == 302


def test_the_right_password_after_five_wrong_ones_from_one_place_works_from_another():
    user = member()
    for _try in range(5):
        attempt(Client(), user.email)
    assert attempt(Client(), user.email, PASSWORD).status_code == 200
    assert attempt(Client(), user.email, PASSWORD, place="192.0.2.99").status_code == 302


def test_guessing_one_password_from_many_places_ends_too():
    user = member()
    for number in range(60):
        attempt(Client(), user.email, place=f"203.0.113.{number}")
    answer = attempt(Client(), user.email, PASSWORD)
    assert answer.context["form"].errors.as_data()["__all__"][0].code == "too_many_login_attempts"


def test_nobody_is_kept_out_for_ever(monkeypatch):
    user = member()
    for number in range(60):
        attempt(Client(), user.email, place=f"203.0.113.{number}")
    later = time.time() + 3601
    monkeypatch.setattr(time, "time", lambda: later)
    assert attempt(Client(), user.email, PASSWORD).status_code == 302


def test_whoever_is_kept_out_chooses_a_new_password_by_mail_and_comes_in():
    user, client = member(), Client()
    for number in range(60):
        attempt(Client(), user.email, place=f"203.0.113.{number}")
    client.post(url("account_reset_password"), {"email": user.email})
    form = client.get(re.search(r"https?://[^/\s]+(\S+)", mail.outbox[-1].body)[1], follow=True)
    client.post(
        form.redirect_chain[-1][0], {"password1": "encore une longue phrase", "password2": "encore une longue phrase"}
    )
    assert attempt(Client(), user.email, "encore une longue phrase").status_code == 302


# Messages that strangers ask for


@pytest.fixture
def posted(settings):
    """The rows of the messages that leave: what is rolled back is not among them."""
    settings.EMAIL_BACKEND = "kb.clock.mail.posting.Backend"
    return lambda address: OutgoingMail.objects.filter(address=address).count()


def ask_for_a_password(email: str, *, place: str = "203.0.113.9"):
    """The answer, less what differs each time, and the statements it took."""
    with CaptureQueriesContext(connection) as asked:
        answer = Client().post(url("account_reset_password"), {"email": email}, REMOTE_ADDR=place)
    statements = [re.sub(r"'[^']*'|\b\d+\b|SAVEPOINT \S+", "?", query["sql"])[:60] for query in asked.captured_queries]
    return answer.status_code, answer["Location"], answer.content, statements


def test_resets_answer_alike_for_known_unknown_and_often_asked_addresses(posted):
    member()
    known, unknown = "membre@cass.example", "personne@cass.example"
    answers = [ask_for_a_password(email) for _try in range(4) for email in (known, unknown)]
    assert {answer[:3] for answer in answers} == {(302, url("account_reset_password_done"), b"")}
    asked = [[one for one in answer[3] if not one.startswith(("RELEASE", "ROLLBACK"))] for answer in answers]
    assert asked == [asked[0]] * 8
    assert (posted(known), posted(unknown)) == (3, 3)


def test_three_resets_of_a_stranger_keep_nobody_from_a_new_password(posted, monkeypatch):
    user = member()
    assert [ask_for_a_password(user.email)[0] for _try in range(3)] == [302] * 3
    assert ask_for_a_password(user.email, place="198.51.100.7")[0] == 302
    assert posted(user.email) == 3  # the owner has three links that work
    later = time.time() + 3601
    monkeypatch.setattr(time, "time", lambda: later)
    ask_for_a_password(user.email, place="198.51.100.7")
    assert posted(user.email) == 4


def test_what_others_ask_for_an_address_does_not_use_up_what_its_owner_may_ask():
    for purpose in ("password", "address of 1", "newsletter of 1"):
        assert [limiting.may_write("Membre@cass.example", purpose) for _try in range(4)] == [True, True, True, False]
    assert limiting.may_write("membre@cass.example", "address of 2")
    assert limiting.may_write("membre@cass.example", "newsletter")
    assert not limiting.may_write("membre@cass.example", "password")


def test_whoever_holds_an_old_invitation_does_not_fill_a_mailbox():
    user = member()
    invitation = invitations.invite(user)
    for _try in range(6):
        invitations.ask_again(invitation)
    assert len(mail.outbox) == 1 + 3


def test_a_member_does_not_fill_the_mailbox_of_somebody_else_by_claiming_the_address():
    claiming, owner = member(), member("autre@cass.example")
    addresses.ask_for(claiming, "boite@cass.example")
    row = addresses.own_addresses(claiming)[1]
    for _try in range(6):
        addresses.write_link(row)
    assert len(mail.outbox) == 3
    addresses.ask_for(owner, "boite@cass.example")
    assert len(mail.outbox) == 4


@pytest.mark.parametrize("rates", ["2/m/key,3/h/key"])
def test_an_attempt_that_one_rate_refuses_counts_on_no_other(settings, monkeypatch, rates):
    settings.ACCOUNT_RATE_LIMITS = {"narrow": rates, "wide": "5/h/key"}
    narrow, wide = limiting.Budget("narrow", "a"), limiting.Budget("wide", "b")
    assert [bool(limiting.spend(narrow, wide)) for _try in range(9)] == [True, True] + [False] * 7
    assert [bool(limiting.spend(wide)) for _try in range(4)] == [True, True, True, False]
    later = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later)
    assert [bool(limiting.spend(narrow)) for _try in range(2)] == [True, False]


def test_a_known_and_an_unknown_address_cost_one_hash_each(monkeypatch):
    """The slow part of a log-in: what a clock outside would measure."""
    from django.contrib.auth.hashers import MD5PasswordHasher

    member()
    counts = []
    encode = MD5PasswordHasher.encode
    hashed = []
    monkeypatch.setattr(
        MD5PasswordHasher, "encode", lambda self, password, salt: hashed.append(1) or encode(self, password, salt)
    )
    for email in ("membre@cass.example", "personne@cass.example"):
        hashed.clear()
        attempt(Client(), email)
        counts.append(len(hashed))
    assert counts == [1, 1]


# Forms that come too late


@LANGUAGES
def test_a_form_with_a_stale_token_is_refused_in_a_sentence_of_the_page_s_language(language):
    client = Client(enforce_csrf_checks=True)
    client.get(url("account_login", language))
    answer = client.post(
        url("account_login", language), {"login": "a@cass.example", "password": "x", "csrfmiddlewaretoken": "a" * 64}
    )
    assert answer.status_code == 403
    assert f'<html lang="{language}"' in answer.content.decode()
    assert "403_csrf.html" in [template.name for template in answer.templates]


def test_the_sentence_says_that_nothing_is_lost_and_what_to_do():
    answer = Client(enforce_csrf_checks=True).post(url("account_login", "en"), {"login": "a@cass.example"})
    shown = answer.content.decode()
    for sentence in (
        "what you typed is still in your browser",
        "Go back with the button of your browser",
        "choose your files again",
        "refuses cookies",
    ):
        assert sentence in shown
