"""The library in a real Chromium: list, reference, reader, and where nothing is: nothing for axe to find,
nothing scrolls sideways.
"""

import os
from pathlib import Path

import pytest
import typst
from django.core.files.base import ContentFile

from kb.files.reading import drawing
from kb.files.tasks import read_here
from kb.library.catalogue.adding import add_file
from kb.library.choices import Force, PublishReason
from search import opening
from search.indexing import keep_up
from tests.axe import assert_no_axe_findings
from tests.kb.library import builders as make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SOURCE = """
#set page(width: 210mm, height: 297mm, margin: 25mm)
#set text(size: 11pt)
#set par(justify: true)
= Un toit à soi
Le groupe de travail Logement a mis en place un groupe d’épargne. Ce projet offre à vingt-cinq familles un accès à un logement décent.

Pour les familles à faibles revenus, le premier obstacle à l’achat d’un logement est l’acompte. Le Fonds du Logement aide.

Het OCMW helpt de huurders bij het zoeken naar een woning, en bij het betalen van de huurwaarborg aan de eigenaar.
#pagebreak()
Les logements sont suivis pendant trente mois.
"""  # noqa: E501


@pytest.fixture
def library(settings, tmp_path, client):
    """A reference with a PDF, a scan, a protected file and an older version; the last one supersedes nothing."""
    settings.SEARCH_INDEX_DIR = tmp_path / "index"
    settings.PRIVATE_ROOT = tmp_path / "private"
    opening.close_engines()
    theme = make.concept("housing", "Logement", "Huisvesting", "Housing")
    reference = make.reference(
        "L’accueil des primo-arrivants à Schaerbeek",
        subtitle="Dossier final du groupe de travail",
        translated_titles={
            "nl": "Het onthaal van nieuwkomers in Schaarbeek",
            "en": "Welcoming newcomers in Schaerbeek",
        },
        abstract={
            "fr": "Ce que les personnes rencontrent pendant leurs premiers mois.",
            "en": "What newcomers meet in their first months.",
        },
        creators=("CASS", "IRFAM"),
        date_text="2012-05",
        publisher="Coordination de l’Action Sociale",
        concepts=(make.concept("deposit", "garantie locative", "huurwaarborg", "rental deposit", broader=theme),),
        force=Force.IN_FORCE,
    )
    source = tmp_path / "page.typ"
    source.write_text(SOURCE)
    pdf = ContentFile(typst.compile(str(source)), name="dossier.pdf")
    added = add_file(reference, pdf, title="Dossier complet", audiences=["public"], publish_reason=PublishReason.OWN)
    version = added.stored_file.versions.get()
    read_here(version.pk, claim="test")
    drawing.draw_next(version.pk, most=10)
    make.file(reference, "", state="scan", title="Annexe : carte des services", content=b"%PDF scan")
    make.file(reference, state="encrypted", title="Samenvatting voor haastige lezers", content=b"%PDF closed")
    make.reference("De huurwaarborg", language="nl", creators=("OCMW",), date_text="2011")
    keep_up()
    yield reference
    opening.close_engines()


PAGES = {
    "list": "/{language}/library/",
    "reference": "/r/{mark}?lang={language}",
    "reader": "/r/{mark}/1.1/1?lang={language}&q=logement",
    "plain": "/r/{mark}/1.1/2?lang={language}",
    "state": "/r/{mark}/3.1/1?lang={language}",
}


@pytest.mark.parametrize(
    ("language", "width", "scheme"), [("fr", 390, "dark"), ("fr", 1280, "light"), ("nl", 320, "light")]
)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(library, live_server, page, scheme, language, width):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    for name, path in PAGES.items():
        answer = page.goto(live_server.url + path.format(mark=library.mark_slug, language=language))
        assert answer.ok, (name, answer.status)
        if folder := os.environ.get("CASS_SCREENSHOTS"):
            page.screenshot(path=Path(folder) / f"{name}-{language}-{width}-{scheme}.png", full_page=True)
        assert_no_axe_findings(page)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), name


def test_the_keys_n_and_p_go_from_hit_to_hit_and_a_field_keeps_its_letters(library, live_server, page):
    page.goto(f"{live_server.url}/r/{library.mark_slug}/1.1/1?lang=fr&q=logement")
    page.keyboard.press("n")
    page.wait_for_url("**hit=2#hit")
    page.keyboard.press("p")
    page.wait_for_url("**hit=1#hit")
    page.fill("#reader-search", "")
    page.type("#reader-search", "np")

    assert page.input_value("#reader-search") == "np" and page.url.endswith("hit=1#hit")


def test_the_marks_on_the_picture_lie_over_the_picture(library, live_server, page):
    page.goto(f"{live_server.url}/r/{library.mark_slug}/1.1/1?lang=fr&q=logement")
    picture, boxes = page.locator(".reader__picture img").bounding_box(), page.locator(".reader__boxes").bounding_box()

    assert page.evaluate("document.querySelector('.reader__picture img').naturalWidth") > 500
    assert all(abs(picture[side] - boxes[side]) < 2 for side in ("x", "y", "width", "height"))
    assert page.locator("rect.reader__box").count() == page.locator("#reader-body mark").count() > 2
