"""What a question looks for, as weighted terms: the same plan for every engine, whose query language only differs.

A group is one word asked: its stems in every language, the longer words that hold it (one term for them all,
`analysis.compounds.inside`), the parts it is made of. A
document that holds a member of a group holds the word. Pieces and pairs only order what was found. Everything here that
depends on what is stored depends on what this reader
may find: nothing else decides what is looked for or what it weighs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Protocol

from search.analysis.asking import asked_words, question_language
from search.analysis.compounds import divisions, has_compounds, inside
from search.analysis.languages import LANGUAGES, own_first
from search.analysis.tokens import asked_stems, fold, is_function_word, normalise, pieces, plain_words, stem
from search.engines import ranking
from search.entries import Phrase, Query


class Vocabulary(Protocol):
    """What one reader may know of the terms: every count is of documents this reader may find, all others might as well
    not be stored.
    """

    def size(self) -> int:
        """Documents."""

    def count(self, field: str, term: str) -> int:
        """Documents that hold the term in the field ("words": a word as written)."""


@dataclass(frozen=True, slots=True)
class Member:
    """A stem that stands for a word asked, or with `exact` a word as written.

    weight is what it adds to the score of a document that holds it, times the value of its level there; in_title the
    same for titles.
    """

    term: str
    weight: float
    in_title: float = 0.0
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """One word asked.

    own: its stems, one per language, of which the best counts; others: longer words that hold it, and its parts.
    """

    word: str
    own: tuple[Member, ...]
    others: tuple[Member, ...] = ()

    @property
    def members(self) -> tuple[Member, ...]:
        return self.own + self.others


@dataclass(frozen=True, slots=True)
class Weighted:
    """A term of a field that adds weight times the value of its level."""

    field: str
    term: str
    weight: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What to look for: groups match, phrases must be there, excluded must not; near (the words of phrases) and
    ordering only order.
    """

    groups: tuple[Group, ...] = ()
    near: tuple[Group, ...] = ()
    ordering: tuple[Weighted, ...] = ()
    word_pieces: tuple[tuple[str, ...], ...] = ()
    phrases: tuple[tuple[str, ...], ...] = ()
    excluded_words: tuple[tuple[Member, ...], ...] = ()
    excluded_phrases: tuple[tuple[str, ...], ...] = ()

    @property
    def looks(self) -> bool:
        """False when there is nothing to look for: a list."""
        return bool(self.groups or self.phrases)


def plan(query: Query, vocabulary: Vocabulary) -> Plan:
    """What to look for. Some look-ups in the vocabulary per word, which engines remember."""
    language = question_language(query)
    words = asked_words(query)
    phrases = tuple(filter(None, (_plain(phrase) for phrase in query.phrases)))
    quoted = tuple(word for phrase in query.phrases for word in phrase.words)
    in_phrases = (
        tuple(word for word in asked_words(replace(query, words=quoted)) if word not in words) if phrases else ()
    )
    excluded = [(phrase, _plain(phrase)) for phrase in query.excluded]
    every = (*words, *in_phrases)
    folded = tuple(dict.fromkeys(fold(word) for word in every))
    word_pieces = tuple(tuple(dict.fromkeys(pieces(word))) for word in folded)
    ordering = (
        *(_weighted(vocabulary, "exact_title", word, ranking.EXACT_TITLE) for word in folded),
        *(_weighted(vocabulary, "pairs", pair, ranking.PAIRS) for pair in _pairs(every, language)),
        *(
            _weighted(vocabulary, "pieces", piece, weight)
            for piece, weight in _weighted_pieces(word_pieces, vocabulary)
        ),
    )
    return Plan(
        groups=tuple(_group(word, language, vocabulary) for word in words),
        near=tuple(_group(word, language, vocabulary) for word in in_phrases),
        ordering=tuple(one for one in ordering if one.weight),
        word_pieces=word_pieces,
        phrases=phrases,
        excluded_words=tuple(
            (
                *(Member(stem(word, code), 0.0) for word in phrase.words for code in LANGUAGES),
                Member(plain[0], 0.0, exact=True),
            )
            for phrase, plain in excluded
            if len(plain) == 1
        ),
        excluded_phrases=tuple(plain for _, plain in excluded if len(plain) > 1),
    )


def loosened(asked: Plan, query: Query, vocabulary: Vocabulary) -> Plan:
    """The plan with the words of its phrases as ordinary words: what comes near when a phrase is not there."""
    if not asked.phrases:
        return asked
    words = (*query.words, *(word for phrase in query.phrases for word in phrase.words))
    return plan(replace(query, words=words, phrases=()), vocabulary)


def _plain(phrase: Phrase) -> tuple[str, ...]:
    return tuple(word for typed in phrase.words for word in plain_words(typed))


def idf(documents: int, size: int) -> float:
    return math.log(1 + (max(0, size - documents) + 0.5) / (documents + 0.5))


def _weighted(vocabulary: Vocabulary, field: str, term: str, weight: float) -> Weighted:
    """Weighing more the rarer it is; nothing when no document this reader may find has it."""
    count = vocabulary.count(field, term)
    return Weighted(field, term, weight * idf(count, vocabulary.size()) if count else 0.0)


def _group(word: str, language: str, vocabulary: Vocabulary) -> Group:
    if is_function_word(word, language):  # asked alone: function words are only kept as written
        written = fold(normalise(word))
        return Group(
            word,
            (Member(written, ranking.BODY * idf(vocabulary.count("words", written), vocabulary.size()), exact=True),),
        )
    own = _own(word, language, vocabulary)
    known = {member.term for member in own}
    others: dict[str, Member] = {}
    for code in LANGUAGES:
        asked = stem(word, code)
        if has_compounds(asked) and (code == language or not vocabulary.count("body", stem(word, language))):
            for term, weight in _compounds(word, code, vocabulary):
                if term not in known:
                    others.setdefault(term, _member(term, weight, vocabulary))
    return Group(word, own, tuple(others.values()))


def _member(term: str, share: float, vocabulary: Vocabulary) -> Member:
    """share: of what the term would weigh if it had been asked itself."""
    body = _weighted(vocabulary, "body", term, share * ranking.BODY)
    title = _weighted(vocabulary, "title", term, share * ranking.TITLE)
    return Member(term, body.weight, title.weight)


def _own(word: str, language: str, vocabulary: Vocabulary) -> tuple[Member, ...]:
    """The word's stem in each language, all weighing as one word of the frequency they have together."""
    found = dict.fromkeys(asked for table in own_first(language) for asked in asked_stems(word, table.code))
    counts = {term: vocabulary.count("body", term) for term in found}
    size = vocabulary.size()
    together = idf(min(size, sum(counts.values())), size)
    there = {term: count for term, count in counts.items() if count}
    if not there:
        return (Member(next(iter(found)), 0.0),)
    return tuple(_member(term, together / idf(count, size), vocabulary) for term, count in there.items())


def _compounds(word: str, language: str, vocabulary: Vocabulary) -> list[tuple[str, float]]:
    asked = stem(word, language)
    longer = inside(asked)
    found = [(longer, ranking.COMPOUND)] if vocabulary.count("body", longer) else []
    parts = [
        (left, right)
        for left, right in divisions(word, language)
        if vocabulary.count("body", left) and vocabulary.count("body", right)
    ]
    if parts:
        best = max(parts, key=lambda pair: min(vocabulary.count("body", part) for part in pair))
        found += [(part, ranking.COMPOUND_PART) for part in best]
    return found


def _pairs(words: tuple[str, ...], language: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for table in own_first(language):
        stems = [stem(word, table.code) for word in words]
        for left, right in pairwise(stems):
            found[f"{left}_{right[2:]}"] = None
    return tuple(found)


def _weighted_pieces(word_pieces: tuple[tuple[str, ...], ...], vocabulary: Vocabulary) -> tuple[tuple[str, float], ...]:
    """All pieces where reading them is cheap; else the rarest of each word, weighing more."""
    counts = {piece: vocabulary.count("pieces", piece) for word in word_pieces for piece in word}
    if sum(counts.values()) <= ranking.PIECE_POSTINGS:
        return tuple((piece, ranking.PIECES) for piece, count in counts.items() if count)
    rarest = {
        piece: ranking.PIECES * ranking.RAREST_PIECES_WEIGHT
        for word in word_pieces
        for piece in sorted((piece for piece in word if counts[piece]), key=counts.__getitem__)[: ranking.RAREST_PIECES]
    }
    return tuple(rarest.items())
