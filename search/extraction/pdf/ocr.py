"""Recognising the text of a picture with tesseract, where it is installed: French, Dutch and English,
whichever of them it knows.
"""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

from search.extraction.confining import programs
from search.extraction.layout import Piece, clean_word

_MIN_CONFIDENCE = 30


class Unreadable(Exception):
    """tesseract failed or took too long; the message says which."""


@functools.cache
def languages() -> tuple[str, ...]:
    """The languages of ours that tesseract knows here; () without tesseract."""
    return programs.languages()


def available() -> bool:
    """tesseract is installed with at least one of our languages."""
    return bool(languages())


def read_picture(picture, *, scale: float, timeout_s: float) -> list[Piece]:
    """The words of a PIL image in tesseract's reading order, edges divided by `scale` (pixels a point). About 3 seconds
    a page.

    Raises Unreadable.
    """
    with tempfile.TemporaryDirectory(prefix="ocr-") as folder:
        picture.convert("L").save(Path(folder) / programs.PICTURE, compress_level=1)
        outcome = programs.recognise(Path(folder), dpi=round(scale * 72), known=languages(), timeout_s=timeout_s)
    if outcome.took_too_long:
        raise Unreadable(f"longer than {timeout_s:.0f} seconds")
    if outcome.code:
        raise Unreadable(
            outcome.complained.decode("utf-8", "replace").strip()[:200] or f"tesseract ended with {outcome.code}"
        )
    return list(_pieces(outcome.said.decode("utf-8", "replace"), scale))


def _pieces(table: str, scale: float) -> list[Piece]:
    """Words of tesseract's TSV: level 5 is a word, level 4 the line it stands on, whose height the words take over so
    that lines hold together.
    """
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
