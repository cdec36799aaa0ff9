"""What lines of a first page are by their words: labels, furniture, kinds of documents, headings of sections; in
French, Dutch and English.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from kb.library.drafting.documents import Line, words_of
from kb.library.drafting.lines.dates import goes_on, only_date
from kb.library.drafting.lines.junk import is_junk_title

MARKS = " *∗†‡§¹²³•·–-|:,;"  # around a title, not of it
FURNITURE = re.compile(
    r"https?://|www\.|@|\b(?:issn|isbn|doi)\b|^arxiv:|^\W*+(?:page|pagina|p\.)?\s*+\d++\s*+(?:of|van|de|sur|/)?\s*+\d*+\W*+$|^(?:tel|tél|fax|gsm)\b"
    r"|\b\d{4}\s?(?:bruxelles|brussels?|schaerbeek|schaarbeek)\b",
    re.IGNORECASE,
)
LABELLED = re.compile(
    r"^(?:auteurs?|authors?|door|par|by|rédaction|redactie|date|datum|éditeur|uitgever|publisher|v\.\s?u\.|organisation|organisatie|website|opdrachtgever"
    r"|contact(?:persoon|person)?|onderwerp|objet|betreft|subject|ons kenmerk|onze "
    r"referentie|nos références|our reference)\b\s*(?::|\t|$)"
    r"|^(?:version|versie|v)\b\.?\s*(?::|\t|$|\d)",
    re.IGNORECASE,
)
_OBJECT = re.compile(
    r"^(?:concerne|objet|betreft|betreffende|onderwerp|subject|re|title|titre|titel)\s*(?:[:\t]\s*(?P<title>\S.{5,200}))?:?$",
    re.IGNORECASE,
)
_NOTE_MARK = re.compile(r"\s\d{1,2}\)$")  # "… bonifiés 2019 1)": it leads to a note below
_CONTENTS = re.compile(
    r"^(?:table des mati[eè]res|sommaire|inhoud(?:sopgave|stafel)?|contents|table of contents|index)\W*$", re.IGNORECASE
)
_NUMBERED = re.compile(r"^(?:\d+(?:\.\d+)*|[IVX]+|[A-Z])[.)]?\s+")


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Headings of what is one among others of its like: "CHAPTER 1", "Appendix A—Glossary", "Figure 4. Diagram of…".
_ONE_OF_MANY = re.compile(
    r"^(?:chapitre|hoofdstuk|chapter|section|sectie|afdeling|annexe|bijlage|appendix|annex|figure|figuur|fig|table|tableau|tabel|page|pagina|deel|part|partie|slide|dia"
    r"|feuil|feuille|blad|sheet)\b\.?\s*(?:n[°o]\.?\s*)?(?:\d+|(?-i:[A-Z]|[IVX]+))(?![\w'’])[\W_]*(?P<rest>.*)$"
    r"|^(?:annexe|bijlage|appendix|annex)s?\b[\W_]*(?P<after>.*)$",
    re.IGNORECASE,
)
_WITH_A_NUMBER = re.compile(r"^(?:\d{1,2}(?:\.\d{1,2})*[.)]?|[IVX]{1,5}[.)])\s+[^\W\d_]")

# What kind of document it is: no title while something else stands beside it.
_KINDS = _listed(
    """
    rapport verslag report etude studie study dossier brochure folder depliant factsheet fiche memoire these masterproef scriptie thesis note nota
    communique persbericht guide gids nieuwsbrief newsletter bulletin advies avis editorial editoriaal
    """  # noqa: E501
)
# Headings of parts that every document may have, blanks left out: never a title.
_PARTS = _listed(
    """
    samenvatting summary resume abstract synthese annexe bijlage annex appendix inleiding introduction voorwoord preface avantpropos conclusion
    conclusie bibliographie bibliografie references bronnen sources inhoud index glossaire glossary woordenlijst colofon colophon
    """  # noqa: E501
)


def stands_alone(line: Line) -> bool:
    """A date, a version or a label begins and ends by itself: it goes on with no line above or below."""
    return (only_date(line.text) and not goes_on(line.text)) or bool(LABELLED.match(line.text))


def is_kind(text: str) -> bool:
    return words_of(text) in _KINDS


def is_part(text: str) -> bool:
    """True for the heading of a part ("1. Inleiding", "Table des matières")."""
    return bool(_CONTENTS.match(text)) or words_of(_NUMBERED.sub("", text)).replace(" ", "") in _PARTS


def is_one_of_many(text: str) -> bool:
    """True for the heading of a chapter, an annex, a figure, a sheet: it does not say what the whole is."""
    return bool(_ONE_OF_MANY.match(text))


def is_bare_part(text: str) -> bool:
    """True for such a heading of which its number is all: "CHAPTER 1", "Appendix A"."""
    found = _ONE_OF_MANY.match(text)
    return found is not None and not (found["rest"] or found["after"])


def is_numbered(text: str) -> bool:
    """ "1 Your Chapter": a heading within, or a title that begins with how many ("10 conseils pour…")."""
    return bool(_WITH_A_NUMBER.match(text))


def object_of(lines: Sequence[Line]) -> tuple[str, Line] | None:
    """What a letter says it is about: the words after "Objet :", or the line below a label that stands alone."""
    for index, line in enumerate(lines[:40]):
        found = _OBJECT.match(line.text)
        if found and found["title"]:
            return found["title"].strip(MARKS), line
        if found and index + 1 < len(lines) and reads_like_a_title(lines[index + 1 : index + 2]):
            return lines[index + 1].text.strip(MARKS), lines[index + 1]
    return None


def first_paragraph(lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines of the first paragraph that reads like a title, among the first six; () when none does."""
    paragraphs: list[list[Line]] = []
    for line in lines:
        if line.opens_paragraph or not paragraphs or stands_alone(line) or stands_alone(paragraphs[-1][-1]):
            paragraphs.append([line])
        else:
            paragraphs[-1].append(line)
    able = [paragraph for paragraph in paragraphs[:6] if reads_like_a_title(paragraph)]
    kept = [paragraph for paragraph in able if not is_kind(joined(paragraph))] or able
    return tuple(kept[0]) if kept else ()


def joined(lines: Iterable[Line]) -> str:
    return _NOTE_MARK.sub("", " ".join(" ".join(line.text for line in lines).split())).strip(MARKS)


def reads_like_a_title(paragraph: Sequence[Line]) -> bool:
    """Short, of several words, no sentence, no label, no date."""
    text = " ".join(line.text for line in paragraph).rstrip()
    if not 8 <= len(text) <= 200 or len(paragraph) > 4 or len(text.split()) < 2:
        return False
    if text.endswith((",", ";", ":")) or (text.endswith(".") and len(text) > 60):
        return False
    return not (
        only_date(text)
        or LABELLED.match(text)
        or FURNITURE.search(text)
        or is_part(text)
        or is_bare_part(text)
        or is_junk_title(text)
    )
