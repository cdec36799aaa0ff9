"""The measuring itself: that it measures what it says, on a library of 200 pages.

No time is asserted: machines differ.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench import wording
from tests.bench.table import Row, Times, printed, timed
from tests.search.extraction.builders import write_pdf

ROOT = Path(__file__).resolve().parents[2]
EXPECTED = [
    "reading 2 PDF, 3 pages",
    "reading 2 small PDF, 3 pages",
    "indexing 200 pages of",
    "engine given ready tokens",
    "indexing, beside Wagtail's database search",
    *(
        f"engine alone, {kind}, {reader}"
        for kind in ("1 word", "2 words", "4 words", "2 common words")
        for reader in ("anonymous", "a member")
    ),
    "the site's plain page over HTTP",
    "newsletter, 30 subscribers",
    *(
        f"results page over HTTP, {kind}"
        for kind in ("1 word", "2 words", "4 words", "2 common words", "all questions")
    ),
]


def test_the_table_has_a_line_for_each_row_and_columns_that_stand_under_one_another():
    lines = printed(
        [
            Row("reading", "10 pages/s"),
            Row("searching", "1.0 / 2.0 ms", "plain page 2.0 / 3.0 ms", "0.50 × its median", "< 3 ×"),
        ]
    ).splitlines()
    assert [cell.strip() for cell in lines[0].split("|")[1:-1]] == [
        "what",
        "ours",
        "reference",
        "ours / reference",
        "aim",
    ]
    assert set(lines[1]) == {"|", "-"}
    assert [cell.strip() for cell in lines[2].split("|")[1:-1]] == ["reading", "10 pages/s", "", "", ""]
    assert {tuple(place for place, sign in enumerate(line) if sign == "|") for line in lines} == {
        tuple(place for place, sign in enumerate(lines[0]) if sign == "|")
    }


def test_times_are_of_every_question_and_none_of_the_warm_up():
    asked = []
    times = timed(asked.append, ["a", "b", "c"], warm_up=2)
    assert asked == ["a", "b", "a", "b", "c"]
    assert 0 <= times.median <= times.p95
    assert str(Times(1.234, 5.678)) == "1.2 / 5.7 ms"


def test_the_same_seed_writes_the_same_library_and_another_seed_another_one():
    first, again, other = (list(wording.documents(60, seed=seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_the_library_has_the_pages_asked_for_in_three_languages_and_every_sign_has_a_language():
    found = list(wording.documents(1500))
    pages = [page for document in found for page in document.pages]
    assert len(pages) == 1500
    assert {document.language for document in found} == {"fr", "nl", "en"}
    assert max(len(document.pages) for document in found) <= wording.LONGEST_DOCUMENT
    for page in pages:
        ends = [0, *(end for _, end, _ in page.spans)]
        assert [start for start, _, _ in page.spans] == ends[:-1]
        assert ends[-1] == len(page.text)
    assert any(len({language for *_, language in page.spans}) == 2 for page in pages)


def test_rare_dutch_words_are_compounds_of_real_ones():
    real = set(wording.content_words("nl"))
    assert all(any(word[:cut] in real for cut in range(4, len(word))) for word in wording.tail("nl")[:200])


@pytest.mark.parametrize(("kind", "words"), [("1 word", 1), ("2 words", 2), ("4 words", 4), ("2 common words", 2)])
def test_questions_have_the_words_their_kind_says_in_each_language(kind, words):
    asked = wording.questions(kind, 5)
    assert asked == wording.questions(kind, 5)
    assert {len(text.split()) for text, _ in asked} == {words}
    assert sorted(language for _, language in asked) == ["en"] * 5 + ["fr"] * 5 + ["nl"] * 5


def test_every_row_is_measured_on_a_miniature_library(tmp_path, migrated_database):
    if migrated_database is None:
        pytest.skip("the library to measure is kept in SQLite")
    (tmp_path / "corpora" / "pdf").mkdir(parents=True)
    write_pdf(tmp_path / "corpora" / "pdf" / "a.pdf", "Le logement social à Schaerbeek.")
    write_pdf(tmp_path / "corpora" / "pdf" / "b.pdf", "De huurwaarborg. #pagebreak() Het onthaal.")
    (tmp_path / "var" / "bench").mkdir(parents=True)
    shutil.copyfile(migrated_database.template, tmp_path / "var" / "bench" / "db.sqlite3")

    sizes = ["--pages", "200", "--questions", "1", "--subscribers", "30"]
    command = [sys.executable, "-m", "tests.bench", *sizes, "--corpora", str(tmp_path / "corpora")]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.bench.settings", "CASS_VAR": str(tmp_path / "var")}
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert ran.returncode == 0, ran.stderr

    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in ran.stdout.splitlines()[2:]]
    for expected in EXPECTED:
        found = [row for row in rows if row[0].startswith(expected)]
        assert found, f"no row “{expected}” in\n{ran.stdout}"
        what, ours, reference, *_ = found[0]
        assert re.search(r"\d", ours) and "skipped" not in ours, what
        assert re.search(r"\d", reference) or (what.startswith("reading") and not shutil.which("pdftotext")), what
    assert "kept from an earlier run" not in ran.stderr
