"""What is done with a contribution, by whom, and what each step leaves behind: a row of its history, a notice to its
author.

    draft ──propose──► proposed ──accept──► accepted ──withdraw──► withdrawn        propose, take back: the author
      ▲                 │  │  └───refuse──► refused                                 accept, send back, refuse: a referent of the body, an editor
      └───take back─────┘  └──send back──► returned ──propose──► proposed           withdraw: an editor

An editor may also accept a draft, or what was sent back, without waiting for its author (`accept_unproposed`).
Putting a reference in is in `starting`. Two people who act at once do not both act: the second is told who came
first.
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kb.accounts import audiences
from kb.clock.notices.noticing import notice
from kb.files.models import FileVersion
from kb.groups.models import Body, Mandate
from kb.library.choices import Handling, ReferenceState
from kb.library.models import Contribution, ContributionStep, Reference

DONE = {
    ReferenceState.DRAFT: "",
    ReferenceState.PROPOSED: Handling.PROPOSED,
    ReferenceState.RETURNED: Handling.RETURNED,
    ReferenceState.ACCEPTED: Handling.ACCEPTED,
    ReferenceState.REFUSED: Handling.REFUSED,
    ReferenceState.WITHDRAWN: Handling.WITHDRAWN,
}
NOTICES = {
    ReferenceState.ACCEPTED: "library.accepted",
    ReferenceState.RETURNED: "library.returned",
    ReferenceState.REFUSED: "library.refused",
    ReferenceState.WITHDRAWN: "library.withdrawn",
}
FORMER = gettext_lazy(
    "You are no longer in this group, so you cannot go on with it here. Ask the coordination to take it over."
)
OPEN_TO_AUTHOR = frozenset({ReferenceState.DRAFT, ReferenceState.RETURNED})
OPEN_TO_HANDLER = frozenset({ReferenceState.PROPOSED})


class NotAllowed(Exception):
    """This person may not do this; the text is a sentence for them."""


class AlreadyHandled(NotAllowed):
    """The reference is no longer in the state the person saw: somebody acted first; the text says who and when."""


def bodies_for(user: Any, held: frozenset[str]) -> list[Body]:
    """The active bodies a person may contribute to: those of their running mandates of any kind; all of them for an
    editor. One query.
    """
    found = Body.objects.filter(is_active=True).order_by("code")
    if audiences.STAFF in held:
        return list(found)
    return list(found.filter(pk__in=Mandate.objects.running().filter(user=user).values("body")))


def may_contribute(held: frozenset[str]) -> bool:
    """Whether to show the way to adding a reference; no query.
    The page itself asks for an active body (`bodies_for`).
    """
    return audiences.STAFF in held or any(value.startswith(audiences.body("")) for value in held)


def may_handle(user: Any, held: frozenset[str], reference: Reference) -> bool:
    """Whether this person accepts or sends back what is proposed to the body of this reference."""
    return audiences.STAFF in held or (audiences.referent(reference.body.code) in held and reference.was_open_to(held))


def is_author(user: Any, reference: Reference) -> bool:
    return user.is_authenticated and reference.created_by_id == user.pk


def is_of_body(held: frozenset[str], reference: Reference) -> bool:
    """Whether this person has a right in the body of the reference today: to go on working on it, not only to read what
    they themselves put in.
    """
    return audiences.STAFF in held or audiences.body(reference.body.code) in held


def may_delete(user: Any, held: frozenset[str], reference: Reference) -> bool:
    """Whether it is all theirs: it was never accepted, and nobody else put a file in or a version of one; who is no
    longer of the body only what nobody else has seen. Three queries at most.
    """
    if not is_author(user, reference) or reference.state not in OPEN_TO_AUTHOR or reference.accepted_at is not None:
        return False
    if not is_of_body(held, reference) and not is_only_begun(reference):
        return False
    theirs = FileVersion.objects.filter(stored_file__reference_file__reference=reference, created_by=user)
    others = FileVersion.objects.filter(stored_file__reference_file__reference=reference).exclude(pk__in=theirs)
    return not reference.files.filter(is_contributed=False).exists() and not others.exists()


def is_only_begun(reference: Reference) -> bool:
    """Whether its author alone has seen it: a draft that was never proposed. One query."""
    return (
        reference.state == ReferenceState.DRAFT
        and reference.accepted_at is None
        and not Contribution.objects.filter(reference=reference, confirmed_at__isnull=False).exists()
    )


def may_follow(user: Any, held: frozenset[str], reference: Reference) -> bool:
    """Whether this person may open the page of the contribution: its author, and whoever handles it once it was
    proposed; once it was accepted, those of them who may read it.
    """
    if audiences.STAFF in held:
        return True
    if reference.state == ReferenceState.ACCEPTED:
        return is_author(user, reference) or audiences.referent(reference.body.code) in held
    return reference.is_worked_on_by(held)


def may_edit(user: Any, held: frozenset[str], reference: Reference) -> bool:
    """The author while it is a draft or was sent back and they are of its body; whoever handles it while it is
    proposed.
    """
    if is_author(user, reference) and reference.state in OPEN_TO_AUTHOR and is_of_body(held, reference):
        return reference.is_worked_on_by(held) or audiences.STAFF in held
    return reference.state in OPEN_TO_HANDLER and may_handle(user, held, reference)


def refuse_former(held: frozenset[str], reference: Reference) -> None:
    """Raises NotAllowed for who is no longer of the body."""
    if not is_of_body(held, reference):
        raise NotAllowed(FORMER)


@contextmanager
def locked(reference: Reference) -> Iterator[Reference]:
    """The reference as it is now, held until the block ends, in a transaction; its body is not: others go on
    contributing to it.

    Whoever holds a contribution too takes its reference first, so that no two wait for one another.
    """
    with transaction.atomic():
        yield Reference.objects.select_for_update(of=("self",)).select_related("body").get(pk=reference.pk)


def propose(reference: Reference, actor: Any, reason: str = "", *, held: frozenset[str]) -> Reference:
    """The author says that it is ready, or mended.

    Raises NotAllowed; ValidationError for own work that everyone would read.
    """
    with locked(reference) as fresh:
        if not is_author(actor, fresh):
            raise NotAllowed(_("Only the person who began it can propose it."))
        _expect(fresh, OPEN_TO_AUTHOR)
        if fresh.body_id not in {body.pk for body in bodies_for(actor, held)}:
            raise NotAllowed(
                _(
                    "You are no longer in this group, so you cannot propose it there. Ask the coordination "
                    "to take it over."
                )
            )
        refuse_unagreed(fresh)
        handling = Handling.MENDED if fresh.state == ReferenceState.RETURNED else Handling.PROPOSED
        _move(fresh, actor, ReferenceState.PROPOSED, reason, handling=handling)
        Contribution.objects.update_or_create(reference=fresh, defaults={"confirmed_at": timezone.now()})
    return fresh


def take_back(reference: Reference, actor: Any, *, held: frozenset[str]) -> Reference:
    """The author takes a proposal back: it is their draft again. To withdraw is for what was accepted."""
    with locked(reference) as fresh:
        if not is_author(actor, fresh):
            raise NotAllowed(_("Only the person who began it can take it back."))
        refuse_former(held, fresh)
        _expect(fresh, OPEN_TO_HANDLER)
        _move(fresh, actor, ReferenceState.DRAFT, "", handling=Handling.TAKEN_BACK)
    return fresh


def delete_draft(reference: Reference, actor: Any, *, held: frozenset[str]) -> None:
    """The author deletes a draft with its files; its shelf mark is never given again."""
    with locked(reference) as fresh:
        if not is_author(actor, fresh):
            raise NotAllowed(_("Only the person who began it can delete it."))
        _expect(fresh, OPEN_TO_AUTHOR)
        if not is_only_begun(fresh):
            refuse_former(held, fresh)
        if not may_delete(actor, held, fresh):
            raise NotAllowed(_("You cannot delete it here any more: others worked on it. Ask the coordination."))
        fresh.delete()


def accept(reference: Reference, actor: Any, reason: str = "", *, held: frozenset[str]) -> Reference:
    """Readers find it seconds later.

    Raises ValidationError for own work that would become public without the committee's agreement.
    """
    return _decide(reference, actor, held, ReferenceState.ACCEPTED, reason)


def accept_unproposed(reference: Reference, actor: Any, reason: str = "", *, held: frozenset[str]) -> Reference:
    """An editor accepts what is on its way, proposed or still with its author (drafts of an import); what was refused
    or withdrawn stays so.
    """
    with locked(reference) as fresh:
        if audiences.STAFF not in held:
            return accept(fresh, actor, reason, held=held)
        _expect(fresh, OPEN_TO_AUTHOR | OPEN_TO_HANDLER)
        _move(fresh, actor, ReferenceState.ACCEPTED, reason)
        Contribution.objects.filter(reference=fresh, confirmed_at=None).update(confirmed_at=timezone.now())
    return fresh


def send_back(reference: Reference, actor: Any, reason: str = "", *, held: frozenset[str]) -> Reference:
    """Back to its author with a reason, which is required: raises ValidationError without it."""
    _need(reason, _("Say in a few words what is to be mended: its author reads them."))
    return _decide(reference, actor, held, ReferenceState.RETURNED, reason)


def refuse(reference: Reference, actor: Any, reason: str = "", *, held: frozenset[str]) -> Reference:
    """For good, with a reason, which is required: raises ValidationError without it."""
    _need(reason, _("Say why in a few words: its author reads them."))
    return _decide(reference, actor, held, ReferenceState.REFUSED, reason)


def withdraw(reference: Reference, actor: Any, reason: str = "", *, held: frozenset[str]) -> Reference:
    """An editor takes an accepted reference out of the library; its address stays and says so, with the reason."""
    _need(reason, _("Say why in a few words: the address goes on saying it."))
    with locked(reference) as fresh:
        if audiences.STAFF not in held:
            raise NotAllowed(_("Only an editor can withdraw a reference that was accepted."))
        _expect(fresh, frozenset({ReferenceState.ACCEPTED}))
        _move(fresh, actor, ReferenceState.WITHDRAWN, reason)
    return fresh


def note_change(reference: Reference, actor: Any, before: str) -> None:
    """An editor changed the state in the admin, where any state may follow any other:
    the same history and the same notice.
    """
    if before != reference.state and (done := DONE[ReferenceState(reference.state)]):
        with transaction.atomic():
            _write_down(reference, actor, done, reference.state_reason)


def refuse_unagreed(reference: Reference) -> None:
    """Raises ValidationError when accepting it as it is would publish own work without the Steering Committee's
    agreement.
    """
    if reference.own_production_id and audiences.PUBLIC in reference.audiences:
        state, reference.state = reference.state, ReferenceState.ACCEPTED
        try:
            reference.clean()
        finally:
            reference.state = state


def _decide(reference: Reference, actor: Any, held: frozenset[str], state: str, reason: str) -> Reference:
    with locked(reference) as fresh:
        if not may_handle(actor, held, fresh):
            raise NotAllowed(_("Only the person who follows this group's contributions, or an editor, can do this."))
        _expect(fresh, OPEN_TO_HANDLER)
        _move(fresh, actor, state, reason)
    return fresh


def _move(reference: Reference, actor: Any, state: str, reason: str, *, handling: str = "") -> None:
    reference.state = state
    reference.state_reason = reason[:500] if state in NOTICES else ""
    reference.save(update_fields=["state", "state_reason"])
    _write_down(reference, actor, handling or DONE[ReferenceState(state)], reason)


def _write_down(reference: Reference, actor: Any, handling: str, reason: str) -> None:
    """The step and, when it is somebody else's act, the notice to the author."""
    ContributionStep.objects.create(reference=reference, handling=handling, actor=actor, word=reason[:500])
    author = reference.created_by
    kind = NOTICES.get(ReferenceState(reference.state))
    if kind and author is not None and author != actor and author.is_active:
        notice(author, kind, Reference.subject_of(reference.pk))


def _expect(reference: Reference, states: frozenset[str]) -> None:
    if reference.state not in states:
        raise AlreadyHandled(last_said(reference))


def last_said(reference: Reference) -> str:
    """ "Already accepted by X on 3 May 2026, 14:05.": what was done last, for somebody who came later."""
    step = reference.steps.select_related("actor").last()
    state = str(reference.get_state_display()).lower()
    if step is None:
        return _("This was not done: its state is now “%(state)s”.") % {"state": state}
    when = date_format(timezone.localtime(step.at), "DATETIME_FORMAT")
    if step.actor is None:
        return _("This was not done: its state is “%(state)s” since %(when)s.") % {"state": state, "when": when}
    person = step.actor.shown_name
    return _("This was not done: its state is “%(state)s” since %(when)s, by %(person)s.") % {
        "state": state,
        "when": when,
        "person": person,
    }


def _need(reason: str, sentence: str) -> None:
    if not reason.strip():
        raise ValidationError({"word": sentence})
