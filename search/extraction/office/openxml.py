"""Word, PowerPoint and Excel files (Open XML): everything a reader may look for, notes, comments,
text boxes and headers included.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from lxml import etree

from search.extraction.dates import iso_date
from search.extraction.errors import BrokenFile
from search.extraction.limits import Facts, Limits
from search.extraction.office.package import Package, local, parse_xml, whole
from search.extraction.pages import ExtractedPage
from search.extraction.sections import Sections

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STRICT_W = "{http://purl.oclc.org/ooxml/wordprocessingml/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_STRICT_R = "{http://purl.oclc.org/ooxml/officeDocument/relationships}"
_SILENT = frozenset(
    (
        "delText",
        "delInstrText",
        "instrText",
        "Fallback",
        "del",
        "moveFrom",
        "rPr",
        "pPr",
        "sectPr",
        "tblPr",
        "tcPr",
        "trPr",
        "binData",
        "docSuppData",
    )
)
_WORDS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": "\t"}
_NOTES = {"footnoteReference": "footnotes", "endnoteReference": "endnotes", "commentReference": "comments"}
_HEADING = re.compile(r"^(?:heading|titre|kop|title)\s*([1-3])?$", re.IGNORECASE)


def read_docx(path: Path, limits: Limits) -> Iterator[Facts | ExtractedPage | str]:
    """Sections by heading (levels 1 to 3, and the title); footnotes, endnotes and comments at the end of the section
    that refers to them; headers and footers at the end of the last."""
    with Package(path, limits) as package:
        yield _facts(package)
        main = _main_part(package, "word/document.xml")
        related = package.related(main)
        notes = {
            kind: _notes(package, name)
            for kind, name in related.values()
            if kind in _NOTES.values() and name in package
        }
        style_names = [name for kind, name in related.values() if kind == "styles" and name in package]
        headings = _heading_styles(package.xml(style_names[0])) if style_names else {}
        sections = Sections()
        _read_body(package.xml(main), sections, notes, headings)
        said: list[str] = []
        for kind, name in related.values():
            if kind in ("header", "footer") and name in package:
                text = _block_text(package.xml(name))
                if text and text not in said:
                    said.append(text)
            elif kind in ("diagramData", "chart") and name in package:
                said.append(_drawn_text(package.xml(name)))
        for text in said:
            sections.add_at_end(text)
        yield from sections.pages()


def read_word_xml(path: Path, limits: Limits) -> Iterator[Facts | ExtractedPage | str]:
    """A Word document in one XML file (Word 2003, or a flat package): sections by heading,
    other parts after the body.
    """
    try:
        with path.open("rb") as file:
            root = parse_xml(file)
    except etree.XMLSyntaxError as error:
        raise BrokenFile(str(error)) from error
    bodies = [element for element in root.iter() if local(element) == "body"]
    if not bodies:
        raise BrokenFile("no body in the document")
    yield Facts(
        title=_first(root, "Title", "title"),
        author=_first(root, "Author", "creator"),
        date=iso_date(_first(root, "Created", "created")),
    )
    styles = next((element for element in root.iter() if local(element) == "styles"), None)
    sections = Sections()
    for body in bodies:
        _read_body(body, sections, {}, _heading_styles(styles) if styles is not None else {})
    for element in root.iter():
        if local(element) in ("hdr", "ftr", "footnote", "endnote", "comment") and not any(
            local(above) == "body" for above in element.iterancestors()
        ):
            sections.add_at_end(_block_text(element))
    yield from sections.pages()


def read_pptx(path: Path, limits: Limits) -> Iterator[Facts | ExtractedPage | str]:
    """One section per slide, labelled with its number: its text, tables and diagrams,
    then the speaker's notes and comments.
    """
    with Package(path, limits) as package:
        yield _facts(package)
        main = _main_part(package, "ppt/presentation.xml")
        related = package.related(main)
        order = [_relation(element) for element in package.xml(main).iter() if local(element) == "sldId"]
        slides = [related[key][1] for key in order if key in related and related[key][1] in package]
        for number, slide in enumerate(slides, start=1):
            parts = [_shapes_text(package.xml(slide))]
            for kind, name in package.related(slide).values():
                if name not in package:
                    continue
                if kind == "notesSlide":
                    parts.append(_shapes_text(package.xml(name), skip=("sldNum", "sldImg", "hdr", "ftr", "dt")))
                elif kind in ("diagramData", "chart"):
                    parts.append(_drawn_text(package.xml(name)))
                elif kind == "comments":
                    parts.extend(
                        _plain(element)
                        for element in package.xml(name).iter()
                        if local(element) == "text" or local(element) == "txBody"
                    )
            sections = Sections()
            for part in parts:
                sections.add_paragraph(part)
            text = next(sections.pages()).text
            yield ExtractedPage(number=number, text=text, label=str(number))
        if not slides:
            yield ExtractedPage(number=1, text="")


def read_xlsx(path: Path, limits: Limits) -> Iterator[Facts | ExtractedPage | str]:
    """One section per sheet, labelled with its name: a line per row, cells parted by tabs; then comments, text boxes,
    headers and footers.
    """
    with Package(path, limits) as package:
        yield _facts(package)
        main = _main_part(package, "xl/workbook.xml")
        related = package.related(main)
        kinds = {kind: name for kind, name in related.values() if name in package}
        strings = _shared_strings(package, kinds["sharedStrings"]) if "sharedStrings" in kinds else []
        dates = _date_styles(package.xml(kinds["styles"])) if "styles" in kinds else frozenset()
        sheets = [
            (element.get("name") or "", _relation(element))
            for element in package.xml(main).iter()
            if local(element) == "sheet"
        ]
        number = 0
        for label, key in sheets:
            name = related.get(key, ("", ""))[1]
            if name not in package:
                continue
            number += 1
            sections = Sections()
            for line in _sheet_lines(package, name, strings, dates):
                sections.add(line)
            for kind, part in package.related(name).values():
                if part not in package:
                    continue
                if kind in ("comments", "threadedComment"):
                    for element in package.xml(part).iter():
                        if local(element) in ("comment", "threadedComment"):
                            sections.add_at_end(_plain(element))
                elif kind == "drawing":
                    sections.add_at_end(_shapes_text(package.xml(part)))
                    for inner_kind, inner in package.related(part).values():
                        if inner_kind in ("chart", "diagramData") and inner in package:
                            sections.add_at_end(_drawn_text(package.xml(inner)))
            yield ExtractedPage(number=number, text=next(sections.pages()).text, label=label[:200])


def _main_part(package: Package, usual: str) -> str:
    found = [name for kind, name in package.related("").values() if kind == "officeDocument"]
    return next((name for name in [*found, usual] if name in package), usual)


def _facts(package: Package) -> Facts:
    name = next((name for kind, name in package.related("").values() if kind == "core-properties"), "docProps/core.xml")
    if name not in package:
        return Facts()
    try:
        root = package.xml(name)
    except BrokenFile:
        return Facts()
    return Facts(
        title=_first(root, "title"),
        author=_first(root, "creator"),
        language=_first(root, "language"),
        date=iso_date(_first(root, "created")) or iso_date(_first(root, "modified")),
        publisher=_first(root, "publisher"),
    )


def _first(root: etree._Element, *names: str) -> str:
    return next(
        (" ".join(element.text.split()) for element in root.iter() if local(element) in names and element.text), ""
    )


def _relation(element: etree._Element) -> str:
    return element.get(f"{_R}id") or element.get(f"{_STRICT_R}id") or ""


def _attribute(element: etree._Element, name: str) -> str:
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def _heading_styles(styles: etree._Element) -> dict[str, int]:
    """Ids of the paragraph styles that are headings -> level from 1: by outline level, or by name;
    what is based on one is one.
    """
    levels: dict[str, int] = {}
    parents: dict[str, str] = {}
    for style in styles.iter():
        if local(style) != "style":
            continue
        key = _attribute(style, "styleId")
        for child in style.iter():
            if local(child) == "outlineLvl" and (level := whole(_attribute(child, "val"), otherwise=-1)) >= 0:
                levels[key] = level + 1
            elif local(child) == "name" and (match := _HEADING.match(_attribute(child, "val"))):
                levels.setdefault(key, int(match[1] or 1))
            elif local(child) == "basedOn":
                parents[key] = _attribute(child, "val")
    for key, parent in parents.items():
        seen = {key}
        while key not in levels and parent and parent not in seen:
            seen.add(parent)
            if parent in levels:
                levels[key] = levels[parent]
            parent = parents.get(parent, "")
    return {key: level for key, level in levels.items() if level <= 3}


def _read_body(
    root: etree._Element, sections: Sections, notes: dict[str, dict[str, str]], headings: dict[str, int]
) -> None:
    """Paragraphs in order; a text box is a paragraph after the one it hangs on; the cells of a row are one line."""
    for paragraph in _blocks(root):
        if local(paragraph) == "tr":
            text = "\t".join(filter(None, (_row_cell(cell) for cell in paragraph if local(cell) in ("tc", "sdt"))))
            sections.add(text)
        else:
            text = _paragraph_text(paragraph)
            if text.strip() and _is_heading(paragraph, headings):
                sections.begin(" ".join(text.split()))
            sections.add_paragraph(text)
        for box in _boxes(paragraph):
            sections.add_paragraph(_block_text(box))
        for element in paragraph.iter():
            kind = _NOTES.get(local(element))
            if kind in notes:
                sections.add_at_end(notes[kind].pop(_attribute(element, "id"), ""))
    for left in notes.values():
        for text in left.values():
            sections.add_at_end(text)


def _blocks(root: etree._Element) -> Iterator[etree._Element]:
    """Outermost paragraphs and table rows in order, without recursion."""
    waiting = [root]
    while waiting:
        element = waiting.pop()
        name = local(element)
        if name in _SILENT:
            continue
        if name in ("p", "tr") and element is not root:
            yield element
        else:
            waiting.extend(reversed(element))


def _row_cell(cell: etree._Element) -> str:
    return " ".join(
        filter(None, (_paragraph_text(block) if local(block) == "p" else _row_text(block) for block in _blocks(cell)))
    )


def _row_text(row: etree._Element) -> str:
    return "\t".join(" ".join(_paragraph_text(inner).split()) for inner in row.iter() if local(inner) == "p")


def _boxes(paragraph: etree._Element) -> Iterator[etree._Element]:
    for element in paragraph.iter():
        if local(element) == "txbxContent" and not any(
            local(above) in ("Fallback", "txbxContent") for above in element.iterancestors()
        ):
            yield element


def _is_heading(paragraph: etree._Element, headings: dict[str, int]) -> bool:
    properties = next((child for child in paragraph if local(child) == "pPr"), None)
    if properties is None:
        return False
    for child in properties:
        if local(child) == "outlineLvl" and _attribute(child, "val") in ("0", "1", "2"):
            return True
        if local(child) == "pStyle" and _attribute(child, "val") in headings:
            return True
    return False


def _paragraph_text(paragraph: etree._Element) -> str:
    """The words of one paragraph, without those of the text boxes on it, of deletions and of field codes."""
    parts: list[str] = []
    waiting = [paragraph]
    while waiting:
        element = waiting.pop()
        name = local(element)
        if name in _SILENT or name == "txbxContent":
            continue
        if name == "t":
            parts.append(element.text or "")
        elif name in _WORDS and element is not paragraph:
            parts.append(_WORDS[name])
        elif name == "sym" and _attribute(element, "char")[:2].upper() != "F0":
            parts.append(_sign(_attribute(element, "char")))
        else:
            waiting.extend(reversed(element))
    return "".join(parts).strip()


def _sign(code: str) -> str:
    return chr(int(code, 16)) if re.fullmatch(r"[0-9A-Fa-f]{2,5}", code) else ""


def _block_text(root: etree._Element) -> str:
    parts = [_row_text(block) if local(block) == "tr" else _paragraph_text(block) for block in _blocks(root)]
    boxes = [_block_text(box) for box in _boxes(root)] if local(root) != "txbxContent" else []
    return "\n".join(part for part in [*parts, *boxes] if part)


def _notes(package: Package, name: str) -> dict[str, str]:
    """Id -> text of the notes or comments of a part;
    the two separators that Word counts among the footnotes are empty.
    """
    found = (
        (_attribute(note, "id"), _block_text(note))
        for note in package.xml(name)
        if local(note) in ("footnote", "endnote", "comment")
    )
    return {key: text for key, text in found if text}


def _shapes_text(root: etree._Element, *, skip: tuple[str, ...] = ()) -> str:
    """Paragraphs of the shapes of a slide or drawing, a table row per line;
    placeholders of the kinds in `skip` are left out.
    """
    lines: list[str] = []
    waiting = [root]
    while waiting:
        element = waiting.pop()
        name = local(element)
        if name == "Fallback" or (
            name == "sp"
            and skip
            and any(local(inner) == "ph" and inner.get("type") in skip for inner in element.iter())
        ):
            continue
        if name == "tr":
            lines.append("\t".join(filter(None, (_plain(cell) for cell in element if local(cell) == "tc"))))
        elif name == "p":
            lines.append(_plain(element))
        else:
            if name in ("sp", "graphicFrame") and lines and lines[-1]:
                lines.append("")
            waiting.extend(reversed(element))
    return "\n".join(lines).strip()


def _drawn_text(root: etree._Element) -> str:
    """Text of a chart or diagram: its paragraphs, then the names of its series and categories."""
    lines = [_plain(element) for element in root.iter() if local(element) == "p"]
    lines += [
        element.text or ""
        for element in root.iter()
        if local(element) == "v" and any(local(above) == "strCache" for above in element.iterancestors())
    ]
    return "\n".join(dict.fromkeys(filter(None, lines)))


def _plain(element: etree._Element) -> str:
    """The text of all `t` (and comment `text`) elements within, breaks as spaces."""
    if local(element) == "text" and element.text and len(element) == 0:
        return element.text.strip()
    words: list[str] = []
    for inner in element.iter():
        name = local(inner)
        if name in ("t", "text") and inner.text:
            words.append(inner.text)
        elif name in ("br", "tab") or (name == "p" and words):
            words.append(" ")
    return " ".join("".join(words).split())


def _shared_strings(package: Package, name: str) -> list[str]:
    found: list[str] = []
    for item in package.elements(name, tags=("{*}si",)):
        for phonetic in [child for child in item if local(child) == "rPh"]:
            item.remove(phonetic)
        found.append(" ".join("".join(inner.text or "" for inner in item.iter() if local(inner) == "t").split()))
    return found


_BUILT_IN_DATES = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)])


def _date_styles(styles: etree._Element) -> frozenset[int]:
    """Numbers of the cell formats that show a number as a date."""
    custom = {
        element.get("numFmtId"): re.sub(r'"[^"]*"|\[[^\]]*\]|\\.', "", element.get("formatCode") or "")
        for element in styles.iter()
        if local(element) == "numFmt"
    }
    dated = {key for key, code in custom.items() if re.search("[ymdYMD]", code) and not re.search("[#0?]", code)}
    formats = next((element for element in styles if local(element) == "cellXfs"), ())
    return frozenset(
        number
        for number, element in enumerate(formats)
        if (key := element.get("numFmtId") or "0") in dated or whole(key, otherwise=0) in _BUILT_IN_DATES
    )


def _sheet_lines(package: Package, name: str, strings: list[str], dates: frozenset[int]) -> Iterator[str]:
    for element in package.elements(
        name,
        tags=(
            "{*}row",
            "{*}oddHeader",
            "{*}oddFooter",
            "{*}evenHeader",
            "{*}evenFooter",
            "{*}firstHeader",
            "{*}firstFooter",
        ),
    ):
        if local(element) == "row":
            cells = [_cell(cell, strings, dates) for cell in element if local(cell) == "c"]
            if any(cells):
                yield "\t".join(filter(None, cells))
        elif element.text:
            yield ""
            yield " ".join(
                re.sub(r'&(?:"[^"]*"|K[0-9A-Fa-f]{6}|\d+|[A-Za-z])', " ", element.text.replace("&&", "&amp;"))
                .replace("&amp;", "&")
                .split()
            )


def _cell(cell: etree._Element, strings: list[str], dates: frozenset[int]) -> str:
    kind = cell.get("t") or "n"
    if kind == "inlineStr":
        return _plain(cell)
    value = next((child.text or "" for child in cell if local(child) == "v"), "")
    if kind == "s":
        return strings[number] if (number := whole(value, otherwise=len(strings))) < len(strings) else ""
    if kind == "n" and value and whole(cell.get("s") or "", otherwise=-1) in dates:
        return _date(value)
    if kind == "b":
        return ""
    if kind == "n" and re.fullmatch(r"-?\d+\.\d{12,}(?:E-?\d+)?", value):
        return f"{float(value):.10g}"
    return " ".join(value.split())


def _date(value: str) -> str:
    try:
        when = datetime(1899, 12, 30) + timedelta(days=float(value))
    except (ValueError, OverflowError):
        return value
    return (
        when.strftime("%H:%M")
        if float(value) < 1
        else when.strftime("%Y-%m-%d" if float(value) == int(float(value)) else "%Y-%m-%d %H:%M")
    )
