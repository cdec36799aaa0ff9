import logging

import pytest
from django.core import mail
from django.core.mail import EmailMessage, EmailMultiAlternatives, mail_admins, send_mail
from django.core.mail.message import BadHeaderError
from django.db import OperationalError, transaction
from django.utils import translation
from django_tasks_db.models import DBTaskResult

from kb.clock.mail import posting
from kb.clock.mail.sealing import unseal
from kb.clock.models import OutgoingMail
from tests.kb.accounts.builders import member

pytestmark = pytest.mark.django_db
POSTED = "kb.clock.mail.posting.Backend"


@pytest.fixture(autouse=True)
def posts(settings):
    settings.EMAIL_BACKEND = POSTED


def message(**values) -> EmailMessage:
    return EmailMessage(
        **{
            "subject": "Bonjour",
            "body": "Un mot.",
            "from_email": "CASS <site@cass.example>",
            "to": ["a@cass.example"],
            **values,
        }
    )


def contents() -> list[str]:
    return [unseal(row.sealed).decode() for row in OutgoingMail.objects.order_by("pk")]


def test_a_message_is_a_row_with_its_words_sealed():
    sent = message(body="Votre lien secret")
    sent.kind, sent.user = "accounts.invitation", member("x@cass.example")
    assert sent.send() == 1
    row = OutgoingMail.objects.get()
    assert (row.state, row.kind, row.subject, row.address, row.user) == (
        "waiting",
        "accounts.invitation",
        "Bonjour",
        "a@cass.example",
        sent.user,
    )
    assert b"secret" not in bytes(row.sealed)
    assert "Votre lien secret" in contents()[0]
    assert f"Message-ID: {row.message_id}" in contents()[0]
    assert row.message_id.endswith("@cass.example>")


def test_each_address_has_its_own_message_that_names_no_other():
    sent = message(
        to=["Une personne <a@cass.example>", "b@cass.example"],
        cc=["c@cass.example"],
        bcc=["d@cass.example", "a@cass.example"],
    )
    assert sent.send() == 1
    rows = OutgoingMail.objects.order_by("pk")
    assert [row.address for row in rows] == [
        "a@cass.example",
        "b@cass.example",
        "c@cass.example",
        "d@cass.example",
        "a@cass.example",
    ]
    for row, content in zip(rows, contents(), strict=True):
        assert [one for one in "abcd" if f"{one}@cass.example" in content] == [row.address[0]]
    assert len({row.message_id for row in rows}) == 5


def test_a_message_to_nobody_is_none():
    assert message(to=[]).send() == 0
    assert not OutgoingMail.objects.exists()


def test_the_person_behind_an_address_is_known_without_being_named():
    person = member("a@cass.example")
    message(to=["A@cass.example", "unknown@cass.example"]).send()
    assert [row.user for row in OutgoingMail.objects.order_by("pk")] == [person, None]


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_sends_nothing_and_what_is_committed_is_sent_after_it():
    with pytest.raises(RuntimeError), transaction.atomic():
        message().send()
        raise RuntimeError
    assert not OutgoingMail.objects.exists()
    with transaction.atomic():
        message().send()
        assert mail.outbox == []
    assert [one.subject for one in mail.outbox] == ["Bonjour"]
    assert OutgoingMail.objects.get().state == "sent"


@pytest.mark.parametrize(("in_bulk", "queue"), [(False, "mail"), (True, "long")])
def test_one_of_many_goes_by_the_long_queue(settings, django_capture_on_commit_callbacks, in_bulk, queue):
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": []}}
    sent = message()
    sent.in_bulk = in_bulk
    with django_capture_on_commit_callbacks(execute=True):
        sent.send()
    assert DBTaskResult.objects.get().queue_name == queue


INJECTED = {
    "subject": {"subject": "Bonjour\nBcc: tout@cass.example"},
    "sender": {"from_email": "a@cass.example\r\nBcc: tout@cass.example"},
    "recipient": {"to": ["a@cass.example\nBcc: tout@cass.example"]},
    "hidden copy": {"bcc": ["a@cass.example\rX: y"]},
    "answer to": {"reply_to": ["a@cass.example\nX: y"]},
    "value of a header": {"headers": {"X-Cass": "a\nBcc: tout@cass.example"}},
    "name of a header": {"headers": {"X-Cass\nBcc": "tout@cass.example"}},
}


@pytest.mark.parametrize("values", INJECTED.values(), ids=INJECTED)
def test_a_line_break_in_a_header_is_refused_with_a_sentence(values):
    with translation.override("en"), pytest.raises(BadHeaderError, match=r"holds a line break\. Write it on one line"):
        message(**values).send()
    assert not OutgoingMail.objects.exists()


def test_mail_about_errors_reaches_every_one_of_admins(settings):
    settings.ADMINS = [("CASS", "x@cass.example"), ("CASS", "y@cass.example")]
    mail_admins("Erreur", "trace", fail_silently=True)
    assert list(OutgoingMail.objects.order_by("pk").values_list("address", flat=True)) == [
        "x@cass.example",
        "y@cass.example",
    ]


def test_mail_about_errors_is_sent_at_once_when_the_database_is_away(settings, monkeypatch):
    settings.ADMINS = [("CASS", "x@cass.example")]
    monkeypatch.setattr(posting, "seal", lambda content: (_ for _ in ()).throw(OperationalError("gone")))
    mail_admins("Erreur", "trace", fail_silently=True)
    assert [one.to for one in mail.outbox] == [["x@cass.example"]]


@pytest.mark.parametrize("transport", ["no.such.Backend", "django.core.mail.backends.smtp.EmailBackend"])
def test_mail_about_errors_never_makes_one(settings, monkeypatch, transport):
    settings.ADMINS, settings.MAIL_TRANSPORT, settings.EMAIL_PORT = [("CASS", "x@cass.example")], transport, 1
    monkeypatch.setattr(posting, "seal", lambda content: (_ for _ in ()).throw(OperationalError("gone")))
    mail_admins("Erreur", "trace", fail_silently=True)
    mail_admins("Erreur\nBcc: y@cass.example", "trace", fail_silently=True)
    assert mail.outbox == []


def test_its_own_trouble_is_logged_where_no_mail_is_made_of_it():
    """Production mails what the logger "django" says; this one is not below it."""
    assert not posting.logger.name.startswith("django")
    assert logging.getLogger("django") not in (posting.logger, posting.logger.parent)


def test_everyone_else_hears_of_the_error(monkeypatch):
    monkeypatch.setattr(posting, "seal", lambda content: (_ for _ in ()).throw(OperationalError("gone")))
    with pytest.raises(OperationalError):
        send_mail("Bonjour", "x", None, ["a@cass.example"])


def test_texts_and_html_both_come_through(django_capture_on_commit_callbacks):
    sent = EmailMultiAlternatives(
        "Bonjour à tous",
        "En texte : é",
        "CASS <site@cass.example>",
        ["a@cass.example"],
        headers={"List-Unsubscribe": "<https://x>"},
    )
    sent.attach_alternative("<p>En HTML : é</p>", "text/html")
    sent.attach("note.txt", "Une note", "text/plain")
    with django_capture_on_commit_callbacks(execute=True):
        sent.send()
    (came,) = mail.outbox
    assert (came.subject, came.body.strip()) == ("Bonjour à tous", "En texte : é")
    assert came.alternatives[0].content.strip() == "<p>En HTML : é</p>"
    assert came.extra_headers["List-Unsubscribe"] == "<https://x>"
    assert came.attachments[0].filename == "note.txt"


def test_people_are_asked_for_in_a_fixed_number_of_queries(django_assert_num_queries):
    for number in range(3):
        member(f"p{number}@cass.example")
    with django_assert_num_queries(2):
        found = posting._people(message(), [f"p{number}@cass.example" for number in range(3)])
    assert len(found) == 3
