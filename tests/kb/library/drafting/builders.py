"""Documents as drafting sees them: really read from a PDF of typst source or from text, without the database."""

from __future__ import annotations

from pathlib import Path

import typst

from kb.files.reading.loose_files import read_path
from kb.library.drafting.documents import Document, Page
from kb.library.management.commands.draft_files import document_of_reading
from search.extraction import Limits

BODY = {
    "fr": (
        "La garantie locative est demandée par le propriétaire au début du bail et reste "
        "bloquée sur un compte au nom du locataire. "
    )
    * 6,
    "nl": (
        "De huurwaarborg wordt gevraagd door de eigenaar bij het begin van de huur en blijft "
        "geblokkeerd op een rekening van de huurder. "
    )
    * 6,
    "en": (
        "The rental deposit is asked by the landlord at the beginning of the lease and stays "
        "on an account in the name of the tenant. "
    )
    * 6,
}
PLAIN_PAGE = "#set page(width: 14cm, height: 20cm)\n#set text(size: 10pt)\n"


def read(path: Path, content: bytes) -> Document:
    path.write_bytes(content)
    return document_of_reading(path.name, read_path(path, limits=Limits(ocr=False)))


def pdf(folder: Path, source: str, *, name: str = "document.pdf") -> Document:
    """A PDF of typst source on small pages in letters of 10 points."""
    return read(folder / name, typst.compile((PLAIN_PAGE + source).encode()))


def text(*pages: str, language: str = "fr", is_paged: bool = True, **values) -> Document:
    """Pages of text without boxes, in one language."""
    made = tuple(Page(number, page, spans=((0, len(page), language),)) for number, page in enumerate(pages, start=1))
    values = {"media_type": "application/pdf", "languages": (language,), "page_count": len(made), **values}
    return Document(
        head=made[:6], last=made[-1] if len(made) > 6 else None, pages=lambda: made, is_paged=is_paged, **values
    )
