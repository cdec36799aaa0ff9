import pytest
from django.template.loader import render_to_string
from django.utils import translation

from kb.files.models import FileVersion
from kb.files.reading.reasons import NO_RECOGNITION, NO_RECOGNITION_OF_SOME, TEXT_CUT, reasons_of
from kb.files.states import shown_state

MET = [
    "save as .docx or PDF",
    "the PDF wants a password",
    "none of its pages can be read",
    "took too long",
    "not a format that is read here",
    "a picture: put it into a PDF",
    "reading it did not end 3 times",
    "unpacks to more than 500000000 bytes",
    "PDFium cannot open it: Failed to load document (PDFium: Data format error).",
    NO_RECOGNITION,
    NO_RECOGNITION_OF_SOME,
    TEXT_CUT,
]


def texts(reason: str, language: str) -> list[str]:
    with translation.override(language):
        return [one.text for one in reasons_of(FileVersion(reason=reason))]


@pytest.mark.parametrize("reason", MET)
def test_a_reason_that_people_meet_is_a_sentence_of_its_own_in_every_language(reason):
    with translation.override("fr"):
        (shown,) = reasons_of(FileVersion(reason=reason))
    assert shown.known
    assert len({*texts(reason, "fr"), *texts(reason, "nl"), *texts(reason, "en")}) == 3


def test_numbers_of_a_reason_are_in_its_sentence():
    assert texts("pages that could not be read: 3, 17", "nl") == ["Pagina’s die niet gelezen konden worden: 3, 17."]
    assert texts("4001 pages, more than 4000", "en") == [
        "It has 4001 pages; the most is 4000. Put it in as several parts."
    ]


def test_several_reasons_are_several_sentences_and_an_unknown_one_stays_as_it_is():
    with translation.override("fr"):
        shown = reasons_of(FileVersion(reason=f"a strange sign; and another; {NO_RECOGNITION}"))
    assert [(one.text, one.known) for one in shown] == [
        ("a strange sign; and another", False),
        ("Il n’y a pas ici de programme qui reconnaît le texte des pages numérisées.", True),
    ]


def test_without_a_reason_nothing_is_shown():
    assert reasons_of(FileVersion()) == ()


def test_editors_read_it_in_their_language_and_what_is_english_is_marked_so():
    version = FileVersion(
        number=1, original_name="a.pdf", size_bytes=1, state="read", reason="took too long; a strange sign"
    )
    with translation.override("nl"):
        html = render_to_string(
            "library/admin/file_state.html",
            {"version": version, "reasons": reasons_of(version), "state": shown_state(version)},
        )
    assert '<p class="file-state__reason">Het lezen ervan duurde te lang.</p>' in html
    assert '<p class="file-state__reason" lang="en">a strange sign</p>' in html
