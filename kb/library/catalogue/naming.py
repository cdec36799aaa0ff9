"""How files, versions and pages of a reference are called: anchors ("1.2/12"), page labels ("p.

12"), formats ("PDF"), names on a card.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from django.utils.formats import date_format
from django.utils.text import Truncator
from django.utils.translation import gettext, ngettext

from kb.backoffice.counting import number_of
from kb.files.models import FileVersion
from kb.library.choices import CreatorRole
from kb.library.models import Creator, Reference

_ANCHOR = re.compile(r"([1-9]\d{0,8})\.([1-9]\d{0,8})/([1-9]\d{0,8})")

FORMATS = {
    "application/pdf": "PDF",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PowerPoint",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel",
    "application/msword": "Word",
    "application/vnd.ms-powerpoint": "PowerPoint",
    "application/vnd.ms-excel": "Excel",
    "application/vnd.oasis.opendocument.text": "ODT",
    "application/vnd.oasis.opendocument.presentation": "ODP",
    "application/vnd.oasis.opendocument.spreadsheet": "ODS",
    "application/epub+zip": "EPUB",
    "application/rtf": "RTF",
    "text/rtf": "RTF",
    "text/html": "HTML",
    "text/plain": "TXT",
    "message/rfc822": "E-mail",
}
_NAMES_SHOWN = 3


def anchor_of(file_number: int, version_number: int, page_number: int) -> str:
    """ "1.2/12": page 12 of version 2 of file 1."""
    return f"{file_number}.{version_number}/{page_number}"


def parse_anchor(anchor: str) -> tuple[int, int, int] | None:
    """(file, version, page), or None for what is no anchor ("" is the notice)."""
    found = _ANCHOR.fullmatch(anchor)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def page_label(number: int, label: str, *, is_paged: bool) -> str:
    """How a page is called: "p. 12", "p. xii" as printed on it; of formats without pages,
    the heading of the section.
    """
    if is_paged:
        return f"p. {label or number}"
    return Truncator(label).chars(60) if label else f"§ {number}"


def format_name(version: FileVersion) -> str:
    """ "PDF", "Word"; the end of the file's name in capitals for a format we do not know, "" if it has none."""
    known = FORMATS.get(version.media_type)
    if known:
        return known
    _, dot, ending = version.original_name.rpartition(".")
    return ending.upper() if dot and len(ending) <= 5 else ""


def described(version: FileVersion) -> str:
    """ "PDF of 26 pages", "Word"."""
    name = format_name(version)
    if version.is_paged and version.page_count:
        return ngettext("%(format)s of %(count)s page", "%(format)s of %(count)s pages", version.page_count) % {
            "format": name,
            "count": version.page_count,
        }
    return name


def pages_words(pages: str, *, within: str = "") -> str:
    """What the pages of a reference say: a number alone is how many there are ("44 pages"), or a page where it stands
    within another title.
    """
    if number_of(pages) is None or within:
        return pages
    return ngettext("%(count)s page", "%(count)s pages", int(pages)) % {"count": int(pages)}


def date_words(date_text: str) -> str:
    """The date in words, as precise as it is known: "2010", "May 2010", "21 May 2010"."""
    year, month, day = ([int(part) for part in date_text.split("-")] + [0, 0])[:3] if date_text else (0, 0, 0)
    if day:
        return date_format(date(year, month, day), "DATE_FORMAT")
    if month:
        return date_format(date(year, month, 1), "YEAR_MONTH_FORMAT")
    return date_text


def names_line(creators: Sequence[Creator]) -> str:
    """The authors (else whoever is named) on one line: "CASS", "CASS and IRFAM", "CASS, IRFAM and others"."""
    named = [one.name for one in creators if one.role == CreatorRole.AUTHOR] or [one.name for one in creators]
    if len(named) > _NAMES_SHOWN:
        return gettext("%(names)s and others") % {"names": ", ".join(named[:_NAMES_SHOWN])}
    if len(named) > 1:
        return gettext("%(names)s and %(last)s") % {"names": ", ".join(named[:-1]), "last": named[-1]}
    return named[0] if named else ""


def meta_line(reference: Reference, creators: Sequence[Creator], version: FileVersion | None) -> str:
    """ "CASS and IRFAM, 2012. Report, PDF of 81 pages": what stands under a title."""
    who = ", ".join(part for part in (names_line(creators), reference.date_text[:4]) if part)
    what = ", ".join(
        part for part in (str(reference.get_type_display()), described(version) if version else "") if part
    )
    return ". ".join(part for part in (who, what) if part)
