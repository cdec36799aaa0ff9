"""What is a correction of form, and what is more."""

from __future__ import annotations

import pytest

from kb.decisions.deciding.wording import why_not, why_not_text
from kb.pages.agreements import Shown

TEXT = (
    "<h2>Les délais</h2><p>Le groupe a constaté que l’acceuil des nouveaux arrivants prend trois semaines, que les "
    "services ne répondent pas le vendredi, et que « personne ne rappelle » selon Madame Peeters. Il demande des "
    'guichets ouverts jusqu’à 18 heures et <a href="/fr/a/">une liste</a> tenue à jour.</p>'
)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("acceuil", "accueil", ""),
        ("le vendredi,", "le vendredi", ""),
        ("constaté", "remarqué", ""),
        ("18 heures", "19 heures", "form-digits"),
        ("trois semaines", "deux semaines", "form-digits"),
        ("18 heures", "18½ heures", "form-digits"),
        ("ne répondent pas le vendredi", "répondent le vendredi et pas", "form-negation"),
        ("une liste", "une" + "/liste" * 30, "form-much"),
        ("une liste", "une" + "\u3164liste" * 30, "form-much"),
        ("Madame Peeters", "Madame Pieters", "form-capitals"),
        ("Le groupe", "Ce groupe", "form-capitals"),
        ("ne répondent pas", "répondent", "form-negation"),
        ("personne ne rappelle", "on ne rappelle", "form-quotation"),
        ("Les délais</h2>", "Les lenteurs</h2>", "form-markup"),
        ('href="/fr/a/"', 'href="/fr/b/"', "form-markup"),
        ("<p>Le groupe", "<p><b>Le</b> groupe", "form-markup"),
        ("des nouveaux arrivants", "de ces gens venus", "form-much"),
    ],
)
def test_a_change_of_one_text(old, new, why):
    assert old in TEXT
    assert why_not_text(TEXT, TEXT.replace(old, new)) == why


@pytest.mark.parametrize(
    ("old", "new"),
    [("het is niet waar", "het is waar"), ("zonder papieren", "met papieren"), ("it is not so", "it is so")],
)
def test_a_negation_is_one_in_dutch_and_english(old, new):
    rest = " en verder staat hier nog van alles over de wijk en de mensen die er al jaren wonen en werken"
    assert why_not_text(old + rest, new + rest) == "form-negation"


def row(**values) -> Shown:
    return Shown("page:1", "fr", "Page", values)


LONG = "un texte assez long pour que un seul mot changé y soit moins de un sur vingt, comme la règle le demande ici"


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ([row(intro=LONG)], [row(intro=LONG.replace("changé", "modifié"))], ""),
        ([row(title="Un titre court")], [row(title="Un titre bref")], "form-much"),
        ([row(slug="accueil")], [row(slug="acceuil")], "form-else"),
        ([row(date="2013-03-01")], [row(date="2013-03-02")], "form-else"),
        ([row(intro=LONG)], [row(intro=LONG), Shown("page:2", "nl", "P", {})], "form-rows"),
        ([row(intro=LONG), Shown("page:2", "nl", "P", {})], [row(intro=LONG)], "form-rows"),
        (
            [row(body=[{"number": 1, "type": "quotation", "text": LONG, "source": ""}])],
            [row(body=[{"number": 1, "type": "quotation", "text": LONG.replace("changé", "modifié"), "source": ""}])],
            "form-quotation",
        ),
        (
            [row(body=[{"number": 1, "type": "text", "html": LONG}])],
            [row(body=[{"number": 1, "type": "text", "html": LONG}, {"number": 2, "type": "text", "html": LONG}])],
            "form-else",
        ),
        ([row(body=[{"type": "image", "picture": 3}])], [row(body=[{"type": "image", "picture": 4}])], "form-else"),
    ],
)
def test_a_change_of_rows(before, after, why):
    assert why_not(before, after) == why
