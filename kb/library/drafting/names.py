"""Who made a document and who published it: only where the file says so, by a label, on its title page, or in properties meant for readers.

Names are as printed; "Family, Given" only where capitals or the file itself tell which is the family name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any

from kb.library.choices import FoundIn
from kb.library.drafting.dates import dates_in, only_date
from kb.library.drafting.documents import Document, Found, Line, on_page, words_of
from kb.library.drafting.junk import is_junk_author

MOST = 8  # names; more stand in the document
_LONGEST = 120

_AUTHOR_LABEL = re.compile(
    r"""^\W*(?:
      (?:auteurs?|autrices?|auteur(?:\(e\)s|·e·s|\.e\.s|-e-s)?|auteur\(s\)|author\(?s?\)?|auteur\(s\))(?:\s+(?:du\s+(?:rapport|texte)|van\s+(?:het|de)\s+\w+|of\s+(?:the\s+)?\w+))?\s*(?::|\t|$)
      | (?:rédaction|redactie|rédacteurs?|rédactrices?|tekst(?:en)?|textes?|text|samenstelling|conception|coordination|coördinatie)(?:\s+et\s+\w+|\s+en\s+\w+)?\s*(?::|\t)
      | (?:rédigé|réalisé|écrit|établi|préparé|présenté|élaboré)(?:e|es|s)?\s+par\b\s*:?
      | (?:geschreven|opgesteld|opgemaakt|uitgevoerd|voorgesteld|samengesteld)\s+door\b\s*:?
      | (?:written|prepared|compiled|drafted|speech|report)\s+by\b\s*:?
      | (?:par|door|by)\s*(?::|$|(?=[A-ZÀ-Þ]))
    )\s*(?P<names>.*)$""",
    re.VERBOSE | re.IGNORECASE,
)
_PUBLISHER_LABEL = re.compile(
    r"""(?:^|[.;,•|–-]\s*|\s{2,}|\t)(?:
      (?:éditeur|editeur|éditrice)(?:\s+responsable)?(?:\s*/\s*verantwoordelijke?\s+uitgever)?\s*(?::|\t|$)
      | verantwoordelijke?\s+uitgever(?:\s*/\s*éditeur\s+responsable)?\s*(?::|\t|$) | (?:v\.\s?u\.?|e\.\s?r\.?)\s*:\s* | uitgever\s*(?::|\t|$) | (?:publisher|responsible\s+publisher)\s*(?::|\t|$)
      | (?:een\s+)?(?:uitgave|publicatie)\s+van\s+ | uitgegeven\s+door\s+ | une\s+(?:publication|édition|initiative)\s+d(?:e\s+l[’'a]\s*|e\s+|u\s+|[’'])
      | (?:édité|publié)e?\s+par\s+ | published\s+by\s+ | a\s+publication\s+of\s+ | éditions?\s*:\s*
    )\s*(?P<name>.*)$""",
    re.VERBOSE | re.IGNORECASE,
)
_RIGHTS = re.compile(
    r"(?:©|\(c\)|copyright)\s*(?:©|\(c\))?\s*(?:(?:1[89]|20)\d\d(?:\s*[-–,]\s*(?:1[89]|20)\d\d)?)?\s*,?\s*(?:by\s+|par\s+|door\s+)?(?P<name>[^\d©]{3,90})",
    re.IGNORECASE,
)
_ALL_RIGHTS = re.compile(r"\b(?:tous\s+droits|alle\s+rechten|all\s+rights|reproduction|overname)\b.*$", re.IGNORECASE)
# Words that only names of organisations have.
_ORGANISATION = re.compile(
    r"""\b(?:
      asbl | a\.s\.b\.l\.? | vzw | v\.z\.w\.? | aisbl | ivzw | npo | ngo | scrl | cvba | ltd | inc | foundation | fondation | stichting | institut | instituut | institute | université | universiteit
      | university | école | hogeschool | school | faculté | faculteit | faculty | centre | centrum | center | cpas | ocmw | commune | gemeente | municipality | ville | stad | city | région | gewest
      | region | ministère | ministerie | ministry | service | services | dienst | diensten | department | département | departement | observatoire | observatorium | observatory | fédération
      | federatie | federation | réseau | netwerk | network | collectif | collectief | collective | comité | comite | committee | commission | commissie | conseil | raad | council | coordination
      | coördinatie | groupe | groep | group | werkgroep | association | vereniging | ligue | liga | league | mutualité | ziekenfonds | syndicat | vakbond | union | bureau | office | agence
      | agentschap | agency | maison | huis | atelier | plateforme | platform | forum | parlement | parliament | gouvernement | regering | government | secrétariat | secretariaat | cellule
      | steunpunt | onderzoekscentrum | bond | unie | hulpverlening | welzijn | onthaalbureau | lijn | publications | editions | éditions | uitgeverij | press
      | fund | fonds | society | trust | bank | banque | cabinet | kabinet | equipe | équipe | team | werking | organisation | organisatie | organization
    )\b|(?:\b|[a-zà-ÿ])(?:werkgroep|dienst|huis|lijn|centrum|raad|bond|fonds|instituut|netwerk|punt|vereniging|bureau)\b""",
    re.VERBOSE | re.IGNORECASE,
)
_PARTICLES = frozenset("de du des d van der den ter ten von le la el al ben di da dos del vande vanden vander".split())
_TITLES_OF_PEOPLE = re.compile(r"^(?:(?:m|mr|mme|mlle|mevr|dhr|drs?|prof|ir|ing|me|mtr|ms|mrs|lic)\.?\s+)+", re.IGNORECASE)
_BETWEEN = re.compile(r"\s*(?:;|\s/\s|\s+(?:et|en|and|&)\s+|,\s+(?:et|en|and)\s+|•|·|\t)\s*", re.IGNORECASE)
_ADDRESS = re.compile(
    r"\s*(?:[,–-]\s*)?(?:\b(?:rue|avenue|av\.|bd|boulevard|place|chaussée|straat|laan|plein|street|road|square|quai|kaai|\w+(?:straat|laan|plein|weg|steenweg))\b|\b\d{1,4}\b|\bB-\d{4}).*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Names:
    """Names of organisations that we know: `words_of` a name -> the name as we write it."""

    organisations: Mapping[str, str]


def creators_of(document: Document, *, known: Names, taken: frozenset[str] = frozenset()) -> Found | None:
    """[{"name", "is_organisation"}, …] as the file names them; None where it does not. `taken`: lines that are the title."""
    for find in (_labelled, _stated, _title_page):
        found = find(document, known, taken)
        if found is not None and found.value:
            return found
    return None


def publisher_of(document: Document, *, known: Names) -> Found | None:
    """The publisher as printed, by its label, then by the rights, then as the properties say."""
    pages = (*document.edges[:2], *document.edges[-1:], *document.edges[2:-1])
    for finder in (_published, _rights_of):
        for page in dict.fromkeys(page.number for page in pages):
            lines = next(one for one in pages if one.number == page).lines
            for index, line in enumerate(lines):
                after = lines[index + 1].text if index + 1 < len(lines) else ""
                if name := finder(line.text, after):
                    return on_page(known.organisations.get(words_of(name), name), page)
    said = document.properties.get("publisher", "")
    if said and not is_junk_author(said):
        page = document.says(said)
        return on_page(said, page) if page else Found(said, FoundIn.PROPERTIES)
    return None


def is_organisation(name: str) -> bool:
    """True for a name with a word of organisations, or in capitals throughout (an abbreviation), else taken for a person."""
    return bool(_ORGANISATION.search(name)) or (name.isupper() and " " not in name.strip()) or len(name.split()) > 5


def as_catalogued(name: str) -> str:
    """ "Dupont, Marie" for "DUPONT Marie" or "Marie DUPONT"; anything else as it is printed, without "Mme" and "Dr."."""
    bare = _TITLES_OF_PEOPLE.sub("", " ".join(name.split()).strip(" *∗†‡,.;:-–"))
    words = bare.split()
    capitals = [word for word in words if word.isupper() and len(word.strip(".-’'")) > 1]
    if not capitals or "," in bare or is_organisation(bare):
        return bare
    family = [word for word in words if word.isupper() and len(word.strip(".-’'")) > 1 or word.lower() in _PARTICLES]
    given = [word for word in words if word not in family]
    if not given or not all(word[:1].isupper() for word in given):
        return bare
    return f"{' '.join(word if word.lower() in _PARTICLES and not word.isupper() else _capitalised(word) for word in family)}, {' '.join(given)}"


def _capitalised(word: str) -> str:
    return re.sub(r"[^\W\d_]+", lambda found: found.group().capitalize(), word)


def looks_like_person(name: str) -> bool:
    """Two to five words with capitals, particles between, and nothing else: no sentence, no organisation."""
    words = _TITLES_OF_PEOPLE.sub("", name).replace(",", " ").split()
    named = [word for word in words if word.lower().strip(".’'") not in _PARTICLES]
    proper = all(re.fullmatch(r"[A-ZÀ-Þ](?:[\w’'.-]*)", word) for word in named)
    return 2 <= len(words) <= 5 and len(named) >= 2 and proper and not any(sign.isdigit() for sign in name) and not is_organisation(name)


def _labelled(document: Document, known: Names, taken: frozenset[str]) -> Found | None:
    for page in document.edges:
        lines = [line for line in page.lines if line.text not in taken]
        for index, line in enumerate(lines[:60]):
            label = _AUTHOR_LABEL.match(line.text)
            if not label:
                continue
            said = label["names"].strip()
            if not said and index + 1 < len(lines) and len(line.text) < 40:
                said = lines[index + 1].text
            names = list(_names(said, known))
            if names:
                return on_page(names, page.number)
    return None


def _stated(document: Document, known: Names, taken: frozenset[str]) -> Found | None:
    """The properties' author: sure where the first pages name it too, or where the format is written for readers."""
    said = document.properties.get("author", "")
    said = (parseaddr(said)[0] or said) if "@" in said else said
    if not said or is_junk_author(said):
        return None
    page = document.says(said)
    if page is not None and not any(sign in said for sign in ";,") and not _BETWEEN.search(said):
        return on_page([_named(said, known)], page)
    names = [name for name in _names(said, known, sure=True) if not is_junk_author(name["name"])]
    if not names:
        return None
    pages = [document.says(name["name"].replace(",", " ")) or document.says(said) for name in names]
    return on_page(names, min(page for page in pages if page)) if any(pages) else Found(names, FoundIn.PROPERTIES)


def _title_page(document: Document, known: Names, taken: frozenset[str]) -> Found | None:
    """An organisation alone on a line of the title page: one of the directory, or a line with a word of organisations on a page of few lines."""
    found: list[dict[str, Any]] = []
    number = 0
    for page in document.head[:2]:
        lines = [line for line in page.lines if line.text not in taken]
        for line in lines[:40]:
            name = known.organisations.get(words_of(line.text))
            if name and all(one["name"] != name for one in found):
                found.append({"name": name, "is_organisation": True})
                number = number or page.number
        if found:
            return on_page(found[:MOST], number)
    first = next((page for page in document.head[:1]), None)
    if first is None or len(first.lines) > 16:
        return None
    own = [line for line in first.lines if line.text not in taken and _is_lone_name(line)]
    return on_page([_named(own[0].text, known)], first.number) if own else None


def _is_lone_name(line: Line) -> bool:
    text = line.text
    return (
        4 <= len(text) <= 90
        and text[:1].isupper()
        and not text.rstrip().endswith((".", ":", "?", "!"))
        and not only_date(text)
        and next(dates_in(text), None) is None
        and bool(_ORGANISATION.search(text))
        and "@" not in text
    )


def _names(said: str, known: Names, *, sure: bool = False) -> Iterator[dict[str, Any]]:
    """The names of a list as written; with `sure` also names that do not look like one (the file itself says that they are authors)."""
    said = re.sub(r"\([^)]*\)", " ", said)
    seen: set[str] = set()
    for part in _parted(said, known):
        part = " ".join(part.split()).strip(" *∗†‡,.;:-–")
        if not part or len(part) > _LONGEST or part in seen:
            continue
        is_known = words_of(part) in known.organisations
        if sure or is_known or looks_like_person(part) or (_ORGANISATION.search(part) and part[:1].isupper() and len(part.split()) <= 12):
            seen.add(part)
            yield _named(part, known)
        if len(seen) == MOST:
            return


def _parted(said: str, known: Names) -> Iterable[str]:
    if words_of(said) in known.organisations:
        return [said]
    parts = [part for part in re.split(r"\s*(?:;|\t|•|\s/\s)\s*", said) if part]
    return [piece for part in parts for piece in _by_commas(part)]


def _by_commas(part: str) -> list[str]:
    """ "A B, C D et E F" is three people, "B, A" one, "Groupe Logement et Santé" one organisation."""
    pieces = [piece for piece in re.split(r"\s*,\s*", part) if piece]
    if len(pieces) == 2 and all(len(piece.split()) <= 2 for piece in pieces) and not all(looks_like_person(piece) for piece in pieces):
        return [part]
    people = [piece for piece in _BETWEEN.split(", ".join(pieces)) if piece]
    split = [name for piece in people for name in re.split(r"\s*,\s*", piece) if name]
    return split if sum(map(looks_like_person, split)) * 2 > len(split) or len(pieces) > 1 else [part]


def _named(name: str, known: Names) -> dict[str, Any]:
    ours = known.organisations.get(words_of(name))
    if ours:
        return {"name": ours, "is_organisation": True}
    return {"name": as_catalogued(name), "is_organisation": is_organisation(name)}


def _published(text: str, after: str) -> str:
    label = _PUBLISHER_LABEL.search(text)
    if not label:
        return ""
    return _trimmed(label["name"] or after)


def _rights_of(text: str, after: str) -> str:
    found = _RIGHTS.search(text)
    return _trimmed(_ALL_RIGHTS.sub("", found["name"])) if found else ""


def _trimmed(name: str) -> str:
    """Without address, telephone and what else stands after a publisher; "" for what begins like a sentence."""
    name = _ADDRESS.sub("", name.split("•")[0].split("\t")[0].split(" | ")[0])
    name = re.split(r"\.\s|\s[-–]\s|;|\bISBN\b|\bISSN\b|\btél\b|\bD/", name, flags=re.IGNORECASE)[0]
    name = " ".join(name.split()).strip(" ,.;:-–*()")
    if not 2 <= len(name) <= _LONGEST or not name[:1].isupper() or not any(sign.isalpha() for sign in name) or len(name.split()) > 12:
        return ""
    return "" if is_junk_author(name) and not _ORGANISATION.search(name) else name


__all__ = ["Names", "as_catalogued", "creators_of", "is_organisation", "looks_like_person", "publisher_of"]
