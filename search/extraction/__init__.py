"""Reading files: `extract` gives the text of any file that is read here, page by page, from a limited child process;
`family_of` asks a few bytes.

Which formats are read is in `reading`, how the child is limited in `sandbox`, what goes wrong in `errors`, what comes
out in `pages`.
"""

from __future__ import annotations

import re
from pathlib import Path

from search.extraction.child.sandbox import Sandbox, confinement_here, settle, shared_sandbox
from search.extraction.confining.confinement import hide_process
from search.extraction.errors import (
    BrokenFile,
    EncryptedFile,
    ExtractionError,
    TimedOut,
    TooLarge,
    Unconfined,
    Unsupported,
)
from search.extraction.families import HEAD_BYTES, Family, family_of, is_program_name
from search.extraction.html import sections_of
from search.extraction.limits import Limits
from search.extraction.pages import ExtractedPage, Extraction, WordBox, unpack_boxes
from search.extraction.pdf.ocr import available as can_recognise
from search.extraction.plain import decode

__all__ = [
    "HEAD_BYTES",
    "BrokenFile",
    "EncryptedFile",
    "ExtractedPage",
    "Extraction",
    "ExtractionError",
    "Family",
    "Limits",
    "Sandbox",
    "TimedOut",
    "TooLarge",
    "Unconfined",
    "Unsupported",
    "WordBox",
    "can_recognise",
    "confinement_here",
    "decode",
    "extract",
    "family_of",
    "has_few_letters",
    "hide_process",
    "is_program_name",
    "is_scan",
    "sections_of",
    "settle",
    "shared_sandbox",
    "unpack_boxes",
]

# A page with fewer letters is silent: a page number or a stamp on a picture of a page.
_SILENT_BELOW = 4
# A document whose pages have fewer letters on average, and are mostly silent, is a scan: a heading page among full
# pages makes none.
_SCAN_BELOW = 16
_LOOKED_AT = 100_000  # characters of a page whose letters are counted: one with as many is no picture
_SIGN = re.compile(r"[^\W_]")
_LETTER = re.compile(r"[^\W\d_]")


def extract(path: Path | str, media_type: str | None = None, *, limits: Limits | None = None) -> Extraction:
    """What a file says, read in a child process of `shared_sandbox`; media_type is found from the content when it is
    not given.

    Raises EncryptedFile, BrokenFile (also when its reader crashed or ran out of memory), TooLarge, Unsupported,
    TimedOut.
    """
    return shared_sandbox().read(path, media_type, limits=limits)


def has_few_letters(page: ExtractedPage) -> bool:
    """True if the page has under 16 letters or digits, so OCR is worth trying."""
    return len(_SIGN.findall(page.text[:1000])) < _SCAN_BELOW


def is_scan(extraction: Extraction) -> bool:
    """True if its pages are pictures that were not recognised: most have fewer than 4 letters, and all together
    fewer than 16 per page.

    Of a format without pages: true if there is not one letter or digit.
    """
    if not extraction.paged:
        return not any(_SIGN.search(page.text) for page in extraction.pages)
    letters = [len(_LETTER.findall(page.text[:_LOOKED_AT])) for page in extraction.pages]
    silent = sum(count < _SILENT_BELOW for count in letters)
    return silent * 2 > len(letters) and sum(letters) < _SCAN_BELOW * len(letters)
