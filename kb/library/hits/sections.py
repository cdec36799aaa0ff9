"""The text of a reference as sections of the search: its notice (anchor "") and the pages of its files ("1.2/12")."""

from __future__ import annotations

from collections.abc import Sequence

from kb.files.models import FileVersion
from kb.languages import CODES
from kb.library.catalogue.gathering import Attachment
from kb.library.catalogue.naming import anchor_of, page_label
from kb.library.models import Creator, Reference
from search.entries import LanguageSpan, Section, Title


def titles_of(reference: Reference) -> tuple[Title, ...]:
    """The titles of a reference: its own with its subtitle, then those in the other languages."""
    others = [
        Title(code, reference.translated_titles[code])
        for code in CODES
        if code != reference.language and reference.translated_titles.get(code)
    ]
    return (Title(reference.language, reference.full_title), *others)


def notice_section(
    reference: Reference, creators: Sequence[Creator], keywords: Sequence[tuple[str, str]] = ()
) -> Section:
    """The whole notice as text, a paragraph each: titles, summaries, names, publisher, keywords; anchor ""."""
    names = [
        ("; ".join(creator.name for creator in creators), ""),
        (reference.publisher, ""),
        (reference.container_title, ""),
    ]
    return _notice(
        [
            *((title.text, title.language) for title in titles_of(reference)),
            *_summaries(reference),
            *names,
            *_words(keywords),
        ]
    )


def summary_section(reference: Reference, keywords: Sequence[tuple[str, str]] = ()) -> Section:
    """What a notice says beyond its card (title, names and year stand there already): summaries and keywords;
    anchor "".
    """
    return _notice([*_summaries(reference), *_words(keywords)])


def _summaries(reference: Reference) -> list[tuple[str, str]]:
    return [(reference.abstract[code], code) for code in CODES if reference.abstract.get(code)]


def _words(keywords: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return [("; ".join(name for name, language in keywords if language == code), code) for code in CODES]


def _notice(paragraphs: Sequence[tuple[str, str]]) -> Section:
    """(text, language) of each paragraph; empty ones are left out."""
    text, spans = "", []
    for paragraph, language in paragraphs:
        if paragraph:
            start = len(text)
            text += ("\n\n" if text else "") + paragraph
            spans.append(LanguageSpan(start, len(text), language))
    return Section(anchor="", page_number=0, label="", text=text, spans=tuple(spans))


def section_of(
    attachment: Attachment, version: FileVersion, number: int, label: str, text: str, spans: Sequence[Sequence]
) -> Section:
    """A stored page as a section of the search."""
    return Section(
        anchor=anchor_of(attachment.file.number, version.number, number),
        page_number=number,
        label=page_label(number, label, is_paged=version.is_paged),
        text=text,
        spans=tuple(LanguageSpan(start, end, language) for start, end, language in spans),
    )
