"""Who made and who published a document: only where it says so."""

from __future__ import annotations

import pytest

from kb.library.drafting.documents import words_of
from kb.library.drafting.lines.creators import creators_of
from kb.library.drafting.lines.names import Names, as_catalogued, is_organisation, looks_like_person
from kb.library.drafting.lines.publishers import publisher_of
from tests.kb.library.drafting.builders import BODY, text

KNOWN = Names({words_of(name): name for name in ("Huurderslijn vzw", "La Gerbe", "CPAS de Schaerbeek")})
NOBODY = Names({})


def creators(*pages: str, known: Names = KNOWN, taken: tuple[str, ...] = (), **values):
    found = creators_of(text(*pages, **values), known=known, taken=frozenset(taken))
    return ([one["name"] for one in found.value], str(found.where), found.page) if found else None


def publisher(*pages: str, **values):
    found = publisher_of(text(*pages, **values), known=KNOWN)
    return (found.value, str(found.where), found.page) if found else None


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("Auteur : Groupe de travail Logement", ["Groupe de travail Logement"]),
        ("Auteurs : Anne Martin, Jan Peeters et Leïla Amrani", ["Anne Martin", "Jan Peeters", "Leïla Amrani"]),
        ("Auteurs: Anne Martin en Jan Peeters", ["Anne Martin", "Jan Peeters"]),
        ("Authors: Anne Martin and Jan Peeters", ["Anne Martin", "Jan Peeters"]),
        ("Rédaction : Anne MARTIN", ["Martin, Anne"]),
        ("Redactie: Jan VAN DEN BERG", ["Van Den Berg, Jan"]),
        ("Rédigé par : Mme Anne Martin (CPAS)", ["Anne Martin"]),
        ("Opgesteld door: Werkgroep Huisvesting", ["Werkgroep Huisvesting"]),
        ("Written by: Anne Martin; Jan Peeters", ["Anne Martin", "Jan Peeters"]),
        ("Auteur :\nLa Gerbe", ["La Gerbe"]),
    ],
)
def test_a_label_says_who_wrote_it(line, names):
    assert creators(f"Le bail\n\n{line}\n\n{BODY['fr']}") == (names, "page", 1)


@pytest.mark.parametrize(
    ("by", "names"),
    [("par Anne Martin", ["Anne Martin"]), ("door Jan Peeters", ["Jan Peeters"]), ("by Anne Martin", ["Anne Martin"])],
)
def test_by_somebody_counts_on_a_title_page(by, names):
    assert creators(f"Le bail\n{by}\nmai 2011") == (names, "page", 1)


@pytest.mark.parametrize(
    "sentence",
    ["Par ailleurs, le bail est signé", "door de eigenaar gevraagd", "by the landlord", "Par Le Passé on signait"],
)
def test_by_in_a_sentence_is_nobody(sentence):
    page = "\n".join([sentence, *[BODY["fr"][:100]] * 20])
    assert creators(page, known=NOBODY) is None


@pytest.mark.parametrize("organisation", ["Huurderslijn vzw", "HUURDERSLIJN VZW", "La Gerbe"])
def test_an_organisation_of_the_directory_alone_on_a_line_is_named_in_our_form(organisation):
    names, where, page = creators(f"Le bail\n\n{organisation}\n\nmai 2011", BODY["fr"])
    assert (names, where, page) == ([KNOWN.ours(organisation)], "page", 1)


def test_an_organisation_within_a_sentence_is_not_its_author():
    assert (
        creators(
            f"Le bail\n\nOn peut s’adresser à La Gerbe pour en parler.\n\n{BODY['fr']}\n"
            + "\n".join(["ligne de texte"] * 20)
        )
        is None
    )


def test_the_line_of_the_title_is_no_author():
    assert creators("Coordination et réseau\n\nmai 2011", taken=("Coordination et réseau",)) is None


@pytest.mark.parametrize("followed", ["anne@example.org", "Université de Bruxelles", "Résumé", "Abstract"])
def test_people_under_the_title_of_an_article_are_its_authors(followed):
    page = f"Habiter sans capital\nAnne Martin1, Jan Peeters2 and Leïla\nAmrani1\n{followed}\n\n" + "\n".join(
        [BODY["fr"][:90]] * 30
    )
    assert creators(page, taken=("Habiter sans capital",))[0] == ["Anne Martin", "Jan Peeters", "Leïla Amrani"]


def test_capitalised_words_under_a_title_that_nothing_follows_are_nobody():
    page = "Habiter sans capital\nGrand Bruxelles\n\n" + "\n".join(["le texte commence ici et continue"] * 30)
    assert creators(page, taken=("Habiter sans capital",)) is None


class TestProperties:
    def test_an_author_whom_the_first_page_names_too_is_read_there(self):
        assert creators(f"Le bail\n\nAnne Martin\n\n{BODY['fr']}", properties={"author": "Anne Martin"}) == (
            ["Anne Martin"],
            "page",
            1,
        )

    def test_else_it_is_said_that_the_properties_say_it(self):
        assert creators(BODY["fr"], properties={"author": "Anne Martin; Peeters, Jan"}) == (
            ["Anne Martin", "Peeters, Jan"],
            "properties",
            None,
        )

    @pytest.mark.parametrize(
        "junk",
        [
            "python-pptx",
            "openpyxl",
            "Microsoft Office User",
            "Utilisateur Windows",
            "Gebruiker",
            "amartin3",
            "eng-dept",
            "ARRAY(0x2c7)",
            "HP",
            "scan",
        ],
    )
    def test_a_log_in_or_a_program_is_nobody(self, junk):
        assert creators(BODY["fr"] + "\n" * 3, properties={"author": junk}, known=NOBODY) is None

    def test_the_sender_of_a_mail_is_named_without_address(self):
        assert creators(
            BODY["fr"], properties={"author": "Anne Martin <anne@example.org>"}, media_type="message/rfc822"
        )[0] == ["Anne Martin"]


class TestForms:
    @pytest.mark.parametrize(
        ("printed", "written"),
        [
            ("DUPONT Marie", "Dupont, Marie"),
            ("Marie DUPONT-LEROY", "Dupont-Leroy, Marie"),
            ("Jan van den BERG", "van den Berg, Jan"),
            ("Marie Dupont", "Marie Dupont"),
            ("Dupont, Marie", "Dupont, Marie"),
            ("Dr. Marie Dupont", "Marie Dupont"),
            ("CPAS", "CPAS"),
            ("CPAS de SCHAERBEEK", "CPAS de SCHAERBEEK"),
        ],
    )
    def test_a_family_name_comes_first_only_where_capitals_tell(self, printed, written):
        assert as_catalogued(printed) == written

    @pytest.mark.parametrize(
        "name",
        ["La Gerbe asbl", "Huurderslijn", "Werkgroep Huisvesting", "Urban Health Institute", "OCMW", "V.Z.W. Aster"],
    )
    def test_words_of_organisations_are_known_in_three_languages(self, name):
        assert is_organisation(name) and not looks_like_person(name)

    @pytest.mark.parametrize("name", ["Marie Dupont", "Jan van den Berg", "J.-P. Martin", "Zoé D’Hondt"])
    def test_people_are_told_by_their_capitals(self, name):
        assert looks_like_person(name) and not is_organisation(name)


@pytest.mark.parametrize(
    ("imprint", "name"),
    [
        ("Éditeur responsable : Anne Martin, rue des Écoles 12, 1030 Bruxelles", "Anne Martin"),
        ("Verantwoordelijke uitgever: Huurderslijn vzw, Liedtsplein 4", "Huurderslijn vzw"),
        ("V.U.: Jan Peeters, Koninginnelaan 5, 1030 Brussel", "Jan Peeters"),
        ("E.R. : La Gerbe - tél. 02 123 45 67", "La Gerbe"),
        ("Een uitgave van Huurderslijn vzw", "Huurderslijn vzw"),
        ("Une publication de La Gerbe", "La Gerbe"),
        ("Published by the Urban Health Institute", ""),
        ("Published by Urban Health Institute, 12 Park Street", "Urban Health Institute"),
        ("© 2010 Maison de quartier Aster. Tous droits réservés", "Maison de quartier Aster"),
        ("© Huurderslijn vzw 2011", "Huurderslijn vzw"),
        ("Éditeur :\nLa Gerbe", "La Gerbe"),
        ("© 2012 Creative Commons BY", ""),
        ("© Photos : Anne Martin", ""),
        ("L’éditeur a publié le livre en 2010.", ""),
    ],
)
def test_the_imprint_names_the_publisher_without_its_address(imprint, name):
    assert publisher("Le bail", f"{BODY['fr']}\n\n{imprint}") == ((name, "page", 2) if name else None)


def test_a_publisher_of_the_properties_is_taken_last_and_said_so():
    assert publisher("Le bail", properties={"publisher": "La Gerbe"}) == ("La Gerbe", "properties", None)
    assert (
        publisher("Le bail", "E.R. : Huurderslijn vzw", properties={"publisher": "La Gerbe"})[0] == "Huurderslijn vzw"
    )


def test_a_list_of_references_is_no_imprint():
    cited = "\n".join(
        f"[{number}] Martin A. ({2000 + number}) Titre. Published by Elsewhere Press" for number in range(1, 9)
    )
    assert publisher("Le bail", BODY["fr"], BODY["fr"], BODY["fr"], cited) is None


def test_the_numbers_of_notes_that_stand_apart_are_no_part_of_names():
    printed = "Zejiang Shen 1 , Ruochen Zhang 2 , Melissa Dell 3 , and Weining Li 5"
    assert [one["name"] for one in Names({}).listed(printed)] == [
        "Zejiang Shen",
        "Ruochen Zhang",
        "Melissa Dell",
        "Weining Li",
    ]
    assert [one["name"] for one in Names({}).listed("Werkgroep 3")] == ["Werkgroep 3"]
