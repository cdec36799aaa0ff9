"""What counts as an agreement to publish and send an issue: asked of the function that the setting NEWSLETTER_APPROVAL
names.

For now that is Wagtail's workflow; `kb.pages.gate` asks here before anything is public. How editors ask and agree is in
`admin.issues`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db import connections, transaction
from django.utils.module_loading import import_string
from wagtail.models import GroupApprovalTask, TaskState, Workflow, WorkflowContentType, WorkflowState, WorkflowTask

from kb.accounts.editors import EDITORS

if TYPE_CHECKING:
    from kb.newsletter.models import Issue

WORKFLOW = "L'Échos-CASS"
TASK = "Accord de la rédaction"
TABLES = frozenset(
    {"auth_group", "wagtailcore_workflowcontenttype", "wagtailcore_groupapprovaltask", "newsletter_issue"}
)


def is_approved(issue: Issue, revision_id: int | None) -> bool:
    """Whether this very revision of the issue was agreed to. One or two queries."""
    return revision_id is not None and import_string(settings.NEWSLETTER_APPROVAL)(issue, revision_id)


def by_workflow(issue: Issue, revision_id: int) -> bool:
    """Agreed to by Wagtail's workflow: a course that ended well, whose last task approved this revision."""
    courses = WorkflowState.objects.filter(
        status=WorkflowState.STATUS_APPROVED,
        current_task_state__status=TaskState.STATUS_APPROVED,
        current_task_state__revision_id=revision_id,
        content_type=ContentType.objects.get_for_model(type(issue), for_concrete_model=False),
        object_id=str(issue.pk),
    )
    return courses.exists()


def ensure_workflow(using: str = "default", **ignored: Any) -> None:
    """Gives issues a course of approval by the editors, where none was ever made; what was changed since stays.

    Runs after every migrate.
    """
    if using != "default" or not set(connections[using].introspection.table_names()) >= TABLES:
        return
    kind = ContentType.objects.get_for_model(apps.get_model("newsletter", "Issue"), for_concrete_model=False)
    if (
        WorkflowContentType.objects.filter(content_type=kind).exists()
        or Workflow.objects.filter(name=WORKFLOW).exists()
    ):
        return
    with transaction.atomic():
        editors, _created = Group.objects.get_or_create(name=EDITORS)
        task = GroupApprovalTask.objects.create(name=TASK)
        task.groups.add(editors)
        workflow = Workflow.objects.create(name=WORKFLOW)
        WorkflowTask.objects.create(workflow=workflow, task=task, sort_order=0)
        WorkflowContentType.objects.create(content_type=kind, workflow=workflow)
