"""Electronic books: one section a chapter, in the order of the spine."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from search.extraction.dates import iso_date
from search.extraction.errors import BrokenFile, EncryptedFile
from search.extraction.html import sections_of
from search.extraction.limits import Facts, Limits
from search.extraction.office.package import Package, local
from search.extraction.pages import ExtractedPage

_TEXTS = frozenset(("application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document"))


def read(path: Path, limits: Limits) -> Iterator[Facts | ExtractedPage | str]:
    """A chapter's label is its first heading, else its title.
    Raises EncryptedFile for books under rights management.
    """
    with Package(path, limits) as package:
        if "META-INF/rights.xml" in package or "META-INF/sinf.xml" in package:
            raise EncryptedFile("the book is under rights management")
        opf = next(
            (e.get("full-path") or "" for e in package.xml("META-INF/container.xml").iter() if local(e) == "rootfile"),
            "",
        )
        root = package.xml(unquote(opf))
        said = {
            local(element): " ".join((element.text or "").split())
            for element in reversed(list(root.iter()))
            if local(element) in ("title", "creator", "language", "date", "publisher")
        }
        yield Facts(
            title=said.get("title", ""),
            author=said.get("creator", ""),
            language=said.get("language", ""),
            date=iso_date(said.get("date", "")),
            publisher=said.get("publisher", ""),
        )
        items = {
            e.get("id"): (e.get("href") or "", e.get("media-type") or "") for e in root.iter() if local(e) == "item"
        }
        order = [
            items[e.get("idref")] for e in root.iter() if local(e) == "itemref" and e.get("idref") in items
        ] or list(items.values())
        number = 0
        for href, media_type in order:
            name = posixpath.normpath(posixpath.join(posixpath.dirname(opf), unquote(href.split("#")[0])))
            if media_type not in _TEXTS or name not in package:
                continue
            try:
                facts, sections = sections_of(package.read(name))
            except BrokenFile as error:
                yield f"a chapter was not read: {error.reason}"
                continue
            parts = list(sections.pages())
            text = "\n\n".join(part.text for part in parts if part.text)
            if text:
                number += 1
                label = next((part.label for part in parts if part.label), "") or facts.title
                yield ExtractedPage(number=number, text=text, label=label[:200])
        if not number:
            yield ExtractedPage(number=1, text="")
