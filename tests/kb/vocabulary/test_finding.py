"""Concepts as the search offers and names them."""

from __future__ import annotations

import pytest

from kb.vocabulary.finding import suggest_concepts, theme_labels, theme_names
from kb.vocabulary.models import AltLabel, Concept

pytestmark = pytest.mark.django_db


@pytest.fixture
def housing() -> Concept:
    theme = Concept.objects.create(code="housing", label_fr="Logement", label_nl="Huisvesting", label_en="Housing")
    deposit = Concept.objects.create(
        code="deposit", label_fr="garantie locative", label_nl="huurwaarborg", label_en="rental deposit", broader=theme
    )
    AltLabel.objects.create(concept=deposit, language="nl", text="waarborgsom")
    return theme


@pytest.mark.parametrize(
    ("typed", "language", "expected"),
    [
        ("loge", "fr", ["Logement"]),
        ("huur", "fr", ["garantie locative"]),
        ("waarb", "nl", ["huurwaarborg"]),
        ("deposit", "en", ["rental deposit"]),
        ("loc", "fr", ["garantie locative"]),
        ("x", "fr", []),
        ("zzz", "fr", []),
        ("%", "fr", []),
    ],
)
def test_a_concept_is_offered_by_the_beginning_of_a_word_in_any_language(housing, typed, language, expected):
    found = suggest_concepts(typed, audiences=frozenset({"public"}), language=language, count=4)

    assert [one.text for one in found] == expected


def test_a_theme_leads_to_its_documents(housing):
    [one] = suggest_concepts("logem", audiences=frozenset(), language="fr", count=4)

    assert one.url == "/fr/chercher/?theme=housing"


def test_themes_have_names_in_each_language(housing):
    assert theme_labels(["housing", "gone"], "nl") == {"housing": "Huisvesting"}
    assert ("Logement", "housing") in theme_names() and ("Housing", "housing") in theme_names()
    assert all(code == "housing" for _label, code in theme_names())
