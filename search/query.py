"""From what a person types to a `Query`.

    logement "titre de séjour" -location type:rapport theme:"logement social" annee:2008-2012 taal:nl groupe:GT
    word     phrase            excluded  filter       filter                  years           language filter

Nothing is refused: what is not understood is searched as it stands. Which words are looked for is in `analysis.asking`,
how they become terms in `analysis.tokens`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from search.analysis.languages import LANGUAGES
from search.analysis.tokens import fold, normalise, plain_words, tokens
from search.entries import Filters, Phrase, Query

FilterName = Literal["languages", "kinds", "types", "themes", "groups", "years"]

OPERATORS: dict[str, FilterName] = {
    "type": "types",
    "soort": "types",
    "theme": "themes",
    "thema": "themes",
    "year": "years",
    "annee": "years",
    "jaar": "years",
    "lang": "languages",
    "language": "languages",
    "langue": "languages",
    "taal": "languages",
    "group": "groups",
    "groupe": "groups",
    "groep": "groups",
}
LANGUAGE_NAMES = {
    **{code: code for code in LANGUAGES},
    **dict.fromkeys(("francais", "frans", "french"), "fr"),
    **dict.fromkeys(("neerlandais", "nederlands", "dutch"), "nl"),
    **dict.fromkeys(("anglais", "engels", "english"), "en"),
}

MOST_PHRASES = 10  # of a question; further ones are asked as words

_QUOTES = {'"': '"', "“": "”", "„": "”“", "«": "»"}
_ANY_CLOSING = '"“”»'
_YEARS = re.compile(r"([0-9]{4})?(?:(-|–|\.\.)([0-9]{4})?)?")
_OPERATOR = re.compile(r"([^\W\d_]+):(?=\S)")


def label_key(label: str) -> str:
    """How names are compared: without case, accents and signs."""
    return " ".join(plain_words(label))


@dataclass(frozen=True, slots=True)
class Names:
    """What filters may be called: for each filter, `label_key` of a code or of a label in any language -> code."""

    types: Mapping[str, str] = field(default_factory=dict)
    themes: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        *,
        types: Iterable[tuple[str, str]] = (),
        themes: Iterable[tuple[str, str]] = (),
        groups: Iterable[tuple[str, str]] = (),
    ) -> Names:
        """From (label, code) pairs; a code is always a name of itself and the first of two equal labels wins."""

        def keyed(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
            listed = list(pairs)
            keys: dict[str, str] = {}
            for label, code in [(code, code) for _, code in listed] + listed:
                keys.setdefault(label_key(label), code)
            keys.pop("", None)
            return keys

        return cls(keyed(types), keyed(themes), keyed(groups))


@dataclass(frozen=True, slots=True)
class _Piece:
    """One blank-separated piece of what was typed: its sign, its operator and its text, quotes taken off."""

    written: str
    excluded: bool
    operator: str
    text: str
    quoted: bool


def parse(raw: str, language: str, names: Names | None = None) -> Query:
    """What a person asked; never an exception. `language` is the interface's."""
    known = names or Names()
    raw = raw.strip()
    words: list[str] = []
    phrases: list[Phrase] = []
    excluded: list[Phrase] = []
    filters: dict[FilterName, list] = {}
    for piece in _pieces(raw):
        chosen = _filter(piece, known)
        terms = tuple(token.word for token in tokens(piece.text))
        if chosen:
            name, value = chosen
            if value not in filters.setdefault(name, []):
                filters[name].append(value)
        elif piece.excluded and terms:
            excluded.append(Phrase(tuple(_typed_words(piece.text))))
        elif piece.quoted and not piece.operator and terms and len(phrases) < MOST_PHRASES:
            phrases.append(Phrase(tuple(_typed_words(piece.text))))
        else:
            words += [part for part in piece.written.split() if plain_words(part)]
    return Query(
        raw=raw,
        words=tuple(words),
        phrases=tuple(phrases),
        excluded=tuple(excluded),
        filters=Filters(**{name: tuple(values) for name, values in filters.items()}),
        language=language if language in LANGUAGES else next(iter(LANGUAGES)),
    )


def _typed_words(text: str) -> list[str]:
    return [text[token.start : token.end] for token in tokens(text)]


def _pieces(raw: str) -> Iterable[_Piece]:
    place = 0
    while place < len(raw):
        if raw[place].isspace():
            place += 1
            continue
        start = place
        excluded = raw[place] == "-" and place + 1 < len(raw) and not raw[place + 1].isspace()
        place += excluded
        operator = ""
        found = _OPERATOR.match(raw, place)
        if found and not excluded:
            operator = found.group(1)
            place = found.end()
        if raw[place] in _QUOTES:
            text, place = _quoted(raw, place)
            yield _Piece(raw[start:place], excluded, operator, text, True)
            continue
        end = place
        while end < len(raw) and not raw[end].isspace():
            end += 1
        yield _Piece(raw[start:end], excluded, operator, raw[place:end], False)
        place = end


def _quoted(raw: str, place: int) -> tuple[str, int]:
    """(text between the quotes, place after the closing one); a quote never closed runs to the end."""
    closing = _QUOTES[raw[place]]
    end = place + 1
    while end < len(raw) and raw[end] not in closing:
        end += 1
    return raw[place + 1 : end], min(end + 1, len(raw))


def _filter(piece: _Piece, names: Names) -> tuple[FilterName, object] | None:
    """(filter, value) when the operator and its value are known, else None."""
    name = OPERATORS.get(fold(normalise(piece.operator))) if piece.operator else None
    if name is None:
        return None
    if name == "years":
        years = _years(piece.text.strip())
        return (name, years) if years else None
    choices: Mapping[str, str] = LANGUAGE_NAMES if name == "languages" else getattr(names, name)
    code = choices.get(label_key(piece.text))
    return (name, code) if code else None


def _years(text: str) -> tuple[int | None, int | None] | None:
    """2010 | 2008-2012 | 2008- | -2012, as (from, to) inclusive."""
    found = _YEARS.fullmatch(text)
    if not found or not (found.group(1) or found.group(3)):
        return None
    start = int(found.group(1)) if found.group(1) else None
    end = int(found.group(3)) if found.group(3) else (None if found.group(2) else start)
    if start is not None and end is not None and start > end:
        start, end = end, start
    return start, end


def without_filters(query: Query, *names: FilterName) -> Query:
    """The same question without these filters: what the counts beside a filter are made for."""
    return replace(query, filters=replace(query.filters, **{name: () for name in names}))
