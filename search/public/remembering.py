"""The query log: what people look for and how much they find, never who.

Shown to nobody but editors, thinned after twelve months.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.db import OperationalError, connection
from django.utils import timezone

from search.models import QueryLog

KEPT = timedelta(days=365)
LONGEST = 200
MOST_A_DAY = 20_000  # different questions; more than that is no reader, and a year of it still fits
WAIT_MS = 100  # for a busy SQLite; a question not logged is no loss, a slow page is one

_YEAR = re.compile(r"(?<![0-9])(?:1[89]|20)[0-9]{2}(?![0-9])")
_SEPARATORS = re.compile(r"(?<=[0-9])[\s./()-]+(?=[0-9])")
_SIX_DIGITS = re.compile(r"[0-9]{6}")

# A question that stands there already is counted however many others there are.
_UPSERT = """
    INSERT INTO {table} (words, language, results, day, asked)
    SELECT %(words)s, %(language)s, %(results)s, %(day)s, 1
    WHERE EXISTS (
        SELECT 1 FROM {table}
        WHERE day = %(day)s AND language = %(language)s AND words = %(words)s AND results = %(results)s
    ) OR (SELECT COUNT(*) FROM (SELECT 1 FROM {table} WHERE day = %(day)s LIMIT %(most)s) AS of_day) < %(most)s
    ON CONFLICT (day, language, words, results) DO UPDATE SET asked = {table}.asked + 1
"""


def logged_words(words: str) -> str:
    """The words as they are logged, "" when they are not: a number of six digits (a telephone, a national number, also
    written with dots or blanks between them) or an e-mail address may be somebody."""
    words = " ".join(words.lower().split())[:LONGEST].strip()
    digits = _SEPARATORS.sub("", _YEAR.sub(" ", words))
    return "" if "@" in words or _SIX_DIGITS.search(digits) or _SIX_DIGITS.search(words) else words


def log_question(words: str, *, language: str, results: int) -> None:
    """Counts one asking; one statement, given up at once when the database is busy. Past MOST_A_DAY different questions
    new ones are not noted until the next day.
    """
    words = logged_words(words)
    if not words:
        return
    statement = _UPSERT.format(table=connection.ops.quote_name(QueryLog._meta.db_table))
    try:
        with connection.cursor() as cursor, _short_wait():
            cursor.execute(
                statement,
                {
                    "words": words,
                    "language": language[:2],
                    "results": results,
                    "day": timezone.localdate(),
                    "most": MOST_A_DAY,
                },
            )
    except OperationalError:
        return


@contextmanager
def _short_wait() -> Iterator[None]:
    """A short time-out on SQLite, which lets one write at a time; the usual one afterwards."""
    if connection.vendor != "sqlite":
        yield
        return
    usual_s = settings.DATABASES["default"].get("OPTIONS", {}).get("timeout", 5)
    # Not statements of the database, and not worth Django's way to it: a property of the open file.
    connection.connection.execute(f"PRAGMA busy_timeout = {WAIT_MS}")
    try:
        yield
    finally:
        connection.connection.execute(f"PRAGMA busy_timeout = {int(usual_s * 1000)}")


def thin_query_log() -> str | None:
    """Takes out what is older than twelve months; a sentence for the clock's log."""
    gone, _ = QueryLog.objects.filter(day__lt=timezone.localdate() - KEPT).delete()
    return f"{gone} logged searches older than twelve months removed" if gone else None
