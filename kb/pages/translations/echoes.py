"""The echo: the same title in the other two languages, in the order FR, NL, EN."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kb.languages import CODES


@dataclass(frozen=True, slots=True)
class Echo:
    """One line of an echo. Without `url` the title is plain text; without `title` it says that the translation does not
    exist yet.

    note: a few words after it, such as "14 documents".
    """

    language: str
    title: str = ""
    url: str = ""
    note: str = ""


def in_order(echoes: Iterable[Echo]) -> list[Echo]:
    return sorted(echoes, key=lambda echo: CODES.index(echo.language))
