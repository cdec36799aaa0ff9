"""What files on disk say, without putting them in: a JSON line per file. The keys are a contract."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from kb.files.reading.loose_files import Reading, read_paths
from search.extraction import Limits


class Command(BaseCommand):
    help = (
        "Reads files and prints one JSON line for each: path state media_type pages languages "
        "characters seconds reason (and text with --text)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="+", metavar="PATH", help="A file, or a folder that is walked.")
        parser.add_argument("--text", action="store_true", help="Add the text: a list, one string a page or section.")
        parser.add_argument("--no-ocr", action="store_true", help="Do not recognise pages without text.")

    def handle(self, *args: Any, **options: Any) -> None:
        limits = Limits(file_bytes=getattr(settings, "FILES_MAX_BYTES", Limits().file_bytes), ocr=not options["no_ocr"])
        for path, reading in read_paths(_files(options["paths"]), limits=limits):
            # ASCII, so that a name that is no UTF-8 can be printed too.
            self.stdout.write(json.dumps(_line(path, reading, text=options["text"])))


def _files(paths: list[str]) -> Iterator[Path]:
    """Files as they are given, folders as the sorted files in them; what does not exist stays, to get its line.

    Links to folders are not followed.
    """
    for given in map(Path, paths):
        if not given.is_dir():
            yield given
            continue
        for folder, folders, names in os.walk(given):
            folders.sort()
            yield from (Path(folder, name) for name in sorted(names))


def _line(path: Path, reading: Reading, *, text: bool) -> dict[str, Any]:
    extraction = reading.extraction
    pages = extraction.pages if extraction else ()
    line: dict[str, Any] = {
        "path": str(path),
        "state": reading.state,
        "media_type": reading.media_type,
        "pages": len(pages),
        "languages": list(reading.languages),
        "characters": sum(len(page.text) for page in pages),
        "seconds": round(reading.seconds, 3),
        "reason": reading.reason,
    }
    return {**line, "text": [page.text for page in pages]} if text else line
