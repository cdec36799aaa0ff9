"""ISBN, DOI and addresses, however they are written."""

from __future__ import annotations

import pytest

from kb.library.drafting.lines.identifiers import bare_isbn, doi_in, doi_of, doi_of_link, isbn_forms, isbn_of, url_key
from tests.kb.library.drafting.builders import text


@pytest.mark.parametrize(
    ("written", "bare"),
    [
        ("978-2-8041-5932-0", "9782804159320"),
        ("2-8041-5932-9", "9782804159320"),
        ("978 2 8041 5932 0", "9782804159320"),
        ("978-2-8041-5932-1", ""),
        ("2-8041-5932-8", ""),
        ("0-8044-2957-X", "9780804429573"),
        ("12", ""),
    ],
)
def test_an_isbn_of_either_length_is_thirteen_digits_if_its_check_digit_is_right(written, bare):
    assert bare_isbn(written) == bare


def test_both_lengths_of_an_isbn_are_looked_for():
    assert isbn_forms("978-2-8041-5932-0") == {"9782804159320", "2804159329"}
    assert isbn_forms("979-10-90636-07-1") == {"9791090636071"}
    assert isbn_forms("nonsense") == set()


def test_the_first_right_isbn_of_the_imprint_is_taken():
    found = isbn_of(text("Le bail", "ISBN : 978-2-8041-5932-1 (faux)\nISBN 978-2-8041-5932-0"))
    assert (found.value, found.page) == ("9782804159320", 2)


@pytest.mark.parametrize(
    ("written", "doi"),
    [
        ("https://doi.org/10.1000/ABC.12.", "10.1000/abc.12"),
        ("doi:10.1000/(sici)12", "10.1000/(sici)12"),
        ("(voir 10.1000/abc)", "10.1000/abc"),
        ("10.5 euros", ""),
    ],
)
def test_a_doi_ends_before_the_stop(written, doi):
    assert doi_in(written) == doi


def test_a_doi_is_the_document_s_on_its_first_pages_and_another_s_further_on():
    assert doi_of(text("10.1000/own", "texte", "10.1000/cited")).value == "10.1000/own"
    assert doi_of(text("Le bail", "texte", "10.1000/cited")) is None
    assert doi_of_link("https://doi.org/10.1000%2Fabc").value == "10.1000/abc"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/a",
        "https://www.example.org/a/",
        "https://example.org/a?utm_source=mail#top",
        "HTTPS://EXAMPLE.ORG/a",
        "example.org/a",
    ],
)
def test_addresses_of_one_page_have_one_key(url):
    assert url_key(url) == "example.org/a"


def test_what_a_query_asks_for_is_kept():
    assert (
        url_key("https://example.org/a?b=2&a=1")
        == url_key("https://example.org/a?a=1&b=2")
        != url_key("https://example.org/a?a=1")
    )
