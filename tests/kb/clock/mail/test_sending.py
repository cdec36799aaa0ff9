"""Sending to a real mail server that takes, refuses, hangs up or is not there."""

import threading
from datetime import timedelta

import pytest
from django.core import mail as django_mail
from django.core.mail import EmailMessage
from django.db import connection
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from kb.clock.mail import sending
from kb.clock.mail.sending import PAUSES, enqueue_due, failed_for_editors, give_up, send_again, send_mail, thin_mail
from kb.clock.models import OutgoingMail
from tests.kb.accounts.builders import member
from tests.kb.clock.builders import mail
from tests.kb.clock.sinks import free_port, mail_server

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def queued(settings):
    """Tasks wait in the database instead of being run at once; the ids of the messages they are for,
    with their queues.
    """
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": []}}
    return lambda: sorted((task.args_kwargs["args"][0], task.queue_name) for task in DBTaskResult.objects.all())


def again(row: OutgoingMail) -> OutgoingMail:
    row.refresh_from_db()
    return row


def test_a_message_that_the_server_takes_is_sent_whole_and_emptied(settings, django_capture_on_commit_callbacks):
    with mail_server(settings) as sink, django_capture_on_commit_callbacks(execute=True):
        EmailMessage(
            "Réunion à 9 h 30",
            "Où ? À l’été.\nPoint\n.\nfin",
            "CASS <site@cass.example>",
            ["a@cass.example"],
            bcc=["b@cass.example"],
        ).send()
    assert sink.recipients == [["a@cass.example"], ["b@cass.example"]]
    first = sink.messages[0]
    assert (first["Subject"], first["To"], first["Bcc"]) == ("Réunion à 9 h 30", "a@cass.example", None)
    assert first.get_content().splitlines() == ["Où ? À l’été.", "Point", ".", "fin"]
    row = OutgoingMail.objects.get(address="a@cass.example")
    assert (row.state, row.attempts, bytes(row.sealed), row.error) == ("sent", 1, b"", "")
    assert row.sent_at is not None
    assert first["Message-ID"] == row.message_id


PASSING = {
    "450 at the data": "450 4.2.0 later",
    "451 at the address": "RCPT 451 4.7.1 greylisted",
    "drops the connection": "hang up",
}


@pytest.mark.parametrize("answer", PASSING.values(), ids=PASSING)
def test_a_refusal_that_may_pass_is_tried_again_later_with_the_same_message_id(settings, answer):
    with mail_server(settings, answer) as sink:
        row = mail()
        assert send_mail.call(row.pk) == "waiting"
        again(row)
        assert timedelta(seconds=50) < row.next_attempt_at - timezone.now() <= PAUSES[0]
        assert answer.removeprefix("RCPT ") in row.error or "no answer" in row.error
        assert send_mail.call(row.pk) == "", "not before its time"
        OutgoingMail.objects.update(next_attempt_at=timezone.now())
        assert send_mail.call(row.pk) == "sent"
    assert [message["Message-ID"] for message in sink.messages] == ["<one@cass.example>"]
    assert (again(row).attempts, row.error) == (2, "")


@pytest.mark.parametrize("answer", ["550 5.7.1 no spam", "RCPT 550 5.1.1 nobody here"])
def test_a_refusal_for_good_fails_at_once_and_says_why(settings, answer):
    with mail_server(settings, answer):
        row = mail()
        assert send_mail.call(row.pk) == "failed"
    assert again(row).error == answer.removeprefix("RCPT ")
    assert bytes(row.sealed), "an editor may send it again"


def test_a_server_that_is_not_there_is_waited_for(settings):
    settings.MAIL_TRANSPORT, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", free_port()
    row = mail()
    assert send_mail.call(row.pk) == "waiting"
    assert again(row).error.startswith("no answer: ConnectionRefusedError")


def test_a_server_that_wants_another_password_is_our_trouble_not_the_message_s(settings, monkeypatch):
    def refuse(message):
        raise sending.smtplib.SMTPAuthenticationError(535, b"wrong password")

    monkeypatch.setattr(sending, "_transmit", refuse)
    row = mail()
    assert send_mail.call(row.pk) == "waiting"
    assert again(row).error == "535 wrong password"


def test_the_pauses_grow_and_end_after_two_days(settings):
    settings.MAIL_TRANSPORT, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", free_port()
    assert list(PAUSES) == sorted(PAUSES)
    assert 1.5 * DAY < sum(PAUSES, timedelta(0)) < 2.5 * DAY
    row = mail()
    states = []
    while again(row).state == "waiting":
        OutgoingMail.objects.update(next_attempt_at=timezone.now())
        states.append(send_mail.call(row.pk))
    assert states == ["waiting"] * len(PAUSES) + ["failed"]


def test_what_a_transport_raises_beside_is_written_down_too(settings):
    settings.MAIL_TRANSPORT = "no.such.Backend"
    row = mail()
    assert send_mail.call(row.pk) == "waiting"
    assert "ModuleNotFoundError" in again(row).error


def test_what_an_unknown_key_sealed_is_said_to_be_lost(settings):
    row = mail()
    settings.SECRET_KEY = "another"
    assert send_mail.call(row.pk) == "failed"
    assert (again(row).error, bytes(row.sealed)) == ("sealed with a key that is gone", b"")


@pytest.mark.parametrize("gone", [{"is_active": False}, {"erased_at": timezone.now()}], ids=["inactive", "erased"])
def test_a_message_to_somebody_who_left_is_dropped(gone):
    row = mail(user=member(**gone))
    assert send_mail.call(row.pk) == "dropped"
    assert not OutgoingMail.objects.exists()
    assert django_mail.outbox == []


def test_a_slow_goodbye_of_the_server_does_not_send_twice(monkeypatch):
    from django.core.mail.backends import locmem

    monkeypatch.setattr(locmem.EmailBackend, "close", lambda self: (_ for _ in ()).throw(TimeoutError()))
    assert send_mail.call(mail().pk) == "sent"


def test_while_one_worker_sends_another_leaves_it_alone(monkeypatch):
    row, seen = mail(), []
    transmit = sending._transmit
    monkeypatch.setattr(sending, "_transmit", lambda message: (seen.append(send_mail.call(row.pk)), transmit(message)))
    assert send_mail.call(row.pk) == "sent"
    assert seen == [""]
    assert len(django_mail.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_the_same_time_send_once():
    row = mail()
    start = threading.Barrier(4)
    states = []

    def work() -> None:
        start.wait()
        states.append(send_mail.call(row.pk))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(states) == ["", "", "", "sent"]
    assert len(django_mail.outbox) == 1


def test_a_worker_killed_while_sending_leaves_it_to_the_clock(queued):
    row = mail(attempts=1, claimed_until=timezone.now() + timedelta(minutes=1))
    assert enqueue_due() == ""
    OutgoingMail.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert enqueue_due() == "1 messages asked for again"
    assert queued() == [(row.pk, "long")]


def test_a_message_that_ends_every_worker_is_not_tried_for_ever():
    row = mail(attempts=len(PAUSES) + 1, claimed_until=timezone.now() - timedelta(seconds=1))
    assert send_mail.call(row.pk) == "failed"
    assert again(row).error == "its sending did not end"


def test_the_clock_asks_for_what_is_due_and_in_no_queue(queued):
    lost = mail()
    mail(next_attempt_at=timezone.now() + timedelta(hours=1))
    mail("sent")
    mail("failed")
    assert enqueue_due() == "1 messages asked for again"
    assert enqueue_due() == "", "it is in the queue now"
    assert queued() == [(lost.pk, "mail")]


def test_the_clock_asks_with_as_many_questions_for_sixty_as_for_ten(queued, django_assert_max_num_queries):
    for _ in range(60):
        mail()
    DBTaskResult.objects.all().delete()
    with django_assert_max_num_queries(2 + 60 * 2):  # two, and what the queue takes to write a task down
        enqueue_due()


def test_editors_send_again_what_failed_or_waits_and_still_has_its_words(django_capture_on_commit_callbacks):
    rows = {
        "failed": mail("failed", attempts=9),
        "waiting": mail(attempts=3, next_attempt_at=timezone.now() + DAY),
        "being sent": mail(claimed_until=timezone.now() + DAY),
        "emptied": mail("failed", content=b""),
        "sent": mail("sent", content=b""),
    }
    with django_capture_on_commit_callbacks(execute=True):
        assert send_again(OutgoingMail.objects.all()) == 2
    assert {name: again(row).state for name, row in rows.items()} == {
        "failed": "sent",
        "waiting": "sent",
        "being sent": "waiting",
        "emptied": "failed",
        "sent": "sent",
    }
    assert len(django_mail.outbox) == 2


def test_what_editors_give_up_waits_for_nobody():
    mail("failed")
    waiting = mail()
    assert failed_for_editors().count() == 1
    assert give_up(OutgoingMail.objects.all()) == 1
    assert failed_for_editors().count() == 0
    assert bytes(again(waiting).sealed)


def test_messages_are_forgotten_after_ninety_days_and_emptied_after_thirty():
    old = [mail("sent", age=91 * DAY), mail("failed", age=91 * DAY)]
    waiting, young, failed = mail(age=91 * DAY), mail("sent", age=80 * DAY), mail("failed", age=31 * DAY)
    assert thin_mail() == "2 messages forgotten"
    assert not OutgoingMail.objects.filter(pk__in=[row.pk for row in old]).exists()
    assert OutgoingMail.objects.filter(pk__in=[waiting.pk, young.pk]).count() == 2
    assert bytes(again(failed).sealed) == b""
    assert thin_mail() == ""
