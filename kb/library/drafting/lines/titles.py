"""The title and subtitle of a document: what stands out on its first page, weighed against what its properties say.

Headings are used where a format has no pages, the name of the file where nothing else is left. Letters are compared in
`lettering`, words in `wording`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from kb.library.choices import Doubt, FoundIn
from kb.library.drafting.documents import (
    BOOK,
    MAIL,
    SHEETS,
    STATED,
    WEB_PAGES,
    Document,
    Found,
    Line,
    Page,
    on_page,
    words_of,
)
from kb.library.drafting.lines.junk import is_junk_title, title_of_name
from kb.library.drafting.lines.lettering import (
    LONGEST,
    STANDS_OUT,
    Block,
    blocks_of,
    lines_without_furniture,
    names_people,
    rivals_of,
    subtitle_below,
    title_among,
)
from kb.library.drafting.lines.names import is_named_organisation
from kb.library.drafting.lines.wording import (
    MARKS,
    first_paragraph,
    is_bare_part,
    is_kind,
    is_numbered,
    is_one_of_many,
    is_part,
    joined,
    object_of,
    reads_like_a_title,
)

_MUCH_LARGER = 1.25  # times the letters of the text: what is only a little larger may be any heading
_LOW = 0.5  # of the page: below it stand headings, but on a cover
_LETTERS_OF_COVER = 400  # fewer stand on a cover
_CAPITALS_WITHIN = re.compile(r"\w*[^\W\d_A-ZÀ-Þ]{2}[A-ZÀ-Þ]\w*|\b[a-zà-þ]{2,}\w*[A-ZÀ-Þ]\w*")


@dataclass(frozen=True, slots=True)
class Titles:
    """subtitle None where there is none; lines: those of the first pages that are taken, so that nothing else is read
    in them.

    is_sure: the title stood out by its letters, as a heading or by a label; otherwise it is only the first words.
    doubt: what speaks against it where it stands, a code of `Doubt`; a second witness can still take that away.
    """

    title: Found | None = None
    subtitle: Found | None = None
    lines: frozenset[str] = frozenset()
    is_sure: bool = True
    doubt: str = ""


def titles_of(document: Document, *, organisations: Iterable[str] = ()) -> Titles:
    """What the document is called. organisations: names (as `words_of` gives them)
    that are a logo rather than a title.
    """
    stated = document.properties.get("title", "")
    if document.media_type in WEB_PAGES:
        stated = _without_site(stated, document)
    is_meant = document.media_type in (MAIL, BOOK) and bool(stated.strip())
    said = (
        ""
        if is_junk_title(stated, file_name=document.name) and not is_meant
        else " ".join(stated.split())[:LONGEST].strip(MARKS)
    )
    if is_meant:
        return Titles(Found(said, FoundIn.PROPERTIES))
    shown = _shown(document, frozenset(organisations))
    chosen = _weighed(document, shown, said)
    if chosen.title is None and (name := title_of_name(document.name)):
        return Titles(Found(name, FoundIn.NAME, doubt=Doubt.NAME))
    return _judged(chosen, shown, document, said) if chosen.title else chosen


def _judged(chosen: Titles, shown: Titles, document: Document, said: str) -> Titles:
    """The titles with what is doubtful in them; a subtitle is as sure as the title above it.

    A title that two say (the page and the properties, or the name of the file) is doubted for its words alone.
    """
    assert chosen.title is not None
    text = str(chosen.title.value)
    doubt = _doubt_of_words(text, document)
    named = _is_in_name(text, document) and shown.doubt not in (Doubt.SEVERAL, Doubt.GARBLED)
    if not doubt and not named and not _is_stated(text, document, said):
        if chosen.title.where == FoundIn.PROPERTIES:
            doubt = "" if document.media_type in STATED else Doubt.PROPERTIES
        else:
            doubt = shown.doubt or ("" if chosen.is_sure and shown.is_sure else Doubt.PLAIN) or _doubt_of_script(text)
    subtitle = replace(chosen.subtitle, doubt=doubt) if chosen.subtitle else None
    return replace(chosen, title=replace(chosen.title, doubt=doubt), subtitle=subtitle, doubt=doubt)


def _doubt_of_words(text: str, document: Document) -> str:
    if is_one_of_many(text) or is_numbered(text) or is_named_organisation(text) or is_kind(text):
        return Doubt.PART
    return Doubt.GARBLED if document.lost_digits or len(_CAPITALS_WITHIN.findall(text)) > 1 else ""


def _doubt_of_script(text: str) -> str:
    """A title of one word is seldom one, and one that mixes writings is often ill read."""
    if len(text.split()) < 2:
        return Doubt.PLAIN
    writings = {unicodedata.name(sign, "?").split()[0] for sign in text if sign.isalpha()}
    return Doubt.GARBLED if len(writings) > 1 else ""


def _is_stated(text: str, document: Document, said: str) -> bool:
    """Whether the properties say the same, and a page has it."""
    words, stated = words_of(text), words_of(said)
    agree = bool(stated) and (stated.startswith(words) or words.startswith(stated))
    return agree and document.says(text) is not None


def _is_in_name(text: str, document: Document) -> bool:
    """Whether the name of the file says the same, but for one word."""
    words = words_of(text)
    named, ours = words_of(title_of_name(document.name)).split(), words.split()
    return len(ours) > 1 and sum(word not in named for word in ours) <= (1 if len(ours) > 3 else 0)


def _shown(document: Document, organisations: frozenset[str]) -> Titles:
    if any(line.size for page in document.head for line in page.lines):
        return _printed(document, organisations)
    return _of_sheet(document) if document.media_type in SHEETS else _headed(document)


def _printed(document: Document, organisations: frozenset[str]) -> Titles:
    """From the sizes of letters, on the first page that has more than a few of them."""
    for page in document.head[:3]:
        blocks = blocks_of(page, document)
        titled = title_among(blocks, document, organisations)
        about = object_of(page.lines) if page is document.head[0] else None
        if about and (titled is None or titled.size < STANDS_OUT * document.body_size):
            return _taken(about[0], [about[1]])
        if titled is not None:
            below = subtitle_below(titled, blocks, document, page.height or 1.0)
            subtitle = on_page(below.text, page.number) if below else None
            taken = frozenset(line.text for line in [*titled.lines, *(below.lines if below else ())])
            doubt = _doubt_of_place(titled, blocks, page, document, organisations)
            return Titles(on_page(titled.text, page.number), subtitle, taken, doubt=doubt)
        if sum(line.letters for line in page.lines) > 120:
            break
    written = next((page for page in document.head[:2] if page.lines), None)
    paragraph = first_paragraph(lines_without_furniture(written, document)[:30]) if written else ()
    return _taken(joined(paragraph), paragraph, is_sure=False) if paragraph else Titles()


def _doubt_of_place(
    titled: Block, blocks: Sequence[Block], page: Page, document: Document, organisations: frozenset[str]
) -> str:
    """Whether its letters are much larger than the text, no other is as large, and it stands where titles do."""
    if any(line.is_jumbled for line in titled.lines):
        return Doubt.GARBLED
    if rivals_of(titled, blocks, document, organisations):
        return Doubt.SEVERAL
    is_cover = sum(line.letters for line in page.lines) < _LETTERS_OF_COVER
    is_low = titled.lines[0].top > _LOW and not is_cover
    return Doubt.PLAIN if is_low or titled.size < _MUCH_LARGER * document.body_size else ""


def _headed(document: Document) -> Titles:
    """Formats without pages: what a letter is about, the first heading, or what stands before it if it is short."""
    page = next((page for page in document.head if page.text.strip() or page.label), None)
    if page is None:
        return Titles()
    lines = page.lines
    if about := object_of(lines):
        return _taken(about[0], [about[1]])
    label = page.label.strip(MARKS)
    if label and not (is_junk_title(label) or is_kind(label) or is_part(label) or is_bare_part(label)):
        return Titles(on_page(label[:LONGEST], page.number), None, frozenset({label}))
    first = first_paragraph(lines[:12])
    if not first:
        return Titles()
    found = replace(_taken(joined(first), first, is_sure=_is_title_page(lines)), doubt=Doubt.PLAIN)
    after = next((line for line in lines if line not in first), None)
    if after and _is_second_line(after, lines, document):
        subtitle = on_page(after.text.strip(MARKS), page.number)
        return replace(found, subtitle=subtitle, lines=found.lines | {after.text})
    return found


def _of_sheet(document: Document) -> Titles:
    """The words of a first row that has one cell only; a table has no other title. Rows of one cell below it leave open
    what it is.
    """
    rows = [line for page in document.head[:1] for line in page.lines[:3]]
    if not rows or not _is_one_cell(rows[0]) or not reads_like_a_title(rows[:1]):
        return Titles()
    doubt = Doubt.PLAIN if all(map(_is_one_cell, rows)) else ""
    return replace(_taken(rows[0].text.strip(MARKS), rows[:1]), doubt=doubt)


def _is_one_cell(row: Line) -> bool:
    return not any(sign in row.text for sign in "\t,;")


def _taken(title: str, lines: Sequence[Line], *, is_sure: bool = True) -> Titles:
    return Titles(on_page(title, lines[0].page), None, frozenset(line.text for line in lines), is_sure)


def _is_title_page(lines: Sequence[Line]) -> bool:
    return 1 < len(lines) <= 8 and all(len(line.text) <= 160 for line in lines)


def _is_second_line(line: Line, lines: Sequence[Line], document: Document) -> bool:
    """Of a page of a few short lines the second is the subtitle, unless it is a name or a date."""
    named = words_of(line.text) == words_of(document.properties.get("author", "")) or names_people(line.text)
    return _is_title_page(lines) and len(lines) > 2 and reads_like_a_title([line]) and not named


def _weighed(document: Document, shown: Titles, said: str) -> Titles:
    """What is printed against what the properties say: the printed form where both agree, the stated one where the
    first pages have it too.
    """
    if not said:
        return shown
    page = document.says(said)
    stated_title = on_page(said, page) if page is not None else Found(said, FoundIn.PROPERTIES)
    if shown.title is None:
        return Titles(stated_title)
    printed, stated = words_of(shown.title.value), words_of(said)
    if not shown.is_sure and not stated.startswith(printed):
        return Titles(stated_title)
    whole = f"{printed} {words_of(shown.subtitle.value)}" if shown.subtitle else printed
    cased = _with_capitals_of(shown, said)
    if stated in (printed, whole) or page is None:
        return cased
    if printed.startswith(f"{stated} "):
        return Titles(stated_title, _remainder(shown, said) or shown.subtitle, shown.lines)
    # Both are on the first pages, and they differ: two witnesses are better than one, unless the stated one is a single
    # word.
    return Titles(stated_title, None, shown.lines) if len(stated.split()) > 1 else cased


def _with_capitals_of(shown: Titles, said: str) -> Titles:
    """A title printed in capitals throughout as the properties write it, where they begin with the same words."""
    assert shown.title is not None
    printed = shown.title.value
    words = said.split()[: len(printed.split())]
    if printed.isupper() and not said.isupper() and words_of(" ".join(words)) == words_of(printed):
        return Titles(on_page(" ".join(words).strip(MARKS), shown.title.page or 1), shown.subtitle, shown.lines)
    return shown


def _remainder(shown: Titles, said: str) -> Found | None:
    """What follows the stated title in the printed block."""
    assert shown.title is not None
    rest = " ".join(shown.title.value.split()[len(said.split()) :]).strip(MARKS)
    return Found(rest, shown.title.where, shown.title.page) if sum(sign.isalpha() for sign in rest) > 3 else None


def _without_site(stated: str, document: Document) -> str:
    """ "Le bail | Commune de Schaerbeek" is "Le bail" where a heading of the page says so."""
    first_lines = [line.text for page in document.head[:1] for line in page.lines[:20]]
    headings = {words_of(text) for text in [*(page.label for page in document.head), *first_lines] if text}
    parts = [part.strip() for part in re.split(r"\s+[|–—»·:-]\s+", stated) if part.strip()]
    return next((part for part in parts if words_of(part) in headings), stated)
