"""The layers of rights of a reference: which sets of its files go together for which readers. Values only, no database.

    notice public, file 1 for members, file 2 for members and group PA

      layer ""   no file        for public             not for members, body:PA, staff
      layer "1"  file 2         for body:PA            not for members, staff       (a consultant of PA)
      layer "2"  files 1 and 2  for members, staff

A reader matches a layer when they hold one of its audiences and none of those that get a richer one. What they match
adds up to exactly
the files they may open, and editors match exactly one layer, by construction: a layer is a maximal set among what each
value they hold opens.

Someone meets a reference twice in one case only: they hold two values, neither of which opens all that the other does
(file 1 for members, file 2 for PA, a reader who is both). "Member and in PA" is no audience of its own, so no layer can
be for them alone and not for a consultant of PA; both layers are found, their union is right, and the results page
merges hits of one subject.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kb.accounts.audiences import PUBLIC, STAFF


@dataclass(frozen=True, slots=True)
class Layer:
    """One set of files and its readers; `name` is "" for the poorest, then "1", "2"…;
    `files` are the keys given to `layers_of`.
    """

    name: str
    audiences: frozenset[str]
    covered_by: frozenset[str]
    files: frozenset[int]

    def is_for(self, held: Iterable[str]) -> bool:
        """Whether a reader who holds these audiences gets this layer (what the engine asks of an entry)."""
        held = frozenset(held)
        return not held.isdisjoint(self.audiences) and held.isdisjoint(self.covered_by)


def layers_of(notice: Iterable[str], files: Mapping[int, Iterable[str]]) -> tuple[Layer, ...]:
    """The layers of a notice with these audiences and of files with theirs, poorest first.

    A file wider than its notice is cut to it.
    """
    notice = frozenset(notice)
    values = {STAFF} | notice
    if PUBLIC in notice:
        values = values.union(*files.values())
    opened: dict[str, frozenset[int]] = {
        value: frozenset(
            number for number, audiences in files.items() if value == STAFF or not {value, PUBLIC}.isdisjoint(audiences)
        )
        for value in values
    }
    distinct = sorted(set(opened.values()), key=lambda numbers: (len(numbers), sorted(numbers)))
    return tuple(
        Layer(
            name=str(index) if index else "",
            audiences=frozenset(value for value, numbers in opened.items() if numbers == these),
            covered_by=frozenset(value for value, numbers in opened.items() if numbers > these),
            files=these,
        )
        for index, these in enumerate(distinct)
    )
