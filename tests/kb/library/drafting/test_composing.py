"""No line of a notice is made up for what was not read."""

from __future__ import annotations

import pytest

from kb.library.drafting.composing import Known, lines_of_document
from kb.library.drafting.documents import Document, Page
from tests.kb.library.drafting.builders import BODY, text


@pytest.mark.parametrize("name", ["the_rental_deposit_and_the_lease.pdf", "le_bail_et_la_garantie.pdf"])
def test_the_name_of_a_file_tells_no_language(name):
    assert "language" not in lines_of_document(Document(name=name), Known())


@pytest.mark.parametrize("language", BODY)
def test_a_text_tells_its_language(language):
    found = lines_of_document(text(BODY[language], language=language), Known())["language"]
    assert (found.value, found.doubt) == (language, "")


def test_a_few_words_tell_it_too_little():
    assert lines_of_document(text("Introduction", language="fr"), Known())["language"].doubt == "short"


def test_a_text_in_another_writing_with_some_words_of_ours_is_in_none_of_our_languages():
    page = "安装手册 Debian GNU Linux " + "本手册适用于安装程序的用户。" * 20
    document = Document(languages=("en",), head=(Page(1, page, spans=[(0, len(page), "en")]),), page_count=1)
    assert "language" not in lines_of_document(document, Known())


def test_who_is_known_from_the_properties_alone_is_to_verify():
    document = text(BODY["fr"], properties={"author": "Marie Dupont", "date": "2012-05-01"})
    lines = lines_of_document(document, Known())
    assert (lines["creators"].doubt, lines["date_text"].doubt) == ("properties", "properties")


@pytest.mark.parametrize(
    ("line", "date", "doubt"),
    [
        ("12 mai 2011", "2011-05-12", ""),
        ("2009\t2010\t2011", "2009", "several"),
        ("12/05/2011, 14:12", "2011-05-12", "guess"),
        ("11/16/2016", "2016-11-16", ""),
        ("Tous droits réservés © 2011 Commune de Schaerbeek", "2011", "guess"),
    ],
)
def test_a_date_that_does_not_say_what_it_is_the_date_of_is_to_verify(line, date, doubt):
    found = lines_of_document(text(f"Le bail expliqué\n\n{line}\n\n{BODY['fr']}"), Known())["date_text"]
    assert (found.value, str(found.doubt)) == (date, doubt)
