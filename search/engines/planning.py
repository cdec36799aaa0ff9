"""What a question looks for, as weighted terms: the same plan for every engine, whose query language only differs.

A group is one word asked: its stems in every language, the longer words that hold it, the parts it is made of. A document that holds a member of
a group holds the word. Pieces and pairs only order what was found.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Protocol

from search import ranking
from search.analysis.asking import asked_words, question_language
from search.analysis.compounds import divisions, has_compounds, holds
from search.analysis.languages import LANGUAGES, own_first
from search.analysis.tokens import asked_stems, fold, is_function_word, normalise, pieces, plain_words, stem
from search.entries import Phrase, Query


class Vocabulary(Protocol):
    """What an engine knows of its terms, readers' rights aside: it only chooses words to look for, what is found is filtered by rights."""

    def size(self) -> int:
        """Documents stored."""

    def frequency(self, stem: str) -> int:
        """Documents that hold the stem."""

    def piece_frequency(self, piece: str) -> int:
        """Documents that hold the piece."""

    def longer(self, stem: str) -> list[tuple[str, int]]:
        """(stem, documents) of stems of the same tag that begin or end with this one."""


@dataclass(frozen=True, slots=True)
class Member:
    """A stem, or with `exact` a word as written, and its weight beside its own BM25."""

    term: str
    weight: float
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """One word asked. own: its stems, one a language; members: everything that stands for it."""

    word: str
    own: tuple[Member, ...]
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """groups match; pairs (term, weight), exact_titles and pieces (term, weight) order; phrases must be there, excluded must not."""

    groups: tuple[Group, ...] = ()
    pairs: tuple[Member, ...] = ()
    exact_titles: tuple[str, ...] = ()
    pieces: tuple[tuple[str, float], ...] = ()
    word_pieces: tuple[tuple[str, ...], ...] = ()
    phrases: tuple[tuple[str, ...], ...] = ()
    excluded_words: tuple[tuple[Member, ...], ...] = ()
    excluded_phrases: tuple[tuple[str, ...], ...] = ()

    @property
    def looks(self) -> bool:
        """False when there is nothing to look for: a list."""
        return bool(self.groups or self.phrases)


def plan(query: Query, vocabulary: Vocabulary) -> Plan:
    """What to look for. Some look-ups in the vocabulary a word, which engines remember."""
    language = question_language(query)
    words = asked_words(query)
    groups = tuple(_group(word, language, vocabulary) for word in words)
    folded = tuple(dict.fromkeys(fold(word) for word in words))
    excluded = [(phrase, tuple(word for typed in phrase.words for word in plain_words(typed))) for phrase in query.excluded]
    word_pieces = tuple(tuple(dict.fromkeys(pieces(word))) for word in folded)
    return Plan(
        groups=groups,
        pairs=_pairs(words, language),
        exact_titles=folded,
        pieces=_weighted_pieces(word_pieces, vocabulary),
        word_pieces=word_pieces,
        phrases=tuple(filter(None, (_plain(phrase) for phrase in query.phrases))),
        excluded_words=tuple(
            (*(Member(stem(word, code), 1.0) for word in phrase.words for code in LANGUAGES), Member(plain[0], 1.0, exact=True))
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


def _idf(documents: int, size: int) -> float:
    return math.log(1 + (max(0, size - documents) + 0.5) / (documents + 0.5))


def _group(word: str, language: str, vocabulary: Vocabulary) -> Group:
    if is_function_word(word, language):  # asked alone: function words are only kept as written
        member = Member(fold(normalise(word)), ranking.BODY, exact=True)
        return Group(word, (member,), (member,))
    own = _own(word, language, vocabulary)
    members = {member.term: member for member in own}
    for code in LANGUAGES:
        asked = stem(word, code)
        if has_compounds(asked) and (code == language or not vocabulary.frequency(stem(word, language))):
            for term, weight in _compounds(word, code, vocabulary):
                members.setdefault(term, Member(term, weight))
    return Group(word, own, tuple(members.values()))


def _own(word: str, language: str, vocabulary: Vocabulary) -> tuple[Member, ...]:
    """The word's stem in each language, all weighing as one word of the frequency they have together."""
    found = {asked: 0 for table in own_first(language) for asked in asked_stems(word, table.code)}
    for term in found:
        found[term] = vocabulary.frequency(term)
    size = vocabulary.size()
    together = _idf(min(size, sum(found.values())), size)
    there = {term: count for term, count in found.items() if count} or dict([next(iter(found.items()))])
    return tuple(Member(term, together / _idf(count, size) if count else 1.0) for term, count in there.items())


def _compounds(word: str, language: str, vocabulary: Vocabulary) -> list[tuple[str, float]]:
    asked = stem(word, language)
    longer = sorted(((count, term) for term, count in vocabulary.longer(asked) if holds(term, asked)), key=lambda found: (-found[0], found[1]))
    found = [(term, ranking.COMPOUND) for _, term in longer[: ranking.COMPOUNDS_KEPT]]
    known = [(left, right) for left, right in divisions(word, language) if vocabulary.frequency(left) and vocabulary.frequency(right)]
    if known:
        best = max(known, key=lambda parts: min(vocabulary.frequency(part) for part in parts))
        found += [(part, ranking.COMPOUND_PART) for part in best]
    return found


def _pairs(words: tuple[str, ...], language: str) -> tuple[Member, ...]:
    found: dict[str, Member] = {}
    for table in own_first(language):
        stems = [stem(word, table.code) for word in words]
        for left, right in pairwise(stems):
            term = f"{left}_{right[2:]}"
            found[term] = Member(term, ranking.PAIRS)
    return tuple(found.values())


def _weighted_pieces(word_pieces: tuple[tuple[str, ...], ...], vocabulary: Vocabulary) -> tuple[tuple[str, float], ...]:
    """All pieces where reading them is cheap; else the rarest of each word, weighing more."""
    counts = {piece: vocabulary.piece_frequency(piece) for word in word_pieces for piece in word}
    if sum(counts.values()) <= ranking.PIECE_POSTINGS:
        return tuple((piece, ranking.PIECES) for piece, count in counts.items() if count)
    rarest = {
        piece: ranking.PIECES * ranking.RAREST_PIECES_WEIGHT
        for word in word_pieces
        for piece in sorted((piece for piece in word if counts[piece]), key=counts.__getitem__)[: ranking.RAREST_PIECES]
    }
    return tuple(rarest.items())
