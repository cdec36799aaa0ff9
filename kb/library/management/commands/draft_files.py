"""What would be proposed for files on disk, without the database: a line of JSON for each,
to look at and to measure.
"""

from __future__ import annotations

import json
from pathlib import Path

from django.core.management.base import BaseCommand

from kb.files.reading.loose_files import Reading, read_paths
from kb.library.drafting.composing import Known, lines_of_document
from kb.library.drafting.documents import HEAD, Document, Page
from search.analysis import spans
from search.extraction import Extraction, Limits


class Command(BaseCommand):
    help = "Drafts a notice for each file and prints it as a line of JSON; nothing is kept."
    requires_system_checks = ()

    def add_arguments(self, parser) -> None:
        parser.add_argument("files", nargs="+", type=Path)

    def handle(self, *, files: list[Path], **options) -> None:
        for path, reading in read_paths(files, limits=Limits(ocr=False)):
            found = lines_of_document(document_of_reading(path.name, reading), Known())
            lines = {name: line.as_json() for name, line in found.items()}
            self.stdout.write(
                json.dumps({"file": path.name, "state": reading.state, "draft": lines}, ensure_ascii=False)
            )


def document_of_reading(name: str, reading: Reading) -> Document:
    """A reading as a document to draft from; what could not be read has only its name."""
    if reading.extraction is None:
        return Document(name=name, media_type=reading.media_type)
    extraction = reading.extraction
    pages = tuple(_pages(extraction, reading.languages[0] if reading.languages else ""))
    said = {key: getattr(extraction, key) for key in ("title", "author", "date", "language", "publisher")}
    return Document(
        name=name,
        media_type=reading.media_type,
        is_paged=extraction.paged,
        page_count=len(pages),
        languages=reading.languages,
        properties={key: value for key, value in said.items() if value},
        head=pages[:HEAD],
        last=pages[-1] if len(pages) > HEAD else None,
        pages=lambda: pages,
    )


def _pages(extraction: Extraction, language: str) -> list[Page]:
    return [
        Page(
            number=page.number,
            text=page.text,
            label=page.label,
            spans=[(span.start, span.end, span.language) for span in spans(page.text, language)],
            boxes=page.boxes,
            height=page.height,
        )
        for page in extraction.pages
    ]
