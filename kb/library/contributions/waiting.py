"""Contributions that wait: for whoever accepts them, for their author to mend, and files that could not be read; and
one's own, wherever they stand.

What the lists look like elsewhere is in `kb.clock.notices.waiting`; the sentences of notices are here too, made when
they are sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy

from kb.accounts.audiences import REFERENT, STAFF, may_see, named
from kb.clock.models import Notice
from kb.clock.notices.noticing import Told
from kb.clock.notices.waiting import SHOWN, Waiting, WaitingList
from kb.files.choices import UNREAD_STATES
from kb.files.models import FileVersion
from kb.groups.granting import followed_bodies
from kb.groups.models import Body
from kb.library.catalogue.gathering import reference_id_of
from kb.library.catalogue.verifying import field_name
from kb.library.catalogue.verifying import to_verify as marked
from kb.library.choices import ReferenceState
from kb.library.hits.cards import reference_url
from kb.library.models import ContributionStep, Reference

STATE_WORDS = {
    ReferenceState.DRAFT: gettext_lazy("Draft: you alone see it"),
    ReferenceState.PROPOSED: gettext_lazy("Proposed: it is being read over"),
    ReferenceState.RETURNED: gettext_lazy("Sent back to you"),
    ReferenceState.ACCEPTED: gettext_lazy("Accepted: its readers find it"),
    ReferenceState.REFUSED: gettext_lazy("Refused"),
    ReferenceState.WITHDRAWN: gettext_lazy("Withdrawn"),
}
_LIST, _EDIT = "wagtailsnippets_library_reference:list", "wagtailsnippets_library_reference:edit"  # of the admin


@dataclass(frozen=True, slots=True)
class Own:
    """One's own reference: where it stands (`state` is the code, `said` its words), the last word about it, since when,
    where to go on.

    title, word and url are "" for one that its author may not read any more.
    """

    title: str
    language: str
    mark: str
    state: str
    said: str
    word: str
    since: datetime
    url: str


def contribution_url(reference: Reference) -> str:
    return reverse("library:contribution", args=[reference.mark_slug])


def with_since(references):
    """Adds `since`: the last step, else when it was begun; the body comes along."""
    last = ContributionStep.objects.filter(reference=OuterRef("pk")).order_by("-id").values("at")[:1]
    return references.select_related("body").annotate(since=Coalesce(Subquery(last), "created_at"))


def own_references(user: Any):
    """What a person put in, latest first."""
    return with_since(Reference.objects.filter(created_by=user)).order_by("-updated_at", "-pk")


def author_reads(reference: Reference, held: frozenset[str]) -> bool:
    """Whether its author may be shown the words of a reference as they are now: until it was accepted once always,
    afterwards as any reader of it.
    """
    return not (reference.accepted_at or reference.state == ReferenceState.ACCEPTED) or may_see(
        held, reference.audiences
    )


def own(user: Any, held: frozenset[str], limit: int) -> tuple[Own, ...]:
    """A person's latest contributions and where each stands. One query."""
    return tuple(shown_own(reference, held) for reference in own_references(user)[:limit])


def shown_own(reference: Reference, held: frozenset[str]) -> Own:
    """A row of `own_references` as it is shown to its author."""
    state, is_read = ReferenceState(reference.state), author_reads(reference, held)
    return Own(
        title=reference.full_title if is_read else "",
        language=reference.language,
        mark=reference.mark,
        state=state.value,
        said=str(STATE_WORDS[state]),
        word=reference.state_reason if is_read else "",
        since=reference.since,
        url=contribution_url(reference) if is_read else "",
    )


# Lists that wait


def proposed_to(user: Any, held: frozenset[str]):
    """What this person may accept: the bodies they are referent of; for an editor those of every body. Oldest first."""
    proposed = (
        with_since(Reference.objects.seen_by(held).filter(state=ReferenceState.PROPOSED))
        .select_related("created_by")
        .order_by("updated_at", "pk")
    )
    return proposed if STAFF in held else proposed.filter(body__code__in=_followed(held))


def _followed(held: Iterable[str]) -> list[str]:
    return named(held, REFERENT)


def to_accept(user: Any, held: frozenset[str]) -> WaitingList:
    """For referents: what their bodies have to read over; for editors: what no referent follows, named only after the
    second factor.

    Two queries; one more for editors, of who follows what.
    """
    followed = Q(body__code__in=_followed(held))
    seen = Reference.objects.all() if user.is_staff else Reference.objects.seen_by(held)
    proposed = with_since(seen.filter(state=ReferenceState.PROPOSED))
    mine = proposed.filter(followed | ~Q(body__in=followed_bodies())) if user.is_staff else proposed.filter(followed)
    named = mine if STAFF in held else proposed.filter(followed).seen_by(held)
    total = mine.count()
    if not total:
        return WaitingList(0)
    things = [_waiting(reference, str(reference.body)) for reference in named.order_by("updated_at", "pk")[:SHOWN]]
    return WaitingList(total, tuple(things), reverse("library:contributions") + "#to-accept")


def to_mend(user: Any, held: frozenset[str]) -> WaitingList:
    """What was sent back to this person. Two queries."""
    seen = Reference.objects.seen_by(held)
    returned = with_since(seen.filter(created_by=user, state=ReferenceState.RETURNED))
    total = returned.count()
    things = (
        [_waiting(reference, reference.state_reason) for reference in returned.order_by("updated_at", "pk")[:SHOWN]]
        if total
        else []
    )
    return WaitingList(total, tuple(things), reverse("library:contributions"))


def unread(user: Any, held: frozenset[str]) -> WaitingList:
    """For editors: references with a file that could not be read. Two queries."""
    if not user.is_staff:
        return WaitingList(0)
    files = FileVersion.objects.newest().filter(
        state__in=UNREAD_STATES, stored_file__reference_file__reference=OuterRef("pk")
    )
    kept = Reference.objects.exclude(state__in=[ReferenceState.DRAFT, ReferenceState.REFUSED, ReferenceState.WITHDRAWN])
    found = with_since(kept.filter(Exists(files)))
    total = found.count()
    things = (
        [_waiting(reference, "") for reference in found.order_by("updated_at", "pk")[:SHOWN]]
        if total and STAFF in held
        else []
    )
    return WaitingList(total, tuple(things), f"{reverse(_LIST)}?reading=unread")


def to_verify(user: Any, held: frozenset[str]) -> WaitingList:
    """For editors: references with lines that a program wrote and nobody has looked at. Three queries."""
    if not user.is_staff:
        return WaitingList(0)
    found = with_since(marked())
    total = found.count()
    is_named = total and STAFF in held
    in_order = found.order_by(F("accepted_at").asc(nulls_last=True), "pk").prefetch_related("to_verify")
    named = in_order[:SHOWN] if is_named else ()
    things = tuple(
        replace(
            _waiting(reference, ", ".join(str(field_name(line.field)) for line in reference.to_verify.all())),
            url=reverse(_EDIT, args=[reference.pk]),
        )
        for reference in named
    )
    return WaitingList(total, things, f"{reverse(_LIST)}?to_verify=any")


def held_back(user: Any, held: frozenset[str]) -> WaitingList:
    """For editors: our own work that says it is for everyone, and that they alone see for want of an agreement. Two
    queries.
    """
    if not user.is_staff:
        return WaitingList(0)
    found = Reference.objects.for_everyone().filter(agreement=None)
    total = found.count()
    named = found.order_by("pk")[:SHOWN] if total and STAFF in held else ()
    things = tuple(
        Waiting(one.full_title, reverse(_EDIT, args=[one.pk]), since=one.updated_at, language=one.language)
        for one in named
    )
    return WaitingList(total, things, reverse(_LIST))


def _waiting(reference: Reference, word: str) -> Waiting:
    return Waiting(
        title=reference.full_title,
        url=contribution_url(reference),
        since=reference.since,
        language=reference.language,
        word=word,
    )


# Notices, in words

_SENTENCES = {
    "library.accepted": (ReferenceState.ACCEPTED, gettext_lazy("“%(title)s” was accepted: its readers find it."), ""),
    "library.returned": (
        ReferenceState.RETURNED,
        gettext_lazy("“%(title)s” was sent back to you."),
        gettext_lazy("“%(title)s” was sent back to you: %(word)s"),
    ),
    "library.refused": (
        ReferenceState.REFUSED,
        gettext_lazy("“%(title)s” was refused."),
        gettext_lazy("“%(title)s” was refused: %(word)s"),
    ),
    "library.withdrawn": (
        ReferenceState.WITHDRAWN,
        gettext_lazy("“%(title)s” was withdrawn from the library."),
        gettext_lazy("“%(title)s” was withdrawn from the library: %(word)s"),
    ),
}
NOTICE_KINDS = tuple(_SENTENCES)


def tell(notices: Sequence[Notice], held: frozenset[str]) -> dict[int, Told]:
    """Sentences for what still holds and may still be seen: a reference that was mended since is not told as sent back.

    One query.
    """
    wanted = {one.pk: reference_id_of(one.subject) for one in notices}
    found: dict[int | None, Reference] = {
        reference.pk: reference
        for reference in Reference.objects.filter(
            pk__in={pk for pk in wanted.values() if pk is not None}
        ).select_related("body")
    }
    told, said = {}, set()
    for one in reversed(notices):  # the last of several about the same thing says it
        reference = found.get(wanted[one.pk])
        state, plain, with_word = _SENTENCES[one.kind]
        if reference is None or reference.state != state or reference.pk in said or not _concerns(reference, held):
            continue
        said.add(reference.pk)
        if not author_reads(reference, held):
            told[one.pk] = Told(str(plain) % {"title": reference.mark})
            continue
        sentence = with_word if with_word and reference.state_reason else plain
        words = str(sentence) % {"title": reference.full_title, "word": reference.state_reason}
        told[one.pk] = Told(
            words, reference_url(reference) if state == ReferenceState.ACCEPTED else contribution_url(reference)
        )
    return told


def _concerns(reference: Reference, held: frozenset[str]) -> bool:
    """Whether a person is told of it at all: its author also of what they may read no more, by its mark."""
    is_theirs = reference.state != ReferenceState.ACCEPTED and not held.isdisjoint(reference.at_work())
    return is_theirs or reference.is_open_to(held)


def bodies_followed(held: frozenset[str]) -> list[Body]:
    """The bodies whose contributions this person reads over. One query."""
    bodies = Body.objects.order_by("code")
    return list(bodies if STAFF in held else bodies.filter(code__in=_followed(held)))
