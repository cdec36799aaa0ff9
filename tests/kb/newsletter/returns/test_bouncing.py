"""A failure counts for its subscriber once, by an unguessable key;
nobody is silenced by a letter somebody else wrote.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from kb.clock.mail.receiving import read_message
from kb.newsletter.choices import ConsentEvent, ConsentSource, DeliveryState, SubscriberState
from kb.newsletter.message.content import template_of
from kb.newsletter.message.links import links_of
from kb.newsletter.models import Bounce, Consent
from kb.newsletter.returns.bouncing import Outcome, look, note
from kb.newsletter.subscribers import subscribing
from tests.kb.clock.messages import mail, refusal, report
from tests.kb.newsletter.builders import subscriber
from tests.kb.newsletter.returned import bounce_of, delivery

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _mailbox(settings):
    settings.NEWSLETTER_BOUNCES = "L'Échos-CASS <bounces@cass.example>"


@pytest.mark.parametrize("by", ["envelope", "message-id"])
def test_a_failure_for_good_marks_its_delivery_and_counts_once(by):
    sent = delivery()
    assert note(read_message(bounce_of(sent, by=by))) == Outcome.COUNTED
    sent.refresh_from_db()
    assert (sent.state, sent.subscriber.refusals, sent.subscriber.state) == (
        DeliveryState.BOUNCED,
        1,
        SubscriberState.ACTIVE,
    )
    assert sent.subscriber.refused_words.startswith("5.1.1 smtp; 550 5.1.1")
    row = Bounce.objects.get()
    assert (row.kind, row.status, row.delivery) == ("bounce", "5.1.1", sent)


def test_two_failures_of_different_messages_leave_the_mailbox_alone_until_the_person_lifts_it():
    reader = subscriber()
    for number in (14, 15):
        note(read_message(bounce_of(delivery(reader, number=number))))
    reader.refresh_from_db()
    assert (reader.state, reader.refusals) == (SubscriberState.NOT_NOW, 2)
    assert subscribing.lift(reader)
    assert (reader.state, reader.refusals) == (SubscriberState.ACTIVE, 0)


def test_the_same_report_read_twice_counts_once():
    sent = delivery()
    content = bounce_of(sent)
    assert [note(read_message(content)), note(read_message(content))] == [Outcome.COUNTED, Outcome.KNOWN]
    sent.subscriber.refresh_from_db()
    assert sent.subscriber.refusals == 1
    assert Bounce.objects.count() == 1


def test_two_reports_of_one_message_count_once():
    sent = delivery()
    assert [note(read_message(bounce_of(sent))), note(read_message(bounce_of(sent, by="message-id")))] == [
        Outcome.COUNTED,
        Outcome.CAME_BACK,
    ]
    sent.subscriber.refresh_from_db()
    assert sent.subscriber.refusals == 1


def test_a_forged_failure_that_knows_only_the_address_changes_nothing():
    sent = delivery()
    address = sent.subscriber.email
    forged = [
        report(refusal(address), returned=f"Message-ID: <aaaaaaaaaaaaaaaaaaaaaa@cass.example>\nTo: {address}"),
        report(refusal(address), to="bounces+aaaaaaaaaaaaaaaaaaaaaa@cass.example"),
        report(refusal(address), to=f"bounces+{address.replace('@', '=')}@cass.example"),
        report(
            refusal(address), to=f"bounces+{sent.pk}@cass.example", returned=f"Message-ID: <{sent.pk}@cass.example>"
        ),
        report(refusal(address), to=f"bounces+{sent.key[:-1]}@cass.example"),
        report(refusal(address), to=f"bounces+{sent.subscriber.key}@cass.example"),
    ]
    assert {note(read_message(content)) for content in forged} == {Outcome.UNMATCHED}
    sent.refresh_from_db()
    assert (sent.state, sent.subscriber.refusals) == (DeliveryState.SENT, 0)
    assert not Bounce.objects.exists()


def test_a_failure_given_up_for_now_came_back_without_counting():
    sent = delivery()
    assert note(read_message(bounce_of(sent, status="4.4.7"))) == Outcome.CAME_BACK
    sent.refresh_from_db()
    assert (sent.state, sent.subscriber.refusals) == (DeliveryState.BOUNCED, 0)


@pytest.mark.parametrize("status", ["5.7.1", "5.7.26", "5.2.2", "5.6.0"])
def test_a_policy_that_our_mail_met_never_puts_a_reader_at_rest(status):
    reader = subscriber()
    for number in (14, 15, 16):
        sent = delivery(reader, number=number)
        content = bounce_of(sent, status=status)
        assert look(read_message(content)) == note(read_message(content)) == Outcome.CAME_BACK
        sent.refresh_from_db()
        assert sent.state == DeliveryState.BOUNCED
    reader.refresh_from_db()
    assert (reader.state, reader.refusals) == (SubscriberState.ACTIVE, 0)


def test_a_delay_is_noted_and_changes_nothing():
    sent = delivery()
    assert note(read_message(bounce_of(sent, status="4.4.1", action="delayed"))) == Outcome.DELAYED
    sent.refresh_from_db()
    assert (sent.state, sent.subscriber.refusals) == (DeliveryState.SENT, 0)
    assert Bounce.objects.get().kind == "delayed"


def test_a_failure_after_a_delay_still_counts():
    sent = delivery()
    note(read_message(bounce_of(sent, status="4.4.1", action="delayed")))
    assert note(read_message(bounce_of(sent))) == Outcome.COUNTED


def test_a_complaint_unsubscribes_and_says_how():
    sent = delivery()
    content = report(
        "Feedback-Type: abuse",
        kind="feedback-report",
        returned=f"Message-ID: <{sent.key}@cass.example>",
        to="fbl@cass.example",
    )
    assert note(read_message(content)) == Outcome.COMPLAINED
    sent.subscriber.refresh_from_db()
    assert sent.subscriber.state == SubscriberState.UNSUBSCRIBED
    assert sent.subscriber.consents.filter(event=ConsentEvent.WITHDRAWN, source=ConsentSource.COMPLAINT).count() == 1


@pytest.mark.parametrize(
    "heads",
    [("Auto-Submitted: auto-replied", "Return-Path: <>"), ("Return-Path: <lectrice@example.org>",)],
    ids=["absence", "person"],
)
def test_what_is_no_report_is_left_alone(heads):
    sent = delivery()
    assert note(read_message(mail(*heads, to=f"bounces+{sent.key}@cass.example"))) == Outcome.IGNORED
    assert not Bounce.objects.exists()


@pytest.mark.parametrize("event", [ConsentEvent.CHANGED, ConsentEvent.RESUMED, ConsentEvent.GIVEN])
def test_a_failure_of_before_the_person_gave_another_address_or_came_back_does_not_count(event):
    sent = delivery(days_ago=2)
    Consent.objects.create(subscriber=sent.subscriber, event=event, source=ConsentSource.LINK, language="fr")
    assert note(read_message(bounce_of(sent))) == Outcome.CAME_BACK
    sent.refresh_from_db()
    assert (sent.state, sent.subscriber.refusals) == (DeliveryState.BOUNCED, 0)


def test_a_failure_of_long_ago_does_not_count():
    assert note(read_message(bounce_of(delivery(days_ago=91)))) == Outcome.CAME_BACK


def test_a_delivery_that_was_refused_at_once_is_not_counted_again():
    sent = delivery(state=DeliveryState.REFUSED)
    assert note(read_message(bounce_of(sent))) == Outcome.CAME_BACK
    sent.refresh_from_db()
    assert (sent.state, sent.subscriber.refusals) == (DeliveryState.REFUSED, 0)


def test_a_message_whose_worker_died_after_handing_it_over_is_not_sent_again_once_it_came_back():
    sent = delivery(state=DeliveryState.SENDING)
    assert note(read_message(bounce_of(sent))) == Outcome.COUNTED
    sent.refresh_from_db()
    assert (sent.state, sent.claimed_until) == (DeliveryState.BOUNCED, None)


def test_a_report_about_somebody_erased_is_noted_without_anybody():
    sent = delivery()
    content = bounce_of(sent)
    subscribing.erase(sent.subscriber)
    assert note(read_message(content)) == Outcome.CAME_BACK


def test_no_address_is_kept_of_what_came_back():
    sent = delivery()
    note(read_message(bounce_of(sent)))
    sent.refresh_from_db()
    assert sent.subscriber.email not in sent.error + sent.subscriber.refused_words
    assert "550 5.1.1" in sent.error


def test_a_key_in_small_letters_is_still_ours():
    sent = delivery()
    sent.key = "AbCdEfGhIjKlMnOpQrStUv"
    sent.save()
    assert note(read_message(bounce_of(sent, to=f"BOUNCES+{sent.key.lower()}@cass.example"))) == Outcome.COUNTED


def test_looking_first_says_the_same_and_writes_nothing():
    sent = delivery()
    for content, expected in [
        (bounce_of(sent), Outcome.COUNTED),
        (bounce_of(sent, status="4.2.2"), Outcome.CAME_BACK),
        (report(refusal()), Outcome.UNMATCHED),
    ]:
        assert look(read_message(content)) == expected
    assert not Bounce.objects.exists()
    note(read_message(content := bounce_of(sent)))
    assert look(read_message(content)) == Outcome.KNOWN


def test_without_a_mailbox_for_bounces_the_message_id_still_tells(settings):
    settings.NEWSLETTER_BOUNCES = ""
    assert note(read_message(bounce_of(delivery(), by="message-id"))) == Outcome.COUNTED


def test_an_issue_that_arrived_in_between_begins_the_count_anew():
    reader = subscriber()
    note(read_message(bounce_of(delivery(reader, number=14, days_ago=3))))
    reader.refresh_from_db()
    subscribing.note_accepted(reader)
    note(read_message(bounce_of(delivery(reader, number=16))))
    reader.refresh_from_db()
    assert (reader.state, reader.refusals) == (SubscriberState.ACTIVE, 1)
    assert reader.refused_at > timezone.now() - timedelta(minutes=1)


@pytest.mark.parametrize("by", ["envelope", "message-id"])
def test_a_real_message_of_ours_is_known_again_when_it_comes_back(by, settings):
    sent = delivery()
    issue = sent.sending.issue
    ours = template_of(issue, "fr").message(
        to=sent.subscriber.email, key=sent.key, links=links_of(sent.subscriber.key, "fr", issue_number=issue.number)
    )
    assert ours.from_email == f"bounces+{sent.key}@cass.example"
    returned = ours.message().as_bytes().decode()
    told = bounce_of(
        sent, by="neither", to=ours.from_email if by == "envelope" else "bounces@cass.example", returned=returned
    )
    assert read_message(told).attachments == ()
    assert note(read_message(told)) == Outcome.COUNTED
