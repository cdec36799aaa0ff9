"""Recognising the text of a picture with tesseract, where it is installed: French, Dutch and English, whichever of them it knows."""

from __future__ import annotations

import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

from search.extraction.layout import Piece, clean_word

LANGUAGES = ("fra", "nld", "eng")
_MIN_CONFIDENCE = 30


class Unreadable(Exception):
    """tesseract failed or took too long; the message says which."""


@functools.cache
def languages() -> tuple[str, ...]:
    """The languages of ours that tesseract knows here; () without tesseract."""
    program = shutil.which("tesseract")
    if not program:
        return ()
    try:
        listed = subprocess.run([program, "--list-langs"], capture_output=True, text=True, timeout=20, check=False).stdout.split()
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return tuple(code for code in LANGUAGES if code in listed)


def available() -> bool:
    """tesseract is installed with at least one of our languages."""
    return bool(languages())


def read_picture(picture, *, scale: float, timeout_s: float) -> list[Piece]:
    """The words of a PIL image in tesseract's reading order, edges divided by `scale` (pixels a point). About 3 seconds a page.

    Raises Unreadable.
    """
    with tempfile.TemporaryDirectory(prefix="ocr-") as folder:
        source = Path(folder) / "page.png"
        picture.convert("L").save(source, compress_level=1)
        command = ["tesseract", str(source), "stdout", "-l", "+".join(languages()), "--dpi", str(round(scale * 72)), "--psm", "3", "tsv"]
        try:
            done = subprocess.run(
                command, capture_output=True, timeout=timeout_s, check=False, env={"PATH": "/usr/local/bin:/usr/bin:/bin", "OMP_THREAD_LIMIT": "1"}
            )
        except subprocess.TimeoutExpired as error:
            raise Unreadable(f"longer than {timeout_s:.0f} seconds") from error
        except OSError as error:
            raise Unreadable(str(error)) from error
    if done.returncode:
        raise Unreadable(done.stderr.decode("utf-8", "replace").strip()[:200] or f"tesseract ended with {done.returncode}")
    return list(_pieces(done.stdout.decode("utf-8", "replace"), scale))


def _pieces(table: str, scale: float) -> list[Piece]:
    """Words of tesseract's TSV: level 5 is a word, level 4 the line it stands on, whose height the words take over so that lines hold together."""
    pieces: list[Piece] = []
    top = bottom = 0.0
    for row in table.splitlines()[1:]:
        cells = row.split("\t")
        if len(cells) < 12:
            continue
        left, above, width, height = (int(cell) / scale for cell in cells[6:10])
        if cells[0] == "4":
            top, bottom = above, above + height
        word = clean_word(cells[11].strip())
        if cells[0] == "5" and word and float(cells[10]) >= _MIN_CONFIDENCE:
            pieces.append(Piece(word, left, min(top, above), left + width, max(bottom, above + height)))
    return pieces
