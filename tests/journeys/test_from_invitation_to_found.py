"""The whole way of a member, in a browser: invited, password, second factor, a PDF, sent back, mended, accepted, found.

In French and Dutch, on a phone and on a desk. The steps are those of the shorter journeys.
"""

import pytest
from django.core import mail
from django.utils import timezone

from home.building import build_site
from kb.accounts.login import invitations
from kb.accounts.models import User
from kb.clock.notices.digesting import write_digest
from kb.demonstration.accounts import present_code
from kb.groups.models import Mandate
from kb.library.models import Reference
from search import opening
from tests.journeys.test_arriving import CHOSEN, choose_password, link_in_mail
from tests.journeys.test_contributing import (
    PAGE,
    WORD,
    Hands,
    accept,
    address,
    confirm,
    correct,
    finds,
    give_pdf,
    log_in,
    send_back,
    work,
)
from tests.kb.accounts.builders import fresh_limits, url
from tests.kb.files.builders import pdf
from tests.kb.library import builders as make

__all__ = ["fresh_limits"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def site(settings, tmp_path, live_server):
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": []}}
    settings.SEARCH_INDEX_DIR = tmp_path / "index"
    opening.close_engines()
    build_site({}, [])
    yield live_server.url
    opening.close_engines()


def come_by_invitation(hands: Hands, site: str, language: str) -> None:
    hands.page.goto(site + link_in_mail())
    hands.page.wait_for_url("**" + url("account_invitation_page", language))
    hands.page.fill("#id_name", "Une fonction")
    choose_password(hands.page)
    hands.page.wait_for_url("**" + url("home:members", language))


def set_up_second_factor(hands: Hands, site: str, language: str) -> str:
    """Gives the secret."""
    hands.page.goto(site + url("mfa_activate_totp", language))
    secret = hands.page.locator("main code").inner_text()
    hands.page.fill("#id_code", present_code(secret)[0])
    hands.page.keyboard.press("Enter")
    hands.page.wait_for_url("**" + url("mfa_view_recovery_codes", language))
    return secret


@pytest.mark.parametrize(("language", "width"), [("fr", 390), ("nl", 1280)], ids=["fr-phone", "nl-desk"])
def test_an_invited_member_puts_a_document_in_and_others_find_it(site, browser, language, width):
    referent = make.member("PA", email="referente@cass.example", language=language)
    Mandate.objects.filter(user=referent).update(is_referent=True)
    reader = make.member("PA", email="membre@cass.example", language=language)
    invited = User.objects.create_user("nouvelle@cass.example", language=language)
    Mandate.objects.create(user=invited, body=make.body("PA"))
    invitations.invite(invited)
    contexts = [
        browser.new_context(viewport={"width": width, "height": 844}, reduced_motion="reduce") for _who in range(3)
    ]
    author, follower, other = (Hands(context.new_page()) for context in contexts)
    log_in(contexts[1], site, referent)
    log_in(contexts[2], site, reader)
    try:
        come_by_invitation(author, site, language)
        set_up_second_factor(author, site, language)
        invited.refresh_from_db()
        assert invited.check_password(CHOSEN) and invited.emailaddress_set.get().verified

        author.page.goto(site + url("home:members", language))
        author.actions = 0
        give_pdf(author, pdf([PAGE, PAGE]))
        work()
        author.page.wait_for_selector("form[data-notice]:not([data-reading])", timeout=15_000)
        correct(author, "title", "Nieuwkomers op de Brusselse huurmarkt")
        confirm(author)
        assert author.actions < 10, author.actions

        send_back(follower, site, language, "2011?")
        mail.outbox.clear()
        assert write_digest(User.objects.get(pk=invited.pk), now=timezone.now())
        (told,) = mail.outbox
        assert told.to == ["nouvelle@cass.example"]
        assert "huurmarkt" in told.body and f"/{language}/" in told.body

        author.page.goto(site + address("library:contributions", language))
        author.click("#mine ~ ul a")
        author.fill("#line-date_text input:not([type=hidden])", "2011")
        confirm(author)
        work()
        assert finds(other.page, site, language, WORD) == 0
        accept(follower, site, language)
        work()
        assert finds(other.page, site, language, WORD) == 1
        assert Reference.objects.get().year == 2011
    finally:
        for context in contexts:
            context.close()
