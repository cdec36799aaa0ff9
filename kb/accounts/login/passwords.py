"""What a password must not be: too short, or one of those that everybody chooses, in French and Dutch too.

Django's own validators know English; its sentence about the length lacks in its Dutch, and French would stand in for
it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.contrib.auth.password_validation import CommonPasswordValidator, MinimumLengthValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, ngettext

WORDS = Path(__file__).parent / "common_passwords.txt"
MOST_WORDS = 2  # a sentence of common words is a good password
MOST_SIGNS = 1_000  # a longer one is nobody's habit, and is not looked through
_FOR_LETTERS = "01345789@$€!|+", "oieastbgaseilt"
_ENDS = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_OTHER = re.compile(r"[\W\d_]+")


class LengthValidator(MinimumLengthValidator):
    def get_error_message(self) -> str:
        few = ngettext(
            "This password is too short. It must contain at least %d character.",
            "This password is too short. It must contain at least %d characters.",
            self.min_length,
        )
        return few % self.min_length


class CommonValidator(CommonPasswordValidator):
    """Refuses Django's list, and whatever is one or two common words with digits or signs: in capitals, with accents,
    or written l1k3 th1s.
    """

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) > MOST_SIGNS:
            return
        if password.lower().strip() in self.passwords or any(
            self._is_common(letters) for letters in readings(password)
        ):
            raise ValidationError(self.get_error_message(), code="password_too_common")

    def get_error_message(self) -> str:
        return gettext(
            "Many people choose this password, so it is the first that others try. A short "
            "sentence of your own is better."
        )

    def get_help_text(self) -> str:
        return gettext("Not a password that many people choose.")

    def _is_common(self, letters: str) -> bool:
        return letters in self.passwords or is_repeated(letters) or is_made_of(letters, common_words(), MOST_WORDS)


def readings(password: str) -> Iterator[str]:
    """The letters a password may stand for: plain ones, without what surrounds them, with figures read as the letters
    they look like.
    """
    plain = "".join(
        sign for sign in unicodedata.normalize("NFKD", password.casefold()) if not unicodedata.combining(sign)
    )
    for text in (plain, _ENDS.sub("", plain)):
        yield _OTHER.sub("", text)
        for one in ("i", "l"):
            yield _OTHER.sub("", text.replace("1", one).translate(str.maketrans(*_FOR_LETTERS)))


def is_repeated(letters: str) -> bool:
    """Whether it is one short piece over and over, or nothing at all."""
    return not letters or any(
        letters == letters[:size] * (len(letters) // size) for size in range(1, min(4, len(letters) // 2) + 1)
    )


def is_made_of(letters: str, words: frozenset[str], most: int) -> bool:
    """Whether it is one of these words, `most` of them in a row at most, or one of them several times."""
    if letters in words:
        return True
    starts = [letters[:size] for size in range(2, min(len(letters), longest(words) + 1)) if letters[:size] in words]
    if any(letters == start * (len(letters) // len(start)) for start in starts):
        return True
    return most > 1 and any(is_made_of(letters[len(start) :], words, most - 1) for start in starts)


@lru_cache(maxsize=2)
def longest(words: frozenset[str]) -> int:
    """Letters of the longest of the words."""
    return max(map(len, words), default=0)


@lru_cache(maxsize=1)
def common_words() -> frozenset[str]:
    lines = WORDS.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())
