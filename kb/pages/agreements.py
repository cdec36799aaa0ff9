"""What may leave the house only with an agreement, whatever its model, and who answers whether there is one.

A domain registers the kinds of things it has (`KINDS`): what of one is shown, in which language, is told by one
function, from which the page, the vote, the difference and the digest come. The room of the decisions registers the
answer (`ANSWERS`). With nobody registered nothing is agreed to.

    the thing ─ kind.shown ─► rows: subject, language, values ─ digest_of ─► one digest ─ agreement_for ─► an agreement, or None
"""  # noqa: E501

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponseBase

from kb.pages.texts import Texts
from search.registries import Registry

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

LONGEST_ID = 18  # digits: more is the number of no row
SEAL = 12  # signs of a digest that people compare


class NotAgreed(ValidationError):
    """Something would be public, or change while it is public, without an agreement; its sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One row of what is shown of a thing.

    subject: "library.reference:17". language: of the values, "" for what is in none (a file). label: what a list calls
    it. values: what a reader sees, as JSON: words, numbers, the sha256 of files.
    """

    subject: str
    language: str
    label: str
    values: Mapping[str, Any]

    @property
    def place(self) -> tuple[str, str]:
        """Which row it is, whatever it says."""
        return self.subject, self.language

    @property
    def identity(self) -> tuple[str, str, str]:
        """Which row it is, and what it says."""
        return self.subject, self.language, self.digest

    @property
    def digest(self) -> str:
        """64 hexadecimal digits, the same for the same values in any order of their names; the label is no part."""
        return hashlib.sha256(_canonical([self.subject, self.language, self.values])).hexdigest()


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a thing of which whoever asks says whether it is to be public with it: a file."""

    key: str
    label: str
    is_open: bool
    refusal: StrOrPromise = ""


def _as_it_is(row: Shown, held: Collection[str]) -> Shown:
    return row


@dataclass(frozen=True, slots=True)
class GatedKind:
    """A kind of things. All functions take the id of one and raise LookupError where there is none.

    titles: what it is called. body: the code of the body whose work it is. parts: what may be chosen. shown(id, keys):
    the rows, with these parts; None: as everyone sees it now. open(id, agreement, keys): makes it public as agreed to,
    or raises NotAgreed where it is something else by now. close(id, agreement, for_good): takes it off. reopen(id,
    agreement): what was taken off for a time comes back, where nobody chose fewer readers since, else NotAgreed. All
    in the transaction of the decision. standing(id, keys): who may see what of it now, as far as a question with these
    parts or what is public of it hangs on that, as JSON, to be compared. page(request, rows): the rows on the site's
    own page. file(row): what serves the bytes of a row (of the version that the address names: "?version=2"), None
    where it has none.
    """

    name: str
    label: StrOrPromise
    titles: Callable[[int], Texts]
    body: Callable[[int], str]
    parts: Callable[[int], Collection[Part]]
    shown: Callable[[int, Collection[str] | None], tuple[Shown, ...]]
    open: Callable[[int, int, Collection[str]], None]
    close: Callable[[int, int, bool], None]
    reopen: Callable[[int, int], None]
    standing: Callable[[int, Collection[str]], Any]
    url: Callable[[int], str]
    page: Callable[[HttpRequest, Collection[Shown]], Mapping[str, Any]]
    template: str
    file: Callable[[Mapping[str, Any]], Callable[[HttpRequest], HttpResponseBase] | None]
    readable: Callable[[Shown, Collection[str]], Shown] = _as_it_is


@dataclass(frozen=True, slots=True)
class Answers:
    """agreement_for(subject, digest): the id of the agreement in force for exactly this, None without one.
    last_word(subject): a sentence about an agreement that was withdrawn, "" without one.
    """

    agreement_for: Callable[[str, str], int | None]
    last_word: Callable[[str], str]


KINDS: Registry[GatedKind] = Registry("What needs an agreement")
ANSWERS: Registry[Answers] = Registry("Who answers for agreements")


def agreement_for(subject: str, digest: str) -> int | None:
    """The id of the agreement in force for this subject with this digest. One query of whoever answers."""
    return next((found for one in ANSWERS if (found := one.agreement_for(subject, digest)) is not None), None)


def last_word(subject: str) -> str:
    """What the address of something says whose agreement was withdrawn; "" where none was."""
    return next((word for one in ANSWERS if (word := one.last_word(subject))), "")


def digest_of(rows: Iterable[Shown]) -> str:
    """One digest for all rows, whatever their order: 64 hexadecimal digits."""
    return digest_of_rows(row.identity for row in rows)


def digest_of_rows(rows: Iterable[tuple[str, str, str]]) -> str:
    """The same from (subject, language, digest of the row)."""
    return hashlib.sha256(_canonical(sorted(rows))).hexdigest()


def seal_of(digest: str) -> str:
    """Its first signs as people compare them: "7F3A 92C1 04DE"."""
    signs = digest[:SEAL].upper()
    return " ".join(signs[start : start + 4] for start in range(0, len(signs), 4))


def kind_of(subject: str) -> tuple[GatedKind, int]:
    """The kind and the id in "library.reference:17". Raises LookupError for a kind that nobody registered."""
    name, _colon, number = subject.rpartition(":")
    kind = KINDS.get(name)
    if kind is None or not number.isdecimal() or len(number) > LONGEST_ID:
        raise LookupError(subject)
    return kind, int(number)


def _canonical(value: Any) -> bytes:
    text = json.dumps(value, cls=DjangoJSONEncoder, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode()
