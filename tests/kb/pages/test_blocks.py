import pytest
from django.core.exceptions import ValidationError
from django.test import RequestFactory
from wagtail_localize.segments.extract import StreamFieldSegmentExtractor
from wagtail_localize.segments.ingest import StreamFieldSegmentsWriter

from home.models import ContentPage
from kb.pages import references
from kb.pages.blocks import BodyBlock, MarkBlock
from kb.pages.references import FoundReference

FIELD = ContentPage._meta.get_field("body")
TABLE = {
    "caption": "Les groupes",
    "columns": [{"type": "words", "heading": "Groupe"}, {"type": "number", "heading": "Participants"}],
    "rows": [{"values": ["Logement", 13]}],
}


@pytest.fixture
def known():
    """One reference for members, known to the pages."""

    def resolver(marks, *, audiences, language):
        found = FoundReference("PA 2012/147", "L’accueil", "fr", "/fr/bibliotheque/PA-2012-147/")
        return {found.mark: found} if found.mark in marks and audiences & {"members", "staff"} else {}

    with references.RESOLVERS.temporarily():
        references.register_resolver(resolver)
        yield


def body(*blocks):
    value = BodyBlock().to_python(
        [
            {"type": name, "value": value, "id": f"{number}0000000-0000-0000-0000-000000000000"}
            for number, (name, value) in enumerate(blocks, 1)
        ]
    )
    return value


def test_words_of_a_table_are_translated_and_its_numbers_taken_over():
    value = body(("table", TABLE))
    segments = StreamFieldSegmentExtractor(FIELD).handle_stream_block(value)
    assert {segment.string.data for segment in segments} == {"Les groupes", "Groupe", "Participants", "Logement"}
    for segment in segments:
        segment.string.data = {
            "Les groupes": "De groepen",
            "Groupe": "Groep",
            "Participants": "Deelnemers",
            "Logement": "Huisvesting",
        }[segment.string.data]
    translated = (
        StreamFieldSegmentsWriter(FIELD, None, None).handle_stream_block(body(("table", TABLE)), segments)[0].value
    )
    assert (translated.caption, translated.columns[0]["heading"]) == ("De groepen", "Groep")
    assert translated.row_data[0]["values"] == ["Huisvesting", 13]


def test_shelf_mark_is_not_given_to_translators():
    segments = StreamFieldSegmentExtractor(FIELD).handle_stream_block(
        body(("reference", {"mark": "PA 2012/147", "note": "À lire"}))
    )
    assert [segment.string.data for segment in segments] == ["À lire"]


def test_unknown_shelf_mark_is_refused_with_what_to_do(known):
    with pytest.raises(ValidationError, match="ZZ 1999/1"):
        MarkBlock().clean("zz 1999/1")
    assert MarkBlock().clean(" pa  2012/147 ") == "PA 2012/147"


def test_link_to_a_closed_reference_shows_nothing_to_the_public(known):
    block = body(("reference", {"mark": "PA 2012/147", "note": "À lire"}))[0]
    request = RequestFactory().get("/fr/")
    request._audiences = frozenset({"public"})
    assert "PA 2012/147" not in block.render({"request": request})
    request._audiences = frozenset({"public", "members"})
    html = block.render({"request": request})
    assert 'href="/fr/bibliotheque/PA-2012-147/" lang="fr"' in html


def test_table_is_a_labelled_region_with_numbers_at_the_end():
    html = body(("table", TABLE))[0].render({})
    assert 'role="region" tabindex="0" aria-label="Les groupes"' in html
    assert '<th scope="col" class="table__number">Participants</th>' in html
    assert '<td class="table__number">13</td>' in html


def test_words_in_blocks_are_escaped():
    html = body(("quotation", {"text": "<script>x</script>", "source": "<b>"}))[0].render({})
    assert "<script>" not in html
    assert "<b>" not in html


@references.RESOLVERS.temporarily()
def test_with_an_empty_registry_no_mark_is_known():
    assert references.found(["PA 2012/147"], audiences=frozenset({"staff"}), language="fr") == {}
