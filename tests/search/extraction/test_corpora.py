"""Real files from outside: each gets its state, and the words that another program finds are found."""

from __future__ import annotations

import re
import shutil
import subprocess
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from search.extraction import ExtractionError, Limits, Sandbox, is_scan

CORPORA = Path(__file__).resolve().parents[4] / "shared" / "corpora"
pytestmark = pytest.mark.skipif(not CORPORA.is_dir(), reason="the corpora are not beside the project")

PDF_STATES = {
    "378014596-c35229.pdf": "broken",  # fuzzed: no page can be loaded, pdftotext finds none either
    "testPDF_no_extract_yes_accessibility_owner_user-a54342.pdf": "encrypted",
    "Embedded_font-65bda9.pdf": "scan",  # one sign of a font without a table
    "bug1743245-6b7665.pdf": "scan",
    "firefox_logo-e982a5.pdf": "scan",
    "issue13003-066b62.pdf": "scan",
    "form_two_pages-059a07.pdf": "scan",  # empty form, two page numbers
}
SPARSE = {
    "issue13147-04250b.pdf",
    "issue4650-02cf65.pdf",
    "issue11477_reduced-dc65dd.pdf",
}  # pictures with a dozen signs: either state is true
# Less than 97 of 100 of pdftotext's words, and why.
FEWER_WORDS = {
    "TAMReview-aea1e3.pdf": 0.5,  # fonts without meaning: both find garbage, tesseract reads it
    "issue12705-f72263.pdf": 0.3,  # six words; digits beside Hebrew without a space
    "habibi-rotated-4cc321.pdf": 0.7,  # twelve words, the same line turned four ways
    "issue14862-31f919.pdf": 0.8,  # eight words; the caption of a button is no text
    "pdffill-demo-6dafd8.pdf": 0.96,  # words pdftotext cuts in pieces
}


def words(text: str) -> Counter[str]:
    joined = re.sub("[-\u2010\u00ad]\n", "", unicodedata.normalize("NFKC", text).lower())
    return Counter(re.findall(r"[^\W_]{2,}", joined))


def state_of(result: object) -> str:
    return result.state if isinstance(result, ExtractionError) else "scan" if is_scan(result) else "read"


def test_every_pdf_has_its_state_and_the_words_that_pdftotext_finds() -> None:
    wrong, poor = {}, {}
    with Sandbox(children=1) as box:
        for path, result, seconds in box.read_many(sorted((CORPORA / "pdf").glob("*.pdf")), limits=Limits(ocr=False)):
            state = state_of(result)
            if state != PDF_STATES.get(path.name, "read") and path.name not in SPARSE:
                wrong[path.name] = state
            assert seconds < 180
            if state == "read" and shutil.which("pdftotext"):
                theirs = words(
                    subprocess.run(["pdftotext", path, "-"], capture_output=True, check=False).stdout.decode(
                        "utf-8", "replace"
                    )
                )
                ours = words("\n".join(page.text for page in result.pages))
                share = (theirs & ours).total() / (theirs.total() or 1)
                if theirs and share < FEWER_WORDS.get(path.name, 0.97):
                    poor[path.name] = round(share, 3)
    assert (wrong, poor) == ({}, {})


def test_every_office_file_has_its_state() -> None:
    found: dict[str, Counter[str]] = {}
    with Sandbox(children=1) as box:
        for path, result, _ in box.read_many(sorted((CORPORA / "office").iterdir()), limits=Limits(ocr=False)):
            found.setdefault(path.suffix, Counter())[state_of(result)] += 1
    assert not any(
        state in ("broken", "waiting", "encrypted", "too_large") for states in found.values() for state in states
    )
    assert all(
        set(found[suffix]) <= {"read", "scan"}
        for suffix in (".odt", ".ods", ".odp", ".pptx", ".xlsx", ".epub", ".rtf", ".csv", ".txt")
    )


def test_no_mail_ends_its_reader() -> None:
    with Sandbox(children=1) as box:
        states = Counter(
            state_of(result)
            for _, result, _ in box.read_many(sorted((CORPORA / "mail").iterdir()), limits=Limits(ocr=False))
        )
    assert set(states) <= {"read", "scan", "unsupported"}
    assert states["read"] > 100
