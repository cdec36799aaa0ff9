"""What kind of document it is, where the document says so; else the commonest, said by nobody."""

from __future__ import annotations

import pytest

from kb.library.drafting.lines.kinds import type_of, type_of_link
from tests.kb.library.drafting.builders import BODY, text

SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"


def kind(page: str, *others: str, title: str = "", **values):
    found = type_of(text(page, *others, **values), title=title or page.split("\n")[0])
    return (found.value, str(found.where))


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("Moniteur belge du 3 mai 2012", "legislation"),
        ("Belgisch Staatsblad", "legislation"),
        ("Arrêté royal du 3 mai 2012 modifiant l’arrêté", "legislation"),
        ("8 JUILLET 1976. - Loi organique des centres publics, relative à l’aide", "legislation"),
        ("Wet van 26 mei 2002 betreffende het recht op maatschappelijke integratie", "legislation"),
        ("Koninklijk besluit van 11 juli 2002", "legislation"),
        ("Commission implementing decision (EU) 2017/863", "legislation"),
        ("Arrêt n° 51/2012 de la Cour constitutionnelle", "legal_case"),
        ("Arbeidsrechtbank te Brussel", "legal_case"),
        ("Habiter\nMémoire présenté en vue de l’obtention du grade de master", "thesis"),
        ("Wonen\nMasterproef voorgelegd tot het behalen van de graad", "thesis"),
        ("Housing\nA master’s thesis in social work", "thesis"),
        ("Chapitre 4 de « Habiter sans capital »", "chapter"),
        ("Habiter\nRevue française de sociologie, vol. 12, n° 3", "article-journal"),
        ("Wonen\nTijdschrift voor Welzijnswerk, jaargang 33, nr. 4", "article-journal"),
        ("Housing\nUrban Studies 12 (3): 201-208", "article-journal"),
        ("Working Papers on Housing 12", "article"),
        ("Actes du colloque « Habiter »", "paper-conference"),
        ("Entretien avec une médiatrice", "interview"),
        ("Gesprek met een bemiddelaar", "interview"),
        ("Discours de la présidente", "speech"),
        ("Dringende medische hulp: brochure voor huisartsen", "pamphlet"),
        ("Fiche pour les services de première ligne", "pamphlet"),
        ("Le bail\nDépliant gratuit", "pamphlet"),
        ("Rapport d’activités", "report"),
        ("Jaarverslag", "report"),
        ("Evaluation of the savings group", "report"),
    ],
)
def test_a_first_page_says_what_it_is(page, expected):
    assert kind(f"{page}\n\n{BODY['fr']}", BODY["fr"], BODY["fr"]) == (expected, "page")


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [(SLIDES, "speech"), ("text/html", "webpage"), ("text/csv", "dataset"), ("application/vnd.ms-excel", "dataset")],
)
def test_some_formats_say_it_themselves(media_type, expected):
    assert kind("Le bail", media_type=media_type) == (expected, "properties")


def test_a_long_document_with_an_isbn_is_a_book():
    assert kind("Habiter", "ISBN 978-2-8041-5932-0", *["texte"] * 90) == ("book", "page")


@pytest.mark.parametrize(("pages", "expected"), [(1, "document"), (12, "report")])
def test_where_nothing_says_it_nothing_is_said_to_have(pages, expected):
    assert kind("Habiter sans capital", *["texte"] * (pages - 1)) == (expected, "")


@pytest.mark.parametrize(
    "sentence",
    [
        "La loi sur le bail dit que le locataire paie",
        "Dans un rapport, on lit que la brochure manque",
        "Une convention de stage",
    ],
)
def test_a_sentence_about_another_document_says_nothing(sentence):
    assert kind(f"Habiter sans capital\n\n{sentence}", "texte", "texte")[0] in ("report", "pamphlet")
    assert kind("Habiter sans capital", sentence, "texte") == ("report", "")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.youtube.com/watch?v=1", "motion_picture"),
        ("https://www.lesoir.be/12/article", "article-newspaper"),
        ("https://example.org/page", "webpage"),
        ("https://example.org/rapport.pdf", None),
        ("https://doi.org/10.1000/x", None),
    ],
)
def test_a_link_says_it_by_its_site(url, expected):
    found = type_of_link(url)
    assert (found.value if found else None) == expected
