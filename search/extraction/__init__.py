"""Reading files: `extract` gives the text of any file that is read here, page by page, from a limited child process; `sniff` says what it is.

Which formats are read is in `reading`, how the child is limited in `sandbox`, what goes wrong in `errors`, what comes out in `pages`.
"""

from __future__ import annotations

import re
from pathlib import Path

from search.extraction.errors import BrokenFile, EncryptedFile, ExtractionError, TimedOut, TooLarge, Unsupported
from search.extraction.limits import Limits
from search.extraction.pages import ExtractedPage, Extraction
from search.extraction.sandbox import Sandbox, shared_sandbox
from search.extraction.sniffing import sniff

__all__ = [
    "BrokenFile",
    "EncryptedFile",
    "ExtractedPage",
    "Extraction",
    "ExtractionError",
    "Limits",
    "Sandbox",
    "TimedOut",
    "TooLarge",
    "Unsupported",
    "extract",
    "is_scan",
    "shared_sandbox",
    "sniff",
]

# Fewer letters and digits a page than this, on average, are stamps, page numbers and file names on pictures of pages.
SCAN_SIGNS_A_PAGE = 16
_SIGN = re.compile(r"[^\W_]")


def extract(path: Path | str, media_type: str | None = None, *, limits: Limits | None = None) -> Extraction:
    """What a file says, read in a child process of `shared_sandbox`; media_type is found from the content when it is not given.

    Raises EncryptedFile, BrokenFile (also when its reader crashed or ran out of memory), TooLarge, Unsupported, TimedOut.
    """
    return shared_sandbox().read(path, media_type, limits=limits)


def is_scan(extraction: Extraction) -> bool:
    """Its pages are pictures that were not recognised: fewer than SCAN_SIGNS_A_PAGE letters and digits a page on average.

    A short document is no scan: one page with a heading of three words is read as long as it has any letter outside pictures,
    so the rule for documents of one or two pages is "no letters at all on most pages".
    """
    if not extraction.paged or not extraction.pages:
        return False
    signs = [len(_SIGN.findall(page.text)) for page in extraction.pages]
    if len(signs) <= 2:
        return sum(signs) == 0
    return sum(signs) / len(signs) < SCAN_SIGNS_A_PAGE
