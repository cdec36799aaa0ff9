"""Who published a document: the imprint's label, the holder of the rights, the properties;
without address and telephone.
"""

from __future__ import annotations

import re

from kb.library.choices import Doubt, FoundIn
from kb.library.drafting.documents import Document, Found, on_page
from kb.library.drafting.lines.junk import is_junk_author
from kb.library.drafting.lines.names import LONGEST, Names, as_catalogued, has_organisation_word

_YEARS = r"(?:(?:1[89]|20)\d\d(?:\s*[-–,]\s*(?:1[89]|20)\d\d)?)"
_LABEL = re.compile(
    r"""(?:^|[.;,•|–-]\s*|\s{2,}|\t)(?:
      (?:(?:éditeur|editeur|éditrice)(?:\s+responsable)?|verantwoordelijke?\s+uitgever|uitgever|(?:responsible\s+)?publisher)
        (?:\s*/\s*(?:éditeur\s+responsable|verantwoordelijke?\s+uitgever))?\s*(?:[:\t]|$)
      | (?:v\.\s?u\.?|e\.\s?r\.?)\s*:
      | (?:een\s+)?(?:uitgave|publicatie)\s+van\s | uitgegeven\s+door\s
      | une\s+(?:publication|édition|initiative)\s+d(?:e\s+l[’']|e\s|u\s|[’'])
      | (?:édité|publié)e?\s+par\s | published\s+by\s | a\s+publication\s+of\s
    )\s*(?P<name>.*)$""",
    re.VERBOSE | re.IGNORECASE,
)
_RIGHTS = re.compile(
    rf"(?:©|\(c\)|copyright)\s*(?:©|\(c\))?\s*{_YEARS}?\s*,?\s*(?:by\s+|par\s+|door\s+)?(?P<name>[^\d©]{{3,90}})",
    re.IGNORECASE,
)
_ALL_RIGHTS = re.compile(r"\b(?:tous\s+droits|alle\s+rechten|all\s+rights|reproduction|overname)\b.*$", re.IGNORECASE)
_NO_NAME = re.compile(
    r"\b(?:creative\s+commons|licen[cs]e|licentie|copyright|rights|droits|rechten|foto\w*|photos?|images?|illustrations?)\b",
    re.IGNORECASE,
)
_STREETS = r"rue|avenue|av\.|bd|boulevard|place|chaussée|quai|straat|laan|plein|kaai|street|road|square|\w+(?:straat|laan|plein|steenweg|weg)"  # noqa: E501
_ADDRESS = re.compile(rf"\s*(?:[,–-]\s*)?(?:\b(?:{_STREETS})\b|\b\d{{1,4}}\b|\bB-\d{{4}}).*$", re.IGNORECASE)
_AFTER = re.compile(r"\.\s|\s[-–]\s|;|\t|•|\s\|\s|\bISBN\b|\bISSN\b|\btél\b|\btel\b|\bD/", re.IGNORECASE)


def publisher_of(document: Document, *, known: Names) -> Found | None:
    """The publisher as printed: by its label, then by the rights, then as the properties say.

    First, second, last page before the third.
    """
    edges = document.edges
    for reader in (_labelled, _holder):
        for page in dict.fromkeys((*edges[:2], *edges[-1:], *edges[2:])):
            texts = [line.text for line in page.lines]
            for text, below in zip(texts, [*texts[1:], ""], strict=False):
                if name := reader(text, below):
                    return on_page(known.ours(name) or as_catalogued(name), page.number)
    said = document.properties.get("publisher", "")
    if not said or is_junk_author(said):
        return None
    page_number = document.says(said)
    return on_page(said, page_number) if page_number else Found(said, FoundIn.PROPERTIES, doubt=Doubt.PROPERTIES)


def _labelled(text: str, below: str) -> str:
    label = _LABEL.search(text)
    return _trimmed(label["name"].strip() or below) if label else ""


def _holder(text: str, below: str) -> str:
    found = _RIGHTS.search(text)
    return _trimmed(_ALL_RIGHTS.sub("", found["name"])) if found else ""


def _trimmed(name: str) -> str:
    """Without address, telephone and what else stands after a publisher; "" for what is no name."""
    name = " ".join(_ADDRESS.sub("", _AFTER.split(name)[0]).split()).strip(" ,.;:-–*()")
    if not 2 <= len(name) <= LONGEST or not name[:1].isupper() or len(name.split()) > 12 or _NO_NAME.search(name):
        return ""
    return "" if is_junk_author(name) and not has_organisation_word(name) else name
