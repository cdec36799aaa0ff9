"""Passkeys in a real Chromium with an authenticator of its own: made, used to log in, to confirm, taken away; and what
is said without JavaScript.
"""

import pytest

from home.building import build_site
from kb.accounts.sessions.second_factor import has_second_factor
from kb.demonstration.accounts import give_second_factor
from tests.journeys.test_login import assert_well_made, type_password
from tests.kb.accounts.builders import SECRET, editor, fresh_limits, member, url

__all__ = ["fresh_limits"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def site(live_server):
    """At "localhost": browsers make passkeys for names only, and for https or this one."""
    build_site({}, [])
    return live_server.url.replace("127.0.0.1", "localhost")


@pytest.fixture
def authenticator(page):
    """The built-in key of a telephone whose owner always shows the right finger."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    class Authenticator:
        def credentials(self) -> list:
            return session.send("WebAuthn.getCredentials", {"authenticatorId": made})["credentials"]

        def fails(self) -> None:
            session.send("WebAuthn.setUserVerified", {"authenticatorId": made, "isUserVerified": False})

    return Authenticator()


def add_passkey(page, site: str, language: str, name: str = "Mon téléphone") -> None:
    page.goto(site + url("mfa_add_webauthn", language))
    page.fill("#id_name", name)
    page.keyboard.press("Enter")


def log_out(page, site: str, language: str) -> None:
    page.goto(site + url("account_logout", language))
    page.locator("main form button[type=submit]").click()
    page.wait_for_url(f"**/{language}/")


@pytest.mark.parametrize(("language", "width"), [("fr", 1280), ("nl", 390)])
def test_an_editor_makes_a_passkey_logs_out_and_is_in_the_admin_with_it_alone(
    site, page, authenticator, language, width
):
    said = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.set_viewport_size({"width": width, "height": 844})
    user = editor(second_factor=False, language=language)
    page.goto(site + url("account_login", language))
    type_password(page, user.email)
    page.wait_for_url("**" + url("mfa_activate_totp", language))
    page.locator(f"main a[href='{url('mfa_add_webauthn', language)}']").click()
    page.locator("main button[type=submit]").wait_for()
    assert_well_made(page, width)
    page.fill("#id_name", "Mon téléphone")
    page.keyboard.press("Enter")
    page.wait_for_url("**" + url("mfa_view_recovery_codes", language))
    assert len(authenticator.credentials()) == 1
    assert has_second_factor(user)
    page.goto(site + url("mfa_list_webauthn", language))
    assert page.locator("main li strong").inner_text() == "Mon téléphone"
    assert_well_made(page, width)
    page.goto(site + url("mfa_index", language))
    assert_well_made(page, width)
    log_out(page, site, language)
    page.goto(site + url("account_login", language))
    page.locator("form[data-passkey] button").wait_for()
    assert_well_made(page, width)
    page.locator("form[data-passkey] button").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/")
    assert page.locator("html").get_attribute("lang") == language
    assert not [line for line in said if "Content Security Policy" in line]


def test_a_password_is_followed_by_the_passkey_and_confirming_asks_for_it(site, page, authenticator):
    user = editor(second_factor=False)
    page.goto(site + url("account_login"))
    type_password(page, user.email)
    page.wait_for_url("**" + url("mfa_activate_totp"))
    add_passkey(page, site, "fr")
    page.wait_for_url("**" + url("mfa_view_recovery_codes"))
    log_out(page, site, "fr")
    page.goto(site + url("account_login"))
    type_password(page, user.email)
    page.wait_for_url("**" + url("mfa_authenticate"))
    page.locator("form[data-passkey] button").wait_for()
    assert_well_made(page, 1280)
    page.locator("form[data-passkey] button").click()
    page.wait_for_url("**/admin/")
    page.goto(site + url("mfa_reauthenticate_webauthn") + "?next=" + url("account_index"))
    page.locator("form[data-passkey] button").wait_for()
    assert_well_made(page, 1280)
    page.locator("form[data-passkey] button").click()
    page.wait_for_url("**" + url("account_index"))


def test_a_member_may_have_one_too_rename_it_and_take_it_away(site, page, authenticator):
    user = member(language="nl")
    page.goto(site + url("account_login", "nl"))
    type_password(page, user.email)
    page.wait_for_url(lambda at: url("account_login", "nl") not in at)
    add_passkey(page, site, "nl")
    page.wait_for_url("**" + url("mfa_view_recovery_codes", "nl"))
    page.goto(site + url("mfa_list_webauthn", "nl"))
    page.locator("main li a").first.click()
    page.fill("#id_name", "Sleutel op kantoor")
    assert_well_made(page, 1280)
    page.keyboard.press("Enter")
    page.wait_for_url("**" + url("mfa_list_webauthn", "nl"))
    assert page.locator("main li strong").inner_text() == "Sleutel op kantoor"
    page.locator("main li a").last.click()
    assert_well_made(page, 1280)
    page.locator("main form button[type=submit]").click()
    page.wait_for_url("**" + url("mfa_list_webauthn", "nl"))
    assert not has_second_factor(user)


def test_a_key_that_does_not_know_its_owner_is_refused_in_a_sentence(site, page, authenticator):
    user = member()
    page.goto(site + url("account_login"))
    type_password(page, user.email)
    page.wait_for_url(lambda at: url("account_login", "fr") not in at)
    authenticator.fails()
    page.goto(site + url("mfa_add_webauthn"))
    assert page.locator("[data-passkey-said]").is_hidden()
    add_passkey(page, site, "fr")
    page.locator("[data-passkey-said]").wait_for()
    assert page.locator("[data-passkey-said] p").inner_text()
    assert page.input_value("#id_name") == "Mon téléphone"
    assert not has_second_factor(user)


def test_a_browser_that_knows_no_passkeys_is_told_so_where_one_is_made(site, page):
    user = member()
    page.add_init_script("delete window.PublicKeyCredential")
    page.goto(site + url("account_login"))
    assert page.locator("form[data-passkey]").is_hidden()
    type_password(page, user.email)
    page.wait_for_url(lambda at: url("account_login") not in at)
    page.goto(site + url("mfa_add_webauthn"))
    page.locator("[data-passkey-said]").wait_for()
    assert page.locator("form[data-passkey] button").count() == 0
    assert_well_made(page, 1280)


def test_who_has_an_app_may_log_in_with_a_code_as_before(site, page, authenticator):
    from kb.demonstration.accounts import present_code

    user = editor(second_factor=False)
    give_second_factor(user, SECRET)
    page.goto(site + url("account_login"))
    type_password(page, user.email)
    page.wait_for_url("**" + url("mfa_authenticate"))
    assert page.locator("form[data-passkey]").count() == 0
    page.fill("#id_code", present_code(SECRET)[0])
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/")


def test_without_javascript_the_pages_say_what_is_missing_and_the_password_works(site, browser):
    user = member()
    context = browser.new_context(java_script_enabled=False, locale="fr-BE")
    page = context.new_page()
    page.goto(site + url("account_login"))
    assert page.locator("form[data-passkey]").is_hidden()
    assert page.locator("noscript").count()
    assert "JavaScript" in page.locator("main").inner_text()
    type_password(page, user.email)
    page.wait_for_url(lambda at: url("account_login", "fr") not in at)
    page.goto(site + url("mfa_add_webauthn"))
    assert "JavaScript" in page.locator("main").inner_text()
    assert page.locator("form[data-passkey]").is_hidden()
    context.close()
