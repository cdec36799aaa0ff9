"""Which words of a question are looked for."""

import pytest

from search.analysis.asking import MOST_WORDS, asked_words, question_language
from search.query import parse


@pytest.mark.parametrize(
    ("interface", "typed", "language"),
    [
        ("fr", "logement", "fr"),
        ("nl", "logement", "nl"),
        ("fr", "hoe vraag ik een leefloon aan", "nl"),
        ("nl", "quelle est la durée des études", "fr"),
        ("fr", "how can they find a house", "en"),
        ("en", "car hire", "en"),
        ("en", "", "en"),
    ],
)
def test_the_interface_decides_unless_function_words_of_another_language_say_so(interface, typed, language):
    assert question_language(parse(typed, interface)) == language


@pytest.mark.parametrize(
    ("interface", "typed", "words"),
    [
        ("fr", "Bonjour, comment obtenir un logement social svp ?", ("obtenir", "logement", "social")),
        ("nl", "Goedendag, hoe krijg ik een sociale woning?", ("krijg", "sociale", "woning")),
        ("en", "Hello, where can I get social housing please?", ("social", "housing")),
        ("fr", "logement logement LOGEMENT", ("logement",)),
        ("fr", "l'accueil", ("accueil",)),
        ("fr", "qui est-ce", ("qui", "est", "ce")),
        ("fr", "", ()),
    ],
)
def test_function_words_and_courtesy_are_left_out_unless_alone(interface, typed, words):
    assert asked_words(parse(typed, interface)) == words


def test_a_pasted_page_is_asked_by_its_first_words():
    typed = " ".join(f"mot{number}" for number in range(500))
    assert len(asked_words(parse(typed, "fr"))) == MOST_WORDS
