"""What counts as an agreement to publish and send an issue: asked of the function that the setting NEWSLETTER_APPROVAL names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.utils.module_loading import import_string
from wagtail.models import TaskState, WorkflowState

if TYPE_CHECKING:
    from kb.newsletter.models import Issue


def is_approved(issue: Issue, revision_id: int | None) -> bool:
    """Whether this very revision of the issue was agreed to. One or two queries."""
    return revision_id is not None and import_string(settings.NEWSLETTER_APPROVAL)(issue, revision_id)


def by_workflow(issue: Issue, revision_id: int) -> bool:
    """Agreed to by Wagtail's workflow: a course that ended well, whose last task approved this revision."""
    states = TaskState.objects.filter(
        revision_id=revision_id,
        status=TaskState.STATUS_APPROVED,
        workflow_state__status=WorkflowState.STATUS_APPROVED,
        workflow_state__content_type=ContentType.objects.get_for_model(type(issue), for_concrete_model=False),
        workflow_state__object_id=str(issue.pk),
    )
    return states.exists()
