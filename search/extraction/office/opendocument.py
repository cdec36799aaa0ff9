"""Text, sheets and slides of LibreOffice (OpenDocument): everything a reader may look for, notes, comments,
frames and headers included.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from search.extraction.dates import iso_date
from search.extraction.errors import BrokenFile, EncryptedFile
from search.extraction.limits import Facts, Limits
from search.extraction.office.package import Package, local, whole
from search.extraction.pages import ExtractedPage
from search.extraction.sections import Sections

# fmt: off
_SILENT = frozenset((
    "tracked-changes", "sequence-decls", "forms", "variable-decls", "user-field-decls", "dde-connection-decls", "scripts", "font-face-decls",  # noqa: E501
    "automatic-styles", "ruby-text",
))
# fmt: on
_ASIDE = frozenset(("note", "annotation", "text-box"))
_MAX_REPEAT = 100


def read_odt(path: Path, limits: Limits) -> Iterator[Facts | ExtractedPage | str]:
    """Sections by heading (levels 1 to 3); notes, comments and frames at the end of their section, headers and footers
    at the end of the last.
    """
    with _opened(path, limits) as package:
        yield _facts(package)
        sections = Sections()
        _read_blocks(_body(package), sections)
        for text in _headers(package):
            sections.add_at_end(text)
        yield from sections.pages()


def read_ods(path: Path, limits: Limits) -> Iterator[Facts | ExtractedPage | str]:
    """One section per sheet, labelled with its name (a line per row, cells parted by tabs); comments; text boxes."""
    with _opened(path, limits) as package:
        yield _facts(package)
        tables = [
            element
            for element in _body(package).iter()
            if local(element) == "table" and not any(local(above) == "table" for above in element.iterancestors())
        ]
        headers = _headers(package)
        for number, table in enumerate(tables, start=1):
            sections = Sections()
            _read_rows(table, sections)
            if number == 1:
                for text in headers:
                    sections.add_at_end(text)
            yield ExtractedPage(number=number, text=next(sections.pages()).text, label=_attribute(table, "name")[:200])
        if not tables:
            yield ExtractedPage(number=1, text="")


def read_odp(path: Path, limits: Limits) -> Iterator[Facts | ExtractedPage | str]:
    """One section per slide, labelled with its number: its text, then the speaker's notes and comments; what the master
    shows is on the first.
    """
    with _opened(path, limits) as package:
        yield _facts(package)
        headers = _headers(package)
        number = 0
        for slide in _body(package).iter():
            if local(slide) != "page":
                continue
            number += 1
            sections = Sections()
            _read_blocks(slide, sections, by_heading=False)
            if number == 1:
                for text in headers:
                    sections.add_at_end(text)
            yield ExtractedPage(number=number, text=next(sections.pages()).text, label=str(number))
        if not number:
            yield ExtractedPage(number=1, text="")


def _opened(path: Path, limits: Limits) -> Package:
    package = Package(path, limits)
    if "META-INF/manifest.xml" in package:
        try:
            manifest = package.read("META-INF/manifest.xml")
        except BrokenFile:
            manifest = b""
        if b"encryption-data" in manifest:
            raise EncryptedFile("the document wants a password")
    return package


def _body(package: Package) -> etree._Element:
    body = next((element for element in package.xml("content.xml") if local(element) == "body"), None)
    if body is None:
        raise BrokenFile("no body in content.xml")
    return body


def _facts(package: Package) -> Facts:
    try:
        root = package.xml("meta.xml") if "meta.xml" in package else None
    except BrokenFile:
        root = None
    if root is None:
        return Facts()
    said = {local(element): " ".join((element.text or "").split()) for element in root.iter()}
    return Facts(
        title=said.get("title", ""),
        author=said.get("initial-creator", "") or said.get("creator", ""),
        language=said.get("language", ""),
        date=iso_date(said.get("creation-date", "")) or iso_date(said.get("date", "")),
        publisher=said.get("publisher", ""),
    )


def _headers(package: Package) -> list[str]:
    """What headers, footers and masters say, each once."""
    if "styles.xml" not in package:
        return []
    try:
        root = package.xml("styles.xml")
    except BrokenFile:
        return []
    masters = [element for element in root.iter() if local(element) == "master-page"]
    texts = []
    for master in masters:
        for paragraph in master.iter():
            if local(paragraph) in ("p", "h") and not any(
                _is_placeholder(above) or local(above) == "notes" for above in paragraph.iterancestors()
            ):
                texts.append(" ".join(_line(paragraph).split()))
    return list(
        dict.fromkeys(
            text
            for text in texts
            if text
            and not text.strip("<>").isdigit()
            and text not in ("<number>", "<header>", "<footer>", "<date/time>", "???", "Page")
        )
    )


def _is_placeholder(element: etree._Element) -> bool:
    return _attribute(element, "placeholder") == "true"


def _attribute(element: etree._Element, name: str) -> str:
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def _read_blocks(root: etree._Element, sections: Sections, *, by_heading: bool = True) -> None:
    """Paragraphs, headings, lists and tables in order, without recursion; what stands aside of a paragraph comes at the
    end of the section.
    """
    waiting = [root]
    while waiting:
        element = waiting.pop()
        name = local(element)
        if name in _SILENT or _is_placeholder(element):
            continue
        if name in ("p", "h"):
            text = _line(element)
            if by_heading and name == "h" and (_attribute(element, "outline-level") or "1") in "123" and text.strip():
                sections.begin(" ".join(text.split()))
            sections.add_paragraph(text)
            for aside in _asides(element):
                sections.add_at_end(_aside_text(aside))
        elif name == "table":
            _read_rows(element, sections)
            sections.end_paragraph()
        elif name == "annotation":
            sections.add_at_end(_aside_text(element))
        elif name in ("title", "desc") and element.text:
            sections.add_at_end(element.text)
        else:
            waiting.extend(reversed(element))


def _read_rows(table: etree._Element, sections: Sections) -> None:
    for row in table.iter():
        if local(row) == "table-row":
            if any(local(above) == "table-row" for above in row.iterancestors()):
                continue
            cells = []
            for cell in row:
                if local(cell) == "table-cell":
                    text = " ".join(
                        " ".join(_line(part).split())
                        for part in cell.iter()
                        if local(part) in ("p", "h") and not _stands_aside(part, cell)
                    )
                    repeat = _attribute(cell, "number-columns-repeated")
                    if text:
                        cells.extend([text] * min(whole(repeat, otherwise=1), _MAX_REPEAT))
                    for aside in _asides(cell):
                        sections.add_at_end(_aside_text(aside))
            if cells:
                sections.add("\t".join(cells))
        elif local(row) == "shapes":
            for box in _asides(row):
                sections.add_at_end(_aside_text(box))


def _stands_aside(part: etree._Element, cell: etree._Element) -> bool:
    for above in part.iterancestors():
        if above is cell:
            return False
        if local(above) in _ASIDE:
            return True
    return False


def _asides(element: etree._Element) -> Iterator[etree._Element]:
    """The outermost notes, comments and frames within."""
    for inner in element.iter():
        if local(inner) in _ASIDE and not _stands_aside(inner, element):
            yield inner


def _aside_text(aside: etree._Element) -> str:
    return "\n".join(
        filter(
            None,
            (
                _line(part)
                for part in aside.iter()
                if local(part) in ("p", "h") and not any(local(up) == "note-citation" for up in part.iterancestors())
            ),
        )
    )


def _line(paragraph: etree._Element) -> str:
    """The words of a paragraph without its notes, comments and frames."""
    parts: list[str] = [paragraph.text or ""]
    waiting: list[etree._Element | str] = list(reversed(paragraph))
    while waiting:
        element = waiting.pop()
        if isinstance(element, str):
            parts.append(element)
            continue
        name = local(element)
        waiting.append(element.tail or "")
        if name in _ASIDE or name in _SILENT or name in ("title", "desc", "object", "binary-data"):
            continue
        if name == "s":
            repeat = _attribute(element, "c")
            parts.append(" " * min(whole(repeat, otherwise=1), _MAX_REPEAT))
        elif name == "tab":
            parts.append("\t")
        elif name == "line-break":
            parts.append("\n")
        elif name:
            parts.append(element.text or "")
            waiting.extend(reversed(element))
    return "".join(parts).strip()
