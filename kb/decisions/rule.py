"""The rule of annex 2, as plain arithmetic: no Django, no database.

each side: votes cast ≥ its quorum ── no ──► without effect
    │ yes
more for than against, and not by the drafter alone ── no ──► no agreement (a tie is none)
    │ yes
agreement
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

FOR, AGAINST, ABSTENTION = "for", "against", "abstention"
AGREEMENT, NO_AGREEMENT, NO_EFFECT = "agreement", "no-agreement", "no-effect"


@dataclass(frozen=True, slots=True)
class SideRule:
    """So many seats, of which `quorum` must have voted."""

    seats: int
    quorum: int


@dataclass(frozen=True, slots=True)
class Cast:
    """The vote of one seat. by_drafter: cast, or entered for the seat, by whoever drafted the question."""

    side: str
    choice: str
    by_drafter: bool = False


@dataclass(frozen=True, slots=True)
class Count:
    """What the votes come to. present: seats that voted, by side; lacking: the sides without their quorum."""

    outcome: str
    votes_for: int
    against: int
    abstentions: int
    silent: int
    present: Mapping[str, int]
    lacking: tuple[str, ...]


def count(rule: Mapping[str, SideRule], votes: Iterable[Cast]) -> Count:
    """The outcome of the votes counted, one for a seat, under the rule {side: …}.

    Raises ValueError for a vote of a side that the rule does not know, or for more votes than a side has seats.
    """
    votes = list(votes)
    present = Counter(vote.side for vote in votes)
    for side, cast in present.items():
        if side not in rule or cast > rule[side].seats:
            raise ValueError(f"{cast} votes of the side {side!r}, which has fewer seats")
    said = Counter(vote.choice for vote in votes)
    lacking = tuple(side for side, one in rule.items() if present[side] < one.quorum)
    if lacking or not rule:
        outcome = NO_EFFECT
    elif said[FOR] > said[AGAINST] and any(vote.choice == FOR and not vote.by_drafter for vote in votes):
        outcome = AGREEMENT
    else:
        outcome = NO_AGREEMENT
    seats = sum(one.seats for one in rule.values())
    return Count(
        outcome,
        said[FOR],
        said[AGAINST],
        said[ABSTENTION],
        seats - len(votes),
        {side: present[side] for side in rule},
        lacking,
    )
