"""A shelf of real documents is imported and its notices are laid beside what a person reads on the first pages
(`shelf.tsv`): a line is right, or marked to verify, or wrong and nobody is told. Of the last there is none.

`title date creators` of the table are empty where the document shows none; several creators stand between semicolons.
"""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from kb.library.drafting.documents import words_of
from kb.library.models import ImportedDocument, Reference
from tests.kb.library import builders as make

CORPORA = Path(__file__).resolve().parents[4] / "shared" / "corpora"
SHELF = Path(__file__).with_name("shelf.tsv")
FIELDS = {"title": "title", "date_text": "date", "creators": "creators"}
A_HANDFUL = (
    "160F",
    "20210629",
    "bibleref",
    "issue10640",
    "pdflatex-image",
    "test-157164",
    "us-021",
    "x509-pinning-1.08",
)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not CORPORA.is_dir(), reason="the shared corpora are not here"),
]


def truths() -> dict[str, dict[str, str]]:
    with SHELF.open(encoding="utf-8", newline="") as file:
        return {row["file"]: row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}


def shelf(folder: Path, *, begins: tuple[str, ...] = ("",), kinds: tuple[str, ...] = ("pdf", "office")) -> Path:
    """Copies of the documents of these kinds whose names begin so."""
    for path in truths():
        kind, _, name = path.partition("/")
        if kind in kinds and name.startswith(begins):
            (folder / kind).mkdir(exist_ok=True)
            shutil.copyfile(CORPORA / path, folder / path)
    return folder


def judged(folder: Path) -> dict[str, dict[str, str]]:
    """{path: {field: "right", "to verify" or "wrong"}} of what an import makes of a folder."""
    make.body("PA")
    call_command("import_folder", str(folder), "--group", "PA", stdout=StringIO(), stderr=StringIO())
    known = truths()
    return {
        one.path: {field: verdict(one.reference, field, known[one.path][column]) for field, column in FIELDS.items()}
        for one in ImportedDocument.objects.select_related("reference")
    }


def verdict(reference: Reference, field: str, truth: str) -> str:
    if reference.to_verify.filter(field=field).exists():
        return "to verify"
    return "right" if _agree(reference, field, truth) else "wrong"


def _agree(reference: Reference, field: str, truth: str) -> bool:
    if field == "date_text":
        return truth.startswith(reference.date_text) and bool(truth) == bool(reference.date_text)
    if field == "creators":
        names = [sorted(words_of(one.name).split()) for one in reference.creators.all()]
        return sorted(names) == sorted(sorted(words_of(name).split()) for name in truth.split(";") if name)
    return words_of(truth).replace(" ", "") in {
        words_of(text).replace(" ", "") for text in (reference.title, f"{reference.title} {reference.subtitle}")
    }


def counts(found: dict[str, dict[str, str]]) -> dict[str, Counter[str]]:
    return {field: Counter(verdicts[field] for verdicts in found.values()) for field in FIELDS}


def wrong(found: dict[str, dict[str, str]]) -> list[tuple[str, str]]:
    return [(path, field) for path, verdicts in found.items() for field in FIELDS if verdicts[field] == "wrong"]


def test_of_a_handful_of_real_documents_nothing_is_wrong_and_not_marked(tmp_path):
    found = judged(shelf(tmp_path, begins=A_HANDFUL))

    assert wrong(found) == []
    assert len(found) == len(A_HANDFUL)
    assert counts(found)["title"]["right"] >= 4
    for one in Reference.objects.filter(language=""):
        assert one.to_verify.filter(field="language").exists()
    for one in Reference.objects.filter(type=""):
        assert one.to_verify.filter(field="type").exists()


@pytest.mark.drill
@pytest.mark.parametrize(
    ("kind", "least"),
    [
        ("pdf", {"title": 35, "date_text": 29, "creators": 23}),
        ("office", {"title": 14, "date_text": 6, "creators": 6}),
    ],
)
def test_of_the_whole_shelf_nothing_is_wrong_and_not_marked(tmp_path, kind, least):
    found = judged(shelf(tmp_path, kinds=(kind,)))
    counted = counts(found)
    print(kind, len(found), counted)

    assert wrong(found) == []
    assert {field: counted[field]["right"] >= number for field, number in least.items()} == dict.fromkeys(least, True)
