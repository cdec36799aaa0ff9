"""The directory in a real Chromium: narrowing the list, reaching an organisation, nothing for axe to find,
nothing scrolls sideways.
"""

from __future__ import annotations

import os
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import expect

from tests.axe import assert_no_axe_findings
from tests.kb.directory import builders as make
from tests.kb.library.builders import concept

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES = {
    "list": "/{language}/organisations/",
    "narrowed": "/{language}/organisations/?member=1&theme=housing&q=locataires",
    "nothing": "/{language}/organisations/?q=xyzzy",
    "organisation": "/{language}/organisations/union/",
    "inactive": "/{language}/organisations/ancienne/",
}
PATH = {"fr": "organisations", "nl": "organisaties", "en": "organisations"}


@pytest.fixture
def directory(transactional_db):
    with transaction.atomic():  # one commit, so the index is written once
        return make_directory()


def make_directory():
    today = timezone.localdate()
    housing = concept("housing", "Logement", "Huisvesting", "Housing")
    union = make.organisation(
        "Union des Locataires de Schaerbeek",
        "union",
        other_names={"nl": "Huurdersbondvereniging van Schaarbeek", "en": "Tenants’ union"},
        description={"fr": "Informe et défend les locataires.", "nl": "Informeert en verdedigt huurders."},
        spoken=["fr", "nl", "tr", "ar", "ary"],
        phone="02 000 10 30",
        email="une-adresse-assez-longue-pour-un-telephone@union-des-locataires.example",
        url="https://union-des-locataires-de-schaerbeek.example/une/page/assez/longue",
        concepts=[housing],
    )
    make.membership(union, since="2005-03-01")
    service = make.service(
        union,
        "Permanence juridique",
        "permanence",
        publics={"fr": "Locataires"},
        cost={"fr": "Gratuit"},
        phone="02 000 10 31",
    )
    week = dict.fromkeys(range(1, 8), "09:00-12:00, 13:00-16:30")
    make.place(union, house_number="12", postal_code="1030", week=week)
    place = make.place(
        union, service=service, name="Antenne", access={"fr": "Troisième étage"}, week={day: "rdv" for day in week}
    )
    make.closure(place, today, today + timedelta(days=3), reason={"fr": "Travaux"})
    make.closure(place, today + timedelta(days=30), reason={"nl": "Feestdag"})
    make.organisation("Ancienne maison", "ancienne", is_active=False)
    for number in range(40):
        make.organisation(f"Maison médicale numéro {number:02}", kind="other" if number % 2 else "association")
    return union


@pytest.mark.parametrize(
    ("language", "width", "scheme"), [("fr", 390, "dark"), ("fr", 1280, "light"), ("nl", 320, "light")]
)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(directory, live_server, page, scheme, language, width):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    for name, path in PAGES.items():
        answer = page.goto(live_server.url + path.format(language=language).replace("organisations", PATH[language], 1))
        assert answer.ok, (name, answer.status)
        if folder := os.environ.get("CASS_SCREENSHOTS"):
            page.screenshot(path=Path(folder) / f"directory-{name}-{language}-{width}-{scheme}.png", full_page=True)
        assert_no_axe_findings(page)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), name


@pytest.mark.parametrize("java_script_enabled", [True, False])
def test_from_the_tab_to_the_phone_in_three_steps(directory, live_server, new_context, java_script_enabled):
    page = new_context(java_script_enabled=java_script_enabled).new_page()
    page.goto(f"{live_server.url}/en/organisations/")
    page.fill("#directory-words", "Locataires")
    page.press("#directory-words", "Enter")
    expect(page.locator(".result")).to_have_count(1)
    page.click("text=Tenants’ union")
    page.wait_for_url(re.compile("/en/organisations/union/$"))
    assert page.locator("h1").inner_text() == "Tenants’ union"
    assert page.locator(".contact__phone").first.get_attribute("href") == "tel:+3220001030"
    style = "one => [getComputedStyle(one).fontSize, getComputedStyle(one).fontWeight]"
    assert page.locator(".contact__phone").first.evaluate(style) == ["21px", "650"]
    assert page.locator(".hours__today").count() == 2
    page.click(".languages__tab[hreflang=nl]")
    page.wait_for_url(re.compile("/nl/organisaties/union/$"))


def test_a_ticked_box_narrows_the_list_without_java_script(directory, live_server, new_context):
    page = new_context(java_script_enabled=False).new_page()
    page.goto(f"{live_server.url}/en/organisations/")
    page.check("input[name=kind][value=other]")
    page.click(".facets__form button")
    page.wait_for_url(re.compile("kind=other"))
    assert re.match("20 ", page.locator("#directory-count").inner_text())
    page.click(".chips a.chip")
    page.wait_for_url(lambda url: "kind" not in url)
