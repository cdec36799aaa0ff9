"""From the message of an invitation into the site, and one's own account, in a real Chromium: two languages,
a desk and a telephone.
"""

import re
from urllib.parse import urlsplit

import pytest
from django.core import mail

from home.building import build_site
from kb.accounts.login import invitations
from kb.accounts.models import User
from kb.demonstration.accounts import present_code
from tests.journeys.test_login import BOTH_LANGUAGES_AND_WIDTHS, assert_well_made
from tests.kb.accounts.builders import editor, fresh_limits, url

__all__ = ["fresh_limits"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CHOSEN = "encore une longue phrase"


@pytest.fixture
def site(live_server):
    build_site({}, [])
    return live_server.url


def link_in_mail() -> str:
    """The path of the link in the newest message: its host is that of the settings."""
    return urlsplit(re.search(r"https?://\S+", mail.outbox[-1].body)[0]).path


def choose_password(page) -> None:
    for field in ("#id_password1", "#id_password2"):
        page.fill(field, CHOSEN)
    page.keyboard.press("Enter")


@BOTH_LANGUAGES_AND_WIDTHS
def test_a_member_comes_by_the_link_and_looks_after_the_account(site, page, language, width):
    page.set_viewport_size({"width": width, "height": 844})
    user = User.objects.create_user("nouvelle@cass.example", language=language)
    invitations.invite(user)
    link = link_in_mail()
    page.goto(site + link)
    page.wait_for_url("**" + url("account_invitation_page", language))
    assert_well_made(page, width)
    page.fill("#id_name", "Une fonction")
    page.fill("#id_password1", "court")
    page.fill("#id_password2", "court")
    page.keyboard.press("Enter")
    page.locator(".field__error").first.wait_for()
    assert page.input_value("#id_name") == "Une fonction"
    assert_well_made(page, width)
    choose_password(page)
    page.wait_for_url(lambda at: "/compte/" not in at and "/account/" not in at)
    assert urlsplit(page.url).path.startswith(f"/{language}/")
    page.goto(site + url("account_index", language))
    assert_well_made(page, width)
    page.fill("#id_phone", "02 000 00 00")
    page.keyboard.press("Enter")
    page.locator(".message--done").wait_for()
    page.goto(site + url("account_addresses", language))
    page.fill("#id_email", "autre@cass.example")
    page.keyboard.press("Enter")
    page.locator(".message--done").wait_for()
    assert_well_made(page, width)
    page.goto(site + link_in_mail())
    page.wait_for_url("**" + url("account_address_confirm", language))
    assert_well_made(page, width)
    page.locator("main form button").click()
    page.wait_for_url("**" + url("account_addresses", language))
    page.locator("button[name=choose]").click()
    page.locator(".message--done").wait_for()
    user.refresh_from_db()
    assert (user.name, user.phone, user.email) == ("Une fonction", "02 000 00 00", "autre@cass.example")
    page.goto(site + url("account_sessions", language))
    assert_well_made(page, width)
    page.locator("main form button").click()
    page.locator(".message--done").wait_for()
    page.goto(site + link)
    assert page.locator("h1").inner_text()
    assert_well_made(page, width)


def test_an_invited_editor_sets_up_the_second_factor_and_edits(site, page):
    user = editor(second_factor=False, language="nl")
    invitations.invite(user)
    page.goto(site + link_in_mail())
    page.fill("#id_name", "Coördinatie")
    choose_password(page)
    page.wait_for_url("**" + url("mfa_activate_totp", "nl"))
    page.fill("#id_code", present_code(page.locator("main code").inner_text())[0])
    page.keyboard.press("Enter")
    page.wait_for_url("**" + url("mfa_view_recovery_codes", "nl"))
    page.goto(site + "/admin/")
    assert page.locator("html").get_attribute("lang") == "nl"


@pytest.mark.parametrize("width", [390, 1280])
def test_a_link_that_does_not_work_any_more_offers_a_new_one(site, page, width):
    page.set_viewport_size({"width": width, "height": 844})
    user = User.objects.create_user("nouvelle@cass.example")
    invitations.invite(user)
    link = link_in_mail()
    invitations.revoke(user)
    page.goto(site + link)
    assert_well_made(page, width)
    page.locator("main form button").click()
    page.wait_for_url("**" + url("account_invitation_asked"))
    assert_well_made(page, width)
    page.goto(site + link_in_mail())
    page.wait_for_url("**" + url("account_invitation_page"))
    page.locator("#id_password1").wait_for()


def test_a_form_left_open_while_the_session_changed_is_refused_and_what_was_typed_stays(site, page):
    page.goto(site + url("account_login", "fr"))
    page.fill("#id_login", "longue-adresse@cass.example")
    page.fill("#id_password", CHOSEN)
    page.context.clear_cookies()
    page.keyboard.press("Enter")
    page.locator("main ol").wait_for()
    assert_well_made(page, 1280)
    page.go_back()
    assert page.input_value("#id_login") == "longue-adresse@cass.example"
