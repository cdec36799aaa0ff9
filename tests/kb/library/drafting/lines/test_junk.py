"""Titles and names that nobody meant, in three languages."""

from __future__ import annotations

from time import process_time

import pytest

from kb.library.drafting.lines.junk import is_junk_author, is_junk_title, title_of_name


@pytest.mark.parametrize(
    "title",
    [
        *(
            "Microsoft Word - rapport final.doc",
            "PowerPoint-presentatie",
            "Présentation PowerPoint",
            "PowerPoint Presentation",
            "Diapositive 1",
            "Dia 1",
        ),
        *(
            "Untitled",
            "Sans titre",
            "Zonder titel",
            "Naamloos",
            "Document1",
            "Classeur1",
            "Werkmap1",
            "Nouveau document Microsoft Word",
            "Nieuw document",
        ),
        *(
            "rapport_2012_v3.indd",
            "rapport_v2_def",
            "IMG_2041",
            "scan0001",
            "C:\\\\Documents\\\\rapport",
            "https://example.org",
            "2012",
            "",
            "  ",
        ),
        *(
            "Cliquez pour ajouter un titre",
            "Klik om een titel toe te voegen",
            "Click to add title",
            "a3f9c27b1e5d48f09b77",
        ),
    ],
)
def test_what_a_program_or_a_file_is_called_is_no_title(title):
    assert is_junk_title(title)


@pytest.mark.parametrize(
    "title",
    [
        "Huurwaarborg",
        "La garantie locative",
        "Rapport d’activités 2012",
        "Document de travail sur le bail",
        "CPAS",
        "Présentation du CPAS",
        "Map of services",
    ],
)
def test_a_title_that_somebody_wrote_stands(title):
    assert not is_junk_title(title)


@pytest.mark.parametrize(
    "author",
    [
        "jdupont",
        "jdupont3",
        "Admin",
        "Utilisateur",
        "Windows-gebruiker",
        "Microsoft Office-gebruiker",
        "python-docx",
        "x@y.be",
    ],
)
def test_a_log_in_is_no_author(author):
    assert is_junk_author(author)


@pytest.mark.parametrize("author", ["Marie Dupont", "CPAS", "Huurderslijn vzw", "Dupont", "de Vries, Jan"])
def test_a_name_is_an_author(author):
    assert not is_junk_author(author)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("le_bail_explique_v2_def.pdf", "Le bail explique"),
        ("20120519-huurwaarborg-brochure.docx", "Huurwaarborg brochure"),
        ("Rapport%20annuel%202012.pdf", "Rapport annuel 2012"),
        ("Programma+van+Eisen+def.pdf", "Programma van Eisen"),
        ("L'accueil des primo-arrivants.odt", "L'accueil des primo-arrivants"),
        ("2012.pdf", ""),
        ("document", "Document"),
    ],
)
def test_the_name_of_a_file_is_cleaned(name, title):
    assert title_of_name(name) == title


@pytest.mark.parametrize("piece", [" v1 1", " final 1", "_final_1", " (1)", " version 1 1", " 1"])
def test_a_name_made_to_cost_much_costs_nothing(piece):
    began = process_time()
    title_of_name("a" + piece * (500 // len(piece)) + " x.txt")
    assert process_time() - began < 0.5
