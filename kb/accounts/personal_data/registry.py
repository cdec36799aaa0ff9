"""What we keep about people: every kind of personal data, why, for how long, who sees it, and how it is handed over and
erased.

Domains register their kinds from `apps.py`; the page of one's own data, the processing register and
`docs/personal-data.md` are made from, or compared with, this registry. Works with an empty one. Erasing itself is in
`erasing`, what falls due in `retaining`, the pages in `views`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import islice
from typing import Any, TypedDict

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kb.accounts.personal_data.scrubbing import Identity
from search.registries import Registry

SHOWN = 20  # lines in words on the page; the file has them all

Words = str | Promise
Row = dict[str, Any]


class Basis(StrEnum):
    """The letter of article 6.1 of the GDPR on which a processing rests."""

    CONSENT = "a"
    LEGAL_OBLIGATION = "c"
    PUBLIC_TASK = "e"


BASES: dict[Basis, Words] = {
    Basis.CONSENT: _("consent (GDPR, article 6.1.a)"),
    Basis.LEGAL_OBLIGATION: _("legal obligation (GDPR, article 6.1.c)"),
    Basis.PUBLIC_TASK: _("task in the public interest (GDPR, article 6.1.e)"),
}

# Words that several kinds share.
PEOPLE = _("People with an account: members of the groups, consultants, invitees, editors")
COORDINATION = _("Coordinating social action with the partners of the CPAS (organic law of 8 July 1976, article 62)")
SECURITY = _("Security of the processing (GDPR, article 32)")
ACCOUNTABILITY = _("Being able to show who did what with the data of others (GDPR, articles 5.2 and 32)")
WITH_ACCOUNT = _("As long as the account")
SELF_AND_EDITORS = _("The person and the editors")
ONLY_SELF = _("The person alone")


def nothing(user: Any) -> Iterator[Row]:
    return iter(())


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalData:
    """One kind of personal data. Words may be lazy; they are for the public.

    what: which data; people: whose. after_erasure: what stays, and why ("" when nothing does).
    export(user) gives plain rows; count(user) their number, by default by counting them; shown(user) a few of them in
    words for the person. erase(user, identity) takes the kind away, or what says who it was, in the transaction of the
    caller, and gives how many rows changed.
    looks_through_texts: erase() searches texts that others wrote, and runs after all that do not.
    traces(user) gives further addresses that were the person's. stands_in(name) says whether the name is also that of a
    thing of this domain. still_named(identity) gives what is published and names the person, for an editor to change.
    kept: the period, None where `kept_words` say something else (as long as the account). What is older is taken away
    by `thin()`, a sentence or
    None, run each day by `retaining`; or by the due function named `due` where a domain has its own.
    """

    name: str
    label: Words
    what: Words
    people: Words
    purpose: Words
    basis: Basis
    basis_words: Words
    kept_words: Words
    seen_by: Words
    after_erasure: Words = ""
    kept: timedelta | None = None
    order: int = 100
    export: Callable[[Any], Iterable[Row]] = nothing
    count: Callable[[Any], int] | None = None
    shown: Callable[[Any], Iterable[str]] | None = None
    erase: Callable[[Any, Identity], int] | None = None
    looks_through_texts: bool = False
    traces: Callable[[Any], Iterable[str]] | None = None
    stands_in: Callable[[str], bool] | None = None
    still_named: Callable[[Identity], Iterable[Model]] | None = None
    thin: Callable[[], str | None] | None = None
    due: str = ""

    @property
    def basis_label(self) -> Words:
        return BASES[self.basis]

    def rows_about(self, user: Any) -> int:
        """How many rows of this kind there are about the person."""
        return self.count(user) if self.count else sum(1 for _row in self.export(user))


KINDS: Registry[PersonalData] = Registry("A kind of personal data")  # in the order in which people read them


def register_personal(kind: PersonalData) -> None:
    """Called from `apps.py`; a name ("accounts.account") registered again replaces the first.

    Raises ValueError for a name without its domain, and for a period that nothing keeps.
    """
    if kind.kept is not None and not (kind.thin or kind.due):
        raise ValueError(f"{kind.name} is kept for {kind.kept}, and nothing takes it away then.")
    KINDS.register(kind.name, kind, order=kind.order)


class _ExportAndCount(TypedDict):
    export: Callable[[Any], Iterable[Row]]
    count: Callable[[Any], int]


def rows_of(querysets: Callable[[Any], QuerySet], *fields: str) -> _ExportAndCount:
    """`export` and `count` of a kind whose rows are those of a queryset:
    `PersonalData(..., **rows_of(find, "since", "body__code"))`.
    """

    def export(user: Any) -> Iterator[Row]:
        yield from querysets(user).values(*fields).iterator(chunk_size=500)

    return {"export": export, "count": lambda user: querysets(user).count()}


@dataclass(frozen=True, slots=True)
class KindAbout:
    """A kind, how many rows of it there are about one person, and a few in words;
    known is False where there is nothing to count.
    """

    kind: PersonalData
    rows: int
    known: bool
    shown: tuple[str, ...] = ()


def kinds_about(user: Any) -> list[KindAbout]:
    """What is there now. A fixed number of queries per kind."""
    return [KindAbout(kind, kind.rows_about(user), kind.export is not nothing, _words(kind, user)) for kind in KINDS]


def _words(kind: PersonalData, user: Any) -> tuple[str, ...]:
    return tuple(islice((line for line in kind.shown(user) if line), SHOWN)) if kind.shown else ()


def exported(user: Any) -> Iterator[str]:
    """Everything we keep about the person, as pieces of one JSON document: {"person", "made_at", "data": [{"kind",
    "what", "why", …, "rows"}]}.

    The words are in the language of the moment of the call, not of the moment when a piece is sent.
    """
    heads = [(kind, {name: str(value) for name, value in _head(kind).items()}) for kind in KINDS]
    start = _json({"person": str(user), "made_at": timezone.now()})[:-1] + ', "data": ['
    return _pieces(user, heads, start)


def _head(kind: PersonalData) -> dict[str, Words]:
    return {
        "kind": kind.name,
        "label": kind.label,
        "what": kind.what,
        "why": kind.purpose,
        "legal_basis": kind.basis_label,
        "kept": kind.kept_words,
        "seen_by": kind.seen_by,
    }


def _pieces(user: Any, heads: list[tuple[PersonalData, dict[str, str]]], start: str) -> Iterator[str]:
    yield start
    for number, (kind, head) in enumerate(heads):
        yield (",\n" if number else "\n") + _json(head)[:-1] + ', "rows": ['
        for row_number, row in enumerate(kind.export(user)):
            yield (",\n  " if row_number else "\n  ") + _json(row)
        yield "]}"
    yield "\n]}\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, cls=_Encoder)


class _Encoder(DjangoJSONEncoder):
    """Bytes are said, not shown; anything else that JSON does not know is written as its words."""

    def default(self, value: Any) -> Any:
        if isinstance(value, bytes | memoryview):
            return f"{len(bytes(value))} bytes"
        if isinstance(value, Promise):
            return str(value)
        try:
            return super().default(value)
        except TypeError:
            return str(value)
