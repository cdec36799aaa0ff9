"""Names as they are printed: which are organisations and which people, lists taken apart, "Family, Given" where it is
sure.

Where in a document names of authors and publishers stand is in `creators` and `publishers`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kb.library.drafting.documents import words_of

MOST = 8  # names; more stand in the document
LONGEST = 120

# Words that only names of organisations have, in the three languages and as they are compared (without accents).
_ORGANISATION_WORDS = frozenset(
    [
        *(
            "asbl",
            "vzw",
            "aisbl",
            "ivzw",
            "ong",
            "ngo",
            "scrl",
            "cvba",
            "sa",
            "nv",
            "ltd",
            "inc",
            "gmbh",
            "cpas",
            "ocmw",
            "one",
            "cgem",
            "ulb",
            "vub",
            "ucl",
            "kul",
        ),
        *(
            "fondation",
            "association",
            "federation",
            "institut",
            "universite",
            "ecole",
            "faculte",
            "centre",
            "commune",
            "ville",
            "region",
            "ministere",
        ),
        *(
            "service",
            "services",
            "departement",
            "observatoire",
            "reseau",
            "collectif",
            "comite",
            "commission",
            "conseil",
            "coordination",
            "groupe",
        ),
        *(
            "ligue",
            "mutualite",
            "syndicat",
            "union",
            "bureau",
            "agence",
            "maison",
            "atelier",
            "ateliers",
            "plateforme",
            "forum",
            "parlement",
            "secretariat",
        ),
        *(
            "gouvernement",
            "cellule",
            "equipe",
            "banque",
            "fonds",
            "editions",
            "presses",
            "cabinet",
            "rencontre",
            "entraide",
            "societe",
            "maisons",
        ),
        *(
            "stichting",
            "vereniging",
            "federatie",
            "instituut",
            "universiteit",
            "hogeschool",
            "school",
            "faculteit",
            "centrum",
            "gemeente",
            "stad",
            "gewest",
        ),
        *(
            "ministerie",
            "dienst",
            "diensten",
            "observatorium",
            "netwerk",
            "collectief",
            "commissie",
            "raad",
            "groep",
            "werkgroep",
            "liga",
            "ziekenfonds",
        ),
        *(
            "vakbond",
            "agentschap",
            "huis",
            "platform",
            "parlement",
            "regering",
            "secretariaat",
            "steunpunt",
            "bond",
            "unie",
            "bank",
            "uitgeverij",
            "kabinet",
        ),
        *(
            "foundation",
            "federation",
            "institute",
            "university",
            "faculty",
            "center",
            "municipality",
            "city",
            "ministry",
            "department",
            "observatory",
        ),
        *(
            "network",
            "collective",
            "committee",
            "council",
            "group",
            "league",
            "office",
            "agency",
            "parliament",
            "government",
            "society",
            "trust",
        ),
        *(
            "team",
            "press",
            "publications",
            "organisation",
            "organisatie",
            "organization",
            "welzijn",
            "werking",
            "agency",
            "corporation",
            "company",
        ),
    ]
)
# And endings of words written together, as Dutch does: "Huurderslijn", "Brusselse Welzijnsraad".
_ORGANISATION_ENDINGS = (
    *(
        "werkgroep",
        "dienst",
        "huis",
        "lijn",
        "centrum",
        "raad",
        "bond",
        "fonds",
        "instituut",
        "netwerk",
        "punt",
        "vereniging",
        "bureau",
    ),
    *("atelier", "beweging", "federatie", "school", "kroniek"),
)
_ARTICLES = frozenset(["le", "la", "l", "les", "de", "het", "the", "une", "un", "een"])
_LEGAL_FORM = re.compile(r"\b(?:a\.s\.b\.l\.?|v\.z\.w\.?)", re.IGNORECASE)
_PARTICLES = frozenset(
    [
        *(
            "de",
            "du",
            "des",
            "d",
            "van",
            "der",
            "den",
            "ter",
            "ten",
            "von",
            "le",
            "la",
            "el",
            "al",
            "ben",
            "di",
            "da",
            "dos",
            "del",
        ),
        "vande",
        "vanden",
        "vander",
    ]
)
_STYLES = re.compile(r"^(?:(?:m|mr|mme|mlle|mevr|dhr|drs?|prof|ir|ing|me|mtr|ms|mrs|lic)\b\.?\s+)+", re.IGNORECASE)
_BETWEEN = re.compile(r"\s+(?:et|en|and|&)\s+", re.IGNORECASE)
_LISTED = re.compile(r"\s*(?:;|\t|•|·|\s/\s)\s*")
_NOTES = re.compile(
    r"\([^)]*\)|(?<=[^\W\d_])[\d∗*†‡](?:,?\d)*(?=\W|$)"
)  # brackets, and the numbers of footnotes at names
_NOTES_APART = re.compile(r"(?<=[^\W\d_])\s\d{1,2}(?=\s*(?:[,;]|$))")  # "Zejiang Shen 1 , Ruochen Zhang 2 "
_AROUND = " *∗†‡,.;:-–"


@dataclass(frozen=True, slots=True)
class Names:
    """Names of organisations that we know: `words_of` a name -> the name as we write it."""

    organisations: Mapping[str, str]

    def ours(self, name: str) -> str:
        """The name as we write it; "" for one that we do not know."""
        return self.organisations.get(words_of(name), "")

    def named(self, name: str) -> dict[str, Any]:
        """{"name", "is_organisation"}."""
        ours = self.ours(name)
        return (
            {"name": ours, "is_organisation": True}
            if ours
            else {"name": as_catalogued(name), "is_organisation": is_organisation(name)}
        )

    def listed(self, said: str, *, all_of_them: bool = False) -> list[dict[str, Any]]:
        """The names of a list as written ("A B, C D et E F");
        what looks like no name is left out unless `all_of_them`.
        """
        found: dict[str, dict[str, Any]] = {}
        bare = _NOTES.sub(" ", said)
        if len(_NOTES_APART.findall(bare)) > 1:  # one alone may belong to a name: "Werkgroep 3"
            bare = _NOTES_APART.sub("", bare)
        for part in self._parts(bare):
            name = " ".join(part.split()).strip(_AROUND)
            if name and len(name) <= LONGEST and (all_of_them or self._is_name(name)):
                found.setdefault(name, self.named(name))
        return list(found.values())[:MOST]

    def _is_name(self, name: str) -> bool:
        if self.ours(name) or looks_like_person(name):
            return True
        return has_organisation_word(name) and name[:1].isupper() and len(name.split()) <= 12

    def _parts(self, said: str) -> Iterator[str]:
        if self.ours(said):
            yield said
            return
        for part in filter(None, _LISTED.split(said)):
            yield from _people_of(part)


def has_organisation_word(name: str) -> bool:
    words = words_of(name).split()
    return bool(_LEGAL_FORM.search(name)) or any(
        word in _ORGANISATION_WORDS or word.endswith(_ORGANISATION_ENDINGS) for word in words
    )


def is_organisation(name: str) -> bool:
    """True for a name with a word of organisations, for an abbreviation and for more than five words; else it is taken
    for a person.
    """
    return has_organisation_word(name) or (name.isupper() and " " not in name.strip()) or len(name.split()) > 5


def is_named_organisation(text: str) -> bool:
    """True for what is nothing but the name of one: short, its first word one of organisations ("Ministerie van
    Volksgezondheid", "L’équipe de développement"), and no sign that something is said about it.
    """
    words = [word for word in words_of(text).split() if word not in _ARTICLES]
    is_first = bool(words) and (words[0] in _ORGANISATION_WORDS or words[0].endswith(_ORGANISATION_ENDINGS))
    return is_first and 2 <= len(words) <= 6 and not re.search(r"[:?!–—\d]", text)


def looks_like_person(name: str) -> bool:
    """Two to five words with capitals, particles between, and nothing else: no sentence, no organisation."""
    words = _STYLES.sub("", name).replace(",", " ").split()
    named = [word for word in words if word.lower().strip(".’'") not in _PARTICLES]
    proper = all(re.fullmatch(r"[A-ZÀ-Þ](?:[^\W\d_]|[’'.-])*", word) for word in named)
    return 2 <= len(words) <= 5 and len(named) >= 2 and proper and not is_organisation(name)


def as_catalogued(name: str) -> str:
    """ "Dupont, Marie" for "DUPONT Marie" or "Marie DUPONT"; anything else as it is printed,
    without "Mme" and "Dr.".
    """
    bare = _STYLES.sub("", " ".join(name.split()).strip(_AROUND))
    words = bare.split()
    family = [word for word in words if _in_capitals(word) or word.lower() in _PARTICLES]
    given = [word for word in words if word not in family]
    if (
        not any(map(_in_capitals, words))
        or "," in bare
        or is_organisation(bare)
        or not given
        or not all(word[:1].isupper() for word in given)
    ):
        return bare
    written = (
        word if word.islower() else re.sub(r"[^\W\d_]+", lambda found: found.group().capitalize(), word)
        for word in family
    )
    return f"{' '.join(written)}, {' '.join(given)}"


def _in_capitals(word: str) -> bool:
    return word.isupper() and len(word.strip(".-’'")) > 1


def _people_of(part: str) -> Iterable[str]:
    """ "A B, C D et E F" is three people, "B, A" one, "Groupe Logement et Santé" one organisation."""
    pieces = [piece for piece in re.split(r"\s*,\s*", part) if piece]
    if (
        len(pieces) == 2
        and all(len(piece.split()) <= 2 for piece in pieces)
        and not all(map(looks_like_person, pieces))
    ):
        return [part]
    split = [
        name.strip()
        for piece in pieces
        for name in _BETWEEN.split(re.sub(r"^(?:et|en|and|&)\s+", "", piece))
        if name.strip()
    ]
    return split if sum(map(looks_like_person, split)) * 2 > len(split) else pieces
