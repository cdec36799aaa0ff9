"""The main job, whole, in each language: an editor puts a PDF in, the worker reads it,
a reader finds its page and sees it marked.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import typst
from django.urls import reverse
from django.utils.translation import gettext, override

from kb.clock.worker.working import BackgroundWorker
from kb.demonstration.accounts import present_code
from kb.groups.models import Body
from kb.languages import word
from kb.library.models import Reference
from search import opening
from tests.kb.accounts import builders

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@dataclass(frozen=True, slots=True)
class Told:
    """What the document says on its first and second page, what is asked, and the words that must be marked,
    as they are written.
    """

    title: str
    first: str
    second: str
    asked: str
    marked: frozenset[str]


DOCUMENTS = {
    "fr": Told(
        "La médiation de dettes",
        "Le service reçoit les ménages le mardi, sur rendez-vous.",
        "Une médiatrice accompagne les familles endettées devant le tribunal du travail.",
        "famille endettée",
        frozenset({"familles", "endettées"}),
    ),
    "nl": Told(
        "Huren zonder zorgen",
        "De dienst ontvangt gezinnen op dinsdag, na afspraak.",
        "De huurwaarborg staat op een geblokkeerde rekening op naam van het gezin.",
        "geblokkeerde huurwaarborgen",
        frozenset({"huurwaarborg", "geblokkeerde"}),
    ),
    "en": Told(
        "Living with debts",
        "The service receives households on Tuesdays, by appointment.",
        "A mediator goes with indebted families to the labour court.",
        "indebted family",
        frozenset({"indebted", "families"}),
    ),
}


@pytest.fixture
def queued_site(settings, tmp_path, live_server):
    """The address of a site whose tasks wait for the worker, as in production."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": []}}
    settings.SEARCH_INDEX_DIR = tmp_path / "index"
    opening.close_engines()
    Body.objects.create(code="LOG", name={"fr": "GT Logement", "nl": "WG Huisvesting", "en": "Housing WG"})
    yield live_server.url
    opening.close_engines()


def log_in(page, address: str, email: str) -> None:
    page.goto(f"{address}/admin/")
    page.fill("input[name=login]", email)
    page.fill("input[name=password]", builders.PASSWORD)
    page.locator("main form button.button--main").click()
    page.fill("input[name=code]", present_code(builders.SECRET)[0])
    page.locator("main form button.button--main").click()
    page.wait_for_url(f"{address}/admin/")


def put_in(page, address: str, told: Told, pdf: bytes, *, language: str) -> None:
    """Adds a reference with its file, for everyone, and accepts it.
    The tabs are called in the language of the editor.
    """

    def open_tab(name: str) -> None:
        with override(language):
            page.get_by_role("tab", name=gettext(name)).click()

    page.goto(address + reverse(Reference.snippet_viewset.get_url_name("add")))
    page.locator("#id_files-ADD").click()
    page.set_input_files("#id_files-0-upload", {"name": "document.pdf", "mimeType": "application/pdf", "buffer": pdf})
    page.locator("#id_files-0-audiences input[value=public]").check()
    page.select_option("#id_files-0-publish_reason", "own")
    open_tab("Notice")
    page.fill("#id_title", told.title)
    page.select_option("#id_language", language)
    open_tab("Readers and state")
    page.select_option("#id_state", "accepted")
    page.locator("#id_audiences input[value=public]").check()
    page.select_option("#id_body", index=1)
    page.locator("footer button[type=submit]").first.click()
    page.wait_for_url(address + reverse(Reference.snippet_viewset.get_url_name("list")))


@pytest.mark.parametrize("language", DOCUMENTS)
def test_an_editor_puts_a_document_in_and_a_reader_finds_the_page_that_says_it(
    queued_site, browser, page, tmp_path, language
):
    told = DOCUMENTS[language]
    source = tmp_path / "document.typ"
    source.write_text(
        f"#set page(width: 148mm, height: 210mm)\n= {told.title}\n{told.first}\n#pagebreak()\n{told.second}\n",
        encoding="utf-8",
    )
    with override(language):
        results = f"{queued_site}/{language}/{word('search')}/"
    editor = builders.editor(language=language)
    log_in(page, queued_site, editor.email)
    assert page.locator("html").get_attribute("lang") == language
    put_in(page, queued_site, told, typst.compile(str(source)), language=language)

    BackgroundWorker(say=lambda line: None).run_until_empty()

    reader = browser.new_context().new_page()  # without the editor's session
    reader.goto(results)
    reader.locator("main input[name=q]").fill(told.asked)
    reader.keyboard.press("Enter")
    reader.locator(".result__title", has_text=told.title).wait_for()
    passage = reader.locator(".passage").first
    assert set(passage.locator("mark").all_inner_texts()) == told.marked
    passage.locator("a.passage__page").click()
    reader.wait_for_url("**/1.1/2/**")
    assert set(reader.locator("#reader-body mark").all_inner_texts()) == told.marked
    reader.wait_for_function("document.querySelector('.reader__picture img')?.naturalWidth > 500")
    assert reader.locator("rect.reader__box").count() >= len(told.marked)
    assert_boxes_lie_on_the_picture(reader)
    reader.context.close()


def assert_boxes_lie_on_the_picture(page) -> None:
    picture = page.locator(".reader__picture img").bounding_box()
    for box in (one.bounding_box() for one in page.locator("rect.reader__box").all()):
        assert picture["x"] <= box["x"] and box["x"] + box["width"] <= picture["x"] + picture["width"] + 1
        assert picture["y"] <= box["y"] and box["y"] + box["height"] <= picture["y"] + picture["height"] + 1
