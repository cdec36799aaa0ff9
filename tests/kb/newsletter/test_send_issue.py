"""manage.py send_issue: says what it would do, does it, and can be ended in the middle."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_tasks_db.models import DBTaskResult

from kb.newsletter.choices import SendingState
from kb.newsletter.management.commands import send_issue
from kb.newsletter.models import Delivery, Sending
from kb.newsletter.sending import steps as sending
from tests.kb.clock.sinks import mail_server
from tests.kb.newsletter import builders as make
from tests.kb.newsletter.sinks import Judge

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_full_speed(settings):
    settings.NEWSLETTER_RATE = 0
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": []}}


@pytest.fixture
def people():
    return [make.subscriber(f"a{number}@cass.example", language=("fr", "nl", "en")[number % 3]) for number in range(5)]


def run(capsys, *arguments: str) -> str:
    call_command("send_issue", *arguments)
    return capsys.readouterr().out


def test_a_dry_run_says_what_would_go_to_whom_and_writes_nothing(settings, capsys, people):
    make.issue(live=True, items=[make.item("Une brève")])
    with mail_server(settings, sink=Judge()) as sink, CaptureQueriesContext(connection) as found:
        said = run(capsys, "14", "--dry-run")
    assert "fr  2 subscribers" in said
    assert "en  1 subscribers" in said
    assert "L’accueil change de porte" in said
    assert "in another language: Une brève" in said
    assert "would be sent to 5 subscribers" in said
    assert not sink.raw
    assert not Sending.objects.exists()
    assert not [query["sql"] for query in found if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]


def test_a_dry_run_says_what_stands_in_the_way(capsys, people):
    make.issue()
    assert "would not be sent. This issue is not approved yet" in run(capsys, "14", "--dry-run")


def test_it_sends_and_says_how_far_it_is(settings, capsys, people, monkeypatch):
    monkeypatch.setattr("kb.newsletter.sending.delivering.BATCH", 2)
    make.issue(live=True)
    with mail_server(settings, sink=Judge()) as sink:
        said = run(capsys, "14")
    assert sink.received() == {one.email: 1 for one in people}
    assert "2 of 5 done: 3 waiting, 2 sent" in said
    assert "Issue 14 is sent." in said
    with pytest.raises(CommandError, match="has been sent"):
        run(capsys, "14")


def test_it_leaves_it_to_the_worker_when_asked(capsys, people, django_capture_on_commit_callbacks):
    make.issue(live=True)
    with django_capture_on_commit_callbacks(execute=True):
        assert "by the worker" in run(capsys, "14", "--queue")
    assert DBTaskResult.objects.get().queue_name == "long"
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(("number", "said"), [("99", "no issue number 99"), ("14", "not approved yet")])
def test_what_cannot_be_sent_is_said(capsys, people, number, said):
    make.issue()
    with pytest.raises(CommandError, match=said):
        run(capsys, number)


def test_ended_in_the_middle_it_goes_on_at_the_next_call(settings, capsys, people, monkeypatch):
    make.issue(live=True)
    deliver_batch, endings = send_issue.deliver_batch, []

    def interrupted(pk, *, goes_on):
        import os
        import signal

        def asked() -> bool:
            if len(sink.raw) == 2 and not endings:
                endings.append(True)
                os.kill(os.getpid(), signal.SIGINT)
            return goes_on()

        return deliver_batch(pk, goes_on=asked)

    monkeypatch.setattr(send_issue, "deliver_batch", interrupted)
    with mail_server(settings, sink=Judge()) as sink:
        said = run(capsys, "14")
        assert "2 of 5 done" in said
        assert "run this command again" in said
        assert Sending.objects.get().state == SendingState.SENDING
        run(capsys, "14")
    assert sink.received() == {one.email: 1 for one in people}


def test_it_resumes_what_was_stopped(settings, capsys, people):
    sent = sending.begin(make.issue(live=True), by=None)
    sending.stop(sent)
    with mail_server(settings, sink=Judge()) as sink:
        assert "is sent" in run(capsys, "14")
    assert sink.received() == {one.email: 1 for one in people}


def test_a_server_that_refuses_everyone_ends_it_with_the_reason(settings, capsys, monkeypatch):
    for _each in range(25):
        make.subscriber()
    make.issue(live=True)
    with (
        mail_server(settings, sink=Judge(at_address=lambda address, number: "550 blocked")),
        pytest.raises(CommandError, match="550 blocked"),
    ):
        run(capsys, "14")
    assert Sending.objects.get().state == SendingState.STOPPED
