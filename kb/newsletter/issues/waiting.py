"""What of the newsletter waits for editors to agree to. Reminders of the next issue are in `reminding`."""

from __future__ import annotations

from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import IntegerField
from django.db.models.functions import Cast
from django.urls import reverse
from wagtail.models import WorkflowState

from kb.accounts.audiences import STAFF
from kb.clock.notices.waiting import SHOWN, Waiting, WaitingList
from kb.newsletter.models import Issue


def to_approve(user: Any, held: frozenset[str]) -> WaitingList:
    """For editors: issues whose approval was asked for; named only in a session with the second factor.

    Two queries at most.
    """
    if not user.is_staff or not user.has_perm("newsletter.change_issue"):
        return WaitingList(0)
    kind = ContentType.objects.get_for_model(Issue, for_concrete_model=False)
    asked = WorkflowState.objects.filter(base_content_type=kind, status=WorkflowState.STATUS_IN_PROGRESS).annotate(
        issue=Cast("object_id", IntegerField())
    )
    since = dict(asked.order_by("created_at").values_list("issue", "created_at"))
    things: tuple[Waiting, ...] = ()
    if since and STAFF in held:
        titles = dict(Issue.objects.filter(pk__in=since).values_list("pk", "latest_revision__object_str"))
        edit = Issue.snippet_viewset.get_url_name("edit")
        things = tuple(
            Waiting(titles.get(pk) or "", reverse(edit, args=[pk]), moment)
            for pk, moment in list(since.items())[:SHOWN]
        )
    return WaitingList(len(since), things, reverse(Issue.snippet_viewset.get_url_name("list")))
