"""What people type in the cells of a sheet: days, times, yes and no, choices in any of the languages.

Which columns there are is in `kinds`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, time

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import override

from kb.languages import LANGUAGES


class NotUnderstood(Exception):
    """Raised by `look` or `write`, or by reading a cell; the text is a sentence for the person,
    and the line is left out.
    """


def folded(text: str) -> str:
    """Without case, accents, spaces and signs: "Adresse e-mail *" and "adresse E-Mail" are one header."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return re.sub(r"[^a-z0-9]", "", plain)


def day_of(text: str) -> date | None:
    """2026-12-31 or 31/12/2026, with points or hyphens too; None for ''. Raises NotUnderstood."""
    if not text:
        return None
    for pattern in ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y"):
        try:
            return datetime.strptime(text, pattern).date()
        except ValueError:
            continue
    raise NotUnderstood(_("“%(text)s” is no day. Write it as 31/12/2026.") % {"text": text})


def time_of(text: str) -> time | None:
    """9:30, 09.30, 9h, 9h30, 9u30; None for ''. Raises NotUnderstood."""
    if not text:
        return None
    found = re.fullmatch(r"(\d{1,2})(?:[:.hHuU](\d{2})?)?(?::\d{2})?", text.replace(" ", ""))
    if found and int(found[1]) < 24 and int(found[2] or 0) < 60:
        return time(int(found[1]), int(found[2] or 0))
    raise NotUnderstood(_("“%(text)s” is no time. Write it as 9:30.") % {"text": text})


_YES = frozenset(("yes", "oui", "ja", "true", "vrai", "waar", "x", "1", "y", "o", "j"))
_NO = frozenset(("no", "non", "nee", "neen", "false", "faux", "onwaar", "0", "n", ""))


def yes_or_no(text: str) -> bool:
    """oui, ja, yes, x or 1 against non, nee, no, 0 or nothing. Raises NotUnderstood."""
    word = folded(text)
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise NotUnderstood(_("“%(text)s” is neither yes nor no.") % {"text": text})


def choice_of(text: str, choices: type[models.TextChoices], also: Mapping[str, str] | None = None) -> str:
    """The value of a choice from its value or its label in any of the languages; also: {other word: value}. '' for ''.

    Raises NotUnderstood.
    """
    if not text:
        return ""
    words = {folded(word): value for word, value in (also or {}).items()}
    for language in LANGUAGES:
        with override(language):
            words.update({folded(str(label)): value for value, label in choices.choices})
    words.update({folded(value): value for value in choices.values})
    try:
        return words[folded(text)]
    except KeyError:
        labels = "; ".join(str(label) for label in choices.labels)
        raise NotUnderstood(_("“%(text)s” is not one of: %(choices)s.") % {"text": text, "choices": labels}) from None


def listed(text: str) -> list[str]:
    """The parts of a cell that holds several things, divided by ; or , or a new line."""
    return [part.strip() for part in re.split(r"[;,\n]", text) if part.strip()]
