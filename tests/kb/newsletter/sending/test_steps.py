"""Starting, scheduling, stopping, resuming and calling off; and what the clock does by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from kb.clock.registry import due_functions
from kb.newsletter.choices import DeliveryState, SendingState, Trouble
from kb.newsletter.models import Delivery, Sending
from kb.newsletter.sending import steps as sending
from kb.newsletter.sending import tasks
from kb.newsletter.sending.delivering import deliver_batch
from kb.newsletter.sending.steps import CannotSend, NotApproved
from kb.newsletter.subscribers import subscribing
from tests.kb.accounts.builders import editor
from tests.kb.newsletter import builders as make

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def in_a_queue(settings):
    """Tasks wait in the database."""
    settings.NEWSLETTER_RATE = 0
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": []}}


@pytest.fixture
def people():
    return [make.subscriber(f"a{number}@cass.example") for number in range(3)]


def fresh(sent: Sending) -> Sending:
    return Sending.objects.select_related("issue").get(pk=sent.pk)


def batches() -> list[tuple]:
    return [
        (task.args_kwargs["args"][0], task.queue_name)
        for task in DBTaskResult.objects.filter(task_path=tasks.deliver.module_path)
    ]


def change(issue):
    issue.title = {"fr": "Changé", "source": "fr"}
    issue.save_revision()
    return type(issue).objects.get(pk=issue.pk)


def test_an_approved_issue_is_sent_by_the_long_queue(people, django_capture_on_commit_callbacks):
    by = editor()
    with django_capture_on_commit_callbacks(execute=True):
        sent = sending.start(make.issue(live=True), by=by)
    assert (sent.state, sent.revision_id, sent.created_by) == (SendingState.SENDING, sent.issue.live_revision_id, by)
    assert sent.started_at is not None
    assert batches() == [(sent.pk, "long")]


def test_what_is_not_approved_is_not_sent(people):
    with pytest.raises(NotApproved):
        sending.start(make.issue(), by=None)
    assert not Sending.objects.exists()


def test_a_change_after_the_approval_needs_it_anew(people):
    issue = change(make.issue(live=True))
    with pytest.raises(NotApproved):
        sending.start(issue, by=None)
    approved = make.approve(issue)
    assert sending.start(approved, by=None).revision_id == approved.latest_revision_id


def test_what_counts_as_an_agreement_is_asked_of_the_setting(settings, people):
    issue = make.issue(live=True)
    settings.NEWSLETTER_APPROVAL = f"{__name__}.nobody_agrees"
    with pytest.raises(NotApproved):
        sending.start(issue, by=None)


def nobody_agrees(issue, revision_id) -> bool:
    return False


def test_without_subscribers_nothing_is_begun():
    make.subscriber(state="pending")
    with pytest.raises(CannotSend):
        sending.start(make.issue(live=True), by=None)
    assert not Sending.objects.exists()


def test_an_issue_is_sent_once(settings, people):
    settings.MAIL_TRANSPORT = "django.core.mail.backends.locmem.EmailBackend"
    issue = make.issue(live=True)
    sent = sending.begin(issue, by=None)
    with pytest.raises(CannotSend):
        sending.start(issue, by=None)
    deliver_batch(sent.pk)
    assert fresh(sent).state == SendingState.DONE
    steps = (
        lambda: sending.start(issue, by=None),
        *(lambda step=step: step(fresh(sent)) for step in (sending.go_on, sending.stop, sending.cancel)),
    )
    for again in steps:
        with pytest.raises(CannotSend):
            again()
    assert Delivery.objects.count() == 3


def test_a_scheduled_one_waits_for_its_hour_and_begins_by_itself(people):
    sent = sending.start(make.issue(live=True), by=None, starts_at=timezone.now() + HOUR)
    assert sent.state == SendingState.SCHEDULED
    sending.keep_going()
    assert fresh(sent).state == SendingState.SCHEDULED
    assert batches() == []
    Sending.objects.update(starts_at=timezone.now())
    said = sending.keep_going()
    assert "14 begins" in said
    assert fresh(sent).state == SendingState.SENDING
    assert batches() == [(sent.pk, "long")]


def test_a_scheduled_one_that_was_changed_does_not_leave_until_it_is_approved_and_asked_for_again(people):
    issue = make.issue(live=True)
    sent = sending.start(issue, by=None, starts_at=timezone.now() + HOUR)
    change(issue)
    Sending.objects.update(starts_at=timezone.now())
    sending.keep_going()
    waiting = fresh(sent)
    assert (waiting.state, waiting.trouble) == (SendingState.UNAPPROVED, Trouble.CHANGED)
    assert list(sending.stopped_by_themselves()) == [waiting]
    assert deliver_batch(sent.pk).sent == 0
    approved = make.approve(type(issue).objects.get(pk=issue.pk))
    sending.keep_going()
    assert fresh(sent).state == SendingState.UNAPPROVED, "an approval alone sends nothing"
    again = sending.start(approved, by=None, starts_at=timezone.now() + HOUR)
    assert (again.pk, again.state, again.trouble) == (sent.pk, SendingState.SCHEDULED, "")
    assert again.revision_id == approved.live_revision_id


def test_one_taken_off_the_site_before_its_hour_does_not_leave(people):
    issue = make.issue(live=True)
    sent = sending.start(issue, by=None, starts_at=timezone.now() + HOUR)
    issue.unpublish()
    Sending.objects.update(starts_at=timezone.now())
    sending.keep_going()
    assert fresh(sent).state == SendingState.UNAPPROVED


def test_a_scheduled_one_can_be_called_off_and_asked_for_anew(people):
    issue = make.issue(live=True)
    sending.cancel(sending.start(issue, by=None, starts_at=timezone.now() + HOUR))
    assert not Sending.objects.exists()
    assert sending.start(issue, by=None).state == SendingState.SENDING


def test_once_messages_went_out_it_can_be_stopped_but_not_called_off_nor_bound_anew(settings, people, monkeypatch):
    settings.MAIL_TRANSPORT = "django.core.mail.backends.locmem.EmailBackend"
    monkeypatch.setattr("kb.newsletter.sending.delivering.BATCH", 1)
    issue = make.issue(live=True)
    sent = sending.begin(issue, by=None)
    deliver_batch(sent.pk)
    sending.stop(fresh(sent))
    with pytest.raises(CannotSend):
        sending.cancel(fresh(sent))
    approved = make.approve(change(issue))
    with pytest.raises(CannotSend):
        sending.start(approved, by=None)
    first = sent.revision_id
    sending.go_on(fresh(sent))
    assert fresh(sent).revision_id == first != approved.live_revision_id


def test_one_stopped_before_its_first_message_takes_the_newer_approval(people):
    issue = make.issue(live=True)
    sent = sending.begin(issue, by=None)
    sending.stop(fresh(sent))
    approved = make.approve(change(issue))
    assert sending.start(approved, by=None).revision_id == approved.live_revision_id
    assert Sending.objects.count() == 1


def test_one_stopped_before_its_first_message_resumes_with_what_is_approved_by_then(people):
    issue = make.issue(live=True)
    sent = sending.begin(issue, by=None)
    sending.stop(sent)
    changed = change(issue)
    with pytest.raises(NotApproved):
        sending.go_on(fresh(sent))
    approved = make.approve(changed)
    sending.go_on(fresh(sent))
    assert fresh(sent).revision_id == approved.live_revision_id != sent.revision_id


def test_one_whose_issue_is_off_the_site_is_not_resumed(people):
    sent = sending.begin(make.issue(live=True), by=None)
    sending.stop(sent)
    sent.issue.unpublish()
    with pytest.raises(CannotSend):
        sending.go_on(fresh(sent))


def test_resuming_asks_for_a_batch(people, django_capture_on_commit_callbacks):
    sent = sending.begin(make.issue(live=True), by=None)
    sending.stop(sent)
    with django_capture_on_commit_callbacks(execute=True):
        sending.go_on(fresh(sent))
    assert batches() == [(sent.pk, "long")]
    with pytest.raises(CannotSend):
        sending.go_on(fresh(sent))


def test_the_clock_asks_for_a_batch_that_nobody_asked_for_and_for_no_second_one(people):
    sent = sending.begin(make.issue(live=True), by=None)
    assert "asked for again" in sending.keep_going()
    assert sending.keep_going() == ""
    assert batches() == [(sent.pk, "long")]


def test_the_clock_is_told():
    assert "newsletter.sending" in {due.name for due in due_functions()}


def test_batches_at_a_set_rate_wait_in_the_queue(settings, people):
    settings.NEWSLETTER_RATE, settings.MAIL_TRANSPORT = 6, "django.core.mail.backends.locmem.EmailBackend"
    sent = sending.begin(make.issue(live=True), by=None)
    assert tasks.deliver.call(sent.pk) == 1
    waiting = DBTaskResult.objects.get()
    assert timedelta(seconds=5) < waiting.run_after - timezone.now() <= timedelta(seconds=10)


def test_a_queue_that_cannot_wait_leaves_it_to_the_clock(settings, people):
    settings.NEWSLETTER_RATE, settings.MAIL_TRANSPORT = 6, "django.core.mail.backends.locmem.EmailBackend"
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend", "QUEUES": []}}
    sent = sending.begin(make.issue(live=True), by=None)
    assert tasks.deliver.call(sent.pk) == 1
    Sending.objects.update(next_batch_at=timezone.now())
    sending.keep_going()
    assert Delivery.objects.filter(state=DeliveryState.SENT).count() == 2


def test_counts_stay_true_when_a_subscriber_leaves_or_is_erased(settings, people, mailoutbox):
    settings.MAIL_TRANSPORT = "django.core.mail.backends.locmem.EmailBackend"
    sent = sending.begin(make.issue(live=True), by=None)
    deliver_batch(sent.pk)
    sent = fresh(sent)
    assert sending.unsubscribed_since(sent) == 0
    subscribing.unsubscribe(people[0])
    assert sending.unsubscribed_since(sent) == 1
    subscribing.erase(people[1])
    assert sending.counts(sent)["sent"] == 3
