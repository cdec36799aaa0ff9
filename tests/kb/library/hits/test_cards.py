"""Results of the library: rights are asked again of the database, whatever the index still holds,
at a fixed number of queries.
"""

from __future__ import annotations

import pytest
from django.utils.translation import override

from kb.accounts.audiences import MEMBERS, PUBLIC, STAFF
from kb.library.hits.cards import found
from kb.library.models import Reference
from search import registry
from tests.kb.library import builders as make

pytestmark = pytest.mark.django_db
ANYONE = frozenset({PUBLIC})
MEMBER = frozenset({PUBLIC, MEMBERS})


def test_a_card_says_who_when_what_and_how_much():
    reference = make.reference(creators=("CASS", "IRFAM"), date_text="2012")
    make.file(reference, "un", "deux")
    key = f"{Reference.subject_of(reference.pk)}/"
    card = found({key: []}, audiences=ANYONE)[key].card

    assert card.title == "L’accueil des primo-arrivants" and card.languages == ("fr",)
    assert "CASS" in card.meta and "IRFAM" in card.meta and "2012" in card.meta and "PDF" in card.meta
    assert [link.url for link in card.links] == ["/fr/bibliotheque/PA-2012-1/fichier/1.1/"]


def test_a_stale_index_shows_nothing_that_was_closed_since():
    reference = make.reference(audiences=(MEMBERS,))
    make.file(reference, "fermé", audiences=(MEMBERS,))
    for layer in ("", "1", "2"):
        key = f"{Reference.subject_of(reference.pk)}/{layer}"
        assert found({key: ["", "1.1/1"]}, audiences=ANYONE) == {}


def test_a_section_of_a_closed_file_is_not_given_whatever_the_key():
    reference = make.reference()
    make.file(reference, "fermé", audiences=(MEMBERS,))
    for layer in ("", "1", "7"):
        key = f"{Reference.subject_of(reference.pk)}/{layer}"
        assert found({key: ["1.1/1"]}, audiences=ANYONE)[key].sections == {}
    key = f"{Reference.subject_of(reference.pk)}/1"
    assert found({key: ["1.1/1"]}, audiences=MEMBER)[key].sections["1.1/1"].section.text == "fermé"


def test_two_layers_of_a_reference_may_ask_for_the_same_page():
    reference = make.reference()
    make.file(reference, "ouvert")
    make.file(reference, "fermé", audiences=(MEMBERS,), content=b"%PDF 2")
    keys = [f"{Reference.subject_of(reference.pk)}/{layer}" for layer in ("", "1")]
    shown = found({key: ["1.1/1"] for key in keys}, audiences=MEMBER)
    assert [shown[key].sections["1.1/1"].section.text for key in keys] == ["ouvert", "ouvert"]


def test_a_file_that_could_not_be_read_is_said():
    reference = make.reference()
    make.file(reference, "", state="scan")
    key = f"{Reference.subject_of(reference.pk)}/"

    assert [note.kind for note in found({key: []}, audiences=frozenset({PUBLIC, STAFF}))[key].card.notes] == ["scan"]


@pytest.mark.parametrize(
    "key", ["library.reference:999/", "library.reference:x/", "home.page:1/", "", "library.reference:"]
)
def test_an_unknown_key_gives_nothing(key):
    assert found({key: ["", "1.1/1"]}, audiences=ANYONE) == {}


def test_ten_cards_and_thirty_passages_cost_as_many_queries_as_one(django_assert_num_queries):
    keys = []
    for number in range(10):
        reference = make.reference(f"Titre {number}", creators=("CASS",))
        make.file(reference, "un", "deux", "trois", content=b"%%PDF %d" % number)
        keys.append(f"{Reference.subject_of(reference.pk)}/")
    anchors = ["", "1.1/1", "1.1/2", "1.1/3"]
    for some in (keys[:1], keys):
        with django_assert_num_queries(4):
            assert len(found({key: [] for key in some}, audiences=ANYONE)) == len(some)
        with django_assert_num_queries(6):
            shown = found({key: anchors for key in some}, audiences=ANYONE, query_text="titre de séjour")
            assert [list(one.sections) for one in shown.values()] == [anchors] * len(some)
        assert shown[some[0]].sections["1.1/2"].url.endswith("/lire/1.1/2/?q=titre+de+s%C3%A9jour#hit")
        assert shown[some[0]].sections[""].url == shown[some[0]].card.url


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("fr", "Très long : la recherche porte sur les 1 700 premières pages environ"),
        ("nl", "Zeer lang: er wordt gezocht in ongeveer de eerste 1.700 bladzijden"),
        ("en", "Very long: only about the first 1,700 pages are searched"),
    ],
)
def test_a_very_long_document_says_that_it_is_searched_in_part_to_who_may_open_it(
    client, monkeypatch, language, sentence
):
    monkeypatch.setattr(registry, "MOST_TEXT", 20)
    reference = make.reference()
    make.file(reference, "ouvert")
    make.file(reference, "fermé" * 9, audiences=(MEMBERS,), content=b"%PDF 2")
    keys = [f"{Reference.subject_of(reference.pk)}/{layer}" for layer in ("", "1")]
    with override(language):
        shown = found(dict.fromkeys(keys, ()), audiences=MEMBER)
    assert [[plain(note.text) for note in shown[key].card.notes] for key in keys] == [[], [sentence]]

    address = f"/r/{reference.mark_slug}?lang={language}"
    assert sentence not in plain(client.get(address, follow=True).content.decode())
    client.force_login(make.member())
    assert f"{sentence}." in plain(client.get(address, follow=True).content.decode())


def plain(text: str) -> str:
    return text.replace("\xa0", " ").replace("\u202f", " ")
