"""Issues of the newsletter in a real Chromium: nothing for axe to find, nothing scrolls sideways,
the keyboard and no JavaScript suffice.
"""

from __future__ import annotations

from datetime import date

import pytest
from django.db import transaction

from kb.library.models import Reference
from kb.newsletter.public import archive
from tests.axe import assert_no_axe_findings
from tests.kb.library import builders as library
from tests.kb.newsletter import builders as make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG = "Toegankelijkheidsverbeteringsmaatregelen en arbeidsongeschiktheidsverzekeringsmaatschappijen"
PAGES = ("echos/", "echos/?year=2012", "echos/12/", "echos/13/", "echos/14/")


@pytest.fixture
def issues(transactional_db):
    with transaction.atomic():  # one commit, so the index is written once
        of = library.reference("Étude pervenche")
        make.issue(
            12,
            title={"nl": LONG},
            lead={"nl": "woord " * 800},
            items=[make.item(LONG, text="mot " * 1250, language="nl")],
            date=date(2012, 3, 1),
            live=True,
        )
        make.issue(13, title="Rien d’autre", date=date(2012, 9, 1), live=True)
        items = [
            make.item(
                {"fr": "Une étude", "nl": "Een studie"},
                subject=Reference.subject_of(of.pk),
                heading="library.references",
                text={"fr": "Elle est là."},
            ),
            make.item(
                "Une permanence",
                text="Le mardi.\n\nEt le jeudi.",
                url="https://www.une-adresse-assez-longue-pour-un-telephone.example/page",
            ),
            make.item({"en": "A word"}, heading="own.round"),
        ]
        title = {"fr": "Accueil : le dossier est en ligne", "nl": "Onthaal: het dossier staat online"}
        made = make.issue(
            14,
            title=title,
            lead={"fr": "Treize organisations."},
            lead_url="https://example.org/",
            items=items,
            date=date(2013, 2, 1),
            live=True,
        )
        return made


@pytest.fixture
def two_pages_of_them(issues, monkeypatch):
    """More issues of one year than a page of the archive holds."""
    monkeypatch.setattr(archive, "A_PAGE", 3)
    for number in range(15, 18):
        make.issue(number, title=f"Numéro {number}", date=date(2013, 3, 1), live=True)


@pytest.mark.parametrize(
    ("language", "width", "scheme"),
    [("fr", 390, "light"), ("nl", 1280, "dark"), ("en", 1280, "light"), ("nl", 320, "dark")],
)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(issues, live_server, page, language, width, scheme):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    for address in PAGES:
        page.goto(f"{live_server.url}/{language}/{address}")
        assert_no_axe_findings(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address


def test_without_javascript_the_keyboard_goes_from_the_archive_to_an_issue_and_on(
    two_pages_of_them, live_server, browser
):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{live_server.url}/fr/echos/?year=2013&page=2")
    page.get_by_role("link", name="Accueil : le dossier est en ligne").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/fr/echos/14/")
    assert (
        page.get_by_role("heading", level=1).inner_text().replace("\u00a0", " ") == "Accueil : le dossier est en ligne"
    )
    # The name of each link says what it leads to.
    assert page.locator("#brief-1-link").get_attribute("aria-labelledby") == "brief-1-link brief-1-title"
    page.locator("a[rel=prev]").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/fr/echos/13/")
    page.locator("nav.languages, header").get_by_role("link", name="English").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/en/echos/13/")
    context.close()
