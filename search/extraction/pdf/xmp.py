"""The packet of metadata (XMP) that a PDF carries beside its document information: the only place where it can name a
publisher.

PDFium does not give it. It stands uncompressed in the file, as its standard asks (ISO 16684-1, 7.3), so it is looked
for in the bytes.
"""

from __future__ import annotations

import io
import mmap
from pathlib import Path

from lxml import etree

from search.extraction.dates import iso_date
from search.extraction.limits import Facts
from search.extraction.office.package import local, parse_xml

_OPENS, _CLOSES = b"<x:xmpmeta", b"</x:xmpmeta>"
_LONGEST = 1_000_000  # bytes of one packet
_PACKETS = 50  # looked at, from the end: pictures carry packets too
_OF_A_PDF = (b"application/pdf", b"http://ns.adobe.com/pdf/1.3/")
# The date of publication before that of the making of the file; the first that is said wins.
_DATES = ("publicationDate", "coverDate", "date", "CreateDate")


def read(path: Path) -> Facts:
    """What the newest packet about the document says; empty facts where there is none, or it cannot be parsed."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            packet = _packet(content)
    except (OSError, ValueError):
        return Facts()
    try:
        root = parse_xml(io.BytesIO(packet)) if packet else None
    except etree.XMLSyntaxError:
        return Facts()
    return _facts(root) if root is not None else Facts()


def _packet(content: mmap.mmap) -> bytes:
    end = len(content)
    for _ in range(_PACKETS):
        start = content.rfind(_OPENS, 0, end)
        if start < 0:
            return b""
        stop = content.find(_CLOSES, start, min(start + _LONGEST, len(content)))
        packet = content[start : stop + len(_CLOSES)] if stop >= 0 else b""
        if any(mark in packet for mark in _OF_A_PDF):
            return packet
        end = start
    return b""


def _facts(root: etree._Element) -> Facts:
    said: dict[str, str] = {}
    for element in root.iter():
        for name, value in element.attrib.items():
            said.setdefault(name.rpartition("}")[2], value)
        text = "; ".join(" ".join(part.split()) for part in _parts(element))
        if text:
            said.setdefault(local(element), text)
    dates = (iso_date(said.get(name, "")) for name in _DATES)
    return Facts(
        title=said.get("title", ""),
        author=said.get("creator", ""),
        language=said.get("language", "")[:20],
        date=next((date for date in dates if date), ""),
        publisher=said.get("publisher", ""),
    )


def _parts(element: etree._Element) -> list[str]:
    """The text of an element, or of the items of its list; where there are several languages (rdf:Alt), of the default
    one alone.
    """
    items = [item for item in element.iter() if local(item) == "li" and (item.text or "").strip()]
    if items and local(items[0].getparent()) == "Alt":
        items = items[:1]
    if items:
        return [item.text or "" for item in items] if local(element) not in ("RDF", "Description", "xmpmeta") else []
    return [element.text] if element.text and element.text.strip() else []
