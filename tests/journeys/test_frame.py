"""The frame in a real Chromium: nothing for axe to find, everything by keyboard, no sideways scrolling."""

import pytest

from home.building import PagePlan, PageText, build_site
from tests.axe import assert_no_axe_findings

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

BODY = [
    (
        "text",
        (
            "<h2>Huurwaarborgtussenkomsten</h2><p>Une phrase avec <a "
            "href='https://www.example.org/'>un lien</a>.</p><ul><li>un</li><li>deux</li></ul>"
        ),
    ),
    ("quotation", {"text": "Le logement est la première démarche.", "source": "Rapport, p. 27"}),
    (
        "table",
        {
            "caption": "Les groupes en 2012",
            "columns": [{"type": "words", "heading": "Groupe"}, {"type": "number", "heading": "Participants"}],
            "rows": [{"values": ["Guide", 7]}, {"values": ["Logement", 13]}],
        },
    ),
    ("callout", {"title": "Bon à savoir", "text": "<p>Fermé le mercredi.</p>"}),
]


@pytest.fixture
def site(live_server):
    """The address of a site with a page in three languages, an article in French alone, and pages in the footer."""
    build_site(
        {},
        [
            PagePlan(
                {
                    "fr": PageText("Nous écrire", "nous-ecrire", "Une question : voici comment nous joindre.", BODY),
                    "nl": PageText("Schrijf ons", "schrijf-ons", "Een vraag: zo bereikt u ons.", BODY),
                    "en": PageText("Write to us", "write-to-us", "A question: this is how to reach us.", BODY),
                },
                place="contact",
                below=[PagePlan({"fr": PageText("Se rendre au bureau", "bureau", "", BODY)})],
            ),
        ],
    )
    return live_server.url


PATHS = {
    "home-fr": "/fr/",
    "home-nl": "/nl/",
    "home-en": "/en/",
    "page-fr": "/fr/nous-ecrire/",
    "page-nl": "/nl/schrijf-ons/",
    "page-en": "/en/write-to-us/",
    "untranslated-nl": "/nl/nous-ecrire/bureau/",
    "not-found-fr": "/fr/rien/",
    "not-found-nl": "/nl/niets/bureau/",
    "not-found-en": "/en/nothing/",
    "site-map-fr": "/fr/plan/",
}


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (320, "dark")])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(site, page, scheme, width):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    for path in PATHS.values():
        page.goto(site + path)
        assert_no_axe_findings(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_menu_open_on_a_phone_has_nothing_for_axe_to_find(site, page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(site + "/nl/")
    page.locator("summary").click()
    assert page.get_by_role("link", name="Bibliotheek", exact=True).is_visible()
    assert_no_axe_findings(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_server_error_page_stands_alone_and_has_nothing_for_axe_to_find(site, page):
    from django.template.loader import get_template

    page.goto(site + "/robots.txt")
    page.set_content(get_template("500.html").render())
    assert_no_axe_findings(page)


def test_skip_link_is_first_and_leads_to_the_content(site, page):
    page.goto(site + "/fr/nous-ecrire/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Aller au contenu"
    assert page.locator(".skip").bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_language_tabs_lead_by_keyboard_to_the_same_page(site, page):
    page.goto(site + "/fr/nous-ecrire/")
    page.locator(".languages a[hreflang=nl]").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/nl/schrijf-ons/")
    assert page.locator(".languages a[aria-current]").get_attribute("hreflang") == "nl"


def test_menu_opens_by_keyboard_under_64_rem_and_gives_way_to_tabs_above(site, page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(site + "/fr/")
    page.locator("summary").focus()
    page.keyboard.press("Enter")
    link = page.locator(".menu__link").first
    assert link.is_visible()
    assert link.bounding_box()["height"] >= 48
    page.set_viewport_size({"width": 1280, "height": 900})
    assert not page.locator("summary").is_visible()
    assert page.locator(".tabs__tab").first.is_visible()


def test_controls_of_the_head_are_44_pixels(site, page):
    page.goto(site + "/fr/nous-ecrire/")
    for selector in (".languages__tab", ".head__search .search__button", ".brand"):
        box = page.locator(selector).first.bounding_box()
        assert box["height"] >= 44, selector
        assert box["width"] >= 44, selector


def test_focus_is_seen(site, page):
    page.goto(site + "/fr/nous-ecrire/")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)") == 3


def test_theme_chosen_in_the_footer_stays_on_the_next_page(site, page):
    page.emulate_media(color_scheme="light")
    page.goto(site + "/fr/nous-ecrire/")
    page.get_by_role("button", name="sombre").click()
    page.wait_for_url("**/fr/nous-ecrire/")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.goto(site + "/en/")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 23, 22)"
    page.get_by_role("button", name="automatic").click()
    assert page.locator("html").get_attribute("data-theme") is None


def test_fonts_come_from_the_site_and_nothing_from_elsewhere(site, page):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(site + "/fr/nous-ecrire/")
    page.wait_for_load_state("networkidle")
    assert all(url.startswith(site) for url in asked), asked
    assert sum(url.endswith(".woff2") for url in asked) == 2
    assert page.evaluate("document.fonts.check('600 20px Kreon')")


def test_nothing_but_the_content_is_printed(site, page):
    page.emulate_media(media="print")
    page.goto(site + "/fr/nous-ecrire/")
    for selector in (".languages", ".tabs", ".foot", ".crumbs", ".skip"):
        assert not page.locator(selector).first.is_visible(), selector
    assert page.get_by_role("heading", level=1).is_visible()


def test_holes_are_punched_on_wide_screens_only(site, page):
    page.goto(site + "/fr/")
    width = "getComputedStyle(document.querySelector('.sheet'), '::before').inlineSize"
    assert page.evaluate(width) == "22px"
    page.set_viewport_size({"width": 800, "height": 900})
    assert page.evaluate(width) != "22px"
