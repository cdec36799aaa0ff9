"""Fixed sets of the files, and what each state tells the reader to do."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    """Where the reading of a version stands."""

    WAITING = "waiting", _("Waiting")
    READ = "read", _("Text read")
    SCAN = "scan", _("Scan without text")
    ENCRYPTED = "encrypted", _("Protected by a password")
    BROKEN = "broken", _("Damaged file")
    TOO_LARGE = "too_large", _("Too large")
    UNSUPPORTED = "unsupported", _("Unknown format")


UNREAD_STATES = frozenset(
    {State.SCAN, State.ENCRYPTED, State.BROKEN, State.TOO_LARGE, State.UNSUPPORTED}
)  # shown in amber: something to complete

_SENTENCES: Mapping[str, str | Promise] = {
    State.WAITING: _("The text can be searched in a few minutes."),
    State.READ: _("Every page can be searched."),
    State.SCAN: _("It can be looked at, but the search sees only the title."),
    State.ENCRYPTED: _("If you have a version without a password, put it in here."),
    State.BROKEN: _("We could not read this file. If you have another copy, put it in here."),
    State.TOO_LARGE: _("The most is %(megabytes)d MB. Put in a lighter version, or several parts."),
    State.UNSUPPORTED: _("We cannot read this format. Save it as .docx or PDF, then put it in."),
}

STATE_ICONS: Mapping[str, str] = {
    State.WAITING: "clock",
    State.READ: "tick",
    State.SCAN: "frame",
    State.ENCRYPTED: "lock",
    State.BROKEN: "triangle",
    State.TOO_LARGE: "triangle",
    State.UNSUPPORTED: "triangle",
}


def sentence_of(state: str) -> str:
    """What a state means for the reader and what can be done, in the language of the request."""
    return (
        str(_SENTENCES[state]) % {"megabytes": settings.FILES_MAX_BYTES // (1024 * 1024)}
        if state == State.TOO_LARGE
        else str(_SENTENCES[state])
    )
