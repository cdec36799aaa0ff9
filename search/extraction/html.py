"""HTML and XHTML: what a reader of the page would see, sections by heading, scripts and styles left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lxml import etree
from lxml import html as lxml_html

from search.extraction.dates import iso_date
from search.extraction.errors import BrokenFile
from search.extraction.limits import Facts, Limits
from search.extraction.pages import ExtractedPage
from search.extraction.plain import decode
from search.extraction.sections import Sections

_SILENT = frozenset(
    (
        "script",
        "style",
        "noscript",
        "template",
        "head",
        "svg",
        "math",
        "object",
        "embed",
        "iframe",
        "select",
        "datalist",
        "audio",
        "video",
        "canvas",
        "map",
    )
)
# fmt: off
_PARAGRAPHS = frozenset((
    "address", "article", "aside", "blockquote", "div", "dl", "figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "main", "nav", "ol",  # noqa: E501
    "p", "pre", "section", "table", "ul",
))
_BLOCKS = _PARAGRAPHS | {
    "body", "br", "caption", "center", "dd", "details", "dialog", "dir", "dt", "fieldset", "figcaption", "form", "hr", "html", "legend", "li",  # noqa: E501
    "menu", "summary", "tbody", "td", "tfoot", "th", "thead", "title", "tr",
}
# fmt: on
_HEADINGS = frozenset(["h1", "h2", "h3"])
_CHARSET = re.compile(rb"""<meta[^>]{0,300}?charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]{1,40})""", re.IGNORECASE)
_XML_CHARSET = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9_.-]{1,40})["']""")
_TITLES = ("citation_title", "dc.title", "dcterms.title", "og:title")
_AUTHORS = ("citation_author", "dc.creator", "dcterms.creator", "author")
_DATES = (
    "citation_publication_date",
    "citation_date",
    "dcterms.issued",
    "dc.date.issued",
    "article:published_time",
    "dc.date",
    "dcterms.date",
    "dcterms.created",
    "date",
)
_SPACES = re.compile(r"[ \t\r\n\f]+")


def read(path: Path, limits: Limits) -> Iterator[Facts | ExtractedPage | str]:
    """One section for what stands before the first heading, then one per heading (h1 to h3).

    Raises BrokenFile if nothing can be parsed.
    """
    facts, sections = sections_of(path.read_bytes())
    yield facts
    yield from sections.pages()


def sections_of(content: bytes, *, charset: str = "") -> tuple[Facts, Sections]:
    """The facts and the sections of a page; charset is what a mail or container says of it."""
    declared = _XML_CHARSET.search(content[:1024]) or _CHARSET.search(content[:4096])
    text = decode(content, charset or (declared[1].decode("ascii") if declared else ""))
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text.replace("\x00", ""), count=1)
    parser = lxml_html.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, huge_tree=False)
    try:
        root = lxml_html.document_fromstring(text, parser=parser) if text.strip() else None
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise BrokenFile(f"not HTML: {error}") from error
    sections = Sections()
    if root is None:
        return Facts(), sections
    _walk(root, sections)
    return _facts(root), sections


def _facts(root: etree._Element) -> Facts:
    """From the names that libraries, newspapers and social networks agree on (Dublin Core, Highwire's citation_*, Open
    Graph), the surest first.
    """
    said: dict[str, list[str]] = {}
    for meta in root.iter("meta"):
        name = (meta.get("name") or meta.get("property") or "").lower()
        value = " ".join((meta.get("content") or "").split())
        if value:
            said.setdefault(name, []).append(value)
    first = lambda *names: next((said[name][0] for name in names if name in said), "")  # noqa: E731
    authors = next((said[name] for name in _AUTHORS if name in said), [])
    return Facts(
        title=first(*_TITLES) or " ".join((root.findtext(".//title") or "").split()),
        author="; ".join(authors[:10]),
        language=(root.get("lang") or root.get("xml:lang") or first("dc.language", "dcterms.language"))[:20],
        date=next((day for name in _DATES if (day := iso_date(first(name)))), ""),
        publisher=first("citation_publisher", "dc.publisher", "dcterms.publisher", "og:site_name"),
    )


def _walk(root: etree._Element, sections: Sections) -> None:
    """Without recursion: a hostile page nests deeper than Python does.

    `silent` holds the outermost element that is left out.
    """
    line: list[str] = []
    silent: etree._Element | None = None
    heading: int | None = None
    plain = 0

    def end_line(*, paragraph: bool) -> None:
        text = "".join(line)
        text = text.strip("\n") if plain else _SPACES.sub(" ", text).strip()
        line.clear()
        if text:
            sections.add(text)
        if paragraph:
            sections.end_paragraph()

    for event, element in etree.iterwalk(root, events=("start", "end")):
        tag = element.tag if isinstance(element.tag, str) else ""
        if event == "start":
            if silent is None and (tag in _SILENT or element.get("hidden") is not None):
                silent = element
            if silent is None:
                if tag in _BLOCKS and tag not in ("td", "th"):
                    end_line(paragraph=tag in _PARAGRAPHS)
                elif tag in ("td", "th") and line and "".join(line).strip():
                    line.append(" ")
                if tag in _HEADINGS and heading is None:
                    heading = len(sections.lines)
                    sections.begin("")
                plain += tag == "pre"
                if tag == "img" and element.get("alt"):
                    line.append(f" {element.get('alt')} ")
                if element.text:
                    line.append(element.text)
        else:
            if silent is None:
                if tag in _BLOCKS and tag not in ("td", "th"):
                    end_line(paragraph=tag in _PARAGRAPHS)
                if tag in _HEADINGS and heading is not None:
                    sections.label_with_text()
                    heading = None
                plain -= tag == "pre"
            elif element is silent:
                silent = None
            if silent is None and element.tail and element is not root:
                line.append(element.tail)
    end_line(paragraph=True)
