"""All lines of a notice that can be read from one document; the fields and their values are those of `Reference`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from kb.library.choices import Doubt, FoundIn
from kb.library.drafting.documents import Document, Found
from kb.library.drafting.lines.creators import creators_of
from kb.library.drafting.lines.dates import date_of
from kb.library.drafting.lines.identifiers import doi_in, doi_of, doi_of_link, isbn_of
from kb.library.drafting.lines.junk import is_junk_title, title_of_name
from kb.library.drafting.lines.kinds import type_of, type_of_link
from kb.library.drafting.lines.names import Names
from kb.library.drafting.lines.notions import Vocabulary, concepts_of
from kb.library.drafting.lines.publishers import publisher_of
from kb.library.drafting.lines.summaries import summary_of
from kb.library.drafting.lines.titles import titles_of
from search.analysis import spans

_AFTER_LATIN = "\u0250"
_FEW_LETTERS = 40  # of text: a language is told by chance


@dataclass(frozen=True, slots=True)
class Known:
    """What the site knows beside the document: names of organisations, labels of concepts."""

    names: Names = field(default_factory=lambda: Names({}))
    vocabulary: Vocabulary = field(default_factory=Vocabulary)


def lines_of_document(document: Document, known: Known) -> dict[str, Found]:
    """Field -> what is proposed for it; a field that nothing says is left out.

    "concepts" has a value of (code, …) and pages of its own.
    """
    titles = titles_of(document, organisations=known.names.organisations)
    title = str(titles.title.value) if titles.title else ""
    language = _language_of(document, titles.title)
    whole = " ".join(part for part in (title, str(titles.subtitle.value) if titles.subtitle else "") if part)
    found = {
        "title": titles.title,
        "subtitle": titles.subtitle,
        "language": language,
        "date_text": date_of(document, title=whole),
        "type": type_of(document, title=whole),
        "creators": creators_of(document, known=known.names, taken=titles.lines, doubt=titles.doubt),
        "publisher": publisher_of(document, known=known.names),
        "doi": doi_of(document),
        "isbn": isbn_of(document),
        "pages": Found(str(document.page_count), FoundIn.PROPERTIES)
        if document.is_paged and document.page_count
        else None,
        "abstract": summary_of(document),
        "concepts": _concepts(document, known.vocabulary, whole, str(language.value) if language else ""),
    }
    return {name: line for name, line in found.items() if line is not None}


def lines_of_link(url: str, doi: str = "") -> dict[str, Found]:
    """What an address alone says: DOI, type, and a title where it ends with the name of a file or of an article."""
    found = {"doi": doi_of_link(url), "type": type_of_link(url), "title": _title_of_link(url)} if url else {}
    lines = {name: line for name, line in found.items() if line is not None}
    if doi and doi_in(doi):
        lines["doi"] = Found(doi_in(doi), FoundIn.LINK)
    return lines


def _language_of(document: Document, title: Found | None) -> Found | None:
    """That of the title where it is printed (or stated, where there is no text), else of the text; None for what was
    not read, or is in other languages than ours for the most part.
    """
    if not document.language:
        stated = title is not None and title.where == FoundIn.PROPERTIES
        language = language_of_title(str(title.value), "") if title and stated else ""
        return Found(language, FoundIn.TEXT, doubt=Doubt.PROPERTIES) if language else None
    told, letters = 0, 0
    for page in document.head:
        letters += sum(map(str.isalpha, page.text))
        told += sum(_latin_letters(page.text[start:end]) for start, end, code in page.spans if code)
    if told * 2 < letters:
        return None
    printed = str(title.value) if title and title.where == FoundIn.PAGE else ""
    own = language_of_title(str(title.value), "") if title and title.where != FoundIn.NAME else ""
    few = _FEW_LETTERS / 2 if own == document.language else _FEW_LETTERS  # the title says it too
    doubt = Doubt.SHORT if told < few else ""
    return Found(language_of_title(printed, document.language), FoundIn.TEXT, doubt=doubt)


def _latin_letters(text: str) -> int:
    """How many letters are of the writing that our languages have: around others, a few of them tell nothing."""
    return sum(sign.isalpha() and sign < _AFTER_LATIN for sign in text)


def language_of_title(title: str, language: str) -> str:
    """The title's own where its words say so, else the document's."""
    found = spans(title, language)
    return max(found, key=lambda span: span.end - span.start).language if found else language


def _title_of_link(url: str) -> Found | None:
    parts = urlsplit(url)
    last = PurePosixPath(unquote(parts.path)).name
    title = title_of_name(last)
    if len(title.split()) < 2 or doi_in(unquote(url)) or is_junk_title(title):
        return None
    return Found(title, FoundIn.LINK)


def _concepts(document: Document, vocabulary: Vocabulary, title: str, language: str) -> Found | None:
    found = concepts_of(document, vocabulary, title=title, language=language)
    if not found:
        return None
    pages = {one.value: one.page for one in found if one.page}
    named = {one.value for one in concepts_of(Document(), vocabulary, title=title, language=language)} if title else ()
    doubt = "" if all(one.value in named for one in found) else Doubt.GUESS
    return Found([one.value for one in found], FoundIn.TEXT, min(pages.values(), default=None), pages, doubt)
