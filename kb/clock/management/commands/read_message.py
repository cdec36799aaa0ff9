"""manage.py read_message FILE…: what each message is, without touching anything."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from django.core.management.base import BaseCommand

from kb.clock.mail.mailboxes import messages_of
from kb.clock.mail.parts import MAX_BYTES
from kb.clock.mail.receiving import UNREADABLE, Received, read_message

STDIN = "-"


class Command(BaseCommand):
    help = (
        "What messages are: a line each with path, kind, recipients, status, attachments, "
        "characters. Several of one file are path#1, path#2…"
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument(
            "paths",
            nargs="+",
            metavar="FILE",
            help="A message, a mailbox (mbox) or a folder (maildir); - is the standard input.",
        )
        parser.add_argument("--json", action="store_true", help="A JSON object a line.")

    def handle(self, *, paths: list[str], json: bool, **options) -> None:
        missing = 0
        for path in paths:
            try:
                for name, received in _read(path):
                    self.stdout.write(_as_json(name, received) if json else _as_columns(name, received))
            except OSError as error:
                missing += 1
                self.stderr.write(f"{path}: {error.strerror or error}")
                received = Received(kind=UNREADABLE)
                self.stdout.write(_as_json(path, received) if json else _as_columns(path, received))
        if missing:
            sys.exit(1)


def _read(path: str) -> Iterator[tuple[str, Received]]:
    """Raises OSError where nothing can be read."""
    if path == STDIN:
        yield path, read_message(sys.stdin.buffer.read(MAX_BYTES))
        return
    for number, content in messages_of(Path(path)):
        yield (f"{path}#{number}" if number else path), read_message(content)


def _as_json(path: str, received: Received) -> str:
    """In ASCII, so that a name that is no UTF-8 can be printed too."""
    return json.dumps(
        {
            "path": path,
            "kind": received.kind,
            "recipients": list(received.recipients),
            "status": received.status,
            "attachments": len(received.attachments),
            "characters": len(received.text),
        }
    )


def _as_columns(path: str, received: Received) -> str:
    """Recipients with commas; nothing of a message may break the line or begin a column."""
    values = (
        path,
        received.kind,
        ",".join(received.recipients),
        received.status,
        len(received.attachments),
        len(received.text),
    )
    return "\t".join("".join(sign if sign.isprintable() else "?" for sign in str(value)) for value in values)
