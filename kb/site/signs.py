"""Signs that nobody sees, cleaned from texts of one line: control, direction (U+202E shows "fdp.exe" as "exe.pdf"),
zero width, tags.

A joiner (U+200C, U+200D) stays between two letters or marks of a writing that needs it (Persian, Arabic, Indic) and
inside an emoji. Letters that look like a blank (Hangul fillers, the empty Braille pattern) become one. One rule for all
that is typed, brought in or written by code:

    a field of a form    `forms.CharField`, of ours, Wagtail's and allauth's, before `required` and `unique` look; an
                         address is refused instead
    a field of a row     `models.CharField` of our models: checks, saving, many rows at once, and what is looked for
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models
from django.utils.translation import gettext_lazy as _

_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_BLANK = re.compile("[\u115f\u1160\u2800\u3164\uffa0]")
_JOINERS = re.compile("[\u200c\u200d]+")
_JOINING = re.compile("[\u0600-\u08ff\u0900-\u0dff\u0e80-\u0fff\u1000-\u109f\u1780-\u18af\ufb50-\ufdff\ufe70-\ufefc]")
_SHOWS_NOTHING = frozenset(
    {"Cc", "Cf", "Zs", "Zl", "Zp", "Mn", "Me"}
)  # categories of signs that are nothing to see by themselves
_ONE_LINE = frozenset({"text", "email", "url", "search", "tel"})  # kinds of <input>
INVISIBLE = _("There is a line break or an invisible sign in this address. Type it by hand, on one line.")


def without_unseen(text: str) -> str:
    """The text without them; one that has none is given back as it is."""
    if text.isascii() and text.isprintable():
        return text
    return _JOINERS.sub(_kept_joiner, _UNSEEN.sub("", _BLANK.sub(" ", text)))


def is_seen(text: str) -> bool:
    """Whether there is anything to see of it."""
    return any(unicodedata.category(sign) not in _SHOWS_NOTHING and not _BLANK.match(sign) for sign in text)


def _kept_joiner(found: re.Match[str]) -> str:
    text = found.string
    before, after = text[found.start() - 1 : found.start()], text[found.end() : found.end() + 1]
    joins_letters = _JOINING.match(before or " ") and (not after or _JOINING.match(after) or after.isspace())
    joins_pictures = found[0][0] == "\u200d" and _is_picture(before) and _is_picture(after)
    return found[0][0] if joins_letters or joins_pictures else ""


def _is_picture(sign: str) -> bool:
    return bool(sign) and (unicodedata.category(sign) in ("So", "Sk") or sign == "\ufe0f")


def check_address(email: str) -> None:
    """Raises ValidationError for what is no e-mail address, and for one with signs that nobody sees: Django takes them
    between quotation marks.
    """
    validate_email(email)
    if without_unseen(email) != email:
        raise ValidationError(INVISIBLE, code="invisible")


def clean_lines(sender: type[models.Model], instance: models.Model, **_: object) -> None:
    """Before a row of ours is saved, by a form, an import or code: what the row in hand says is what is written, a
    page's title (Wagtail's) too.
    """
    if not _is_ours(sender):
        return
    for field in sender._meta.concrete_fields:
        value = instance.__dict__.get(field.attname)
        if (
            isinstance(field, models.CharField)
            and not field.choices
            and isinstance(value, str)
            and (cleaned := _kept(value)) != value
        ):
            setattr(instance, field.attname, cleaned)


def clean_everywhere() -> None:
    """Sets the rule for every field of a form and of a row, once per process; Django has no place to say it."""
    forms.CharField.to_python = _of_form  # type: ignore[method-assign]
    models.CharField.to_python = _of_row  # type: ignore[method-assign]
    models.CharField.validate = _look_at_row  # type: ignore[method-assign]


_django_of_form, _django_of_row, _django_look_at_row = (
    forms.CharField.to_python,
    models.CharField.to_python,
    models.CharField.validate,
)


def _of_form(field: forms.CharField, value: Any) -> Any:
    """What was typed, as Django has it, less what is not seen; a text of many lines as it is. Raises ValidationError
    for an address with such a sign.

    A field that takes its text unstripped (a password) is left alone.
    """
    text = _django_of_form(field, value)
    if not field.strip or not isinstance(text, str) or not text:
        return text
    if not is_seen(text):
        return field.empty_value
    if getattr(field.widget, "input_type", "") not in _ONE_LINE:
        return text
    cleaned = without_unseen(text).strip()
    # Around an address they come along with copying; within, it is another address than the one that is seen.
    if isinstance(field, forms.EmailField | forms.URLField) and cleaned not in text:
        raise ValidationError(INVISIBLE, code="invisible")
    return cleaned


def _of_row(field: models.CharField, value: Any) -> Any:
    """What is written and looked for."""
    text = _django_of_row(field, value)
    return (
        _kept(text) if isinstance(text, str) and not field.choices and _is_ours(getattr(field, "model", None)) else text
    )


def _kept(text: str) -> str:
    """A text of nothing else stays: empty, it would say something else, or be refused by the database."""
    cleaned = without_unseen(text)
    return cleaned if is_seen(cleaned) else text


def _look_at_row(field: models.CharField, value: Any, row: models.Model | None) -> None:
    """Raises ValidationError for a text that must be there and of which nothing is seen."""
    nothing = isinstance(value, str) and _is_ours(getattr(field, "model", None)) and not is_seen(value)
    _django_look_at_row(field, "" if nothing else value, row)


def _is_ours(model: type[models.Model] | None) -> bool:
    return model is not None and model.__module__.startswith(("kb.", "home."))
