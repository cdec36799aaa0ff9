"""Where an issue stands, in words for the editors: draft, waiting for approval, approved, being sent, sent."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Prefetch
from django.utils.translation import gettext as _
from wagtail.models import TaskState, WorkflowState

from kb.newsletter.models import Issue, Sending
from kb.newsletter.models.approval import is_approved


@dataclass(frozen=True, slots=True)
class Standing:
    """label: the state in a word or two. changed: something public was changed since it was approved.

    tone: "ok", "wait" or "", for its colour.
    """

    label: str
    changed: bool
    tone: str

    def __str__(self) -> str:
        return _("%(state)s, changed since") % {"state": self.label} if self.changed else self.label


@dataclass(frozen=True, slots=True)
class Request:
    """The approval that is asked for, or was refused with a comment. is_current: it concerns the newest version."""

    is_refused: bool
    by: str
    comment: str
    is_current: bool


def with_states(issues):
    """The rows with what `standing` asks for: two queries more, whatever their number."""
    courses = WorkflowState.objects.active().select_related("current_task_state__task")
    return issues.select_related("sending").prefetch_related(
        Prefetch("_workflow_states", queryset=courses, to_attr="_current_workflow_states")
    )


def sending_of(issue: Issue) -> Sending | None:
    try:
        return issue.sending
    except ObjectDoesNotExist:
        return None


def standing(issue: Issue) -> Standing:
    """No query for rows of `with_states`."""
    changed = issue.live and issue.has_unpublished_changes
    sending, course = sending_of(issue), issue.current_workflow_state
    if course is not None and course.status == WorkflowState.STATUS_IN_PROGRESS:
        return Standing(_("waiting for approval"), False, "wait")
    if sending is not None:
        return Standing(str(sending.get_state_display()), changed, "ok")
    if issue.live:
        return Standing(_("approved"), changed, "ok")
    return Standing(_("changes asked for") if course is not None else _("draft"), False, "")


def request_of(issue: Issue) -> Request | None:
    """The course that is open on this issue, None without one."""
    course = issue.current_workflow_state
    if course is None or course.current_task_state is None:
        return None
    task: TaskState = course.current_task_state
    refused = course.status == WorkflowState.STATUS_NEEDS_CHANGES
    who = task.finished_by if refused else course.requested_by
    return Request(refused, str(who or ""), task.comment, task.revision_id == issue.latest_revision_id)


def is_sendable(issue: Issue) -> bool:
    """Whether the newest version is the one that was agreed to."""
    return (
        issue.live and issue.latest_revision_id == issue.live_revision_id and is_approved(issue, issue.live_revision_id)
    )
