"""Concepts of the vocabulary found in a text, in three languages, through the analysis of the search."""

from __future__ import annotations

import pytest

from kb.library.drafting.lines.notions import MOST, Vocabulary, concepts_of
from tests.kb.library.drafting.builders import text

LABELS = [
    ("rental-deposit", "fr", "garantie locative"),
    ("rental-deposit", "nl", "huurwaarborg"),
    ("rental-deposit", "en", "rental deposit"),
    ("social-housing", "fr", "logement social"),
    ("social-housing", "nl", "sociale woning"),
    ("social-housing", "en", "social housing"),
    ("housing", "fr", "logement"),
    ("housing", "nl", "huisvesting"),
    ("housing", "en", "housing"),
    ("tenant", "fr", "locataire"),
    ("tenant", "nl", "huurder"),
    ("tenant", "en", "tenant"),
    ("mediation", "fr", "médiation de dettes"),
    ("mediation", "nl", "schuldbemiddeling"),
    ("mediation", "en", "debt mediation"),
]
VOCABULARY = Vocabulary.of(
    LABELS,
    {"housing": "", "social-housing": "housing", "rental-deposit": "housing", "tenant": "housing", "mediation": ""},
)


def codes(*pages: str, language: str = "fr", title: str = ""):
    return [
        one.value for one in concepts_of(text(*pages, language=language), VOCABULARY, title=title, language=language)
    ]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", "Les garanties locatives sont bloquées. Une garantie locative est rendue."),
        ("nl", "De huurwaarborgen zijn geblokkeerd. Een huurwaarborg komt terug."),
        ("en", "Rental deposits are kept. The rental deposit comes back."),
    ],
)
def test_forms_of_a_label_are_found(language, words):
    assert codes(words, language=language) == ["rental-deposit"]


def test_a_word_written_together_is_heard_in_a_longer_one():
    assert codes("De schuldbemiddelingsdienst luistert. " * 6, language="nl") == ["mediation"]


def test_a_short_word_is_not_heard_in_a_longer_one_by_chance():
    vocabulary = Vocabulary.of([("tar", "nl", "teer")])
    assert concepts_of(text("Zij controleert de rekening. " * 6, language="nl"), vocabulary) == ()


def test_each_has_the_page_where_it_was_first_read():
    found = concepts_of(text("Rien ici.", "La garantie locative.", "La garantie locative."), VOCABULARY)
    assert [(one.value, one.page) for one in found] == [("rental-deposit", 2)]


def test_the_longer_label_says_more_than_the_shorter_inside_it():
    assert codes("Le logement social manque. Un logement social est cher. Le logement social.")[0] == "social-housing"


def test_what_the_title_names_comes_first():
    pages = "Le locataire paie, le locataire part, le locataire revient, le locataire reste."
    assert codes(pages)[0] == "tenant"
    assert codes(pages, title="La médiation de dettes") == ["mediation", "tenant"]


def test_an_aside_is_left_out():
    assert codes("Un locataire est venu. On parle d’autre chose.") == []


def test_paragraphs_are_read_in_their_own_language():
    bilingual = "La garantie locative. La garantie locative."
    document = text(bilingual, language="fr")
    dutch = text("De huurwaarborg, nog eens de huurwaarborg.", language="nl")
    both = type(document)(
        head=document.head, pages=lambda: (*document.head, *dutch.head), languages=("fr", "nl"), page_count=2
    )
    (found,) = concepts_of(both, VOCABULARY)
    assert found.value == "rental-deposit"


def test_there_are_at_most_five():
    labels = [(f"notion-{letter}", "fr", f"notion{letter}") for letter in "abcdefgh"]
    words = " ".join(label for _, _, label in labels)
    found = concepts_of(text(f"{words} {words} {words}"), Vocabulary.of(labels))
    assert len(found) == MOST


def test_a_document_without_any_gives_none():
    assert codes("Le chat dort sur le toit.") == []
    assert concepts_of(text(""), Vocabulary.of([])) == ()


def test_seven_hundred_pages_are_read_once_and_one_at_a_time():
    read = []

    def pages():
        for page in document.head:
            for number in range(700):
                read.append(number)
                yield page

    document = text("La garantie locative est demandée au locataire.")
    long = type(document)(head=document.head, pages=pages, languages=("fr",), page_count=700)
    assert [one.value for one in concepts_of(long, VOCABULARY)] == ["rental-deposit", "tenant"]
    assert len(read) == 700
