"""A summary is the document's own, or there is none."""

from __future__ import annotations

import pytest

from kb.library.drafting.lines.summaries import LONGEST, summary_of
from tests.kb.library.drafting.builders import BODY, text


@pytest.mark.parametrize(
    ("language", "heading"),
    [
        ("fr", "Résumé"),
        ("nl", "Samenvatting"),
        ("en", "Abstract"),
        ("en", "1. Executive summary"),
        ("nl", "In het kort"),
    ],
)
def test_the_paragraph_after_its_heading_is_the_summary_in_its_language(language, heading):
    first = BODY[language][:120]
    found = summary_of(text("Le bail", f"{heading}\n\n{first}\n\nUn autre paragraphe.", language=language))
    assert (found.value, found.where, found.page) == ({language: " ".join(first.split())}, "page", 2)


def test_a_long_one_ends_with_a_sentence():
    found = summary_of(text(f"Résumé\n{BODY['fr'] * 4}"))
    assert len(found.value["fr"]) <= LONGEST and found.value["fr"].endswith(".")


@pytest.mark.parametrize(
    "page",
    [
        "Résumé\t3\nIntroduction\t5",
        "Samenvatting ........ 3\nInleiding ........ 5",
        "Résumé\n\nvoir page 3",
        f"En résumé, on a vu ceci. {BODY['fr']}",
        BODY["fr"],
    ],
)
def test_nothing_else_is_taken_for_one(page):
    assert summary_of(text(page)) is None
