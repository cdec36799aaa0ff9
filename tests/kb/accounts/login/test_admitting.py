"""Nobody keeps somebody else out from afar, and nobody guesses for long:
what others try counts for the places they try from.
"""

import re
import time

import pytest
from django.conf import settings
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import AnonymousUser
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kb.accounts.login import admitting
from kb.accounts.models import KnownPlace
from kb.accounts.sessions import recognising
from kb.demonstration.accounts import present_code
from kb.site import limiting
from tests.kb.accounts.builders import PASSWORD, SECRET, editor, member, url

pytestmark = pytest.mark.django_db

WRONG, HOME, ELSEWHERE, STRANGER = "pas la bonne phrase", "198.51.100.7", "192.0.2.44", "203.0.113.9"


def attempt(client: Client, email: str, password: str = WRONG, *, place: str = STRANGER):
    return client.post(url("account_login"), {"login": email, "password": password}, REMOTE_ADDR=place)


def comes_in(client: Client, user, *, place: str) -> bool:
    return attempt(client, user.email, PASSWORD, place=place).status_code == 302


@pytest.fixture
def clock(monkeypatch):
    """`clock(seconds)` moves the time on, and with it every limit."""
    moved = [0.0]
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + moved[0])

    def move(seconds: float) -> None:
        moved[0] += seconds

    return move


@pytest.fixture
def user():
    """A member who logged in once, from home."""
    user = member()
    assert comes_in(Client(), user, place=HOME)
    return user


def spend_all_of_strange_places(user) -> None:
    """As many wrong passwords from many places as may be looked at: the limit for the address is used up."""
    while limiting.spend(limiting.Budget("log_in_address", f"person:{user.pk}")):
        pass


def test_sixty_two_wrong_log_ins_from_one_address_keep_nobody_out_elsewhere(clock):
    user = member()
    for _try in range(62):
        attempt(Client(), user.email)
        clock(3.1)
    assert comes_in(Client(), user, place=HOME)


@pytest.mark.drill
def test_an_address_that_goes_on_for_a_day_keeps_nobody_out_elsewhere(clock):
    user = member()
    for _hour in range(24):
        for _try in range(4):
            attempt(Client(), user.email)
            clock(900)
    assert comes_in(Client(), user, place=HOME)


def test_what_was_refused_without_looking_counts_for_nothing(clock):
    user = member()
    for _try in range(5):
        attempt(Client(), user.email)
    for _try in range(5):
        attempt(Client(), user.email)  # refused
    clock(301)
    assert comes_in(Client(), user, place=STRANGER)


def test_guessing_from_many_places_ends_while_the_owner_comes_in_from_home(user):
    spend_all_of_strange_places(user)
    assert not comes_in(Client(), user, place=ELSEWHERE)
    assert comes_in(Client(), user, place=HOME)


def test_guessing_from_many_places_ends_while_the_owner_comes_in_with_their_device_from_anywhere(user):
    device = Client()
    assert comes_in(device, user, place=HOME)
    device.post(url("account_logout"))
    spend_all_of_strange_places(user)
    assert comes_in(device, user, place=ELSEWHERE)


# Several addresses of one person


OTHER = "privee@cass.example"


@pytest.fixture
def of_two_addresses(user):
    user.emailaddress_set.create(email=OTHER, verified=True)
    return user


def said(answer) -> str:
    return answer.context["form"].errors.as_data()["__all__"][0].code


def test_whoever_knows_another_address_of_the_person_does_not_guess_twice_as_often(of_two_addresses):
    spend_all_of_strange_places(of_two_addresses)
    refused = attempt(Client(), OTHER, PASSWORD, place=ELSEWHERE)
    assert (refused.status_code, said(refused)) == (200, "email_password_mismatch")


@pytest.mark.parametrize("place", [STRANGER, HOME], ids=["from elsewhere", "from where the person was"])
def test_no_answer_says_which_addresses_belong_to_one_person(of_two_addresses, place):
    for _try in range(5):
        attempt(Client(), of_two_addresses.email, place=place)
    answers = [said(attempt(Client(), email, place=place)) for email in [OTHER] * 6]
    assert answers == ["email_password_mismatch"] * 5 + ["too_many_login_attempts"]
    assert answers == [said(attempt(Client(), "personne@cass.example", place=ELSEWHERE)) for _try in range(6)]


def test_an_attempt_that_is_not_looked_at_for_the_person_costs_what_a_wrong_one_costs(of_two_addresses, monkeypatch):
    """One hash, and the same statements."""
    hashed = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(
        MD5PasswordHasher, "encode", lambda self, password, salt: hashed.append(1) or encode(self, password, salt)
    )
    costs = []
    for _try in range(2):
        hashed.clear()
        with CaptureQueriesContext(connection) as asked:
            attempt(Client(), OTHER)
        costs.append((len(asked), len(hashed)))
        for _wrong in range(5):
            attempt(Client(), of_two_addresses.email)
    assert costs[0] == costs[1] and costs[0][1] == 1


def looked_at(rf, emails: list[str], places: list[str]) -> int:
    """How many of the attempts for these addresses from these places are looked at:
    each address from each place six times.
    """
    count = 0
    for place in places:
        for email in emails * 6:
            request = rf.post("/", REMOTE_ADDR=place)
            request.user = AnonymousUser()
            found = admitting.try_password(request, email)
            count += found is not None and found.is_looked_at
    return count


def test_all_addresses_of_a_person_are_guessed_at_as_often_as_one(rf, of_two_addresses, clock):
    both = [of_two_addresses.email, OTHER]
    assert looked_at(rf, both, [STRANGER]) == 5
    assert looked_at(rf, both, [f"203.0.113.{number}" for number in range(10, 30)]) == 60 - 5


def test_what_was_not_looked_at_keeps_nobody_out_of_the_next_try(of_two_addresses, clock):
    for email in [of_two_addresses.email] * 5 + [OTHER] * 3:
        attempt(Client(), email)
    clock(301)
    assert attempt(Client(), OTHER, PASSWORD).status_code == 302


def test_a_new_password_makes_the_counts_of_every_address_whole(rf, of_two_addresses, clock):
    both = [of_two_addresses.email, OTHER]
    looked_at(rf, both, [STRANGER])
    clock(61)  # the place, for all accounts
    browser = Client(REMOTE_ADDR=STRANGER)
    browser.post(url("account_reset_password"), {"email": OTHER})
    form = browser.get(re.search(r"https?://[^/\s]+(\S+)", mail.outbox[-1].body)[1], follow=True)
    browser.post(
        form.redirect_chain[-1][0], {"password1": "encore une longue phrase", "password2": "encore une longue phrase"}
    )
    KnownPlace.objects.all().delete()
    for email in both:
        assert attempt(Client(), email, "encore une longue phrase").status_code == 302


def test_a_household_with_many_addresses_of_its_network_is_one_place():
    user = member()
    for number in range(5):
        attempt(Client(), user.email, place=f"2001:db8:1:2::{number}")
    assert not comes_in(Client(), user, place="2001:db8:1:2::99")
    assert comes_in(Client(), user, place="2001:db8:1:3::99")


def test_a_device_is_limited_in_its_own_attempts(user):
    device = Client()
    assert comes_in(device, user, place=HOME)
    device.post(url("account_logout"))
    for _try in range(5):
        attempt(device, user.email, place=ELSEWHERE)
    assert not comes_in(device, user, place=ELSEWHERE)
    assert comes_in(Client(), user, place=HOME)


def test_the_device_of_one_person_is_none_of_another(user):
    other, device = member("autre@cass.example"), Client()
    assert comes_in(device, other, place=STRANGER)
    device.post(url("account_logout"))
    spend_all_of_strange_places(user)
    assert not comes_in(device, user, place=STRANGER)


def test_thirty_a_minute_from_one_place_do_not_keep_a_known_device_of_that_place_out(user):
    device = Client()
    assert comes_in(device, user, place=STRANGER)
    device.post(url("account_logout"))
    KnownPlace.objects.all().delete()
    answers = [attempt(Client(), f"x{number}@cass.example").status_code for number in range(31)]
    assert answers[-1] == 429
    assert comes_in(device, user, place=STRANGER)


def test_the_link_to_a_new_password_makes_its_browser_known_while_others_go_on(user):
    spend_all_of_strange_places(user)
    browser = Client(REMOTE_ADDR=ELSEWHERE)
    browser.post(url("account_reset_password"), {"email": user.email})
    form = browser.get(re.search(r"https?://[^/\s]+(\S+)", mail.outbox[-1].body)[1], follow=True)
    browser.post(
        form.redirect_chain[-1][0], {"password1": "encore une longue phrase", "password2": "encore une longue phrase"}
    )
    spend_all_of_strange_places(user)
    assert attempt(browser, user.email, "encore une longue phrase", place="192.0.2.200").status_code == 302


# The cookie


def test_a_device_is_known_only_after_the_second_factor():
    user, thief = editor(), Client()
    assert attempt(thief, user.email, PASSWORD).status_code == 302
    assert settings.DEVICE_COOKIE_NAME not in thief.cookies
    assert not KnownPlace.objects.exists()
    thief.post(url("mfa_authenticate"), {"code": present_code(SECRET)[0]}, REMOTE_ADDR=STRANGER)
    cookie = thief.cookies[settings.DEVICE_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", recognising.DEVICE_KEPT_S)
    assert KnownPlace.objects.filter(user=user).exists()


def _device(rf, client: Client, user) -> str:
    request = rf.get("/")
    request.COOKIES = {name: one.value for name, one in client.cookies.items()}
    user.refresh_from_db()
    return recognising.device_of(request, user)


def _changes_password(client: Client) -> None:
    chosen = {"oldpassword": PASSWORD, "password1": "encore une longue phrase", "password2": "encore une longue phrase"}
    assert client.post(url("account_change_password"), chosen).status_code == 302


def _ends_other_sessions(client: Client) -> None:
    assert client.post(url("account_sessions")).status_code == 302


@pytest.mark.parametrize("do", [_changes_password, _ends_other_sessions])
def test_a_new_password_and_logging_out_elsewhere_make_every_other_device_strange(rf, user, do):
    here, elsewhere = Client(), Client()
    for client in (here, elsewhere):
        assert comes_in(client, user, place=HOME)
        assert _device(rf, client, user)
    do(here)
    assert _device(rf, here, user)
    assert not _device(rf, elsewhere, user)


def test_a_cookie_that_was_changed_or_is_somebody_s_own_making_is_none(rf, user):
    client = Client()
    for value in ("", "x", "e30:1:2", '{"1": ["a", "b"]}'):
        client.cookies[settings.DEVICE_COOKIE_NAME] = value
        assert _device(rf, client, user) == ""


def test_one_browser_keeps_the_devices_of_several_people_and_forgets_who_is_erased(rf):
    browser, one, two = Client(), member(), member("autre@cass.example")
    for person in (one, two):
        assert comes_in(browser, person, place=HOME)
        browser.post(url("account_logout"))
    assert _device(rf, browser, one) != _device(rf, browser, two) != ""
    assert comes_in(browser, two, place=HOME)
    browser.post(url("account_my_data_erase"), {"confirmed": "on"})
    request = rf.get("/")
    request.COOKIES = {name: each.value for name, each in browser.cookies.items()}
    assert list(recognising._kept(request)) == [str(one.pk)]


def test_places_are_hashes_that_go_with_time_and_with_number(user, rf):
    assert HOME not in str(list(KnownPlace.objects.values()))
    for number in range(12):
        recognising.remember(rf.get("/", REMOTE_ADDR=f"192.0.2.{number}"), user)
    assert KnownPlace.objects.filter(user=user).count() == recognising.MOST_PLACES
    KnownPlace.objects.update(last_day="2020-01-01")
    assert recognising.forget_places() == "10 places of log-ins removed"


# Codes


def _code(client: Client, code: str, *, place: str) -> bool:
    client.post(url("mfa_authenticate"), {"code": code}, REMOTE_ADDR=place)
    return "_auth_user_id" in client.session


def test_a_stranger_who_stole_the_password_does_not_use_up_the_codes_of_the_owner():
    user, device = editor(), Client()
    recognising_request = attempt(device, user.email, PASSWORD, place=HOME).wsgi_request
    recognising.remember(recognising_request, user)  # the owner was here before
    thief = Client()
    attempt(thief, user.email, PASSWORD)
    for _try in range(6):
        _code(thief, "000000", place=STRANGER)
    other = Client()
    attempt(other, user.email, PASSWORD, place=ELSEWHERE)
    assert not _code(other, present_code(SECRET)[0], place=ELSEWHERE)  # strangers share one budget
    assert _code(device, present_code(SECRET)[0], place=HOME)


def test_codes_are_asked_only_after_the_right_password():
    user = editor()
    for _try in range(6):
        assert Client().post(url("mfa_authenticate"), {"code": "000000"})["Location"] == url("account_login")
    client = Client()
    attempt(client, user.email, PASSWORD, place=HOME)
    assert _code(client, present_code(SECRET)[0], place=HOME)


def test_a_known_and_an_unknown_address_take_the_same_statements(rf, django_assert_num_queries):
    member()
    for email in ("membre@cass.example", "personne@cass.example"):
        request = rf.post("/", REMOTE_ADDR=STRANGER)
        request.user = AnonymousUser()
        with django_assert_num_queries(3):
            admitting.try_password(request, email)
