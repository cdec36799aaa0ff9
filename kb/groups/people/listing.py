"""The members' list of people: who may see whom, and what of them. One place decides; the page shows what it gives and
nothing else.

    members (a vote in a living body), editors      everybody who sits somewhere today
    consultants, invitees                           who sits in their own bodies, and of their seats only those
    without a mandate                               nobody
Address and phone: only of who shares them, and only for who sits in one of the same bodies. They are never searched, so
that no search confirms one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import Case, Exists, F, OuterRef, QuerySet, When
from django.http import QueryDict

from kb.accounts.audiences import MEMBERS, STAFF
from kb.accounts.models import User
from kb.directory.models import Employment
from kb.directory.spoken import folded
from kb.groups.models import Body, Mandate
from kb.groups.people.bringing_in import people, with_seats

A_PAGE = 50
_MOST_LETTERS = 100
_MOST_WORDS = 8


@dataclass(frozen=True, slots=True)
class ListForm:
    """What stands in the address, read leniently. body: a code or ''. page from 1."""

    words: str = ""
    body: str = ""
    page: int = 1

    @classmethod
    def read(cls, data: QueryDict) -> ListForm:
        page, body = data.get("page", ""), data.get("body", "")
        return cls(
            words=" ".join(re.sub(r"[\x00-\x1f\x7f]", " ", data.get("q", ""))[:_MOST_LETTERS].split()),
            body=body if re.fullmatch(r"[A-Z]{2,8}", body) else "",
            page=int(page) if re.fullmatch(r"[1-9][0-9]{0,3}", page) else 1,
        )

    def address(self) -> str:
        pairs = [("q", self.words), ("body", self.body), ("page", str(self.page) if self.page > 1 else "")]
        return "?" + urlencode([(name, value) for name, value in pairs if value])


@dataclass(frozen=True, slots=True)
class Row:
    """A person as this reader may see them. name is '' where none was given: an address is never shown in its place."""

    pk: int
    name: str
    employers: tuple[Employment, ...]
    seats: tuple[Mandate, ...]
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """bodies: those by which this reader can narrow the list. sees_nobody: no mandate opens the list to them."""

    form: ListForm
    rows: tuple[Row, ...] = ()
    total: int = 0
    bodies: tuple[Body, ...] = ()
    sees_nobody: bool = False
    is_whole: bool = False
    last_page: int = 1

    @property
    def previous_address(self) -> str:
        return replace(self.form, page=self.form.page - 1).address() if self.form.page > 1 else ""

    @property
    def next_address(self) -> str:
        return replace(self.form, page=self.form.page + 1).address() if self.form.page < self.last_page else ""


def own_codes(held: frozenset[str]) -> frozenset[str]:
    """Codes of the bodies of which a reader holds the audience."""
    return frozenset(value.removeprefix("body:") for value in held if value.startswith("body:"))


def sees_everybody(held: frozenset[str]) -> bool:
    return MEMBERS in held or STAFF in held


def visible_seats(held: frozenset[str]) -> QuerySet[Mandate]:
    """Current mandates a reader with these audiences may see; none for a reader without a mandate."""
    running = Mandate.objects.running().filter(user__is_active=True, user__erased_at=None)
    return running if sees_everybody(held) else running.filter(body__code__in=own_codes(held))


def visible_people(held: frozenset[str]) -> QuerySet[User]:
    """The people on those mandates, each once. The mandates are one subquery, not one per person."""
    return people().filter(pk__in=visible_seats(held).values("user"), is_active=True)


def listed(form: ListForm, *, held: frozenset[str]) -> Listing:
    """The same number of queries, whatever the people; a search reads the names of all whom this reader may see."""
    if not sees_everybody(held) and not own_codes(held):
        return Listing(form, sees_nobody=True)
    found = visible_people(held)
    if form.body:
        found = found.filter(pk__in=visible_seats(held).filter(body__code=form.body).values("user"))
    if form.words:
        found = found.filter(pk__in=_named(found, form.words))
    named_first = Case(When(name="", then=1), default=0)
    paginator = Paginator(with_seats(found.order_by(named_first, "name", "pk")), A_PAGE)
    page = paginator.get_page(form.page)
    bodies = Body.objects.filter(Exists(visible_seats(held).filter(body=OuterRef("pk")))).order_by("code")
    return Listing(
        form=replace(form, page=page.number),
        rows=tuple(_row(person, held) for person in page),
        total=paginator.count,
        bodies=tuple(bodies),
        is_whole=sees_everybody(held),
        last_page=paginator.num_pages,
    )


def _named(found: QuerySet[User], words: str) -> list[int]:
    """Those with every word in their name, or in the names of their employers.

    Accents and case forgiven, in Python, so in every database alike.
    """
    texts = dict(found.order_by().values_list("pk", "name"))
    employers = Employment.objects.running().filter(user__in=found.order_by().values("pk"))
    for pk, organisation, function in employers.values_list("user_id", F("organisation__name"), "function"):
        texts[pk] += f" {organisation} {function}"
    wanted = [folded(word) for word in words.split()[:_MOST_WORDS]]
    return [pk for pk, text in texts.items() if _holds(folded(text), wanted)]


def _holds(text: str, words: Iterable[str]) -> bool:
    return all(word in text for word in words)


def _row(person: User, held: frozenset[str]) -> Row:
    codes = own_codes(held)
    seats = tuple(seat for seat in person.seats if sees_everybody(held) or seat.body.code in codes)
    row = Row(person.pk, person.name, tuple(person.employers), seats)
    if person.shares_contact and any(seat.body.code in codes for seat in person.seats):
        return replace(row, email=person.email, phone=person.phone)
    return row
