"""Words written together."""

import pytest

from search.analysis.compounds import divisions, holds
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
