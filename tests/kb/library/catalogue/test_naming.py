import pytest
from django.utils import translation

from kb.library.catalogue.naming import pages_words


@pytest.mark.parametrize(
    ("pages", "within", "words"),
    [
        ("44", "", "44 pages"),
        ("1", "", "1 page"),
        ("61-66", "", "61-66"),
        ("7", "Une revue", "7"),
        ("", "", ""),
        ("²", "", "²"),
    ],
)
def test_a_number_of_pages_is_said_as_pages_and_a_range_stays(pages, within, words):
    with translation.override("en"):
        assert pages_words(pages, within=within) == words
