"""A moment as each language says it."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format

from kb.languages import current_language

_NBSP = "\N{NO-BREAK SPACE}"


def moment_in_words(moment: datetime | None) -> str:
    """In the language of the request and the site's own time: "jeudi 28 février 2013 à 18 h 30", "donderdag 28 februari
    2013 om 18.30 uur", "Thursday 28 February 2013 at 6.30 pm"; "" for none.
    """
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    language = current_language()
    day = date_format(local, "l j F Y")
    if language == "fr":
        day = day.replace(" 1 ", " 1er ", 1)
        return f"{day} à {local.hour}{_NBSP}h" + (f"{_NBSP}{local.minute:02}" if local.minute else "")
    if language == "nl":
        return f"{day} om {local.hour}" + (f".{local.minute:02}" if local.minute else "") + f"{_NBSP}uur"
    hour = local.hour % 12 or 12
    half = "am" if local.hour < 12 else "pm"
    return f"{day} at {hour}" + (f".{local.minute:02}" if local.minute else "") + f"{_NBSP}{half}"
