"""Things that happened and that a person is told in their next message: written down when they happen, put into words
when they are sent.

The words are made late so that nobody is told of what they may no longer see. Works with an empty registry: a notice of
an unknown kind is not told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kb.clock.models import Notice
from search.registries import Registry


@dataclass(frozen=True, slots=True)
class Told:
    """A notice in words, in the language of the moment: a sentence,
    and the absolute path where it leads ("" for nowhere).
    """

    sentence: str
    url: str = ""


Tell = Callable[[Sequence[Notice], frozenset[str]], dict[int, Told]]

KINDS: Registry[Tell] = Registry("A notice")


def register_notice_kind(kind: str, tell: Tell) -> None:
    """`tell(notices, held)` gives words by `Notice.pk` for those that may still be told to who holds these audiences.

    A fixed number of queries per call. Called from `apps.py`. Raises ValueError for a kind without its domain
    ("library.accepted" has one).
    """
    KINDS.register(kind, tell)


def notice(user: Any, kind: str, subject: str, **detail: Any) -> Notice:
    """Writes down what happened, in the transaction of what happened. detail is plain JSON."""
    return Notice.objects.create(user=user, kind=kind, subject=subject, detail=detail)


def told(notices: Sequence[Notice], held: frozenset[str]) -> dict[int, Told]:
    """Words of the notices that may be told, by id, in the language of the moment."""
    words: dict[int, Told] = {}
    for kind in dict.fromkeys(one.kind for one in notices):
        if kind in KINDS:
            words.update(KINDS[kind]([one for one in notices if one.kind == kind], held))
    return words
