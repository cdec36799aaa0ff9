"""The title of a document is what its first page shows largest, unless that is a logo,
a header or the word for what it is.
"""

from __future__ import annotations

import pytest

from kb.library.drafting.documents import Document, words_of
from kb.library.drafting.lines.titles import titles_of
from tests.kb.library.drafting.builders import BODY, pdf, text


def title_and_subtitle(document: Document, **values):
    found = titles_of(document, **values)
    return (found.title.value if found.title else None, found.subtitle.value if found.subtitle else None)


CASES = {
    "fr": ("Le bail expliqué aux locataires", "Petit guide de la première ligne"),
    "nl": ("De huurovereenkomst uitgelegd", "Kleine gids voor de eerste lijn"),
    "en": ("The lease explained to tenants", "A short guide for social workers"),
}


@pytest.mark.parametrize("language", CASES)
def test_the_largest_lines_are_the_title_and_the_next_the_subtitle(tmp_path, language):
    title, subtitle = CASES[language]
    source = (
        f"#set text(lang: "
        f'"{language}")\n#v(4cm)\n#text(24pt)[{title}]\n\n#text(14pt)[{subtitle}]\n\n#v(1cm)\n{BODY[language]}'
    )
    document = pdf(tmp_path, source)
    assert title_and_subtitle(document) == (title, subtitle)
    assert (titles_of(document).title.where, titles_of(document).title.page) == ("page", 1)


def test_a_title_over_several_lines_is_one_title(tmp_path):
    document = pdf(
        tmp_path, f"#text(26pt)[L’accueil des personnes qui arrivent dans la commune et dans la région]\n\n{BODY['fr']}"
    )
    assert title_and_subtitle(document)[0] == "L’accueil des personnes qui arrivent dans la commune et dans la région"


def test_a_title_on_the_second_page_is_found_behind_an_empty_cover(tmp_path):
    document = pdf(tmp_path, f"#rect(width: 5cm)\n#pagebreak()\n#text(22pt)[Logement et santé]\n\n{BODY['fr']}")
    assert (titles_of(document).title.value, titles_of(document).title.page) == ("Logement et santé", 2)


def test_a_running_header_is_no_title(tmp_path):
    header = "#set page(header: text(10pt)[Cahiers du réseau local 12])\n"
    document = pdf(tmp_path, f"{header}#v(2cm)\n#text(16pt)[Habiter sans capital]\n\n{BODY['fr'] * 9}")
    assert title_and_subtitle(document)[0] == "Habiter sans capital"


@pytest.mark.parametrize("logo", ["CASS", "OCMW", "IRFAM"])
def test_a_word_in_large_capitals_is_a_logo(tmp_path, logo):
    document = pdf(tmp_path, f"#text(40pt)[{logo}]\n\n#v(2cm)\n#text(20pt)[Habiter sans capital]\n\n{BODY['fr']}")
    assert title_and_subtitle(document)[0] == "Habiter sans capital"


def test_the_name_of_an_organisation_of_the_directory_is_no_title(tmp_path):
    document = pdf(
        tmp_path, f"#text(30pt)[Maison de quartier Aster]\n\n#v(2cm)\n#text(20pt)[Habiter sans capital]\n\n{BODY['fr']}"
    )
    assert (
        title_and_subtitle(document, organisations=[words_of("Maison de quartier Aster")])[0] == "Habiter sans capital"
    )


@pytest.mark.parametrize(
    ("kind", "title"), [("Rapport", "Le logement en 2012"), ("Verslag", "Wonen in 2012"), ("Report", "Housing in 2012")]
)
def test_the_word_for_what_it_is_is_no_title_beside_another(tmp_path, kind, title):
    document = pdf(tmp_path, f"#text(30pt)[{kind}]\n\n#v(2cm)\n#text(20pt)[{title}]\n\n{BODY['fr']}")
    assert title_and_subtitle(document)[0] == title


@pytest.mark.parametrize("part", ["Table des matières", "1. Inleiding", "Summary", "Avant-propos", "Bijlage"])
def test_the_heading_of_a_part_is_no_title(tmp_path, part):
    document = pdf(tmp_path, f"#text(20pt)[{part}]\n\n{BODY['fr']}", name="le_bail_en_questions_v2.pdf")
    assert title_and_subtitle(document)[0] != part


@pytest.mark.parametrize("label", ["Objet : ", "Betreft: ", "Subject: "])
def test_a_letter_is_called_by_what_it_is_about(tmp_path, label):
    document = pdf(tmp_path, f"Madame la Présidente,\n\n{label}réforme des primes au loyer\n\n{BODY['fr']}")
    assert title_and_subtitle(document)[0] == "réforme des primes au loyer"


@pytest.mark.parametrize("author", ["Coordination sociale", "Marie Dupont"])
def test_a_name_under_the_title_is_no_subtitle(tmp_path, author):
    source = (
        f'#set document(author: "{author}")\n#text(24pt)[Habiter sans capital]\n\n#text(14pt)[{author}]\n\n{BODY["fr"]}'
    )
    assert title_and_subtitle(pdf(tmp_path, source)) == ("Habiter sans capital", None)


def test_a_date_or_a_version_under_the_title_is_not_of_it(tmp_path):
    document = pdf(tmp_path, f"#text(24pt)[Habiter sans capital \\ mai 2012]\n\n#text(24pt)[Version 2]\n\n{BODY['fr']}")
    assert title_and_subtitle(document) == ("Habiter sans capital", None)


class TestAgainstProperties:
    def test_capitals_are_taken_from_the_properties(self, tmp_path):
        document = pdf(
            tmp_path, f'#set document(title: "Habiter sans capital")\n#text(24pt)[HABITER SANS CAPITAL]\n\n{BODY["fr"]}'
        )
        assert title_and_subtitle(document)[0] == "Habiter sans capital"

    def test_what_the_properties_and_the_page_say_wins_over_larger_letters(self, tmp_path):
        source = (
            f'#set document(title: "Habiter sans capital")\n#text(30pt)[Ensemble on y '
            f"arrive]\n\n#text(16pt)[Habiter sans capital]\n\n{BODY['fr']}"
        )
        assert title_and_subtitle(pdf(tmp_path, source))[0] == "Habiter sans capital"

    def test_what_the_pages_do_not_say_loses(self, tmp_path):
        document = pdf(
            tmp_path,
            f'#set document(title: "Dossier de l’an dernier")\n#text(24pt)[Habiter sans capital]\n\n{BODY["fr"]}',
        )
        assert title_and_subtitle(document)[0] == "Habiter sans capital"

    def test_without_larger_letters_the_properties_are_surer_than_the_first_words(self, tmp_path):
        document = pdf(tmp_path, f'#set document(title: "Habiter sans capital")\n{BODY["fr"]}')
        assert (titles_of(document).title.value, titles_of(document).title.where) == (
            "Habiter sans capital",
            "properties",
        )

    @pytest.mark.parametrize(
        "junk", ["Microsoft Word - rapport def.doc", "Sans titre", "Zonder titel", "untitled", "rapport_v2_def"]
    )
    def test_junk_is_not_taken_even_where_nothing_else_is_large(self, tmp_path, junk):
        document = pdf(tmp_path, f'#set document(title: "{junk}")\n{BODY["fr"]}', name="habiter_sans_capital_v2.pdf")
        assert (titles_of(document).title.value, titles_of(document).title.where) == ("Habiter sans capital", "name")


class TestWithoutPages:
    def test_a_word_file_begins_with_its_title_and_subtitle(self):
        document = text(
            "Tenir le Guide à jour\n\nMode d’emploi pour les référents\n\nGroupe de travail Guide",
            is_paged=False,
            page_count=1,
        )
        assert title_and_subtitle(document) == ("Tenir le Guide à jour", "Mode d’emploi pour les référents")

    def test_of_a_web_page_the_name_of_the_site_is_left_out(self, tmp_path):
        from tests.kb.library.drafting.builders import read

        page = "<html><head><title>Le bail | Commune</title></head><body><h1>Le bail</h1><p>Texte</p></body></html>"
        assert title_and_subtitle(read(tmp_path / "bail.html", page.encode()))[0] == "Le bail"

    def test_a_table_has_no_title_in_its_first_row(self):
        document = text(
            "Année\tDemandes\n2011\t12", is_paged=False, media_type="text/csv", name="demandes_logement.csv"
        )
        assert (titles_of(document).title.value, titles_of(document).title.where) == ("Demandes logement", "name")

    def test_what_could_not_be_read_is_called_by_its_file(self):
        assert titles_of(Document(name="Rapport%20annuel_CPAS-v2_def.pdf")).title.value == "Rapport annuel CPAS"
        assert titles_of(Document(name="20120519.pdf")).title is None


@pytest.mark.parametrize("heading", ["CHAPTER 1", "Hoofdstuk 2", "Annexe A", "Figure 4.", "Bijlage"])
def test_a_heading_that_only_counts_falls_to_the_name_of_the_file_which_is_to_verify(tmp_path, heading):
    found = titles_of(pdf(tmp_path, f"#text(26pt)[{heading}]\n\n{BODY['fr']}", name="bail_et_garantie.pdf")).title
    assert (found.value, found.doubt) == ("Bail et garantie", "name")


@pytest.mark.parametrize(
    ("heading", "doubt"),
    [
        ("Appendix A – Glossary of the lease", "part"),
        ("3 Le bail et la garantie", "part"),
        ("Ministerie van Volksgezondheid, Welzijn en Sport", "part"),
        ("Le Bail", ""),
        ("Baux", "plain"),
        ("LaTeX ChaPter CaseS oF the ClassRoom", "garbled"),
    ],
)
def test_a_title_whose_words_are_odd_is_to_verify(tmp_path, heading, doubt):
    found = titles_of(pdf(tmp_path, f"#text(26pt)[{heading}]\n\n{BODY['fr']}")).title
    assert (found.value, str(found.doubt)) == (heading, doubt)


@pytest.mark.parametrize("ministry", ["Ministerie van Volksgezondheid", "Service public fédéral", "Ministry of Health"])
def test_the_name_of_an_organisation_beside_words_nearly_as_large_is_no_title(tmp_path, ministry):
    document = pdf(tmp_path, f"#text(24pt)[{ministry}]\n\n#v(2cm)\n#text(20pt)[Habiter sans capital]\n\n{BODY['fr']}")
    assert (titles_of(document).title.value, titles_of(document).title.doubt) == ("Habiter sans capital", "")


def test_of_two_that_are_as_large_each_could_be_the_title(tmp_path):
    both = "#text(24pt)[Habiter sans capital]\n\n#v(3cm)\n#text(24pt)[La garantie locative]"
    assert titles_of(pdf(tmp_path, f"{both}\n\n{BODY['fr']}")).title.doubt == "several"


def test_a_title_hardly_larger_than_the_text_is_to_verify_unless_the_name_of_the_file_says_it_too(tmp_path):
    source = f"#text(11.6pt)[Habiter sans capital]\n\n{BODY['fr']}"
    assert titles_of(pdf(tmp_path, source)).title.doubt == "plain"
    assert titles_of(pdf(tmp_path, source, name="habiter-sans-capital.pdf")).title.doubt == ""


def test_words_along_the_side_of_the_page_are_no_title(tmp_path):
    side = "#place(left + horizon, dx: -1cm, rotate(-90deg, reflow: true, text(30pt)[Nature]))\n"
    document = pdf(tmp_path, f"{side}#text(18pt)[Habiter sans capital]\n\n{BODY['fr']}")
    assert titles_of(document).title.value == "Habiter sans capital"
