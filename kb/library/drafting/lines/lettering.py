"""The title by the size of its letters: lines of a page gathered into blocks of one size,
and which of them stands out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kb.library.drafting.documents import Document, Line, Page, words_of
from kb.library.drafting.lines.dates import only_date
from kb.library.drafting.lines.junk import is_junk_title
from kb.library.drafting.lines.names import is_named_organisation, looks_like_person
from kb.library.drafting.lines.wording import (
    FURNITURE,
    LABELLED,
    is_bare_part,
    is_kind,
    is_one_of_many,
    is_part,
    joined,
    stands_alone,
)

LONGEST = 300  # signs: more is a paragraph
STANDS_OUT = 1.5  # times the letters of the text: what a page shows before anything else
_MOST_LINES = 7
_SAME_SIZE = 0.12  # letters of one title differ by less
_LARGER = 1.12  # times the letters of the text: what is smaller is text
_GAP = 2.6  # lines of one title stand at most so many letter heights apart, from top to top
_FAR = 5.0  # and a subtitle begins so near
_NEARLY = 0.75  # as large as the name of an organisation: what it is about may be in smaller letters than who made it
_AS_LARGE = 0.9  # of the title's letters: a block of such letters could be the title too
_LOGO = 8  # letters of a word in capitals by itself: a name, an abbreviation
_EDGE = 0.1  # of the page, where running headers and footers stand


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of one size, one under the other."""

    lines: tuple[Line, ...]

    @property
    def text(self) -> str:
        return joined(self.lines)

    @property
    def size(self) -> float:
        return max(line.size for line in self.lines)


def blocks_of(page: Page, document: Document) -> list[Block]:
    """The lines of a page gathered by size, from top to bottom; furniture (page numbers, addresses,
    running headers) left out.
    """
    blocks: list[list[Line]] = []
    for line in sorted(lines_without_furniture(page, document), key=lambda line: round(line.top, 3)):
        if blocks and _belongs(blocks[-1][-1], line, page.height, document):
            blocks[-1].append(line)
        else:
            blocks.append([line])
    return [Block(tuple(block)) for block in blocks]


def lines_without_furniture(page: Page, document: Document) -> list[Line]:
    running = _running(document)
    return [line for line in page.lines if not _is_furniture(line, document, running)]


def title_among(blocks: Sequence[Block], document: Document, organisations: frozenset[str]) -> Block | None:
    """The block that is the title: of the largest letters, the upper one of two nearly alike; None when no letters are
    larger than the text's.
    """
    meant = _meant(blocks, document, organisations)
    return max(meant, key=lambda block: block.size * (1.0 - 0.25 * block.lines[0].top), default=None)


def rivals_of(
    titled: Block, blocks: Sequence[Block], document: Document, organisations: frozenset[str]
) -> Sequence[Block]:
    """Other blocks in letters (nearly) as large, that could be the title as well."""
    meant = _meant(blocks, document, organisations)
    return [block for block in meant if block is not titled and block.size >= _AS_LARGE * titled.size]


def _meant(blocks: Sequence[Block], document: Document, organisations: frozenset[str]) -> list[Block]:
    """Those that may be the title: the word for what it is, a logo, the heading of a part only where there is nothing
    else; the name of an organisation where nothing else is nearly as large.
    """
    able = [block for block in blocks if _may_be_title(block, document, organisations)]
    says = [block for block in able if not (is_kind(block.text) or _is_logo(block) or is_one_of_many(block.text))]
    large = max((block.size for block in says if not is_named_organisation(block.text)), default=0.0)
    return [one for one in says if not is_named_organisation(one.text) or _NEARLY * one.size > large] or able


def subtitle_below(titled: Block, blocks: Sequence[Block], document: Document, height: float) -> Block | None:
    """The next block, if it is near, in letters between those of the title and the text,
    and neither a name nor a date.
    """
    below = next(iter(blocks[blocks.index(titled) + 1 :]), None)
    if below is None or (below.lines[0].top - titled.lines[-1].bottom) * height > _FAR * below.size:
        return None
    return below if _may_be_subtitle(below, titled, document) else None


def names_people(text: str) -> bool:
    """A line of names: every word begins with a capital, and there is no word that joins a sentence."""
    words = [word for word in re.split(r"[\s,;&]+", text) if word]
    small = ("et", "en", "and", "de", "van", "der", "den")
    listed = "," in text and 2 <= len(words) <= 12 and all(word[:1].isupper() or word in small for word in words)
    return listed or looks_like_person(text)


def _belongs(above: Line, line: Line, height: float, document: Document) -> bool:
    if abs(above.size - line.size) > _SAME_SIZE * max(above.size, line.size):
        return False
    author = words_of(document.properties.get("author", ""))
    if line.left >= above.right or line.right <= above.left:  # beside it, not under it
        return False
    if stands_alone(line) or stands_alone(above) or words_of(line.text) == author:
        return False
    gap = (line.top - above.top) * height
    # A line further down is the same title only while it goes on: a paragraph of its own must stand closer.
    return gap <= _GAP * above.size * (0.75 if line.opens_paragraph else 1.0)


def _running(document: Document) -> frozenset[str]:
    """Texts (without their numbers) that stand at the edge of several pages."""
    seen: dict[str, set[int]] = {}
    for page in document.head:
        for line in page.lines:
            if line.top < _EDGE or line.bottom > 1 - _EDGE:
                seen.setdefault(_without_numbers(line), set()).add(page.number)
    return frozenset(text for text, pages in seen.items() if len(pages) > 1)


def _is_furniture(line: Line, document: Document, running: frozenset[str]) -> bool:
    if line.letters < 2 or FURNITURE.search(line.text):
        return True
    at_edge = line.size > 0 and (line.top < _EDGE or line.bottom > 1 - _EDGE)
    return at_edge and line.size <= 1.05 * document.body_size and _without_numbers(line) in running


def _without_numbers(line: Line) -> str:
    return re.sub(r"\d+", "", words_of(line.text)).strip()


def _is_logo(block: Block) -> bool:
    return len(block.text.split()) == 1 and block.text.isupper() and len(block.text) <= _LOGO


def _may_be_title(block: Block, document: Document, organisations: frozenset[str]) -> bool:
    text = block.text
    if sum(sign.isalpha() for sign in text) < 4 or len(text) > LONGEST or len(block.lines) > _MOST_LINES:
        return False
    if block.size < _LARGER * document.body_size or only_date(text) or LABELLED.match(text) or is_part(text):
        return False
    return words_of(text) not in organisations and not is_junk_title(text) and not is_bare_part(text)


def _may_be_subtitle(below: Block, titled: Block, document: Document) -> bool:
    text = below.text
    if sum(sign.isalpha() for sign in text) < 6 or len(text) > 200 or len(below.lines) > 4:
        return False
    if (
        not 1.06 * document.body_size <= below.size <= 1.02 * titled.size
        or only_date(text)
        or LABELLED.match(text)
        or is_part(text)
    ):
        return False
    if is_named_organisation(text) or is_bare_part(text) or (text[:1].islower() and " " not in text):
        return False
    return words_of(text) != words_of(document.properties.get("author", "")) and not names_people(text)
