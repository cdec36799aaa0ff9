"""Dates that files say of themselves, in one form; dates in a text are read elsewhere,
where what they mean is known.
"""

from __future__ import annotations

import re
from datetime import date

# "D:20120315101500+01'00'" (PDF), "2012-03-15T10:15:00Z" (Open XML, XMP), "2012/03/15" (citation_date), "2012-03",
# "2012".
_SAID = re.compile(r"(?:D:)?\s*(\d{4})(?:[-/.]?(\d{2})(?:[-/.]?(\d{2}))?)?")


def iso_date(said: str) -> str:
    """ "2012-03-15", "2012-03" or "2012", as precise as is said; "" for what is no date or cannot be one."""
    found = _SAID.match(said.strip())
    if not found or not 1000 <= int(found[1]) <= 2999:
        return ""
    year, month, day = int(found[1]), int(found[2] or 0), int(found[3] or 0)
    if not 1 <= month <= 12:
        return f"{year:04}"
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return f"{year:04}-{month:02}"
