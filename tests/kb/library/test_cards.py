"""Results of the library: rights are asked again of the database, whatever the index still holds, at a fixed number of queries."""

from __future__ import annotations

import pytest

from kb.accounts.audiences import MEMBERS, PUBLIC, STAFF
from kb.library.cards import cards, section_url, sections
from kb.library.models.recording import subject_of
from tests.kb.library import builders as make

pytestmark = pytest.mark.django_db
ANYONE = frozenset({PUBLIC})
MEMBER = frozenset({PUBLIC, MEMBERS})


def test_a_card_says_who_when_what_and_how_much():
    reference = make.reference(creators=("CASS", "IRFAM"), date_text="2012")
    make.file(reference, "un", "deux")
    key = f"{subject_of(reference.pk)}/"
    card = cards([key], audiences=ANYONE, language="fr")[key]

    assert card.title == "L’accueil des primo-arrivants" and card.languages == ("fr",)
    assert "CASS" in card.meta and "IRFAM" in card.meta and "2012" in card.meta and "PDF" in card.meta
    assert [link.url for link in card.links] == ["/fr/bibliotheque/PA-2012-1/fichier/1.1/"]


def test_a_stale_index_shows_nothing_that_was_closed_since():
    reference = make.reference(audiences=(MEMBERS,))
    make.file(reference, "fermé", audiences=(MEMBERS,))
    for layer in ("", "1", "2"):
        key = f"{subject_of(reference.pk)}/{layer}"
        assert cards([key], audiences=ANYONE, language="fr") == {}
        assert sections({key: ["", "1.1/1"]}, audiences=ANYONE) == {}


def test_a_section_of_a_closed_file_is_not_given_whatever_the_key():
    reference = make.reference()
    make.file(reference, "fermé", audiences=(MEMBERS,))
    for layer in ("", "1", "7"):
        key = f"{subject_of(reference.pk)}/{layer}"
        assert (key, "1.1/1") not in sections({key: ["1.1/1"]}, audiences=ANYONE)
    key = f"{subject_of(reference.pk)}/1"
    assert sections({key: ["1.1/1"]}, audiences=MEMBER)[key, "1.1/1"].text == "fermé"


def test_a_file_that_could_not_be_read_is_said():
    reference = make.reference()
    make.file(reference, "", state="scan")
    key = f"{subject_of(reference.pk)}/"

    assert [note.kind for note in cards([key], audiences=frozenset({PUBLIC, STAFF}), language="fr")[key].notes] == ["scan"]


@pytest.mark.parametrize("key", ["library.reference:999/", "library.reference:x/", "home.page:1/", "", "library.reference:"])
def test_an_unknown_key_gives_nothing(key):
    assert cards([key], audiences=ANYONE, language="fr") == {}
    assert section_url(key, "1.1/1", "x") == ""


def test_ten_cards_and_thirty_passages_cost_as_many_queries_as_one(django_assert_num_queries):
    keys = []
    for number in range(10):
        reference = make.reference(f"Titre {number}", creators=("CASS",))
        make.file(reference, "un", "deux", "trois", content=b"%%PDF %d" % number)
        keys.append(f"{subject_of(reference.pk)}/")
    anchors = ["", "1.1/1", "1.1/2", "1.1/3"]
    for some in (keys[:1], keys):
        with django_assert_num_queries(4):
            assert len(cards(some, audiences=ANYONE, language="fr")) == len(some)
        with django_assert_num_queries(6):
            found = sections({key: anchors for key in some}, audiences=ANYONE)
            assert len(found) == 4 * len(some)
        with django_assert_num_queries(0):
            assert section_url(some[0], "1.1/2", "titre de séjour").endswith("/lire/1.1/2/?q=titre+de+s%C3%A9jour#hit")
