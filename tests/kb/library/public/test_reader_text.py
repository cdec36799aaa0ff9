"""The document reader on a real PDF: the words asked are marked in the text and at their place on the page; hits lead
from page to page.
"""

from __future__ import annotations

import re
from html import unescape
from time import process_time

import pytest
import typst
from django.core.cache import cache, caches
from django.core.files.base import ContentFile

from kb.files.models import FilePage, FileVersion
from kb.files.tasks import read_here
from kb.library.catalogue.adding import add_file
from kb.library.choices import PublishReason
from kb.library.public import reader_text
from kb.site.limiting import Budget, spend
from search.extraction.pages import WordBox, pack_boxes
from search.query import parse
from tests.kb.library import builders as make

pytestmark = pytest.mark.django_db

# The word stands 100 points from the left and 200 from the top of a page of 400 by 800 points, 20 points high; page 2
# is in Dutch.
SOURCE = """
#set page(width: 400pt, height: 800pt, margin: 0pt)
#set text(font: "New Computer Modern", size: 20pt, top-edge: "ascender", bottom-edge: "descender")
#place(top + left, dx: 100pt, dy: 200pt)[logement décent]
#place(top + left, dx: 20pt, dy: 400pt)[Un appartement sans rien.]
#pagebreak()
#place(top + left, dx: 20pt, dy: 100pt)[De huurder woont in de stad en zoekt een woning.]
#pagebreak()
#place(top + left, dx: 20pt, dy: 100pt)[Les logements et le logement social.]
"""


@pytest.fixture(scope="module")
def pdf(tmp_path_factory) -> bytes:
    source = tmp_path_factory.mktemp("typst") / "page.typ"
    source.write_text(SOURCE)
    return typst.compile(str(source))


@pytest.fixture
def reference(pdf, index):
    reference = make.reference("Le logement", creators=("CASS",), date_text="2012")
    added = add_file(
        reference, ContentFile(pdf, name="logement.pdf"), audiences=["public"], publish_reason=PublishReason.OWN
    )
    version = added.stored_file.versions.get()
    read_here(version.pk, claim="test")
    assert FileVersion.objects.get(pk=version.pk).state == "read"
    index()
    return reference


def page(client, reference, number: int, query: str = "", language: str = "fr") -> str:
    answer = client.get(f"/fr/bibliotheque/{reference.mark_slug}/lire/1.1/{number}/{query}")
    assert answer.status_code == 200, answer
    return unescape(answer.content.decode())


def test_words_are_marked_in_the_text_and_at_their_place_on_the_page(client, reference):
    shown = page(client, reference, 1, "?q=logement")
    opened = client.get(f"/fr/bibliotheque/{reference.mark_slug}/lire/1.1/1/?q=logement").context["opened"]
    [box] = opened.text.boxes

    assert '<span class="reader__hit" id="hit"><mark>logement</mark></span> décent' in shown
    assert opened.text.height == 2000  # 800 points on 400, in thousandths of the width
    assert box.x == pytest.approx(250, abs=4) and box.y == pytest.approx(500, abs=15)  # 100 of 400 points, 200 of 800
    assert 150 < box.width < 300 and 30 < box.height < 75
    assert box.is_current


def test_hits_are_counted_page_by_page_and_lead_to_one_another(client, reference):
    first = client.get(f"/fr/bibliotheque/{reference.mark_slug}/lire/1.1/1/?q=logement").context["opened"]
    last = client.get(f"/fr/bibliotheque/{reference.mark_slug}/lire/1.1/3/?q=logement&hit=3").context["opened"]

    assert [(one.hits.number, one.hits.count) for one in first.pages] == [(1, 1), (3, 2)]
    assert (first.hit, first.previous_hit_url) == (1, "")
    assert first.next_hit_url.endswith("/lire/1.1/3/?q=logement&hit=2#hit")
    assert (last.hit, last.next_hit_url) == (3, "")
    assert last.previous_hit_url.endswith("/lire/1.1/3/?q=logement&hit=2#hit")


def test_a_page_without_hits_stands_between_two(client, reference):
    opened = client.get(f"/fr/bibliotheque/{reference.mark_slug}/lire/1.1/2/?q=logement").context["opened"]

    assert opened.hit == 0 and opened.found.total == 3
    assert opened.previous_hit_url.endswith("/1/?q=logement&hit=1#hit") and opened.next_hit_url.endswith(
        "/3/?q=logement&hit=2#hit"
    )


def test_a_search_begins_at_its_first_hit(client, reference):
    answer = client.get(f"/fr/bibliotheque/{reference.mark_slug}/lire/1.1/2/?q=logements&hit=1")

    assert answer.status_code == 302 and answer["Location"].endswith("/lire/1.1/1/?q=logements&hit=1#hit")


@pytest.mark.parametrize(
    "query", ["", "?q=", "?q=introuvable", "?q=%22%22&hit=x", "?q=-logement", "?q=lang:nl", "?hit=99999999999"]
)
def test_any_question_is_answered_with_the_page(client, reference, query):
    assert "décent" in page(client, reference, 1, query)


def test_each_paragraph_carries_its_language(client, reference):
    assert re.search(r'<p lang="nl">[^<]*De huurder', page(client, reference, 2))
    assert re.search(r'<p lang="fr">Les', page(client, reference, 3))


def test_the_text_is_escaped(client, reference):
    stored = FileVersion.objects.get().pages.get(number=1)
    stored.text = "<script>alert(1)</script> logement <b>"
    stored.spans = []
    stored.save()
    answer = client.get(f"/fr/bibliotheque/{reference.mark_slug}/lire/1.1/1/?q=logement%3Cscript%3E").content.decode()

    assert "<script>alert" not in answer and "&lt;script&gt;alert" in answer and "<mark>logement</mark>" in answer


def test_an_older_version_is_read_with_its_own_hits_and_says_that_a_newer_exists(client, reference, index):
    make.version(reference.files.get().stored_file, ("un autre texte",))
    index()
    opened = client.get(f"/fr/bibliotheque/{reference.mark_slug}/lire/1.1/1/?q=logement").context["opened"]

    assert opened.latest_url.endswith("/lire/1.2/1/?q=logement")
    assert opened.found.total == 3


def test_without_an_engine_the_hits_are_counted_all_the_same(client, reference, monkeypatch):
    from kb.library.public import views

    monkeypatch.setattr(views, "_finder", lambda: None)
    opened = client.get(f"/fr/bibliotheque/{reference.mark_slug}/lire/1.1/1/?q=logement").context["opened"]

    assert opened.found.total == 3


def test_a_long_document_counts_its_first_pages_and_says_so(client, reference, monkeypatch):
    monkeypatch.setattr(reader_text, "MOST_PAGES", 1)
    opened = client.get(f"/fr/bibliotheque/{reference.mark_slug}/lire/1.1/1/?q=logement").context["opened"]

    assert opened.found.total == 1 and not opened.found.complete


def test_formats_without_pages_have_text_and_no_picture(client, index):
    reference = make.reference()
    make.file(reference, "Trois loyers de garantie.", is_paged=False, media_type="text/html", name="page.html")
    index()
    shown = page(client, reference, 1, "?q=garantie")

    assert "<mark>garantie</mark>" in shown and '<svg class="reader__boxes' not in shown and "<img" not in shown


def test_the_source_is_beside_the_text_to_copy(client, reference):
    shown = page(client, reference, 1)

    assert "CASS (2012). Le logement. p. 1. http://testserver/r/PA-2012-1/1.1/1" in shown


def test_a_page_that_does_not_exist_is_a_404(client, reference):
    assert client.get(f"/fr/bibliotheque/{reference.mark_slug}/lire/1.1/4/").status_code == 404


def test_the_reader_costs_as_many_queries_for_many_hits_as_for_one(client, index, django_assert_max_num_queries):
    reference = make.reference()
    make.file(reference, *(f"logement numéro {number}" for number in range(30)))
    index()
    address = f"/fr/bibliotheque/{reference.mark_slug}/lire/1.1/1/?q=logement"
    client.get(address)
    with django_assert_max_num_queries(12):
        assert client.get(address).context["opened"].found.total == 30


def long_page(text: str, spans: list | None = None) -> FilePage:
    """A page of 400 by 800 points with a box for each word."""
    boxes = pack_boxes(WordBox(found.start(), found.end(), 0.1, 0.2, 0.3, 0.4) for found in re.finditer(r"\S+", text))
    return FilePage(number=1, text=text, spans=spans or [], width=400, height=800, boxes=boxes)


def test_a_long_page_full_of_hits_costs_little_and_marks_those_around_the_hit_we_are_at():
    page = long_page("Xylofoonwijk is mooi. " * 20_000)  # 440 kB
    began = process_time()
    text = reader_text.text_of(page, parse("xylofoonwijk", "nl"), current=15_000, default="nl")

    assert process_time() - began < 2
    pieces = [piece for paragraph in text.paragraphs for piece in paragraph.pieces]
    assert "".join(piece.text for piece in pieces) == page.text
    assert sum(piece.is_hit for piece in pieces) == len(text.boxes) == reader_text.MOST_MARKED
    assert sum(piece.is_current for piece in pieces) == sum(box.is_current for box in text.boxes) == 1


def test_a_page_of_many_languages_costs_little():
    words = "Le logement. De woning. " * 4_000
    page = long_page(
        words, [[place, place + 12, "nl" if place // 12 % 2 else "fr"] for place in range(0, len(words), 12)]
    )
    began = process_time()
    [paragraph] = reader_text.text_of(page, parse("logement woning", "fr"), current=1, default="fr").paragraphs

    assert process_time() - began < 2
    assert paragraph.language == "fr" and {piece.language for piece in paragraph.pieces} == {"", "nl"}


def test_a_long_text_is_counted_in_its_first_pages(client, reference, monkeypatch):
    monkeypatch.setattr(reader_text, "MOST_COUNTED", 1)
    opened = client.get(f"/fr/bibliotheque/{reference.mark_slug}/lire/1.1/1/?q=logement").context["opened"]

    assert opened.found.total == 1 and not opened.found.complete


def test_remembered_hits_stand_in_a_cache_of_their_own_where_they_push_out_no_count_of_attempts(
    client, reference, monkeypatch
):
    hits = caches["hits"]
    monkeypatch.setattr(hits, "_max_entries", 3)
    budget = Budget("log_in_page", "192.0.2.7")
    while spend(budget) is not None:
        pass
    counts = set(cache._cache)
    address = f"/fr/bibliotheque/{reference.mark_slug}/lire/1.1/1/"
    for number in range(8):
        assert client.get(f"{address}?q=logement+mot{number}").context["opened"].found.total == 3
    assert set(cache._cache) == counts
    assert 0 < len(hits._cache) <= 3
    assert spend(budget) is None
