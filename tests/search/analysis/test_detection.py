"""Telling fr, nl and en apart, paragraph by paragraph."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.analysis import detection
from search.analysis.detection import TABLE, detect, spans, spans_of_document
from search.entries import LanguageSpan

CORPORA = Path(__file__).parents[4] / "shared" / "corpora" / "ir"
FRENCH = "Le logement est cher à Schaerbeek et les loyers montent chaque année."
DUTCH = "Huisvesting is duur in Schaarbeek en de huurprijzen stijgen elk jaar."
ENGLISH = "Housing is expensive in Schaerbeek and rents go up every year."


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (FRENCH, "fr"),
        (DUTCH, "nl"),
        (ENGLISH, "en"),
        ("Recommandations politiques", "fr"),
        ("Aanbevelingen", "nl"),
        ("Housing policy", "en"),
        ("", ""),
        ("12 34 — 2012", ""),
        ("العربية", ""),
    ],
)
def test_the_language_of_a_text(text, language):
    assert detect(text) == language


@pytest.mark.parametrize("between", ["\n", "\n\n", "\n \n"], ids=["lines", "paragraphs", "blank line with a space"])
def test_a_dutch_column_beside_a_french_one_is_found_in_both(between):
    text = f"{FRENCH}\n{FRENCH}{between}{DUTCH}\n{DUTCH}"
    found = spans(text, "fr")
    assert [span.language for span in found] == ["fr", "nl"]
    assert text[found[1].start :].startswith("Huisvesting")


def test_a_foreign_name_changes_nothing():
    text = f"{FRENCH}\nHuis van het Nederlands\n{FRENCH}"
    assert [span.language for span in spans(text, "fr")] == ["fr"]


@pytest.mark.parametrize("default", ["fr", "nl", "en"])
def test_what_does_not_say_takes_the_default(default):
    for text in ("2012", "Schaerbeek", "—\n\n12"):
        assert [span.language for span in spans(text, default)] == [default]


@given(st.text(), st.sampled_from(["fr", "nl", "en", ""]))
def test_spans_cover_the_text_in_order(text, default):
    found = spans(text, default)
    assert "".join(text[span.start : span.end] for span in found) == text
    assert all(left.language != right.language for left, right in pairwise(found))


def test_the_table_is_small_and_names_its_source():
    assert TABLE.stat().st_size < 60_000
    assert "BSD-3-Clause" in TABLE.read_text(encoding="utf-8")[:400]


@pytest.mark.skipif(
    not CORPORA.is_dir(), reason="the development collections are not beside the project (../shared/corpora)"
)
@pytest.mark.parametrize(
    ("collection", "language", "share"),
    # Six of the hundred paragraphs of the French FAQ are in English.
    [
        ("cnil_fr", "fr", 0.99),
        ("debian_faq_fr", "fr", 0.92),
        ("debian_faq_nl", "nl", 0.97),
        ("debian_faq_en", "en", 0.99),
    ],
)
def test_paragraphs_of_real_texts_are_told_apart(collection, language, share):
    with open(CORPORA / collection / "docs.jsonl", encoding="utf-8") as file:
        texts = [json.loads(line)["text"] for line in file]
    paragraphs = [line for text in texts[:150] for line in text.splitlines() if len(line) >= 40 and line.count("/") < 3]
    assert sum(detect(paragraph) == language for paragraph in paragraphs) >= share * len(paragraphs)


# A whole document


def test_the_texts_of_a_document_are_told_one_by_one():
    texts = ["Le locataire habite la maison.\n\nDe huurder woont in het huis.", "", "\n\n", "The tenant lives here."]
    for default in ("", "fr"):
        assert list(spans_of_document(texts, default)) == [spans(text, default) for text in texts]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\u2028", "\x85"])
def test_of_lines_without_end_a_fixed_number_is_looked_at(monkeypatch, end):
    looked_at = []
    monkeypatch.setattr(detection, "_worth_of_line", lambda line: looked_at.append(line) or (0.0, 0.0, 0.0))
    texts = [f"a{end}" * 1_000, f"b{end}" * 1_000, "c"]
    found = list(spans_of_document(texts, "nl", most_lines=1_200))
    assert len(looked_at) == 1_200
    assert found == [(LanguageSpan(0, len(text), "nl"),) for text in texts[:1]] + [
        (LanguageSpan(0, 200 * len(f"b{end}"), "nl"), LanguageSpan(200 * len(f"b{end}"), len(texts[1]), "nl")),
        (LanguageSpan(0, 1, "nl"),),
    ]


def test_what_comes_after_the_bound_takes_the_language_before_it_where_nothing_else_is_said():
    french = "Le locataire habite la maison et paie le loyer.\n"
    first, second = spans_of_document([french * 3, "Onbekend"], "", most=len(french))
    assert {span.language for span in (*first, *second)} == {"fr"}
    assert (first[-1].end, second[-1].end) == (len(french) * 3, 8)
