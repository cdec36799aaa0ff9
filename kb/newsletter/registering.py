"""What the newsletter says to the rooms below it when the site starts: to the search, the clock, the frame, the register of personal data."""

from __future__ import annotations


def register_all() -> None:
    """Each part adds its own line."""
