"""Handing an issue over to a real mail server that takes, refuses, is slow, hangs up or is not there."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from kb.clock.mail.receiving import read_message
from kb.clock.mail.sending import PAUSES
from kb.newsletter.choices import DeliveryState, SendingState, SubscriberState, Trouble
from kb.newsletter.message import links as signing
from kb.newsletter.models import Delivery, Sending, Subscriber
from kb.newsletter.returns.bouncing import note
from kb.newsletter.sending import claiming, delivering
from kb.newsletter.sending import steps as sending
from kb.newsletter.sending.delivering import REFUSED_IN_A_ROW, TROUBLE_PAUSES, deliver_batch
from kb.newsletter.sending.verdicts import Verdict, verdict_of
from kb.newsletter.subscribers import subscribing
from tests.kb.clock.sinks import free_port, mail_server
from tests.kb.newsletter import builders as make
from tests.kb.newsletter.returned import bounce_of
from tests.kb.newsletter.sinks import Judge

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_full_speed(settings, monkeypatch):
    """No rate, no task run by itself, no template of another test."""
    settings.NEWSLETTER_RATE = 0
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": []}}
    monkeypatch.setattr(delivering, "_templates", {})


@pytest.fixture
def people():
    return [make.subscriber(f"a{number}@cass.example", language=("fr", "nl", "en")[number % 3]) for number in range(7)]


@pytest.fixture
def running(people) -> Sending:
    return sending.begin(make.issue(live=True), by=None)


def later(sent: Sending) -> None:
    """As if every pause were over."""
    day = timedelta(days=1)
    sent.deliveries.filter(state=DeliveryState.WAITING).update(next_attempt_at=F("next_attempt_at") - day)
    sent.deliveries.exclude(claimed_until=None).update(claimed_until=F("claimed_until") - day)
    Sending.objects.filter(pk=sent.pk).exclude(next_batch_at=None).update(next_batch_at=F("next_batch_at") - day)


def to_the_end(sent: Sending, *, most: int = 50) -> Sending:
    """Batch after batch, the pauses left out, until it is done or stopped."""
    for _round in range(most):
        sent.refresh_from_db()
        if sent.state != SendingState.SENDING:
            break
        later(sent)
        deliver_batch(sent.pk)
        sending.keep_going()
    sent.refresh_from_db()
    return sent


def everyone(people) -> Counter[str]:
    return Counter(one.email for one in people)


def states(sent: Sending) -> dict[str, int]:
    return {state: number for state, number in sending.counts(sent).items() if number}


def test_each_subscriber_gets_one_message_in_their_language_and_the_sending_ends(settings, people, running):
    with mail_server(settings, sink=Judge()) as sink:
        batch = deliver_batch(running.pk)
    assert (batch.sent, batch.again_at) == (7, None)
    assert sink.received() == everyone(people)
    assert sink.connections == 1
    running.refresh_from_db()
    assert (running.state, running.is_prepared, running.trouble) == (SendingState.DONE, True, "")
    assert running.finished_at is not None
    by_id = {message["Message-ID"]: message for message in sink.messages}
    for row in Delivery.objects.select_related("subscriber"):
        message = next(one for identity, one in by_id.items() if identity.startswith(f"<{row.key}@"))
        assert message["To"] == row.subscriber.email
        assert row.language == row.subscriber.language
        assert (row.state, row.attempts, row.error, row.claimed_until) == (DeliveryState.SENT, 1, "", None)
    assert len(by_id) == 7


def test_only_those_who_subscribe_are_written_to(settings):
    make.subscriber("oui@cass.example")
    for state in ("pending", "not_now", "unsubscribed"):
        make.subscriber(f"{state}@cass.example", state=state)
    sent = sending.begin(make.issue(live=True), by=None)
    with mail_server(settings, sink=Judge()) as sink:
        deliver_batch(sent.pk)
    assert sink.received() == Counter(["oui@cass.example"])
    assert Delivery.objects.count() == 1


def test_preparing_goes_by_chunks_and_takes_up_where_it_was(monkeypatch, people, running):
    monkeypatch.setattr(delivering, "CHUNK", 3)
    assert delivering.prepare_chunk(running)
    running.refresh_from_db()
    assert (Delivery.objects.count(), running.prepared_until, running.is_prepared) == (3, people[2].pk, False)
    Sending.objects.update(prepared_until=people[0].pk)  # as if its note had been lost: rows are not doubled
    while delivering.prepare_chunk(running):
        pass
    running.refresh_from_db()
    assert running.is_prepared
    assert Counter(Delivery.objects.values_list("subscriber_id", flat=True)) == Counter(one.pk for one in people)


def test_preparing_sixty_costs_the_queries_of_ten():
    def queries(number: int) -> int:
        Sending.objects.all().delete()
        for _each in range(number):
            make.subscriber()
        sent = sending.begin(made, by=None)
        with CaptureQueriesContext(connection) as found:
            while delivering.prepare_chunk(sent):
                pass
        return len(found)

    made = make.issue(live=True)
    assert queries(10) == queries(50)


def test_batches_follow_one_another_and_say_when(settings, monkeypatch, people, running):
    monkeypatch.setattr(delivering, "BATCH", 3)
    with mail_server(settings, sink=Judge()) as sink:
        first = deliver_batch(running.pk)
        assert first.sent == 3
        assert first.again_at <= timezone.now()
        assert [deliver_batch(running.pk).sent for _more in range(3)] == [3, 1, 0]
    assert sink.received() == everyone(people)
    running.refresh_from_db()
    assert running.state == SendingState.DONE


def test_a_set_rate_holds_for_all_workers_together(settings, monkeypatch, people):
    settings.NEWSLETTER_RATE = 12
    sent = sending.begin(make.issue(live=True), by=None)
    with mail_server(settings, sink=Judge()) as sink:
        first = deliver_batch(sent.pk)
        assert first.sent == 2, "twelve a minute are two in ten seconds"
        assert timedelta(seconds=8) < first.again_at - timezone.now() <= timedelta(seconds=10)
        assert deliver_batch(sent.pk) == delivering.Batch(), "another worker waits for its turn"
        to_the_end(sent)
    assert sink.received() == everyone(people)


def test_who_left_after_the_preparing_is_left_out_and_who_changed_language_gets_the_other(settings, people, running):
    while delivering.prepare_chunk(running):
        pass
    subscribing.unsubscribe(people[0])
    subscribing.erase(people[1])
    Subscriber.objects.filter(pk=people[2].pk).update(state=SubscriberState.NOT_NOW)
    subscribing.change_language(people[3], "nl")
    with mail_server(settings, sink=Judge()) as sink:
        deliver_batch(running.pk)
    assert sink.received() == everyone(people[3:])
    assert states(running) == {"sent": 4, "left_out": 3}
    assert Delivery.objects.get(subscriber=people[3]).language == "nl"


def test_leaving_in_the_middle_is_heard_before_the_message(settings, people, running):
    class Leaving(Judge):
        async def handle_DATA(self, server, session, envelope):
            if not self.raw:
                leaving.append(people[-1].pk)
            return await super().handle_DATA(server, session, envelope)

    leaving: list[int] = []

    def goes_on() -> bool:
        Subscriber.objects.filter(pk__in=leaving).update(state=SubscriberState.UNSUBSCRIBED)
        return True

    with mail_server(settings, sink=Leaving()) as sink:
        deliver_batch(running.pk, goes_on=goes_on)
    assert sink.received() == everyone(people[:-1])


def test_stopping_takes_effect_within_one_message_and_resuming_doubles_none(settings, people, running):
    def goes_on() -> bool:
        if len(sink.raw) == 3 and not stopped:
            sending.stop(running)
            stopped.append(True)
        return True

    stopped: list[bool] = []
    with mail_server(settings, sink=Judge()) as sink:
        deliver_batch(running.pk, goes_on=goes_on)
        assert len(sink.raw) == 3
        assert states(running) == {"sent": 3, "waiting": 4}
        assert deliver_batch(running.pk).sent == 0
        running.refresh_from_db()
        sending.go_on(running)
        to_the_end(running)
    assert sink.received() == everyone(people)


# The server refuses one


PASSING = {
    "450 at the address": {"at_address": "450 4.2.0 greylisted"},
    "452 at the data": {"at_data": "452 4.3.1 full"},
    "hangs up after the data": {"at_data": "hang up"},
}


@pytest.mark.parametrize("where", PASSING.values(), ids=PASSING)
def test_a_refusal_for_now_waits_longer_each_time_under_the_same_id(settings, people, running, where):
    victim = people[3].email
    ((stage, words),) = where.items()
    times = {"left": 2}

    def judge(address: str, number: int) -> str:
        if address == victim and times["left"]:
            times["left"] -= 1
            return words
        return ""

    with mail_server(settings, sink=Judge(**{stage: judge})) as sink:
        deliver_batch(running.pk)
        row = Delivery.objects.get(subscriber=people[3])
        key = row.key
        assert (row.state, row.attempts) == (DeliveryState.WAITING, 1)
        assert timedelta(seconds=50) < row.next_attempt_at - timezone.now() <= PAUSES[0]
        assert ("no answer" in row.error) if words == "hang up" else (row.error == words)
        assert states(running) == {"sent": 6, "waiting": 1}
        later(running)
        deliver_batch(running.pk)
        row.refresh_from_db()
        assert (row.attempts, row.key) == (2, key)
        assert row.next_attempt_at - timezone.now() > PAUSES[1] - timedelta(seconds=10)
        to_the_end(running)
    assert sink.received() == everyone(people)
    assert sum(message["Message-ID"].startswith(f"<{key}@") for message in sink.messages) == 1


def test_one_that_is_refused_for_now_for_two_days_is_given_up(settings, people, running):
    victim = people[0].email
    with mail_server(
        settings, sink=Judge(at_address=lambda address, number: "450 later" if address == victim else "")
    ) as sink:
        to_the_end(running)
    assert sink.received() == everyone(people[1:])
    row = Delivery.objects.get(subscriber=people[0])
    assert (row.state, row.attempts, row.error) == (DeliveryState.GAVE_UP, len(PAUSES) + 1, "450 later")
    people[0].refresh_from_db()
    assert (people[0].state, people[0].refusals) == (SubscriberState.ACTIVE, 0), (
        "nobody said that the mailbox is not there"
    )
    assert running.state == SendingState.DONE


@pytest.mark.parametrize("stage", ["at_address", "at_data"])
def test_a_refusal_for_good_is_not_tried_again_and_counts_once(settings, people, running, stage):
    victim = people[2].email
    judge = Judge(**{stage: lambda address, number: "550 5.1.1 nobody here" if address == victim else ""})
    with mail_server(settings, sink=judge) as sink:
        to_the_end(running)
    assert sink.received() == everyone([one for one in people if one.email != victim])
    row = Delivery.objects.get(subscriber=people[2])
    assert (row.state, row.attempts, row.error, row.is_held) == (
        DeliveryState.REFUSED,
        1,
        "550 5.1.1 nobody here",
        False,
    )
    people[2].refresh_from_db()
    assert (people[2].state, people[2].refusals) == (SubscriberState.ACTIVE, 1)


def test_the_second_issue_that_a_mailbox_refuses_puts_it_at_rest(settings, people):
    victim = people[2].email
    with mail_server(settings, sink=Judge(at_address=lambda address, number: "550 gone" if address == victim else "")):
        for number in (14, 15):
            to_the_end(sending.begin(make.issue(number, live=True), by=None))
    people[2].refresh_from_db()
    assert people[2].state == SubscriberState.NOT_NOW


def test_an_issue_that_arrived_in_between_takes_the_first_refusal_back(settings, people):
    victim, refusing = people[2].email, {14, 16}
    with mail_server(
        settings,
        sink=Judge(at_address=lambda address, number: "550 gone" if address == victim and issue in refusing else ""),
    ):
        for issue in (14, 15, 16):
            to_the_end(sending.begin(make.issue(issue, live=True), by=None))
    people[2].refresh_from_db()
    assert (people[2].state, people[2].refusals) == (SubscriberState.ACTIVE, 1)


def after_issues(settings, people, answers: list[str]) -> Subscriber:
    """One reader after as many issues: a server that says yes ("", or "back" when the message comes back a minute
    later), or refuses in words.
    """
    victim = people[2]
    with mail_server(
        settings,
        sink=Judge(at_address=lambda address, number: answer if address == victim.email and answer[:1] == "5" else ""),
    ):
        for number, answer in enumerate(answers, start=14):
            sent = to_the_end(sending.begin(make.issue(number, live=True), by=None))
            mine = Delivery.objects.filter(sending=sent, subscriber=victim).first()
            if answer == "back" and mine is not None:
                note(read_message(bounce_of(mine)))
    victim.refresh_from_db()
    return victim


SEQUENCES = {
    "accepted by a relay and back, twice": (["back", "back"], SubscriberState.NOT_NOW),
    "back, then refused at once": (["back", "550 5.1.1 nobody"], SubscriberState.NOT_NOW),
    "refused at once, then back": (["550 5.1.1 nobody", "back"], SubscriberState.NOT_NOW),
    "back, arrived, back": (["back", "", "back"], SubscriberState.ACTIVE),
    "refused, arrived, refused": (["550 5.1.1 nobody", "", "550 5.1.1 nobody"], SubscriberState.ACTIVE),
    "back, arrived, back, back": (["back", "", "back", "back"], SubscriberState.NOT_NOW),
    "a policy, again and again": (3 * ["550 5.7.1 our policy"], SubscriberState.ACTIVE),
    "a policy between two refusals of the mailbox": (["back", "550 5.7.1 our policy", "back"], SubscriberState.NOT_NOW),
    "at rest, nothing more": (["back", "back", "back"], SubscriberState.NOT_NOW),
}


@pytest.mark.parametrize(("answers", "state"), SEQUENCES.values(), ids=SEQUENCES)
def test_two_issues_in_a_row_that_a_mailbox_did_not_take_put_it_at_rest_though_a_relay_says_yes_to_all(
    settings, people, answers, state
):
    settings.NEWSLETTER_BOUNCES = "bounces@cass.example"
    assert after_issues(settings, people, answers).state == state


# The server is in trouble


def test_a_server_that_is_not_there_is_waited_for_and_nobody_is_the_worse_for_it(settings, people, running):
    with mail_server(settings, sink=Judge()) as sink:
        port, settings.EMAIL_PORT = settings.EMAIL_PORT, free_port()
        pauses = []
        for _time in range(5):
            later(running)
            batch = deliver_batch(running.pk)
            assert batch.sent == 0
            pauses.append(round((batch.again_at - timezone.now()) / timedelta(minutes=1)))
        assert pauses == [round(pause / timedelta(minutes=1)) for pause in (*TROUBLE_PAUSES, TROUBLE_PAUSES[-1])]
        running.refresh_from_db()
        assert (running.trouble, running.state) == (Trouble.NO_ANSWER, SendingState.SENDING)
        assert "ConnectionRefusedError" in running.note
        assert set(Delivery.objects.values_list("attempts", "state")) == {(0, "waiting")}
        assert list(sending.stopped_by_themselves()) == [running]
        settings.EMAIL_PORT = port
        to_the_end(running)
    assert sink.received() == everyone(people)
    assert (running.state, running.trouble, running.troubles, running.note) == (SendingState.DONE, "", 0, "")


def test_a_server_that_drops_every_third_message_loses_none_and_doubles_none(settings, people, running):
    with mail_server(
        settings, sink=Judge(at_address=lambda address, number: "hang up" if number % 3 == 2 else "")
    ) as sink:
        to_the_end(running)
    assert sink.received() == everyone(people)
    assert running.state == SendingState.DONE
    assert sink.connections > 2


def test_a_server_that_drops_every_third_connection_after_the_data_may_double_under_the_same_id_only(
    settings, people, running
):
    class Forgetful(Judge):
        async def handle_DATA(self, server, session, envelope):
            answer = await super().handle_DATA(server, session, envelope)
            if self.begun % 3 == 0:
                server.transport.abort()
            return answer

    with mail_server(settings, sink=Forgetful()) as sink:
        to_the_end(running)
    assert set(sink.received()) == set(everyone(people)), "nobody is missed"
    pairs = {
        (recipients[0], message["Message-ID"])
        for recipients, message in zip(sink.recipients, sink.messages, strict=True)
    }
    assert len(pairs) == len(people), "what came twice came under one Message-ID"


def test_a_server_that_breaks_off_each_time_makes_the_sending_wait(settings, people, running):
    with mail_server(settings, sink=Judge(at_data=lambda address, number: "hang up")):
        assert deliver_batch(running.pk).again_at > timezone.now()
    running.refresh_from_db()
    assert running.trouble == Trouble.NO_ANSWER
    assert Delivery.objects.filter(attempts=1).count() == delivering.BROKEN_IN_A_ROW


def test_a_slow_server_only_takes_longer(settings, people, running):
    with mail_server(settings, sink=Judge(slow_s=0.05)) as sink:
        to_the_end(running)
    assert sink.received() == everyone(people)
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {1}


def test_a_server_that_closes_after_some_messages_is_called_again_at_no_cost(settings, people, running):
    class Closing(Judge):
        async def handle_MAIL(self, server, session, envelope, address, options):
            session.messages = getattr(session, "messages", 0) + 1
            if session.messages > 2:
                return "421 4.7.0 too many messages on this connection"
            envelope.mail_from = address
            return "250 OK"

    with mail_server(settings, sink=Closing()) as sink:
        to_the_end(running)
    assert sink.received() == everyone(people)
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {1}
    assert running.troubles == 0


@pytest.mark.parametrize("said", ["550 5.7.1 sender not allowed", "451 4.7.1 sender busy"])
def test_a_server_that_refuses_our_sender_blames_nobody(settings, people, running, said):
    class Proud(Judge):
        async def handle_MAIL(self, server, session, envelope, address, options):
            return said

    with mail_server(settings, sink=Proud()):
        deliver_batch(running.pk)
    running.refresh_from_db()
    assert (running.trouble, running.note) == (Trouble.NOT_US, said)
    assert set(Delivery.objects.values_list("attempts", "state")) == {(0, "waiting")}


# The server refuses everyone


@pytest.fixture
def crowd():
    return [make.subscriber(f"b{number}@cass.example") for number in range(REFUSED_IN_A_ROW + 5)]


def test_a_server_that_refuses_everyone_for_good_stops_the_sending_and_counts_against_nobody(settings, crowd):
    sent = sending.begin(make.issue(live=True), by=None)
    blocked = {"yes": True}
    with mail_server(
        settings,
        sink=Judge(at_address=lambda address, number: "550 5.7.1 your host is on a list" if blocked["yes"] else ""),
    ) as sink:
        to_the_end(sent)
        assert (sent.state, sent.trouble) == (SendingState.STOPPED, Trouble.REFUSES_ALL)
        assert "on a list" in sent.note
        assert sink.asked == REFUSED_IN_A_ROW
        assert states(sent) == {"waiting": len(crowd)}
        assert not Subscriber.objects.exclude(refusals=0).exists()
        assert list(sending.stopped_by_themselves()) == [sent]
        blocked["yes"] = False
        sending.go_on(sent)
        to_the_end(sent)
    assert sink.received() == everyone(crowd)
    assert sent.state == SendingState.DONE
    assert not Subscriber.objects.exclude(refusals=0).exists()


def test_a_few_readers_all_refused_are_not_lost_but_wait_for_an_editor(settings):
    readers = [make.subscriber(f"c{number}@cass.example") for number in range(3)]
    sent = sending.begin(make.issue(live=True), by=None)
    blocked = {"yes": True}
    with mail_server(
        settings,
        sink=Judge(at_address=lambda address, number: "550 5.1.1 relay not permitted" if blocked["yes"] else ""),
    ) as sink:
        to_the_end(sent)
        assert (sent.state, sent.trouble) == (SendingState.STOPPED, Trouble.REFUSES_ALL)
        assert states(sent) == {"waiting": 3}
        assert not Subscriber.objects.exclude(refusals=0).exists()
        blocked["yes"] = False
        sending.go_on(sent)
        to_the_end(sent)
    assert sink.received() == everyone(readers)
    assert sent.state == SendingState.DONE


def test_an_only_reader_who_is_refused_each_time_ends_the_sending_at_the_third(settings):
    make.subscriber("seule@cass.example")
    sent = sending.begin(make.issue(live=True), by=None)
    with mail_server(settings, sink=Judge(at_address=lambda address, number: "550 5.1.1 unknown")):
        for _ in range(2):
            to_the_end(sent)
            assert sent.state == SendingState.STOPPED
            sending.go_on(sent)
        to_the_end(sent)
    assert sent.state == SendingState.DONE
    assert states(sent) == {"refused": 1}


def test_many_wrong_addresses_one_after_the_other_stop_it_once_and_count_when_it_is_resumed(settings, crowd):
    wrong = {one.email for one in crowd[:REFUSED_IN_A_ROW]}
    sent = sending.begin(make.issue(live=True), by=None)
    with mail_server(
        settings, sink=Judge(at_address=lambda address, number: "550 5.1.1 unknown" if address in wrong else "")
    ) as sink:
        to_the_end(sent)
        assert sent.state == SendingState.STOPPED
        sending.go_on(sent)
        to_the_end(sent)
    assert sent.state == SendingState.DONE
    assert states(sent) == {"refused": REFUSED_IN_A_ROW, "sent": 5}
    assert sink.received() == everyone(crowd[REFUSED_IN_A_ROW:])
    assert set(Subscriber.objects.filter(email__in=wrong).values_list("refusals", "state")) == {(1, "active")}


def test_a_server_that_puts_everyone_off_is_asked_less_and_less(settings, crowd):
    sent = sending.begin(make.issue(live=True), by=None)
    with mail_server(settings, sink=Judge(at_address=lambda address, number: "451 4.7.1 come back")) as sink:
        batch = deliver_batch(sent.pk)
        assert sink.asked == delivering.LATER_IN_A_ROW
        assert batch.again_at > timezone.now()
        sent.refresh_from_db()
        assert (sent.trouble, sent.state) == (Trouble.LATER, SendingState.SENDING)
        sink.at_address = lambda address, number: ""
        to_the_end(sent)
    assert sink.received() == everyone(crowd)
    assert sent.state == SendingState.DONE


# Beside others, and after a death


def test_two_workers_never_send_the_same_row(settings, monkeypatch, people, running):
    claim = delivering._Handing._claim

    def rival_first(self, pk):
        if not rivals:
            rivals.append(True)
            rivals.append(deliver_batch(running.pk).sent)
        return claim(self, pk)

    rivals: list = []
    while delivering.prepare_chunk(running):
        pass
    monkeypatch.setattr(delivering._Handing, "_claim", rival_first)
    with mail_server(settings, sink=Judge()) as sink:
        assert deliver_batch(running.pk).sent == 0, "the other one had them all"
    assert rivals[1] == 7
    assert sink.received() == everyone(people)


def test_what_a_dead_worker_had_in_hand_waits_for_the_end_of_its_claim(settings, people, running):
    while delivering.prepare_chunk(running):
        pass
    row = Delivery.objects.first()
    now = timezone.now()
    Delivery.objects.filter(pk=row.pk).update(
        state=DeliveryState.SENDING, attempts=1, claimed_until=now + claiming.CLAIM
    )
    with mail_server(settings, sink=Judge()) as sink:
        deliver_batch(running.pk)
        sending.keep_going()
        assert states(running) == {"sent": 6, "sending": 1}
        running.refresh_from_db()
        assert running.state == SendingState.SENDING, "not done while one may have been missed"
        to_the_end(running)
    assert sink.received() == everyone(people)
    row.refresh_from_db()
    assert (row.state, row.attempts) == (DeliveryState.SENT, 2)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the words of SQLite's plan")
def test_looking_for_dead_workers_does_not_read_the_deliveries_of_all_years(running):
    plan = claiming.left_claimed(timezone.now()).explain()
    assert "SCAN newsletter_delivery" not in plan
    assert "sending_id=? AND state=?" in plan


def test_a_message_that_kills_each_worker_is_given_up_in_the_end(people, running):
    while delivering.prepare_chunk(running):
        pass
    past = timezone.now() - timedelta(minutes=1)
    Delivery.objects.filter(subscriber=people[0]).update(
        state=DeliveryState.SENDING, attempts=len(PAUSES) + 1, claimed_until=past
    )
    assert claiming.free_claims() == 1
    assert Delivery.objects.get(subscriber=people[0]).state == DeliveryState.GAVE_UP


def test_an_issue_taken_off_the_site_stops_its_sending(settings, people, running):
    running.issue.unpublish()
    with mail_server(settings, sink=Judge()) as sink:
        deliver_batch(running.pk)
    running.refresh_from_db()
    assert (running.state, running.trouble) == (SendingState.STOPPED, Trouble.WITHDRAWN)
    assert not sink.raw


def test_messages_that_cannot_be_made_stop_the_sending_where_editors_see_it(settings, monkeypatch, people, running):
    def break_down(issue, language):
        raise ValueError("no such place holder")

    monkeypatch.setattr(delivering.mailing, "template_of", break_down)
    with mail_server(settings, sink=Judge()) as sink:
        assert deliver_batch(running.pk).sent == 0
    running.refresh_from_db()
    assert (running.state, running.trouble, running.note) == (
        SendingState.STOPPED,
        Trouble.BROKEN,
        "ValueError: no such place holder",
    )
    assert not sink.raw
    assert set(Delivery.objects.values_list("attempts", "state")) == {(0, "waiting")}


def test_a_database_that_is_busy_between_two_messages_doubles_none(settings, monkeypatch, people, running):
    from django.db import OperationalError

    claim = delivering._Handing._claim

    def busy_once(self, pk):
        if self.sent == 3 and not busy:
            busy.append(True)
            raise OperationalError("database is locked")
        return claim(self, pk)

    busy: list[bool] = []
    monkeypatch.setattr(delivering._Handing, "_claim", busy_once)
    with mail_server(settings, sink=Judge()) as sink:
        assert deliver_batch(running.pk).sent == 3
        assert states(running) == {"sent": 3, "waiting": 4}
        to_the_end(running)
    assert sink.received() == everyone(people)


def test_the_text_sent_is_the_approved_one_though_the_draft_goes_on(settings, people, running):
    draft = running.issue
    draft.title = {"fr": "Autre titre", "source": "fr"}
    draft.save_revision()
    with mail_server(settings, sink=Judge()) as sink:
        deliver_batch(running.pk)
    assert len(sink.raw) == 7
    assert not any("Autre titre" in str(message["Subject"]) for message in sink.messages)


def test_a_message_costs_the_same_queries_whatever_their_number(settings):
    def queries(number: int) -> float:
        Sending.objects.all().delete()
        for _each in range(number):
            make.subscriber()
        sent = sending.begin(made, by=None)
        while delivering.prepare_chunk(sent):
            pass
        with mail_server(settings, sink=Judge()), CaptureQueriesContext(connection) as found:
            deliver_batch(sent.pk)
        return len(found)

    made = make.issue(live=True)
    queries(1)
    ten, thirty = queries(9), queries(20)
    each = (thirty - ten) / 20
    assert each == int(each) <= 5, "a savepoint's two, the note, the look, the claim"


def test_an_address_that_cannot_be_written_to_is_passed_over(settings, people, running):
    Subscriber.objects.filter(pk=people[1].pk).update(email="a@b@c\nBcc: x@cass.example")
    with mail_server(settings, sink=Judge()) as sink:
        to_the_end(running)
    assert set(sink.received()) == {one.email for one in people} - {people[1].email}
    row = Delivery.objects.get(subscriber=people[1])
    assert row.state == DeliveryState.REFUSED
    assert row.error
    assert running.state == SendingState.DONE


def test_a_link_that_cannot_be_made_stops_the_sending_and_refuses_nobody(settings, monkeypatch, people, running):
    with monkeypatch.context() as patched:
        patched.setattr(
            delivering.signing,
            "links_of",
            lambda *args, **options: signing.SignedLinks("not a link", "not a link", "", "", ()),
        )
        deliver_batch(running.pk)
    running.refresh_from_db()
    assert (running.state, running.trouble) == (SendingState.STOPPED, Trouble.BROKEN)
    assert states(running) == {"waiting": 7}
    assert set(running.deliveries.values_list("attempts", flat=True)) == {0}
    with mail_server(settings, sink=Judge()) as sink:
        sending.go_on(running)
        to_the_end(running)
    assert sink.received() == everyone(people)


def test_an_address_in_another_script_goes_the_way_django_writes_it(settings, people, running):
    Subscriber.objects.filter(pk=people[1].pk).update(email="lecteur@éducation.example")
    with mail_server(settings, sink=Judge()) as sink:
        to_the_end(running)
    assert "lecteur@xn--ducation-90a.example" in sink.received()


def test_the_memory_transport_and_others_get_the_messages_too(settings, people, running, mailoutbox):
    settings.MAIL_TRANSPORT = "django.core.mail.backends.locmem.EmailBackend"
    deliver_batch(running.pk)
    assert Counter(message.to[0] for message in mailoutbox) == everyone(people)


def test_the_api_of_a_mail_service_gets_the_message_with_its_key(settings, people, running):
    pytest.importorskip("anymail", reason="django-anymail is not installed (make install-prod)")
    from django.core import mail

    settings.MAIL_TRANSPORT = "anymail.backends.test.EmailBackend"
    settings.ANYMAIL = {"IGNORE_UNSUPPORTED_FEATURES": True}
    mail.outbox = []
    deliver_batch(running.pk)
    assert states(running) == {"sent": 7}
    keys = set(Delivery.objects.values_list("key", flat=True))
    assert {message.anymail_test_params["metadata"]["delivery"] for message in mail.outbox} == keys
    assert Counter(message.to[0] for message in mail.outbox) == everyone(people)


SERVICE = {
    400: Verdict.FOR_GOOD,
    401: Verdict.NOT_US,
    403: Verdict.NOT_US,
    429: Verdict.NOT_US,
    503: Verdict.NOT_US,
    None: Verdict.NO_ANSWER,
}


@pytest.mark.parametrize(("status", "verdict"), SERVICE.items(), ids=str)
def test_what_a_mail_service_answers_is_judged_by_its_status(status, verdict):
    error = ValueError("no")
    error.status_code = status
    assert verdict_of(error) is verdict
