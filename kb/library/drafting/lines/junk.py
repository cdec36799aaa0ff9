"""Titles and authors that programs and machines write into files, in French, Dutch and English,
and what a file's name says.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import unquote

from kb.library.drafting.documents import words_of

_ENDINGS = (
    "docx?|docm|dotx?|pdf|indd|qx[dp]|pptx?|ppsx?|xlsx?|csv|jsonl?|od[tsp]|rtf|graffle|pages|key|tiff?|jpe?g|png|tex|dvi|e?ps|cdr|ai|pub|wpd|html?|txt"
    "|eml|msg|epub"
)
_ENDING = re.compile(rf"\.(?:{_ENDINGS})$", re.IGNORECASE)
_PROGRAM = re.compile(
    r"^(?:microsoft|ms|libreoffice|openoffice(?:\.org)?|wordperfect|adobe|corel|quark)[\s-]*"
    r"(?:office\s*)?(?:word|powerpoint|excel|publisher|writer|impress|indesign|works)?\s*-\s*",
    re.IGNORECASE,
)
# Names that programs give to what has none yet, with or without a number after them.
_NAMELESS = re.compile(
    r"""(?:
      (?:microsoft\s+)?(?:presentation|powerpoint|power\s?point|document|classeur|livre|book|workbook|werkmap|map|blad|feuil(?:le)?|tabelle|tableau|tabel|table|sheet|diapositive|dia|slide
        |folie|scan|img|image|doc|page)
      | (?:presentation|presentatie)\s+(?:microsoft\s+)?power\s?point | (?:microsoft\s+)?power\s?point[\s-]+(?:presentation|presentatie)
      | untitled | untitled\s+document | unbenannt | sans\s+titre | zonder\s+titel | naamloos | no\s+title | none | null
      | unknown | inconnu | onbekend
      | (?:nouveau|nouvelle|nieuw|nieuwe|new)\s+(?:document|fichier|bestand|file|presentation|presentatie)(?:\s+microsoft)?
        (?:\s+(?:word|texte|text|tekst))?
      | (?:document|fichier|bestand)\s+sans\s+(?:titre|nom) | scanned?\s+(?:document|image) | document\s+(?:numerise|scanne) | gescand\s+document
      | titre | titel | title | test | modele | sjabloon | template | layout | mise\s+en\s+page | page\s+de\s+garde | titre\s+du\s+document
      | titel\s+van\s+het\s+document | (?:cliquez|klik|click)\s.*
    )[\s\d]*""",  # noqa: E501
    re.VERBOSE,
)
_MACHINE = re.compile(r"^(?:[a-z]:\\|file:|https?:|\\\\)|^[0-9a-f-]{16,}$|^ARRAY\(", re.IGNORECASE)
# Programs, machines and rubber-stamp users that stand where an author should.
_NOBODY = re.compile(
    r"""\b(?:
      microsoft | office\s+user | windows | user(?:name)? | utilisateur | gebruiker | benutzer | owner | proprietaire | eigenaar | admin\w*
      | root | guest | invite | python\s?(?:pptx|docx)? | openpyxl | adobe | acrobat | pscript\d* | ghostscript | libreoffice | openoffice
      | latex | tex | typst | pandoc | wkhtmltopdf | fpdf | itext\w* | scan | scanner | scans | xerox | canon | ricoh | konica | kyocera | hp
      | lenovo | dell | asus | acer | toshiba | samsung | pc | laptop\w* | desktop\w* | unknown | inconnu | onbekend | auteur | author
      | anonymous | anonyme | anoniem | test | array | none | null
    )\b""",  # noqa: E501
    re.VERBOSE,
)
_DATE_LIKE = re.compile(r"^(?:\d{6,8}|\d{4}[-_.]\d{2}(?:[-_.]\d{2})?|\d{2}[-_.]\d{2}[-_.]\d{4})(?=[\s_.+-]|$)")
_LEFT_OVERS = re.compile(
    # Each piece is taken in one way (?>), and none is given back (++): names come from strangers.
    r"(?:[\s(_-]++(?>v(?:ersion|ersie)?\s?\d+(?:\.\d+)*+|def(?:initi\w++)?|final\w*+|vf|copie|copy|kopie|web|print|bd|hd|lr"
    r"|\d{1,2}(?!\d)|\(\d+\)))++\)?$",
    re.IGNORECASE,
)
_JOINTS = re.compile(r"[_\s]+|(?<=\w)-(?=\w)|(?<=\w)\.(?=[^\W\d_]{2})")  # what stands for a blank in a name without any


def is_junk_title(title: str, *, file_name: str = "") -> bool:
    """True for a title that nobody meant: of a program, of nothing, of a file ("rapport_v2_def.doc"),
    a path, a number.
    """
    bare = title.strip()
    plain = words_of(bare)
    if (
        sum(sign.isalpha() for sign in bare) < 3
        or _MACHINE.search(bare)
        or _ENDING.search(bare)
        or _PROGRAM.match(bare)
    ):
        return True
    if _NAMELESS.fullmatch(plain):
        return True
    # A name of a file: one run of signs without a blank, with digits or joined words in it, or exactly this file's.
    if " " in bare or "\u00a0" in bare:
        return False
    return bool(re.search(r"[_\d]|[a-z][A-Z]", bare)) or (
        bool(file_name) and bare == PurePosixPath(file_name).stem and not bare.isalpha()
    )


def is_junk_author(author: str) -> bool:
    """True for a log-in, a program, a machine: what is no name of a person or an organisation."""
    bare = author.strip()
    plain = words_of(bare)
    if sum(sign.isalpha() for sign in bare) < 3 or _MACHINE.search(bare) or _NOBODY.search(plain):
        return True
    if " " in bare:
        return bare.islower() and any(sign.isdigit() for sign in bare)
    # One word: an abbreviation in capitals or a name beginning with one may be an organisation; "jdupont3" and
    # "eng-dept" are log-ins.
    return bare.islower() or any(sign.isdigit() for sign in bare) or "_" in bare or "@" in bare


def title_of_name(name: str) -> str:
    """A file's name as a title: without its ending, joined words parted, dates in front and "v2 def" behind taken off;
    "" when no word is left.
    """
    bare = _ENDING.sub("", unquote(name.replace("+", " ")).strip())
    bare = _DATE_LIKE.sub("", bare)
    bare = " ".join((bare.replace("_", " ") if " " in bare else _JOINTS.sub(" ", bare)).split())
    shorter = _LEFT_OVERS.sub("", bare).strip(" -_.,")
    kept = shorter if sum(sign.isalpha() for sign in shorter) >= 3 else bare.strip(" -_.,")
    return kept[:1].upper() + kept[1:] if sum(sign.isalpha() for sign in kept) >= 3 else ""
