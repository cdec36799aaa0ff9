"""Words typed into a search box that looks in columns of a table."""

from __future__ import annotations

_MOST_WORDS = 8


def words_of(typed: str) -> list[str]:
    """The first words; a NUL, which PostgreSQL refuses with an error, parts them as a space does."""
    return typed.replace("\x00", " ").split()[:_MOST_WORDS]
