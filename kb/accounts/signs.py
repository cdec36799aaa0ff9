"""Signs that nobody sees, cleaned from texts of one line: control, direction (U+202E shows "fdp.exe" as "exe.pdf"), zero width, tags.

A joiner (U+200C, U+200D) stays between two letters or marks of a writing that needs it (Persian, Arabic, Indic) and inside an emoji.
"""

from __future__ import annotations

import re
import unicodedata

from django.db import models

_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_JOINERS = re.compile("[\u200c\u200d]+")
_JOINING = re.compile("[\u0600-\u08ff\u0900-\u0dff\u0e80-\u0fff\u1000-\u109f\u1780-\u18af\ufb50-\ufdff\ufe70-\ufefc]")


def without_unseen(text: str) -> str:
    """The text without them; one that has none is given back as it is."""
    return _JOINERS.sub(_kept_joiner, _UNSEEN.sub("", text))


def _kept_joiner(found: re.Match[str]) -> str:
    text = found.string
    before, after = text[found.start() - 1 : found.start()], text[found.end() : found.end() + 1]
    joins_letters = _JOINING.match(before or " ") and (not after or _JOINING.match(after) or after.isspace())
    joins_pictures = found[0][0] == "\u200d" and _is_picture(before) and _is_picture(after)
    return found[0][0] if joins_letters or joins_pictures else ""


def _is_picture(sign: str) -> bool:
    return bool(sign) and (unicodedata.category(sign) in ("So", "Sk") or sign == "\ufe0f")


def clean_lines(sender: type[models.Model], instance: models.Model, **_: object) -> None:
    """Before a row of ours is saved, by a form, an import or code: its texts of one line are cleaned, those with choices left alone."""
    if not sender.__module__.startswith(("kb.", "home.")):
        return
    for field in sender._meta.concrete_fields:
        if type(field) is models.CharField and not field.choices:
            value = instance.__dict__.get(field.attname)
            # A text of nothing else stays: empty, it would say something else, or be refused by the database.
            if isinstance(value, str) and (cleaned := without_unseen(value)) and cleaned != value:
                setattr(instance, field.attname, cleaned)
