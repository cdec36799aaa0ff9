"""The results page in a real browser: nothing for axe to say, no sideways scrolling,
filters and suggestions by keyboard.
"""

import os
import re
from pathlib import Path

import pytest
from django.db import transaction

from search import registry
from search.indexing import rebuild
from search.registry import Note, Suggestion
from tests.search.public.test_views import address

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[1] / "axe" / "axe.min.js"
SHOTS = os.environ.get("CASS_SHOTS")  # a folder: screenshots are kept there to be looked at
THEMES = {"logement": "Logement", "sante": "Santé", "ecole": "École et langue", "emploi": "Emploi et formation"}


@pytest.fixture
def library(transactional_db, engine, slips):
    """Thirty-six documents in three languages, of all the sorts that are shown differently."""
    with transaction.atomic():  # one commit, so the index is written once
        registry.register_facet_labels("themes", lambda values, language: THEMES)
        registry.register_facet_labels("types", lambda values, language: {"report": "Rapport", "article": "Article"})
        registry.register_suggester(lambda typed, *, audiences, language, count: [Suggestion("logement social", "fr")])
        slips.put(
            1,
            "L'accueil des primo-arrivants à Schaerbeek. Dossier final du groupe de travail",
            "Le logement est la première démarche citée par les personnes rencontrées, avant l'école et la langue.",
            "Sans logement déclaré, pas d'adresse ; sans adresse, l'inscription à la commune reste en attente.",
            (
                "Un relais entre le Service Logement du CPAS et les associations de quartier, sur "
                "rendez-vous, une matinée par semaine."
            ),
            "Le logement encore : une page de plus que ce qui est montré.",
            themes=("logement",),
        )
        slips.put(
            2,
            "Nieuwkomers op de Brusselse huurmarkt: een verkenning",
            "De huurwaarborg van drie maanden is voor veel nieuwkomers de eerste hindernis op weg naar een logement.",
            language="nl",
            year=2011,
            themes=("logement",),
        )
        note = Note("scan", "Numérisé sans texte : trouvé par son titre et son résumé")
        slips.put(3, "Le logement à Bruxelles : droits et devoirs du locataire", year=2011, note=note, type="article")
        slips.put(
            4,
            "Le logement : texte en cours de lecture",
            year=2013,
            note=Note("waiting", "Le texte est en cours de lecture : trouvé par son titre"),
        )
        for number in range(5, 37):
            language = ("fr", "nl", "en")[number % 3]
            slips.put(
                number,
                f"Rapport annuel {number} du groupe de travail",
                f"Le logement revient dans l'année {number}. Une démarche demandée par les services du quartier.",
                language=language,
                year=2000 + number % 14,
                themes=(list(THEMES)[number % 4],),
                type=("report", "article")[number % 2],
            )
    rebuild()
    return slips


STATES = {
    "found": "q=logement d%C3%A9marche",
    "chosen": "q=logement&lang=nl&theme=logement&year=2011",
    "last": "q=logement&page=99",
    "nothing": "q=xylophones&lang=fr",
    "nothing-left": "q=logement&lang=en&year=1950",
    "hints": "",
}


def show(page, live_server, state, language="fr", scheme="light", width=1280):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(live_server.url + address(language) + "?" + STATES[state])
    page.wait_for_load_state("networkidle")
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{state}-{language}-{scheme}-{width}.png", full_page=True)


def violations(page):
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [
        f"{each['id']}: {node['html'][:200]} {node.get('failureSummary', '')[:300]}"
        for each in found
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(("language", "scheme", "width"), [("fr", "light", 1280), ("nl", "dark", 390)], ids=str)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(page, live_server, library, state, language, scheme, width):
    show(page, live_server, state, language, scheme, width)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_filters_are_closed_on_a_phone_and_open_where_there_is_room(page, live_server, library):
    show(page, live_server, "found", width=390)
    assert not page.locator("[data-facets]").evaluate("facets => facets.open")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.wait_for_function("document.querySelector('[data-facets]').open")


def test_a_box_ticked_and_applied_narrows_and_its_chip_undoes_it(page, live_server, library):
    show(page, live_server, "found")
    page.check("input[name=lang][value=nl]")
    page.locator(".facets__form button").click()
    page.wait_for_url(re.compile("lang=nl"))
    assert page.locator(".result").count() > 0
    assert page.locator(".result .thirds .on").all_inner_texts() == ["NL"] * page.locator(".result").count()
    page.locator("a.chip").click()
    page.wait_for_url(lambda url: "lang=nl" not in url)


def test_suggestions_are_chosen_with_the_keyboard(page, live_server, library):
    show(page, live_server, "hints")
    box = page.get_by_role("combobox")
    box.press_sequentially("nieuw")
    page.locator("[role=option]").nth(1).wait_for()
    assert violations(page) == []
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/suggestions.png")
    box.press("ArrowDown")
    box.press("ArrowDown")
    chosen = page.locator("[role=option][aria-selected=true]")
    assert chosen.inner_text() == "Nieuwkomers op de Brusselse huurmarkt: een verkenning"
    assert box.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    box.press("Escape")
    assert page.locator("[role=option]").count() == 0 and box.get_attribute("aria-expanded") == "false"
    assert box.input_value() == "nieuw"


def test_a_concept_chosen_is_searched(page, live_server, library):
    show(page, live_server, "hints")
    page.get_by_role("combobox").press_sequentially("log")
    page.locator("[role=option]").first.click()
    page.wait_for_url("**q=logement+social**")


def test_without_scripts_everything_is_there(browser, live_server, library):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 900})
    page = context.new_page()
    page.goto(live_server.url + address() + "?q=logement")
    assert page.locator(".facets__form").is_visible()
    page.select_option("#found-sort", "date")
    page.locator(".found__sort button").click()
    page.wait_for_url(re.compile("sort=date"))
    context.close()
