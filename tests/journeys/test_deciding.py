"""A question in writing and what a meeting decided, from the link to the page of the decision, in a real Chromium: two
languages, a telephone and a desk, light and dark.

CASS_PICTURES=folder keeps the pictures; those of the handbook (handbook-*.webp) belong in kb/static/handbook.
"""

from __future__ import annotations

import os
import re
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from PIL import Image
from wagtail.users.models import UserProfile

from home.building import build_site
from kb.accounts.models import User
from kb.decisions.deciding import closing, meeting
from kb.decisions.deciding.asking import Question
from kb.decisions.deciding.casting import cast
from kb.decisions.models import Amendment, Decision
from kb.groups.models import Mandate
from kb.pages.texts import Texts
from tests.home.articles.builders import ADDRESS, article, drafted, fresh, translated
from tests.journeys.test_login import assert_well_made
from tests.kb.accounts.builders import PASSWORD, editor, fresh_limits, url
from tests.kb.accounts.builders import log_in as log_in_by_client
from tests.kb.decisions.builders import SUBJECT, asked, ballot, committee, leaflets
from tests.kb.decisions.deciding.test_meeting import sat
from tests.kb.library.catalogue.test_agreeing import report

__all__ = ["fresh_limits"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE_AND_DESK = pytest.mark.parametrize(("language", "width", "scheme"), [("fr", 390, "light"), ("nl", 1280, "dark")])


@pytest.fixture
def site(live_server):
    build_site({}, [])
    with leaflets():
        yield live_server.url


def picture(page, name: str) -> None:
    folder = os.environ.get("CASS_PICTURES")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def picture_of_handbook(page, name: str, width: int = 390) -> None:
    """What a telephone shows first, in the light, small enough for a page of help."""
    folder = os.environ.get("CASS_PICTURES")
    if not folder:
        return
    before, scheme = page.viewport_size, page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": width, "height": 780})
    with Image.open(BytesIO(page.screenshot())) as taken:
        taken.save(Path(folder) / f"handbook-{name}.webp", quality=60, method=6)
    page.set_viewport_size(before)
    page.emulate_media(color_scheme="dark" if scheme else "light")


def newest_link(name: str, kind: str) -> str:
    texts = [one.body for one in mail.outbox if one.to == [f"{name}@cass.example"] and one.kind == f"decisions.{kind}"]
    return re.search(r"https?://[^/\s]+(/\S+)", texts[-1])[1]


def log_in(page, site: str, email: str, language: str) -> None:
    page.goto(site + url("account_login", language))
    page.fill("#id_login", email)
    page.fill("#id_password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda at: url("account_login", language) not in at)


@PHONE_AND_DESK
def test_a_seat_votes_by_its_link_and_reads_the_decision(site, page, language, width, scheme):
    of = committee(associations=5)
    for one in Mandate.objects.select_related("user"):
        one.user.language = language
        one.user.save(update_fields=["language"])
    decision = asked(of)
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(site + newest_link("asso1", "question"))
    assert_well_made(page, width)
    picture(page, f"vote-{language}-{width}-{scheme}")
    picture_of_handbook(page, f"vote-{language}")
    page.locator("button[value=vote]").click()
    assert page.locator("input:invalid").count() == 3  # the browser asks for a choice
    page.keyboard.press("Escape")
    page.locator("input[value=for]").check()
    page.fill("textarea", "D’accord")
    page.locator("button[value=vote]").click()
    page.locator(".message--done").wait_for()
    assert_well_made(page, width)
    picture(page, f"receipt-{language}-{width}-{scheme}")
    page.goto(site + newest_link("asso1", "receipt"))
    assert_well_made(page, width)
    for name, choice in {"cpas1": "for", "cpas2": "for", "asso2": "abstention", "asso3": "for"}.items():
        cast(ballot(decision, name).pk, choice)
    closing.close(decision.pk, at=timezone.now() + timedelta(hours=80))
    decision = Decision.objects.get()
    address = url("decisions:list", language)
    page.goto(f"{site}{address}")
    assert page.locator(".lines a").count() == 1
    assert_well_made(page, width)
    picture(page, f"list-{language}-{width}-{scheme}")
    page.goto(f"{site}{address}{decision.code}/")
    assert page.locator(".seats td").count() == 0  # seat by seat is the body's
    assert_well_made(page, width)
    picture(page, f"decision-public-{language}-{width}-{scheme}")
    log_in(page, site, "asso1@cass.example", language)
    page.goto(f"{site}{address}{decision.code}/")
    assert page.locator(".seats tbody tr").count() == 8
    assert "D’accord" in page.content()
    assert_well_made(page, width)
    picture(page, f"decision-{language}-{width}-{scheme}")


@PHONE_AND_DESK
def test_a_seat_confirms_and_another_objects_to_a_meeting(site, page, language, width, scheme):
    of = committee()
    for one in Mandate.objects.select_related("user"):
        one.user.language = language
        one.user.save(update_fields=["language"])
    question = Question(of, Texts(fr="Publier ?", nl="Publiceren?", source="fr"), subject=SUBJECT)
    meeting.enter(question, sat("cpas1", "cpas2", "asso1", "asso2"), held_on=timezone.localdate(), by=None)
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(site + newest_link("cpas1", "meeting"))
    assert_well_made(page, width)
    picture(page, f"meeting-{language}-{width}-{scheme}")
    page.locator("button[value=confirm]").click()
    page.locator(".message--done").wait_for()
    page.goto(site + newest_link("asso1", "meeting"))
    page.locator("button[value=object]").click()
    page.locator(".field__error").wait_for()
    page.fill("textarea", "Non")
    page.locator("button[value=object]").click()
    page.locator(".message--missing").wait_for()
    assert_well_made(page, width)


@pytest.mark.parametrize("width", [390])
def test_a_coordinator_asks_and_enters_on_a_phone(site, page, client, width):
    committee()
    coordinator = editor("coordination@cass.example")
    log_in_by_client(client, coordinator)
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}])
    page.set_viewport_size({"width": width, "height": 844})
    profile = UserProfile.get_for_user(coordinator)
    for language in ("nl", "fr"):
        profile.preferred_language = language
        profile.save()
        page.goto(f"{site}/admin/decision/ask/?subject={SUBJECT}")
        picture_of_handbook(page, f"decide-{language}")
    picture(page, "ask-fr-390")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.locator("form.people__form button[type=submit]").click()
    page.wait_for_url(re.compile(r"/admin/decision/\d+/$"))
    picture(page, "coordinator-fr-390")
    decision = Decision.objects.get()
    assert decision.ballots.count() == 8 and "Dépliant" in str(decision.question)
    page.goto(f"{site}/admin/decision/{decision.pk}/vote/")
    picture(page, "enter-vote-fr-390")
    page.goto(f"{site}/admin/decision/meeting/?subject={SUBJECT}")
    picture(page, "enter-meeting-fr-390")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@PHONE_AND_DESK
def test_our_own_report_is_asked_about_from_its_notice_read_and_voted_and_then_everyone_reads_it(
    site, page, client, language, width, scheme
):
    of = committee()
    reference = report()
    reference.files.update(publish_reason="own")
    for one in Mandate.objects.select_related("user"):
        one.user.language = language
        one.user.save(update_fields=["language"])
    log_in_by_client(client, editor("coordination@cass.example"))
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}])
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{site}/admin/snippets/library/reference/edit/{reference.pk}/")
    page.locator('button[aria-label="Actions"]').first.click()
    ask = page.locator(f'a[href="/admin/decision/ask/?subject=library.reference:{reference.pk}"]').first
    page.goto(site + ask.get_attribute("href"))
    page.locator("form.people__form button[type=submit]").click()
    page.wait_for_url(re.compile(r"/admin/decision/\d+/$"))
    page.context.clear_cookies()
    page.goto(site + newest_link("cpas1", "question"))
    assert page.locator(".manifest > li").count() >= 3
    page.locator(".manifest a").first.click()
    page.locator("article, dl, h1").first.wait_for()
    assert_well_made(page, width)
    picture(page, f"row-{language}-{width}-{scheme}")
    page.go_back()
    page.locator("input[value=for]").check()
    page.locator("button[value=vote]").click()
    page.locator(".message--done").wait_for()
    decision = Decision.objects.get(body=of)
    for name in ("cpas2", "asso1", "asso2"):
        cast(ballot(decision, name).pk, "for")
    public = f"{site}/r/{reference.mark_slug}"
    assert page.goto(public).status == 404
    closing.close(decision.pk, at=timezone.now() + timedelta(days=30))
    assert page.goto(public).status == 200


def test_an_article_of_a_group_is_public_as_it_was_agreed_to_and_a_change_is_refused_in_words(site, page, client):
    of, one, language = committee(), article(), "fr"
    coordinator = editor("coordination@cass.example")
    profile = UserProfile.get_for_user(coordinator)
    profile.preferred_language = language
    profile.save()
    log_in_by_client(client, coordinator)
    session = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}
    page.context.add_cookies([session])
    page.set_viewport_size({"width": 390, "height": 844})
    edit = f"{site}/admin/pages/{one.pk}/edit/"
    page.goto(edit)
    picture(page, "article-draft-fr-390")
    page.locator(f'a.button[href="/admin/decision/ask/?subject={one.search_subject()}"]').click()
    page.locator("form.people__form button[type=submit]").click()
    page.wait_for_url(re.compile(r"/admin/decision/\d+/$"))
    page.context.clear_cookies()
    page.goto(site + newest_link("cpas1", "question"))
    page.locator(".manifest a").first.click()
    page.locator("article.page", has_text="hortensias").wait_for()
    assert_well_made(page, 390)
    picture(page, "article-asked-fr-390")
    page.go_back()
    page.locator("input[value=for]").check()
    page.locator("button[value=vote]").click()
    page.locator(".message--done").wait_for()
    decision = Decision.objects.get(body=of)
    for name in ("cpas2", "asso1", "asso2"):
        cast(ballot(decision, name).pk, "for")
    assert page.goto(site + ADDRESS).status == 404
    closing.close(decision.pk, at=timezone.now() + timedelta(days=30))
    assert page.goto(site + ADDRESS).status == 200
    page.context.add_cookies([session])
    page.goto(edit)
    page.fill("#id_title", "Un accueil revu")
    page.evaluate("document.querySelector('button[name=action-publish]').click()")
    page.locator(".messages .error", has_text="nouvel accord").wait_for()
    picture(page, "article-refused-fr-390")
    assert page.locator("#id_title").input_value() == "Un accueil revu"
    page.context.clear_cookies()
    assert page.goto(site + ADDRESS).status == 200
    assert page.locator("h1").inner_text() == "Un accueil"
    read_what_changed_without_a_vote(site, page, client, one, coordinator)


def read_what_changed_without_a_vote(site, page, client, one, coordinator):
    """A translation, proposed in the admin, read by who is named, called back by a seat: in Dutch on a desk, too."""
    translated(one)
    reader = User.objects.get(email="asso2@cass.example")
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}])
    drafted(one, title="Un accueil")
    page.goto(f"{site}/admin/decision/amend/?subject={one.search_subject()}")
    page.check("input[name=kind][value=translation]")
    page.select_option("select[name=reader]", str(reader.pk))
    picture(page, "amend-fr-390")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.locator("form.people__form button[type=submit]").click()
    page.wait_for_url(re.compile(r"/fr/decisions/modification/\d+/$"))
    page.context.clear_cookies()
    client.logout()
    log_in_by_client(client, reader)
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}])
    amendment = Amendment.objects.get()
    for language, width, scheme in (("fr", 390, "light"), ("nl", 1280, "dark")):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 844})
        with override(language):
            page.goto(site + reverse("decisions:amendment", args=[amendment.pk]))
        page.locator("article.page", has_text="wijk").wait_for()
        assert_well_made(page, width)
        picture(page, f"amendment-{language}-{width}")
    page.locator("button[value=confirm]").click()
    page.locator("button[value=call]").wait_for()
    assert page.goto(f"{site}/nl/een-onthaal/").status == 200
    page.go_back()
    page.locator("button[value=call]").click()
    page.locator(".message__title").wait_for()
    assert_well_made(page, 1280)
    assert fresh(one).is_public() and "Een onthaal" not in page.goto(f"{site}/nl/een-onthaal/").text()
