"""When a document is from, as precisely as it says, in French, Dutch and English."""

from __future__ import annotations

from datetime import date
from time import process_time

import pytest

from kb.library.drafting.lines.dates import date_of, dates_in
from tests.kb.library.drafting.builders import BODY, text

TODAY = date(2015, 6, 1)


def found(*pages: str, title: str = "", **values):
    one = date_of(text(*pages, **values), title=title, today=TODAY)
    return (one.value, str(one.where), one.page) if one else None


@pytest.mark.parametrize(
    ("printed", "written"),
    [
        ("mai 2011", "2011-05"),
        ("Décembre 2012", "2012-12"),
        ("le 1er février 2010", "2010-02-01"),
        ("Bruxelles, le 12 août 2012", "2012-08-12"),
        ("Brussel, 12 juni 2012", "2012-06-12"),
        ("maart 2009", "2009-03"),
        ("okt. 2009", "2009-10"),
        ("August 28th, 2012", "2012-08-28"),
        ("28 August 2012", "2012-08-28"),
        ("Sept. 2012", "2012-09"),
        ("2012-03-05", "2012-03-05"),
        ("05/03/2012", "2012-03-05"),
        ("05.03.2012", "2012-03-05"),
        ("03/2012", "2012-03"),
        ("janvier-mars 2012", "2012-03"),
        ("année académique 2011-2012", "2012"),
        ("2012", "2012"),
        ("31 février 2012", "2012-02"),
    ],
)
def test_a_date_is_written_as_precisely_as_it_is_printed(printed, written):
    assert [one for _, one in dates_in(printed)] == [written]


@pytest.mark.parametrize(
    "text", ["1020 Bruxelles", "tél. 02 2010 12 12 555", "D/2012", "art. 1999bis", "A4-2012x", "12345"]
)
def test_other_numbers_are_no_dates(text):
    assert [one for _, one in dates_in(text)] in ([], ["2010"])


@pytest.mark.parametrize(
    ("cover", "written"),
    [
        ("Le bail\n\nmai 2011", "2011-05"),
        ("Het huurcontract\n\nmei 2011", "2011-05"),
        ("The lease\n\nMay 2011", "2011-05"),
    ],
)
def test_a_line_of_the_title_page_that_is_a_date_is_the_date(cover, written):
    assert found(cover, BODY["fr"]) == (written, "page", 1)


def test_a_date_in_the_text_is_not_the_document_s():
    assert (
        found(
            "Le bail\n\nLa loi du 20 février 1991 a changé les règles du bail, et celle du 25 "
            "avril 2007 les a changées encore une fois."
        )
        is None
    )


@pytest.mark.parametrize(
    ("imprint", "written"),
    [
        ("© 2010 Maison de quartier", "2010"),
        ("Copyright 2008-2011 Huurderslijn vzw", "2011"),
        ("D/2012/1234/5", "2012"),
        ("Dépôt légal : D/2012/4321/07", "2012"),
        ("Date de publication : 3 mars 2012", "2012-03-03"),
        ("Wettelijk depot, Brussel 2009", "2009"),
        ("First published by the network in June 2011", "2011-06"),
    ],
)
def test_the_imprint_says_it(imprint, written):
    assert found("Le bail", f"{BODY['fr']}\n\n{imprint}") == (written, "page", 2)


def test_the_title_page_is_surer_than_the_imprint_but_a_year_is_sharpened_by_it():
    assert found("Le bail\n\nmai 2011", "© 2012 Maison")[0] == "2011-05"
    assert found("Le bail\n\n2011", "Éditeur responsable : A. B., juin 2011")[0] == "2011-06"


@pytest.mark.parametrize(
    ("title", "written"),
    [
        ("Loi du 26 mai 2002 concernant le droit à l’intégration", "2002-05-26"),
        ("Wet van 8 juli 1976 betreffende de OCMW’s", "1976-07-08"),
    ],
)
def test_the_date_of_a_law_is_in_its_title(title, written):
    assert found(f"{title}\n\n{BODY['fr']}", title=title) == (written, "page", 1)


def test_the_year_in_a_title_is_only_taken_where_nothing_else_says():
    assert found("Rapport d’activités 2011\n\nmars 2012", title="Rapport d’activités 2011")[0] == "2012-03"
    assert found("Rapport d’activités 2011\n\nTexte", title="Rapport d’activités 2011")[0] == "2011"


def test_of_the_properties_only_the_year_is_taken_and_said_so():
    assert found("Le bail", properties={"date": "2012-03-05"}) == ("2012", "properties", None)


def test_a_web_page_and_a_mail_say_their_day_themselves():
    assert found("Le bail", properties={"date": "2012-03-05"}, media_type="text/html") == (
        "2012-03-05",
        "properties",
        None,
    )


def test_no_document_is_from_tomorrow():
    assert found("Plan\n\nmai 2030", properties={"date": "2031-01-01"}) is None


@pytest.mark.parametrize("unit", ["2012 ", "12 mai 2012 ", "© 2012 ", "loi du 2 mai 2012 du "])
def test_a_line_of_nothing_but_dates_costs_little(unit):
    began = process_time()
    date_of(text(unit * (50_000 // len(unit))), today=TODAY)
    assert process_time() - began < 1
