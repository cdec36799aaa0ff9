"""Invitations to many, in the background.

One invitation is `kb.accounts.login.invitations.invite`; whom a list chooses is in `people_views`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from django.db import transaction
from django.utils import timezone
from django_tasks import task

from kb.accounts.login.invitations import CannotInvite, invite, never_came, with_invitation
from kb.accounts.models import User

PEOPLE_A_TASK = 200


def ask_invitations(user_ids: Iterable[int], *, by: User) -> int:
    """Asks for an invitation to each who may still come; gives how many are asked for.

    They leave with the commit, from the long queue.
    """
    invitable = list(never_came(User.objects.filter(pk__in=list(user_ids))).order_by("pk").values_list("pk", flat=True))
    asked_at = timezone.now().isoformat()
    for first in range(0, len(invitable), PEOPLE_A_TASK):
        some = invitable[first : first + PEOPLE_A_TASK]
        transaction.on_commit(partial(send_invitations.enqueue, some, by.pk, asked_at))
    return len(invitable)


@task(queue_name="long")
def send_invitations(user_ids: list[int], by_id: int, asked_at: str) -> dict[str, int]:
    """Invites each in a transaction of its own, in their language; gives {"sent", "left_out"}.

    Whoever was invited since `asked_at` (this task ran before and its worker died), came or was closed meanwhile is
    left out.
    """
    by, since = User.objects.filter(pk=by_id).first(), datetime.fromisoformat(asked_at)
    sent = 0
    for user_id in user_ids:
        with transaction.atomic():
            person = with_invitation(never_came(User.objects.filter(pk=user_id))).first()
            if person is None or (person.invited_at and person.invited_at >= since):
                continue
            try:
                invite(person, by=by)
            except CannotInvite:
                continue
            sent += 1
    return {"sent": sent, "left_out": len(user_ids) - sent}
