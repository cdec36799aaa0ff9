"""Numbers that name a document everywhere: ISBN and DOI, read from its first pages, or from a link; and the address
without what does not matter.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from kb.library.choices import FoundIn
from kb.library.drafting.documents import Document, Found, on_page

_DOI = re.compile(r"\b10\.\d{4,9}/[^\s\"<>]+")
_ISBN = re.compile(
    r"\bISBN(?:[\s-]?1[03])?[\s:.]*(?P<number>97[89][\s-]?(?:\d[\s-]?){9}\d|(?:\d[\s-]?){9}[\dXx])\b", re.IGNORECASE
)
_TRACKING = re.compile(r"^(?:utm_\w+|fbclid|gclid|mc_[ce]id|xtor|sessionid|phpsessid)$", re.IGNORECASE)


def doi_in(text: str) -> str:
    """The first DOI of a text, lower case, without the stop or bracket after it; "" if there is none."""
    found = _DOI.search(text)
    if not found:
        return ""
    doi = found.group().rstrip(".,;:'’”»")
    while doi.endswith(")") and doi.count("(") < doi.count(")"):
        doi = doi[:-1]
    return doi.lower()


def doi_of(document: Document) -> Found | None:
    """From the first two pages, where a document gives its own; further on stand those it cites."""
    for page in document.head[:2]:
        if doi := doi_in("\n".join(line.text for line in page.lines[:50] + page.lines[-8:])):
            return on_page(doi, page.number)
    return None


def doi_of_link(url: str) -> Found | None:
    doi = doi_in(unquote(url))
    return Found(doi, FoundIn.LINK) if doi else None


def isbn_of(document: Document) -> Found | None:
    """The first ISBN of the edges whose check digit is right, as thirteen digits."""
    for page in document.edges:
        for found in _ISBN.finditer(page.text):
            if isbn := bare_isbn(found["number"]):
                return on_page(isbn, page.number)
    return None


def bare_isbn(written: str) -> str:
    """Thirteen digits of an ISBN of either length however it is written;
    "" when its check digit is wrong or it is none.
    """
    signs = re.sub(r"[\s-]", "", written).upper()
    if re.fullmatch(r"\d{9}[\dX]", signs):
        if sum((10 - place) * (10 if sign == "X" else int(sign)) for place, sign in enumerate(signs)) % 11:
            return ""
        signs = f"978{signs[:9]}"
        return signs + _check_digit(signs)
    if re.fullmatch(r"97[89]\d{10}", signs) and _check_digit(signs[:12]) == signs[12]:
        return signs
    return ""


def isbn_forms(written: str) -> set[str]:
    """The ways an ISBN may be kept, without hyphens: thirteen digits and, for 978, ten."""
    whole = bare_isbn(written)
    if not whole:
        return set()
    forms = {whole}
    if whole.startswith("978"):
        total = sum((10 - place) * int(sign) for place, sign in enumerate(whole[3:12]))
        check = (11 - total % 11) % 11
        forms.add(whole[3:12] + ("X" if check == 10 else str(check)))
    return forms


def _check_digit(twelve: str) -> str:
    return str(-sum(int(sign) * (3 if place % 2 else 1) for place, sign in enumerate(twelve)) % 10)


def url_key(url: str) -> str:
    """What two addresses of one page have in common: without scheme, "www.", fragment, closing stroke and what only
    follows readers about.
    """
    parts = urlsplit(url.strip() if "//" in url else f"//{url.strip()}")
    host = (parts.hostname or "").removeprefix("www.")
    kept = sorted(
        (name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.match(name)
    )
    return f"{host}{parts.path.rstrip('/')}" + (f"?{urlencode(kept)}" if kept else "") if host else ""
