"""The title and subtitle of a document: the largest lines near the top of its first page, weighed against what its properties say.

Headings are used where a format has no pages, the name of the file where nothing else is left.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kb.library.choices import FoundIn
from kb.library.drafting.dates import only_date
from kb.library.drafting.documents import MAIL, WEB_PAGES, Document, Found, Line, Page, on_page, words_of
from kb.library.drafting.junk import is_junk_title, title_of_name

LONGEST = 300  # signs: more is a paragraph
_MOST_LINES = 7
_SAME_SIZE = 0.12  # letters of one title differ by less
_LARGER = 1.12  # times the letters of the text: what is smaller does not stand out
_GAP = 2.6  # lines of one title stand at most so many letter heights apart, from top to top
_FAR = 5.0  # and a subtitle begins so near
_MARKS = " *∗†‡§¹²³•·–-|:,;"
_FURNITURE = re.compile(
    r"https?://|www\.|@|\b(?:issn|isbn|doi)\b|^\W*(?:page|pagina|p\.)?\s*\d+\s*(?:of|van|de|sur|/)?\s*\d*\W*$|^(?:tel|tél|fax|gsm)\b|\b\d{4}\s?(?:bruxelles|brussels?|schaerbeek|schaarbeek)\b",
    re.IGNORECASE,
)
_LABELLED = re.compile(
    r"^(?:auteurs?|authors?|door|par|by|rédaction|redactie|date|datum|versie|version|éditeur|uitgever|publisher|v\.\s?u\.|organisation|organisatie|website|opdrachtgever"
    r"|contact\w*|onderwerp|objet|betreft|subject|ons kenmerk|onze referentie|nos références|our reference)\b\s*(?::|\t|$)",
    re.IGNORECASE,
)
_OBJECT = re.compile(
    r"^(?:concerne|objet|betreft|betreffende|onderwerp|subject|re|title|titre|titel)\s*[:\t]\s*(?P<title>\S.{5,200})$", re.IGNORECASE
)
# What kind of document it is, which is no title while something else stands beside it.
_KINDS = frozenset(
    """
    rapport verslag report etude studie study dossier brochure folder depliant factsheet fiche memoire these masterproef scriptie thesis note nota annexe bijlage annex
    communique persbericht synthese samenvatting summary resume guide gids nieuwsbrief newsletter bulletin advies avis editorial editoriaal
    """.split()
)
_CONTENTS = re.compile(r"^(?:table des mati[eè]res|sommaire|inhoud(?:sopgave|stafel)?|contents|table of contents|index)\W*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of one size, one under the other."""

    lines: tuple[Line, ...]

    @property
    def text(self) -> str:
        return " ".join(" ".join(line.text for line in self.lines).split()).strip(_MARKS)

    @property
    def size(self) -> float:
        return max(line.size for line in self.lines)

    @property
    def top(self) -> float:
        return self.lines[0].top

    @property
    def bottom(self) -> float:
        return self.lines[-1].bottom

    @property
    def page(self) -> int:
        return self.lines[0].page


@dataclass(frozen=True, slots=True)
class Titles:
    """subtitle None where there is none; lines: those of the first pages that are taken, so that nothing else is read in them."""

    title: Found | None = None
    subtitle: Found | None = None
    lines: frozenset[str] = frozenset()


def titles_of(document: Document, *, organisations: Iterable[str] = ()) -> Titles:
    """What the document is called. organisations: names (words of them, as compared) that are a logo rather than a title."""
    stated = document.properties.get("title", "")
    if document.media_type in WEB_PAGES:
        stated = _without_site(stated, document)
    said = "" if is_junk_title(stated, file_name=document.name) else " ".join(stated.split())[:LONGEST].strip(_MARKS)
    if document.media_type == MAIL and said:
        return Titles(Found(said, FoundIn.PROPERTIES))
    printed = _printed(document, frozenset(organisations)) if _has_sizes(document) else _headed(document)
    chosen = _weighed(document, printed, said)
    if chosen.title is None and (name := title_of_name(document.name)):
        return Titles(Found(name, FoundIn.NAME))
    return chosen


def _has_sizes(document: Document) -> bool:
    return any(line.size for page in document.head for line in page.lines)


def _printed(document: Document, organisations: frozenset[str]) -> Titles:
    """From the sizes of letters, on the first page that has more than a few of them."""
    for page in document.head[:3]:
        blocks = _blocks(page, document)
        titled = _best(blocks, document, organisations)
        if titled is not None:
            return _with_subtitle(titled, blocks, document)
        if sum(line.letters for line in page.lines) > 120:
            break
    return _first_lines(document)


def _blocks(page: Page, document: Document) -> list[Block]:
    """The lines of a page gathered by size, in reading order; furniture (page numbers, addresses, running headers) left out."""
    running = _running(document)
    lines = sorted((line for line in page.lines if line.size and not _is_furniture(line, document, running)), key=lambda line: (round(line.top, 3),))
    blocks: list[list[Line]] = []
    for line in lines:
        near = blocks and _belongs(blocks[-1][-1], line, page.height)
        if near:
            blocks[-1].append(line)
        else:
            blocks.append([line])
    return [Block(tuple(block)) for block in blocks]


def _belongs(above: Line, line: Line, height: float) -> bool:
    if abs(above.size - line.size) > _SAME_SIZE * max(above.size, line.size):
        return False
    if _stands_alone(line) or _stands_alone(above):
        return False
    gap = (line.top - above.top) * height
    # A line further down is the same title only while it goes on: a paragraph of its own must stand as close as lines do.
    return gap <= _GAP * above.size * (0.75 if line.opens_paragraph else 1.0)


def _running(document: Document) -> frozenset[str]:
    """Texts (without their numbers) that stand at the edge of several pages."""
    seen: dict[str, set[int]] = {}
    for page in document.head:
        for line in page.lines:
            if line.top < 0.1 or line.bottom > 0.92:
                seen.setdefault(re.sub(r"\d+", "", words_of(line.text)).strip(), set()).add(page.number)
    return frozenset(text for text, pages in seen.items() if len(pages) > 1)


def _is_furniture(line: Line, document: Document, running: frozenset[str]) -> bool:
    if line.letters < 2 or _FURNITURE.search(line.text):
        return True
    if line.top < 0.1 or line.bottom > 0.92:
        text = re.sub(r"\d+", "", words_of(line.text)).strip()
        return line.size <= 1.05 * document.body_size and text in running
    return False


def _best(blocks: Sequence[Block], document: Document, organisations: frozenset[str]) -> Block | None:
    able = [block for block in blocks if _may_be_title(block, document, organisations)]
    meant = [block for block in able if words_of(block.text) not in _KINDS] or able
    # Larger is surer; of two nearly alike, the upper one.
    return max(meant, key=lambda block: block.size * (1.0 - 0.25 * block.top), default=None)


def _may_be_title(block: Block, document: Document, organisations: frozenset[str]) -> bool:
    text = block.text
    if not 4 <= sum(sign.isalpha() for sign in text) or len(text) > LONGEST or len(block.lines) > _MOST_LINES:
        return False
    if block.size < _LARGER * document.body_size or only_date(text) or _LABELLED.match(text) or _CONTENTS.match(text):
        return False
    return words_of(text) not in organisations and not is_junk_title(text)


def _with_subtitle(titled: Block, blocks: Sequence[Block], document: Document) -> Titles:
    place = blocks.index(titled)
    height = next((page.height for page in document.head if page.number == titled.page), 1.0) or 1.0
    subtitle = None
    if place + 1 < len(blocks):
        below = blocks[place + 1]
        near = (below.top - titled.bottom) * height <= _FAR * below.size
        if near and _may_be_subtitle(below, titled, document):
            subtitle = below
    taken = [*titled.lines, *(subtitle.lines if subtitle else ())]
    return Titles(
        on_page(titled.text, titled.page),
        on_page(subtitle.text, subtitle.page) if subtitle else None,
        frozenset(line.text for line in taken),
    )


def _may_be_subtitle(below: Block, titled: Block, document: Document) -> bool:
    text = below.text
    if not 6 <= sum(sign.isalpha() for sign in text) or len(text) > 200 or len(below.lines) > 4:
        return False
    if below.size < 1.06 * document.body_size or below.size > 1.02 * titled.size or only_date(text) or _LABELLED.match(text) or _CONTENTS.match(text):
        return False
    author = words_of(document.properties.get("author", ""))
    return words_of(text) != author and not _names_people(text)


def _names_people(text: str) -> bool:
    """A line of names: every word begins with a capital, and there is no word that joins a sentence."""
    words = [word for word in re.split(r"[\s,;&]+", text) if word]
    return (
        2 <= len(words) <= 12 and all(word[:1].isupper() or word in ("et", "en", "and", "de", "van", "der", "den") for word in words) and "," in text
    )


def _first_lines(document: Document) -> Titles:
    """Where no letters are larger: what a letter says it is about, else the first paragraph of the first page if it is short."""
    page = next((page for page in document.head[:2] if page.lines), None)
    if page is None:
        return Titles()
    for line in page.lines[:40]:
        if found := _OBJECT.match(line.text):
            return Titles(on_page(found["title"].strip(_MARKS), line.page), None, frozenset({line.text}))
    running = _running(document)
    lines = [line for line in page.lines if not _is_furniture(line, document, running)]
    return _first_paragraph(lines[:30])


def _first_paragraph(lines: Sequence[Line]) -> Titles:
    paragraphs: list[list[Line]] = []
    for line in lines:
        if line.opens_paragraph or not paragraphs or _stands_alone(line) or _stands_alone(paragraphs[-1][-1]):
            paragraphs.append([line])
        else:
            paragraphs[-1].append(line)
    able = [paragraph for paragraph in paragraphs[:6] if _reads_like_a_title(paragraph)]
    kept = [paragraph for paragraph in able if words_of(_joined(paragraph)) not in _KINDS] or able
    if not kept:
        return Titles()
    return Titles(on_page(_joined(kept[0]), kept[0][0].page), None, frozenset(line.text for line in kept[0]))


def _stands_alone(line: Line) -> bool:
    return only_date(line.text) or bool(_LABELLED.match(line.text))


def _joined(lines: Iterable[Line]) -> str:
    return " ".join(" ".join(line.text for line in lines).split()).strip(_MARKS)


def _reads_like_a_title(paragraph: Sequence[Line]) -> bool:
    text = " ".join(line.text for line in paragraph)
    if not 8 <= len(text) <= 200 or len(paragraph) > 4 or len(text.split()) < 2:
        return False
    if text.rstrip().endswith((",", ";", ":")) or (text.rstrip().endswith(".") and len(text) > 120):
        return False
    return not (only_date(text) or _LABELLED.match(text) or _FURNITURE.search(text) or _CONTENTS.match(text) or is_junk_title(text))


def _headed(document: Document) -> Titles:
    """Formats without pages: what stands before the first heading if it is short, else the first heading."""
    page = next((page for page in document.head if page.text.strip() or page.label), None)
    if page is None:
        return Titles()
    lines = list(page.lines)
    for line in lines[:40]:
        if found := _OBJECT.match(line.text):
            return Titles(on_page(found["title"].strip(_MARKS), line.page), None, frozenset({line.text}))
    label = page.label.strip(_MARKS)
    if label and not is_junk_title(label) and words_of(label) not in _KINDS and not _CONTENTS.match(label):
        return Titles(on_page(label[:LONGEST], page.number), None, frozenset({label}))
    first = _first_paragraph(lines[:12])
    if first.title is None:
        return first
    after = [line for line in lines if line.text not in first.lines][:1]
    if after and _is_second_line(after[0], lines, document):
        return Titles(first.title, on_page(after[0].text.strip(_MARKS), page.number), first.lines | {after[0].text})
    return first


def _is_second_line(line: Line, lines: Sequence[Line], document: Document) -> bool:
    """A page of a few short lines is a title page; its second line is the subtitle unless it is a name or a date."""
    short = len(lines) <= 8 and all(len(other.text) <= 160 for other in lines)
    named = words_of(line.text) == words_of(document.properties.get("author", "")) or _names_people(line.text)
    return short and len(lines) > 2 and _reads_like_a_title([line]) and not named


def _weighed(document: Document, printed: Titles, said: str) -> Titles:
    """What is printed against what the properties say: where both agree the printed form, with the capitals of the properties."""
    if not said:
        return printed
    if printed.title is None:
        return Titles(_placed(document, said))
    shown, stated = words_of(printed.title.value), words_of(said)
    whole = f"{shown} {words_of(printed.subtitle.value)}" if printed.subtitle else shown
    if shown == stated:
        value = said if printed.title.value.isupper() and not said.isupper() else printed.title.value
        return Titles(Found(value, printed.title.where, printed.title.page), printed.subtitle, printed.lines)
    if stated == whole:
        return printed
    page = document.says(said)
    if page is None:
        return printed
    if shown.startswith(f"{stated} "):
        return Titles(on_page(said, page), _remainder(printed, said) or printed.subtitle, printed.lines)
    if len(stated.split()) > 1 and not stated.startswith(f"{shown} "):
        return Titles(on_page(said, page), None, printed.lines)
    if stated.startswith(f"{shown} ") and len(stated.split()) <= 30:
        return Titles(on_page(said, page), None, printed.lines)
    return printed


def _remainder(printed: Titles, said: str) -> Found | None:
    """What follows the stated title in the printed block."""
    assert printed.title is not None
    words = printed.title.value.split()
    rest = " ".join(words[len(said.split()) :]).strip(_MARKS)
    return Found(rest, printed.title.where, printed.title.page) if sum(sign.isalpha() for sign in rest) > 3 else None


def _placed(document: Document, said: str) -> Found:
    page = document.says(said)
    return on_page(said, page) if page is not None else Found(said, FoundIn.PROPERTIES)


def _without_site(stated: str, document: Document) -> str:
    """ "Le bail | Commune de Schaerbeek" is "Le bail" where a heading of the page says so."""
    headings = {words_of(page.label) for page in document.head if page.label} | {
        words_of(line.text) for page in document.head[:1] for line in page.lines[:20]
    }
    parts = [part.strip() for part in re.split(r"\s+[|–—»·:-]\s+", stated) if part.strip()]
    return next((part for part in parts if words_of(part) in headings), stated)
