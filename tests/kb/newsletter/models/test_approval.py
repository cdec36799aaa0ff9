"""The gate: nothing of an issue is public that nobody agreed to, whatever way it is written."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.utils import timezone
from wagtail.models import GroupApprovalTask, Revision, TaskState, Workflow, WorkflowContentType, WorkflowState

from kb.accounts.editors import EDITORS
from kb.newsletter.models import Issue, IssueItem
from kb.newsletter.models.approval import WORKFLOW, ensure_workflow, is_approved
from tests.kb.newsletter.builders import approve, issue, item

pytestmark = pytest.mark.django_db


def title_of(number: int) -> str:
    return Issue.objects.get(number=number).title["fr"]


def nobody_agrees(issue, revision_id):
    return False


def the_first_is_agreed(issue, revision_id):
    return revision_id == issue.revisions.order_by("pk").values_list("pk", flat=True).first()


# The course


def test_issues_have_a_course_of_approval_by_the_editors_after_migrating():
    kept = WorkflowContentType.objects.get(content_type__app_label="newsletter", content_type__model="issue")
    task = GroupApprovalTask.objects.get(workflow_tasks__workflow=kept.workflow)
    assert kept.workflow.name == WORKFLOW
    assert [group.name for group in task.groups.all()] == [EDITORS]


def test_migrating_again_leaves_a_course_as_it_was_changed():
    workflow = Workflow.objects.get(name=WORKFLOW)
    workflow.name = "Comité de pilotage"
    workflow.save()
    task = GroupApprovalTask.objects.get(workflow_tasks__workflow=workflow)
    task.groups.set([Group.objects.create(name="Comité")])
    ensure_workflow()
    assert WorkflowContentType.objects.get(content_type__model="issue").workflow.name == "Comité de pilotage"
    assert [group.name for group in task.groups.all()] == ["Comité"]
    assert not Workflow.objects.filter(name=WORKFLOW).exists()


def test_a_course_taken_away_from_issues_does_not_come_back():
    WorkflowContentType.objects.filter(content_type__model="issue").delete()
    ensure_workflow()
    assert not WorkflowContentType.objects.filter(content_type__model="issue").exists()


# What an agreement is


def test_what_was_approved_is_public_and_names_its_revision():
    made = issue(14, title="L’accueil", items=[item("Un guide")], live=True)
    assert made.live
    assert is_approved(made, made.live_revision_id)
    assert [each.title["fr"] for each in made.items.all()] == ["Un guide"]


def test_a_draft_is_approved_by_nobody():
    made = issue(14)
    assert not is_approved(made, made.latest_revision_id)
    assert not is_approved(made, None)


def test_a_change_after_the_approval_needs_it_anew_and_the_page_keeps_what_was_approved():
    made = issue(14, title="L’accueil", live=True)
    made.title = {"fr": "Autre chose"}
    changed = made.save_revision()
    assert title_of(14) == "L’accueil"
    assert not is_approved(made, changed.pk)
    with pytest.raises(ValidationError):
        changed.publish()
    assert title_of(14) == "L’accueil"
    approve(changed.as_object())
    assert title_of(14) == "Autre chose"


def test_an_approval_of_another_issue_is_none_of_this_one():
    agreed, other = issue(14, live=True), issue(15)
    assert not is_approved(other, agreed.live_revision_id)
    with pytest.raises(ValidationError):
        other.publish(Revision.objects.get(pk=agreed.live_revision_id))
    assert not Issue.objects.get(number=15).live


def test_a_draft_saved_between_the_request_and_the_approval_does_not_become_public():
    made = issue(14, title="Ce qui fut demandé")
    state = Workflow.objects.get(name=WORKFLOW).start(made, None)
    made.title = {"fr": "Ce que personne n’a vu"}
    made.save_revision()
    with pytest.raises(ValidationError):
        TaskState.objects.get(workflow_state=state).approve(user=None)
    made.refresh_from_db()
    assert not made.live
    assert WorkflowState.objects.get(pk=state.pk).status == WorkflowState.STATUS_IN_PROGRESS


def test_a_refused_course_approves_nothing():
    made = issue(14)
    state = Workflow.objects.get(name=WORKFLOW).start(made, None)
    state.current_task_state.specific.reject(user=None, comment="La date")
    assert not is_approved(made, made.latest_revision_id)


@pytest.mark.parametrize("function", ["nobody_agrees"])
def test_the_agreement_is_asked_of_the_function_that_the_setting_names(settings, function):
    settings.NEWSLETTER_APPROVAL = f"{__name__}.{function}"
    with pytest.raises(ValidationError):
        issue(14, live=True)
    assert not Issue.objects.get(number=14).live


def test_another_body_may_agree_without_the_course(settings):
    settings.NEWSLETTER_APPROVAL = f"{__name__}.the_first_is_agreed"
    made = issue(14, title="Ce que le comité a lu")
    first = made.latest_revision
    made.title = {"fr": "Changé depuis"}
    second = made.save_revision()
    with pytest.raises(ValidationError):
        second.publish()
    first.publish()
    assert title_of(14) == "Ce que le comité a lu"


# Ways round it


def set_live(made):
    made.live = True
    made.save()


def set_live_with_a_revision(made):
    made.live, made.live_revision = True, made.latest_revision
    made.save()


def set_live_alone(made):
    made.live = True
    made.save(update_fields=["live"])


def publish_the_revision(made):
    made.latest_revision.publish()


def publish_at_an_hour(made):
    made.go_live_at = timezone.now() + timedelta(hours=1)
    approve(made)


def update_rows(made):
    Issue.objects.filter(pk=made.pk).update(live=True)


def update_rows_in_bulk(made):
    made.live = True
    Issue.objects.bulk_update([made], ["live"])


def create_rows_in_bulk(made):
    Issue.objects.bulk_create([Issue(number=99, date=made.date, title={"fr": "Glissé"}, live=True)])


def create_a_live_row(made):
    Issue.objects.create(number=99, date=made.date, title={"fr": "Glissé"}, live=True)


@pytest.mark.parametrize(
    "way",
    [
        set_live,
        set_live_with_a_revision,
        set_live_alone,
        publish_the_revision,
        publish_at_an_hour,
        update_rows,
        update_rows_in_bulk,
        create_rows_in_bulk,
        create_a_live_row,
    ],
)
def test_no_way_makes_a_draft_public(way):
    made = issue(14)
    with pytest.raises(ValidationError):
        way(made)
    assert not Issue.objects.filter(live=True).exists()


def save_other_words(made):
    made.title = {"fr": "Glissé"}
    made.save()


def save_other_words_alone(made):
    made.title = {"fr": "Glissé"}
    made.save(update_fields=["title"])


def save_a_stale_copy(made):
    stale = Issue.objects.get(pk=made.pk)
    stale.live, stale.title = False, {"fr": "Glissé"}
    stale.save(update_fields=["title"])


def save_other_items(made):
    made.items = [item("Glissé")]
    made.save()


def update_words(made):
    Issue.objects.filter(pk=made.pk).update(title={"fr": "Glissé"})


def save_one_item(made):
    one = made.items.get()
    one.title = {"fr": "Glissé"}
    one.save()


def update_items(made):
    IssueItem.objects.filter(issue=made).update(title={"fr": "Glissé"})


def add_an_item(made):
    IssueItem.objects.bulk_create([IssueItem(issue=made, title={"fr": "Glissé"})])


def delete_one_item(made):
    made.items.get().delete()


def delete_items(made):
    IssueItem.objects.filter(issue=made).delete()


def write_over_the_approved_revision(made):
    made.title = {"fr": "Glissé"}
    assert made.save_revision(overwrite_revision=made.live_revision).pk != made.live_revision_id
    made.live_revision.refresh_from_db()
    assert made.live_revision.content["title"]["fr"] == "L’accueil"
    made.latest_revision.publish()


@pytest.mark.parametrize(
    "way",
    [
        save_other_words,
        save_other_words_alone,
        save_a_stale_copy,
        save_other_items,
        update_words,
        save_one_item,
        update_items,
        add_an_item,
        delete_one_item,
        delete_items,
        write_over_the_approved_revision,
    ],
)
def test_no_way_changes_what_is_public(way):
    made = issue(14, title="L’accueil", items=[item("Un guide")], live=True)
    with pytest.raises(ValidationError):
        way(made)
    fresh = Issue.objects.get(pk=made.pk)
    assert fresh.title["fr"] == "L’accueil"
    assert [each.title["fr"] for each in fresh.items.all()] == ["Un guide"]


def test_bookkeeping_of_a_public_issue_is_free():
    made = issue(14, live=True)
    made.gathered_until = timezone.now()
    made.save()
    Issue.objects.filter(pk=made.pk).update(gathered_until=None)
    assert Issue.objects.get(pk=made.pk).live


def test_a_public_issue_may_be_taken_off_and_needs_an_approval_to_come_back():
    made = issue(14, live=True)
    made.unpublish()
    assert not Issue.objects.get(pk=made.pk).live
    with pytest.raises(ValidationError):
        set_live(Issue.objects.get(pk=made.pk))
    assert approve(Issue.objects.get(pk=made.pk)).live
