"""What the log may hold: no addresses, no links that open something. Who did what in the admin is in Wagtail's history,
in the database.

What concerns accounts and rights is noted by `kb.accounts.noting`, people by their number.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Iterator
from html import escape
from types import TracebackType

from django.http import HttpRequest

_BEFORE_AT = r"[\w.!#$%&'*+/=^`{|}~-]"  # signs that stand before the @ of an address without quotes
# Each begins only where no sign of its own stands before, so that a long line costs no more than its length.
HIDDEN = (
    (
        re.compile(
            rf"(?:(?<!{_BEFORE_AT}){_BEFORE_AT}+|\"(?:[^\"\\\n]|\\.){{0,64}}?\\*\")(?:@|%40)(?:[\w-]+(?:\.[\w-]+)+|\[[^\]\s@]{{0,64}}\])"
        ),
        "<address>",
    ),
    (re.compile(r"\b[0-9a-z]{1,13}-[0-9a-z]{5,8}-[0-9a-f]{32,64}\b"), "<link>"),
    # What is signed: a form's ticket, a file kept aside, an address to confirm (with the time), a subscription
    # (without).
    (re.compile(r"(?<![\w.-])[\w.-]+:(?:[\w-]{6}:)?[\w-]{40,}"), "<link>"),
    (re.compile(r"(?<=/)[\w-]{32}(?=/|$)"), "<link>"),  # an invitation
    # IPv6, shortened or whole, with a place of the machine or an IPv4 address at its end: "::" or three colons, and a
    # digit.
    (
        re.compile(
            r"(?<![\w:])(?=:*[0-9a-f])(?=[0-9a-f:]*(?:::|(?:[0-9a-f]{1,4}:){3}))[0-9a-f:]+(?:(?<=[:\d])(?:\.\d{1,3}){3})?(?:%\w+)?(?!\w)",
            re.IGNORECASE,
        ),
        "<ip>",
    ),
    (re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b"), "<ip>"),
    (re.compile(r"\?\S+"), "?…"),
)
LONGEST = 20_000  # characters of a message, or of a trace: strangers can make both long

_traces = logging.Formatter()


class WithoutPeople(logging.Filter):
    """Takes e-mail and network addresses, links with a key and query strings out of every line, and out of the trace of
    an error below it.

    A request that was refused for what it is (too long, a file where none is taken) is one line: what broke is not
    ours, and strangers send many.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith("django.security."):
            record.exc_info = record.exc_text = None
        record.msg, record.args = _without(record.getMessage()), ()
        if record.exc_info:
            record.exc_text = _without(_traces.formatException(record.exc_info))
        return True


def _without(text: str) -> str:
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}…"
    for pattern, put in HIDDEN:
        text = pattern.sub(put, text)
    return text


class Reporter:
    """What the mail about an error says: what was asked for, and where in the code it broke. Mail leaves the machine.

    Nothing that came with the request goes along: no query, nothing posted, no headers, no address, no values of
    variables, and not the words of the error either, in which what was typed often stands; the log has them. Stands for
    Django's own (`reporter_class`).
    """

    def __init__(
        self,
        request: HttpRequest | None,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | str | None,
        tb: TracebackType | None,
        is_email: bool = False,
    ) -> None:
        self.asked = f"{request.method} {_without(request.path)}" if request is not None else ""
        self.error = exc_value if isinstance(exc_value, BaseException) else None

    def get_traceback_text(self) -> str:
        return "\n".join(
            [self.asked, "", *_places(self.error), "", "The words of the error are in the log of the site."]
        )

    def get_traceback_html(self) -> str:
        return f"<pre>{escape(self.get_traceback_text())}</pre>"


def _places(error: BaseException | None) -> Iterator[str]:
    """The kinds of an error and of those before it, each with its lines of code, the first that happened first."""
    if error is None:
        return
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    yield from _places(before)
    yield f"{type(error).__module__}.{type(error).__qualname__}"
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"  {frame.filename}:{frame.lineno} {frame.name}: {frame.line}"
