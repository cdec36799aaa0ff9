"""Logging in through a real Chromium, in two languages, on a desk and on a phone: nothing for axe to find,
nothing scrolls sideways.
"""

import re

import pytest
from django.core import mail

from home.building import build_site
from kb.demonstration.accounts import present_code
from tests.axe import assert_no_axe_findings
from tests.kb.accounts.builders import PASSWORD, SECRET, editor, fresh_limits, member, url

__all__ = ["fresh_limits"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

BOTH_LANGUAGES_AND_WIDTHS = pytest.mark.parametrize(
    ("language", "width"),
    [("fr", 1280), ("nl", 390)],
    ids=["fr-desk", "nl-phone"],
)
HEADINGS = {
    "fr": {"log in": "Se connecter", "code": "Votre code", "reset": "Un nouveau mot de passe"},
    "nl": {"log in": "Aanmelden", "code": "Uw code", "reset": "Een nieuw wachtwoord"},
}


@pytest.fixture
def site(live_server):
    build_site({}, [])
    return live_server.url


def assert_well_made(page, width: int) -> None:
    assert_no_axe_findings(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url


def type_password(page, email: str) -> None:
    """From the page of the log-in on, by keyboard alone."""
    page.locator("#id_login").focus()
    page.keyboard.type(email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")


@BOTH_LANGUAGES_AND_WIDTHS
def test_an_editor_logs_in_with_password_and_code_and_is_in_the_admin(site, page, language, width):
    page.set_viewport_size({"width": width, "height": 844})
    user = editor(language=language)
    page.goto(site + url("account_login", language))
    assert page.locator("h1").inner_text() == HEADINGS[language]["log in"]
    assert_well_made(page, width)
    type_password(page, user.email)
    page.wait_for_url("**" + url("mfa_authenticate", language))
    assert page.locator("h1").inner_text() == HEADINGS[language]["code"]
    assert_well_made(page, width)
    page.locator("#id_code").focus()
    page.keyboard.type(present_code(SECRET)[0])
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/")
    assert page.locator("html").get_attribute("lang") == language
    assert page.locator("h1, .w-header__title").count()


@BOTH_LANGUAGES_AND_WIDTHS
def test_a_wrong_password_and_a_wrong_code_are_said_beside_the_form(site, page, language, width):
    page.set_viewport_size({"width": width, "height": 844})
    user = editor(language=language)
    page.goto(site + url("account_login", language))
    page.fill("#id_login", user.email)
    page.fill("#id_password", "pas la bonne phrase")
    page.locator("main .button--main").click()
    page.get_by_role("alert").wait_for()
    assert page.input_value("#id_login") == user.email
    assert_well_made(page, width)
    type_password(page, "")
    page.wait_for_url("**" + url("mfa_authenticate", language))
    page.fill("#id_code", "000000")
    page.keyboard.press("Enter")
    page.locator(".field__error").wait_for()
    assert_well_made(page, width)


@BOTH_LANGUAGES_AND_WIDTHS
def test_a_forgotten_password_is_chosen_anew_by_the_link_in_the_mail(site, page, language, width):
    page.set_viewport_size({"width": width, "height": 844})
    user = member(language=language)
    page.goto(site + url("account_login", language))
    page.locator(f"main a[href='{url('account_reset_password', language)}']").click()
    assert page.locator("h1").inner_text() == HEADINGS[language]["reset"]
    assert_well_made(page, width)
    page.fill("#id_email", user.email)
    page.keyboard.press("Enter")
    page.wait_for_url("**" + url("account_reset_password_done", language))
    assert_well_made(page, width)
    link = re.search(r"https?://[^/\s]+(\S+)", mail.outbox[0].body)[1]
    page.goto(site + link)
    assert_well_made(page, width)
    for field in ("#id_password1", "#id_password2"):
        page.fill(field, "encore une longue phrase")
    page.keyboard.press("Enter")
    page.wait_for_url("**" + url("account_reset_password_from_key_done", language))
    assert_well_made(page, width)
    user.refresh_from_db()
    assert user.check_password("encore une longue phrase")


@pytest.mark.parametrize("language", ["fr", "nl"])
def test_a_first_editor_sets_up_the_second_factor_and_edits(site, page, language):
    page.set_viewport_size({"width": 390, "height": 844})
    user = editor(second_factor=False, language=language)
    page.goto(site + url("account_login", language))
    type_password(page, user.email)
    page.wait_for_url("**" + url("mfa_activate_totp", language))
    assert page.locator("main img").evaluate("picture => picture.complete && picture.naturalWidth > 100")
    assert_well_made(page, 390)
    page.fill("#id_code", present_code(page.locator("main code").inner_text())[0])
    page.keyboard.press("Enter")
    page.wait_for_url("**" + url("mfa_view_recovery_codes", language))
    assert page.locator("main li code").count() == 10
    assert_well_made(page, 390)
    page.locator("main a[href='/admin/']").click()
    page.wait_for_url("**/admin/")
    assert page.locator("html").get_attribute("lang") == language
