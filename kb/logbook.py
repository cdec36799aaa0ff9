"""What the log may hold: no addresses, no links that open something. Who did what in the admin is in Wagtail's history, in the database."""

from __future__ import annotations

import logging
import re

HIDDEN = (
    (re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"), "<address>"),
    (re.compile(r"\b[0-9a-z]{1,13}-[0-9a-z]{5,8}-[0-9a-f]{32,64}\b"), "<link>"),
    (re.compile(r"(?<=/)(?:[\w-]{32}|[\w-]+:[\w-]{6}:[\w-]{40,})(?=/|$)"), "<link>"),  # an invitation, an address to confirm
    (re.compile(r"(?<=/)[\w-]{22}:[\w-]{43}(?=/|$)"), "<link>"),  # a subscription
    (re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b"), "<ip>"),
    (re.compile(r"\b(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{0,4}\b", re.IGNORECASE), "<ip>"),
    (re.compile(r"\?\S+"), "?…"),
)


_traces = logging.Formatter()


class WithoutPeople(logging.Filter):
    """Takes e-mail and network addresses, links with a key and query strings out of every line, and out of the trace of an error below it."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = _without(record.getMessage()), ()
        if record.exc_info:
            record.exc_text = _without(_traces.formatException(record.exc_info))
        return True


def _without(text: str) -> str:
    for pattern, put in HIDDEN:
        text = pattern.sub(put, text)
    return text
