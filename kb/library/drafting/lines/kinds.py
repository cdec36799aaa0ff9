"""What kind of document it is: by its format, then by what its first pages call it, in French, Dutch and English."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from kb.library.choices import FoundIn, ReferenceType
from kb.library.drafting.documents import SHEETS, SLIDES, WEB_PAGES, Document, Found, Page, on_page

_FORMATS = {
    **dict.fromkeys(SLIDES, ReferenceType.SPEECH),
    **dict.fromkeys(SHEETS, ReferenceType.DATASET),
    **dict.fromkeys(WEB_PAGES, ReferenceType.WEBPAGE),
}
_VIDEO_HOSTS = ("youtube.com", "youtu.be", "vimeo.com", "dailymotion.com")
_NEWSPAPERS = (
    *(
        "lesoir.be",
        "lalibre.be",
        "dhnet.be",
        "lavenir.net",
        "lecho.be",
        "standaard.be",
        "demorgen.be",
        "nieuwsblad.be",
        "hln.be",
        "tijd.be",
    ),
    *(
        "bruzz.be",
        "rtbf.be",
        "vrt.be",
        "bx1.be",
        "lemonde.fr",
        "liberation.fr",
        "lefigaro.fr",
        "theguardian.com",
        "nytimes.com",
        "brusselstimes.com",
    ),
)
_FILES = (".pdf", ".doc", ".docx", ".odt", ".rtf", ".epub")


def _rule(kind: ReferenceType, scope: str, pattern: str) -> tuple[ReferenceType, str, re.Pattern[str]]:
    return kind, scope, re.compile(pattern, re.IGNORECASE | re.MULTILINE | re.VERBOSE)


# (type, how far it is looked for, what says it): "title" the lines of the title, "top" the first page's first lines,
# "first" the first page,
# "edges" the first three pages and the last one. The first rule that holds wins, so the rarer kinds stand first.
_RULES = (
    _rule(ReferenceType.LEGISLATION, "top", r"\b(?:moniteur\s+belge|belgisch\s+staatsblad)\b"),
    _rule(
        ReferenceType.LEGISLATION,
        "top",
        r"""^\W*(?:\d{1,2}(?:er)?\s+\w+\s+\d{4}\W+)?
        (?:loi|décret|ordonnance|arrêté(?:\s+(?:royal|ministériel|du\s+\w+|de\s+\w+))?|règlement|directive
          |wet|decreet|ordonnantie|(?:koninklijk\s+|ministerieel\s+)?besluit(?:\s+van\s+de\s+\w+)?|verordening|richtlijn
          |act|(?:council\s+|commission\s+)?(?:implementing\s+)?(?:regulation|directive|decision))\b[^\n]{0,90}?
        (?:\b(?:du|van|of)\s+\d{1,2}|\((?:eu|ue|ce|eg|ec)\)|\bn[o°r]\.?\s*\d|\brelati[fv]e?\b
          |\bbetreffende\b|\bhoudende\b|\bmodifiant\b|\btot\s+wijziging\b)""",
    ),
    _rule(
        ReferenceType.LEGAL_CASE,
        "top",
        r"""^\W*(?:arrêt|arrest|jugement|vonnis|judge?ment)\b[^\n]{0,40}(?:n[o°r]\.?\s*\d|du\s+\d|van\s+\d|of\s+\d)
        | ^\W*(?:cour\s+(?:constitutionnelle|du\s+travail|d['’]appel|de\s+cassation)|tribunal\s+d\w+|justice\s+de\s+paix
               |grondwettelijk\s+hof|arbeids(?:hof|rechtbank)|raad\s+van\s+state|vredegerecht)\b""",
    ),
    _rule(
        ReferenceType.CHAPTER,
        "title",
        r"\b(?:chapitre|hoofdstuk|chapter)\s+[\dIVX]+\s+(?:de|du|d['’]|van|uit|of|from|in)\b",
    ),
    _rule(
        ReferenceType.THESIS,
        "edges",
        r"""\b(?:mémoire\s+(?:présenté|de\s+(?:fin|master|licence|maîtrise|recherche)|en\s+vue|réalisé|soumis)|travail\s+de\s+fin\s+d['’]études|\bTFE\b
        |thèse\s+(?:présentée|de\s+doctorat|en\s+vue)|masterproef|bachelorproef|eindwerk|eindverhandeling|proefschrift|scriptie
        |(?:master|bachelor|doctoral|ph\.?d\.?)['’]?s?\s+(?:thesis|dissertation)|(?:thesis|dissertation)\s+(?:submitted|presented))""",
    ),
    _rule(
        ReferenceType.ARTICLE_JOURNAL,
        "first",
        r"""\bvol(?:ume)?\.?\s*\d+[\s,:(]*(?:n[o°r]\.?|issue|nummer|numéro|\()\s*\d | \d+\s*\(\d+\)\s*[:,]\s*\d+\s*[-–]\s*\d+
        | (?:e-)?issn\b[^\n]{0,60}\bvol
        | \bjournal\s+(?:of|homepage)\b | \brevue\s+(?:de|des|d['’]|française|internationale|belge)\b[^\n]{0,60}\d
        | \btijdschrift\s+voor\b[^\n]{0,60}\d""",  # noqa: E501
    ),
    # "Document de travail" and "werkdocument" are drafts of a meeting more often than papers of a series.
    _rule(ReferenceType.ARTICLE, "top", r"\bworking\s+papers?\b|\bcahiers?\s+de\s+recherche\b"),
    _rule(
        ReferenceType.PAPER_CONFERENCE,
        "first",
        r"""\bactes\s+d[ue]s?\s+(?:la\s+)?(?:colloque|journée|séminaire|congrès) | \b(?:conference|workshop)\s+(?:paper|on)\b
        | \bproceedings\b | \bverslagboek\b""",  # noqa: E501
    ),
    _rule(
        ReferenceType.INTERVIEW,
        "title",
        r"\b(?:entretiens?\s+avec|interviews?\s+(?:de|avec|met|with|of)|gesprek(?:ken)?\s+met|rencontre\s+avec)\b | ^interview\b",  # noqa: E501
    ),
    _rule(
        ReferenceType.SPEECH,
        "top",
        r"^\W*(?:discours|allocution|toespraak|speech|lezing)\b[^\n]{0,40}\b(?:de|du|prononcée?|van|door|by|given|delivered)\b | ^\W*speech\s+by",  # noqa: E501
    ),
    _rule(
        ReferenceType.PAMPHLET,
        "title",
        r"\b(?:brochure|dépliant|fiche|infofiche|vouwblad|infoblad|leaflet|flyer|folder|fact\s?-?sheet)\b",
    ),
    _rule(
        ReferenceType.REPORT,
        "title",
        r"""rapport | verslag | \breport\b | \bétudes?\b | \bstud(?:ie|y|ies)\b | \brecherche(?:-action)?\b | onderzoek | diagnostic
        | évaluation | evaluati(?:e|on) | \bdossier\b | synthèse | samenvatting | \bsurvey\b | enquête | \bbilan\b | \baudit\b | \bdiagnos(?:e|is)\b
        | \breview\b""",  # noqa: E501
    ),
    _rule(
        ReferenceType.PAMPHLET,
        "first",
        r"""\b(?:brochure|dépliant|vouwblad|infoblad|leaflet|flyer|fact\s?-?sheet|fiche\s+(?:pratique|info\w*|technique)|infofiche
        |praktische\s+fiche)\b""",
    ),
    _rule(
        ReferenceType.REPORT,
        "first",
        r"""\brapport\s+(?:d['’]|de\s+|final|annuel|intermédiaire) | \b(?:jaar|eind|onderzoeks|tussen)(?:rapport|verslag)\b
        | \b(?:final|annual|research|progress)\s+report\b""",  # noqa: E501
    ),
)
_ISBN = re.compile(r"\bISBN\b", re.IGNORECASE)
_BOOK_PAGES = 80


def type_of(document: Document, *, title: str = "") -> Found:
    """A CSL type and where it was said; "report" or "document", and nowhere, when nothing says it."""
    if by_format := _FORMATS.get(document.media_type):
        return Found(str(by_format), FoundIn.PROPERTIES)
    for kind, scope, pattern in _RULES:
        page = _said(document, scope, pattern, title)
        if page is not None:
            return on_page(str(kind), page)
    if document.page_count >= _BOOK_PAGES and (
        page := next((page.number for page in document.edges if _ISBN.search(page.text)), None)
    ):
        return on_page(str(ReferenceType.BOOK), page)
    return Found(str(ReferenceType.REPORT if document.page_count > 2 else ReferenceType.DOCUMENT))


def type_of_link(url: str) -> Found | None:
    """By the site it leads to; None for a file to download, which may be anything."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    at = lambda names: any(host == name or host.endswith(f".{name}") for name in names)  # noqa: E731
    if at(_VIDEO_HOSTS):
        return Found(str(ReferenceType.MOTION_PICTURE), FoundIn.LINK)
    if at(_NEWSPAPERS):
        return Found(str(ReferenceType.ARTICLE_NEWSPAPER), FoundIn.LINK)
    if at(("doi.org",)) or parts.path.lower().endswith(_FILES):
        return None
    return Found(str(ReferenceType.WEBPAGE), FoundIn.LINK)


def _said(document: Document, scope: str, pattern: re.Pattern[str], title: str) -> int | None:
    first = document.head[0] if document.head else None
    if scope == "title":
        return (document.says(title) or (first.number if first else 1)) if pattern.search(title) else None
    pages = document.edges if scope == "edges" else (first,) if first else ()
    return next((page.number for page in pages if page and pattern.search(_looked_at(page, scope))), None)


def _looked_at(page: Page, scope: str) -> str:
    lines = [line.text for line in page.lines[: 14 if scope == "top" else 60]]
    return "\n".join(([page.label] if page.label and not page.boxes else []) + lines)
