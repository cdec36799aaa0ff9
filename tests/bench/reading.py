"""Reading the corpus of PDFs: pages a second, beside pdftotext (one process a file, as anyone would call it) and pdfminer.six.

Nobody recognises pictures here: pdftotext does not, so ours is told not to. A file that takes longer than SECONDS_A_FILE counts that
much on either side.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from pdfminer.high_level import extract_text

from search.extraction.limits import Limits
from search.extraction.pages import Extraction
from search.extraction.sandbox import Sandbox
from tests.bench.table import Row

SECONDS_A_FILE = 60.0
LIMITS = Limits(ocr=False, seconds=SECONDS_A_FILE)
SLOW_READER_FILES = 25  # pdfminer.six takes minutes for the whole corpus: the smaller files stand for it, ours on the same ones
AIM = "≤ 2 ×"

Progress = Callable[[str], None]


def rows(corpora: Path, progress: Progress) -> list[Row]:
    files = sorted((corpora / "pdf").glob("*.pdf"))
    if not files:
        return [Row("reading PDF", f"skipped: there is no PDF in {corpora / 'pdf'}")]
    progress(f"reading: {len(files)} PDF")
    with Sandbox(children=1) as sandbox:
        list(sandbox.read_many(files[:1], limits=LIMITS))  # the child is warm in the worker too
        seconds, pages, _read = read_all(sandbox, files)
        what, ours = f"reading {len(files)} PDF, {pages} pages", f"{pages / seconds:.0f} pages/s ({seconds:.1f} s)"
        if shutil.which("pdftotext"):
            progress("reading: pdftotext on the same")
            reference = with_pdftotext(files)
            found = [Row(what, ours, f"pdftotext {pages / reference:.0f} pages/s ({reference:.1f} s)", f"{seconds / reference:.2f} × its time", AIM)]
        else:
            found = [Row(what, ours, "skipped: pdftotext is not installed (poppler-utils)")]
        few = sorted(files, key=lambda path: path.stat().st_size)[:SLOW_READER_FILES]
        seconds, pages, read = read_all(sandbox, few)
    progress(f"reading: pdfminer.six on the {len(read)} smallest")
    slow = with_pdfminer(read)
    what, reference_words = f"reading {len(read)} small PDF, {pages} pages", f"pdfminer.six {pages / slow:.0f} pages/s ({slow:.1f} s)"
    return [*found, Row(what, f"{pages / seconds:.0f} pages/s ({seconds:.1f} s)", reference_words, f"{seconds / slow:.2f} × its time")]


def read_all(sandbox: Sandbox, files: list[Path]) -> tuple[float, int, list[Path]]:
    """Seconds, pages, and the files that could be read."""
    start, pages, read = time.perf_counter(), 0, []
    for path, outcome, _seconds in sandbox.read_many(files, limits=LIMITS):
        if isinstance(outcome, Extraction):
            pages += len(outcome.pages)
            read.append(path)
    return time.perf_counter() - start, pages, read


def with_pdftotext(files: list[Path]) -> float:
    start = time.perf_counter()
    for path in files:
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(["pdftotext", str(path), "-"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=SECONDS_A_FILE, check=False)
    return time.perf_counter() - start


def with_pdfminer(files: list[Path]) -> float:
    logging.getLogger("pdfminer").setLevel(logging.CRITICAL)
    start = time.perf_counter()
    for path in files:
        # A file that PDFium reads and pdfminer does not costs it the time it took to give up.
        with contextlib.suppress(Exception):
            extract_text(path)
    return time.perf_counter() - start
