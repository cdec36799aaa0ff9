"""A plan in tantivy's words: what matches gives no score or constants,
what orders gives constants (see `search.engines.levels`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import tantivy
from tantivy import Occur
from tantivy import Query as Clause

from search.analysis.compounds import is_inside
from search.engines.embedded.schema import FACETS, at_levels
from search.engines.levels import VALUES, at_level, on_grid
from search.engines.planning import Group, Member, Plan
from search.entries import Filters

Clauses = list[tuple[Occur, Clause]]

_REMEMBERED = 50_000  # terms between two changes of the index
# subjects left out that are named each; more are asked as a set, which costs a walk through all that are stored
ONE_BY_ONE = 300


class Terms:
    """One index at one moment: which terms it has at which levels, and clauses for them.

    An index of an earlier schema has no levels: there a term weighs as one of a middle level, wherever it stands.
    """

    def __init__(self, index: tantivy.Index, searcher: tantivy.Searcher) -> None:
        self.schema = index.schema
        self.searcher = searcher
        self.has_levels = self.has(at_levels("body"))
        self._levels: dict[tuple[str, str], tuple[tuple[float, Clause], ...]] = {}

    def has(self, name: str) -> bool:
        """Whether the index has a field of that name (for text)."""
        try:
            self.searcher.doc_freq(name, "")
        except ValueError:
            return False
        return True

    def levels(self, name: str, term: str) -> tuple[tuple[float, Clause], ...]:
        """(value, clause) of each level at which some entry has the term; no entry is in two of them."""
        known = self._levels.get((name, term))
        if known is None:
            if len(self._levels) >= _REMEMBERED:
                self._levels.clear()
            stored = at_levels(name)
            found = self.searcher.terms_with_prefix(stored, at_level(term, 0)[:-1])
            known = tuple((VALUES[int(levelled[-1])], self.term(stored, levelled)) for levelled, _ in found)
            self._levels[name, term] = known
        return known

    def term(self, name: str, value: object) -> Clause:
        return Clause.term_query(self.schema, name, value, "basic")

    def any_of(self, name: str, values: Iterable[object]) -> Clause:
        return Clause.boolean_query([(Occur.Should, self.term(name, value)) for value in values])

    def holding(self, name: str, term: str) -> Clause:
        """What has the term in the field, without a score that means anything."""
        if name in ("body", "words") or not self.has_levels:
            return self.term(name, term)
        return Clause.boolean_query([(Occur.Should, clause) for _, clause in self.levels(name, term)])

    def scored(self, name: str, term: str, weight: float) -> list[Clause]:
        """What has the term in the field, each level giving its own constant; one constant where it has no levels."""
        if name == "words" or is_inside(term) or not self.has_levels:
            return [Clause.const_score_query(self.term(name, term), on_grid(weight))]
        return [Clause.const_score_query(clause, on_grid(weight * value)) for value, clause in self.levels(name, term)]

    # rights

    def readable(self, audiences: frozenset[str], without: Collection[str]) -> Clauses:
        """For one of these audiences, unless one of them gets a richer layer or the subject is left out."""
        held = sorted(audiences)
        clauses = [
            filtering(self.any_of("audiences", held)),
            *((Occur.MustNot, self.term("covered_by", audience)) for audience in held),
        ]
        if without:
            clauses.append((Occur.MustNot, self.subjects(without)))
        return clauses

    def subjects(self, names: Collection[str]) -> Clause:
        """All entries of these subjects."""
        listed = sorted(names)
        return (
            self.any_of("subject", listed)
            if len(listed) <= ONE_BY_ONE
            else Clause.term_set_query(self.schema, "subject", listed)
        )

    # a plan

    def matching(self, asked: Plan) -> Clauses:
        """What a document must hold, and must not; without a score."""
        clauses: Clauses = [filtering(self._phrase(words)) for words in asked.phrases]
        if asked.groups:
            clauses.append(filtering(self.some_of(asked.groups)))
        clauses += [(Occur.MustNot, self._phrase(words)) for words in asked.excluded_phrases]
        clauses += [(Occur.MustNot, self._member(member)) for members in asked.excluded_words for member in members]
        return clauses

    def on_page(self, asked: Plan) -> tuple[Occur, Clause]:
        """What a page must hold, without a score: some word or some phrase."""
        ways = [self._phrase(words) for words in asked.phrases]
        if asked.groups:
            ways.append(self.some_of(asked.groups))
        return filtering(Clause.boolean_query([(Occur.Should, way) for way in ways]))

    def some_of(self, groups: Sequence[Group]) -> Clause:
        """What holds some word of these."""
        return Clause.boolean_query(
            [(Occur.Should, self._member(member)) for group in groups for member in group.members]
        )

    def ordering(self, asked: Plan) -> Clauses:
        """What only adds to a score."""
        clauses = [
            clause for group in (*asked.groups, *asked.near) for clause in (*self._body(group), *self._title(group))
        ]
        clauses += [clause for one in asked.ordering for clause in self.scored(one.field, one.term, one.weight)]
        return [(Occur.Should, clause) for clause in clauses]

    def _body(self, group: Group) -> list[Clause]:
        """The best of the word's languages (a name stands in all of them, and counts once),
        and its compounds and parts beside.
        """
        own = [self.scored("words" if member.exact else "body", member.term, member.weight) for member in group.own]
        return _best_of(own) + [
            clause for member in group.others for clause in self.scored("body", member.term, member.weight)
        ]

    def _title(self, group: Group) -> list[Clause]:
        own = [self.scored("title", member.term, member.in_title) for member in group.own if member.in_title]
        return _best_of(own) + [
            clause
            for member in group.others
            if member.in_title
            for clause in self.scored("title", member.term, member.in_title)
        ]

    def _member(self, member: Member) -> Clause:
        return self.term("words" if member.exact else "body", member.term)

    def _phrase(self, words: tuple[str, ...]) -> Clause:
        return (
            self.term("words", words[0]) if len(words) == 1 else Clause.phrase_query(self.schema, "words", list(words))
        )

    # filters

    def narrowing(self, filters: Filters) -> Clauses:
        """What the filters leave of D."""
        clauses = [
            filtering(self.any_of(FACETS[name], values))
            for name in ("languages", "kinds", "types", "themes", "groups")
            if (values := getattr(filters, name))
        ]
        if filters.years:
            ways = [
                (
                    Occur.Should,
                    Clause.range_query(
                        self.schema, "year", tantivy.FieldType.Unsigned, start if start is not None else 0, end
                    ),
                )
                for start, end in filters.years
            ]
            clauses.append(filtering(Clause.boolean_query(ways)))
        return clauses


def filtering(clause: Clause) -> tuple[Occur, Clause]:
    """A Must that gives no score."""
    return Occur.Must, Clause.const_score_query(clause, 0.0)


def _best_of(ways: Sequence[list[Clause]]) -> list[Clause]:
    """The best of several words; a word is a list of clauses of which one holds."""
    each = [
        way[0] if len(way) == 1 else Clause.boolean_query([(Occur.Should, clause) for clause in way])
        for way in ways
        if way
    ]
    return [Clause.disjunction_max_query(each)] if len(each) > 1 else each
