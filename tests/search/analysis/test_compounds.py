"""Words written together."""

import pytest

from search.analysis.compounds import LONGEST_HEAD, MOST_STEMS, SHORTEST_HEAD, divisions, held, holds, inside
from search.analysis.tokens import stem


@pytest.mark.parametrize(
    ("longer", "shorter", "language", "expected"),
    [
        ("huurwaarborglening", "huurwaarborg", "nl", True),
        ("huurwaarborg", "waarborg", "nl", True),
        ("huurder", "huur", "nl", False),
        ("waarborg", "waarborg", "nl", False),
        ("rapport", "port", "fr", False),
    ],
)
def test_a_longer_word_holds_a_shorter_one_where_words_are_written_together(longer, shorter, language, expected):
    assert holds(stem(longer, language), stem(shorter, language)) is expected


def test_divisions_drop_the_link_between_the_parts():
    assert (stem("gezondheid", "nl"), stem("zorg", "nl")) in divisions("gezondheidszorg", "nl")
    assert divisions("logement", "fr") == []
    assert divisions("huur", "nl") == []


@pytest.mark.parametrize(
    "longer",
    ["n:huurwaarborg", "n:waarborg", "n:zorgverlen", "n:abcdefg", "n:abcdef", "f:logement", f"n:{'abcde' * 9}"],
)
def test_what_an_index_stores_of_a_word_is_what_it_holds(longer):
    word = longer[2:]
    every = {f"n:{word[first:last]}" for first in range(len(word)) for last in range(first + 1, len(word) + 1)}
    assert set(held(longer).split()) == {inside(shorter) for shorter in every if holds(longer, shorter)}


def test_of_a_text_without_end_the_commonest_stems_are_looked_into():
    made = [f"n:{number:07d}abc" for number in range(MOST_STEMS + 5)]
    found = held(" ".join([*made, "n:huurwaarborg", "n:huurwaarborg"]))
    assert inside("n:waarborg") in found.split()
    assert inside(made[-1][:-3]) not in found.split()


@pytest.mark.parametrize("letters", [20, 40, 64])
def test_made_words_ask_for_a_bounded_part_of_an_index(letters):
    made = " ".join(f"n:{number:05d}".ljust(letters, "abcde"[number % 5]) for number in range(5_000))
    found = held(made)
    assert len(found.split()) <= 5_000 * 2 * (LONGEST_HEAD - SHORTEST_HEAD + 1)
    assert len(found) < 16 * len(made)
