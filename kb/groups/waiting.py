"""What waits for editors: people who were invited and did not come.

Works without a worker; the list itself is in the admin.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from kb.accounts.audiences import STAFF
from kb.accounts.login.invitations import never_came, with_invitation
from kb.clock.notices.waiting import SHOWN, Waiting, WaitingList
from kb.groups.people.bringing_in import people

UNANSWERED_AFTER = timedelta(days=7)


def unanswered():
    """People whose newest invitation is older than UNANSWERED_AFTER, the longest waiting first."""
    return (
        with_invitation(never_came(people()))
        .filter(invited_at__lt=timezone.now() - UNANSWERED_AFTER)
        .order_by("invited_at", "pk")
    )


def invitations(user: Any, held: frozenset[str]) -> WaitingList:
    """For editors; named only in a session with the second factor. Two queries at most, whatever waits."""
    if not user.is_staff:
        return WaitingList(0)
    found = unanswered()
    total = found.count()
    things: tuple[Waiting, ...] = ()
    if STAFF in held and total:
        things = tuple(
            Waiting(str(person), reverse("people:edit", args=(person.pk,)), person.invited_at)
            for person in found[:SHOWN]
        )
    return WaitingList(total, things, f"{reverse('people:index')}?state=never-came")
