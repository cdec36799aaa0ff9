"""Lists beside the database, in no backup, of who is gone: a line is a word that says nobody's name (a number,
a hash) and a moment. Which list says what is with the account and with the subscriber.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from django.utils import timezone

logger = logging.getLogger(__name__)


def keep_line(beside: Path, word: str, moment: datetime) -> None:
    """One line in one write, so that two processes do not mix theirs; on a line of its own after a half one."""
    with beside.open("ab+") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - 1))
        after_half = file.read(1) not in (b"", b"\n")
        file.write(f"{chr(10) * after_half}{word} {moment.isoformat()}\n".encode())
        file.flush()
        os.fsync(file.fileno())


def kept_lines(beside: Path, word: str) -> Iterator[tuple[str, datetime]]:
    """(word, moment in UTC) in the order of the file, of which the word is whole by the pattern `word`; nothing where
    there is no file.

    A line that cannot be read (a full disk left half of it) is named in the log and stops nobody.
    """
    with suppress(FileNotFoundError), beside.open(errors="replace") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                try:
                    yield _parsed(line, word)
                except (ValueError, OverflowError):
                    logger.warning("Line %s of %s cannot be read and is skipped", number, beside)


def _parsed(line: str, pattern: str) -> tuple[str, datetime]:
    """Raises ValueError or OverflowError for what `keep_line` never writes."""
    word, at = line.split()
    moment = datetime.fromisoformat(at)
    if timezone.is_naive(moment) or not re.fullmatch(pattern, word, re.ASCII):
        raise ValueError("half a line")
    return word, moment.astimezone(UTC)
