"""`make bench`: the table on standard output, how far it is on standard error."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import django

PARTS = ("reading", "indexing", "searching", "sending")


def main() -> None:
    root = Path(__file__).resolve().parents[2]
    reader = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    reader.add_argument("--pages", type=int, default=100_000, help="pages of the synthetic library")
    reader.add_argument("--questions", type=int, default=20, help="questions of each kind in each language")
    reader.add_argument("--subscribers", type=int, default=10_000, help="of the newsletter that is sent")
    reader.add_argument(
        "--corpora", type=Path, default=root.parent / "shared" / "corpora", help="folder whose pdf/ is read"
    )
    reader.add_argument("--port", type=int, default=0, help="of the server that is measured; any free one unless given")
    reader.add_argument(
        "--only",
        choices=PARTS,
        action="append",
        help="a part; may be repeated; searching uses the index of an earlier run",
    )
    asked = reader.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.bench.settings")
    django.setup()
    # Models are there only from here on.
    from tests.bench import indexing, library, reading, searching, sending
    from tests.bench.table import Row, printed

    started = time.monotonic()

    def progress(line: str) -> None:
        print(f"{time.monotonic() - started:6.0f} s  {line}", file=sys.stderr, flush=True)

    parts = asked.only or PARTS
    rows: list[Row] = []
    if "reading" in parts:
        rows += reading.rows(asked.corpora, progress)
    if {"indexing", "searching"} & set(parts):
        library.make(asked.pages, progress)
    if "indexing" in parts:
        rows += indexing.rows(progress)
    if "searching" in parts:
        rows += searching.rows(progress, a_language=asked.questions, port=asked.port)
    if "sending" in parts:
        rows += sending.rows(asked.subscribers, progress)
    print(printed(rows))
    progress("done")


if __name__ == "__main__":
    main()
