"""Words typed into a search box that looks in columns of a table."""

from __future__ import annotations

from kb.languages import CODES

_MOST_WORDS = 8


def words_of(typed: str) -> list[str]:
    """The first words; a NUL, which PostgreSQL refuses with an error, parts them as a space does."""
    return typed.replace("\x00", " ").split()[:_MOST_WORDS]


def in_any_language(*fields: str) -> tuple[str, ...]:
    """Columns to search for texts in three languages: as text they hold escaped letters in some databases."""
    return tuple(f"{field}__{code}" for field in fields for code in CODES)
