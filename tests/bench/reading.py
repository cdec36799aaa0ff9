"""Reading the corpus of PDFs: pages a second, beside pdftotext (one process a file, as anyone would call it) and
pdfminer.six.

Nobody recognises pictures here: pdftotext does not, so ours is told not to. A file that takes longer than
SECONDS_A_FILE counts that much on either side.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pdfminer.high_level import extract_text

from search.extraction.child.sandbox import Sandbox
from search.extraction.limits import Limits
from search.extraction.pages import Extraction
from tests.bench.table import Row

SECONDS_A_FILE = 60.0
LIMITS = Limits(ocr=False, seconds=SECONDS_A_FILE)
SLOW_READER_FILES = (
    25  # pdfminer.six takes minutes for the whole corpus: the smaller files stand for it, ours on the same ones
)
AIM = "≤ 2 ×"

Progress = Callable[[str], None]


def rows(corpora: Path, progress: Progress) -> list[Row]:
    files = sorted((corpora / "pdf").glob("*.pdf"))
    if not files:
        return [Row("reading PDF", f"skipped: there is no PDF in {corpora / 'pdf'}")]
    progress(f"reading: {len(files)} PDF")
    with Sandbox(children=1) as sandbox:
        list(sandbox.read_many(files[:1], limits=LIMITS))  # the child is warm in the worker too
        ours = with_ours(sandbox, files)
        found = _beside_pdftotext(files, ours, progress)
        few = with_ours(sandbox, sorted(files, key=lambda path: path.stat().st_size)[:SLOW_READER_FILES])
    read = [path for path in few.seconds if path not in few.unread]
    progress(f"reading: pdfminer.six on the {len(read)} smallest")
    seconds, slow = sum(few.seconds[path] for path in read), sum(with_pdfminer(read).values())
    return [
        *found,
        Row(
            f"reading {len(read)} small PDF, {few.pages} pages",
            f"{few.pages / seconds:.0f} pages/s ({seconds:.1f} s)",
            f"pdfminer.six {few.pages / slow:.0f} pages/s ({slow:.1f} s)",
            f"{seconds / slow:.2f} × its time",
        ),
    ]


def _beside_pdftotext(files: list[Path], ours: Readings, progress: Progress) -> list[Row]:
    """The whole corpus, where the slowest files of either side weigh most, and the middle file,
    where they weigh nothing.
    """
    seconds = sum(ours.seconds.values())
    what, said = (
        f"reading {len(files)} PDF, {ours.pages} pages",
        f"{ours.pages / seconds:.0f} pages/s ({seconds:.1f} s)",
    )
    if not shutil.which("pdftotext"):
        return [Row(what, said, "skipped: pdftotext is not installed (poppler-utils)")]
    progress("reading: pdftotext on the same")
    theirs = with_pdftotext(files)
    reference = sum(theirs.values())
    middle = statistics.median(ours.seconds[path] / theirs[path] for path in files)
    return [
        Row(
            what,
            said,
            f"pdftotext {ours.pages / reference:.0f} pages/s ({reference:.1f} s)",
            f"{seconds / reference:.2f} × its time",
            AIM,
        ),
        Row(
            "… the middle file of them",
            f"{statistics.median(ours.seconds.values()) * 1000:.0f} ms",
            f"pdftotext {statistics.median(theirs.values()) * 1000:.0f} ms",
            f"{middle:.2f} × its time (middle ratio)",
        ),
    ]


@dataclass(frozen=True, slots=True)
class Readings:
    """Seconds a file, pages of all files, and the files that could not be read."""

    seconds: dict[Path, float]
    pages: int
    unread: frozenset[Path]


def with_ours(sandbox: Sandbox, files: list[Path]) -> Readings:
    seconds, pages, unread = {}, 0, set()
    for path, outcome, taken in sandbox.read_many(files, limits=LIMITS):
        seconds[path] = taken
        if isinstance(outcome, Extraction):
            pages += len(outcome.pages)
        else:
            unread.add(path)
    return Readings(seconds, pages, frozenset(unread))


def with_pdftotext(files: list[Path]) -> dict[Path, float]:
    def read(path: Path) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(
                ["pdftotext", str(path), "-"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=SECONDS_A_FILE,
                check=False,
            )

    return {path: _seconds(read, path) for path in files}


def with_pdfminer(files: list[Path]) -> dict[Path, float]:
    def read(path: Path) -> None:
        # A file that PDFium reads and pdfminer does not costs it the time it took to give up.
        with contextlib.suppress(Exception):
            extract_text(path)

    logging.getLogger("pdfminer").setLevel(logging.CRITICAL)
    return {path: _seconds(read, path) for path in files}


def _seconds(read: Callable[[Path], None], path: Path) -> float:
    start = time.perf_counter()
    read(path)
    return time.perf_counter() - start
