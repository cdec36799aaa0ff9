"""The pages of a sending: what editors see and press, and that nobody else does."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.timezone import localtime
from wagtail.users.models import UserProfile

from kb.accounts.audiences import held_by
from kb.newsletter.admin.sending_views import in_trouble
from kb.newsletter.choices import DeliveryState, SendingState, Trouble
from kb.newsletter.models import Delivery, Issue, Sending
from kb.newsletter.sending import steps as sending
from kb.newsletter.sending.delivering import deliver_batch, prepare_chunk
from tests.kb.accounts.builders import editor, log_in, member, open_session_without_second_factor
from tests.kb.newsletter import builders as make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_a_queue(settings):
    settings.LANGUAGE_CODE = "en"
    settings.NEWSLETTER_RATE = 0
    settings.MAIL_TRANSPORT = "django.core.mail.backends.locmem.EmailBackend"
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": []}}


@pytest.fixture
def editing(client):
    client.user = editor(language="en")
    log_in(client, client.user, language="en")
    profile = UserProfile.get_for_user(client.user)
    profile.preferred_language = "en"
    profile.save()
    return client


@pytest.fixture
def issue():
    for number in range(4):
        make.subscriber(f"a{number}@cass.example", language=("fr", "nl")[number % 2])
    return make.issue(live=True, items=[make.item("Une brève")])


def address(issue: Issue, more: str = "") -> str:
    return f"/admin/newsletter/sending/{issue.pk}/{more}"


def page(client: Client, issue: Issue, more: str = "") -> str:
    answer = client.get(address(issue, more))
    assert answer.status_code == 200
    return answer.content.decode()


def trials(mailoutbox) -> list:
    return [message for message in mailoutbox if getattr(message, "kind", "") == "newsletter.trial"]


def press(client: Client, issue: Issue, action: str, **fields) -> str:
    answer = client.post(address(issue), {"action": action, **fields}, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


PAGES = ("", "now/", "not-delivered/")


@pytest.mark.parametrize("more", PAGES)
def test_only_editors_whose_session_passed_the_second_factor_open_it(issue, more):
    sending.begin(issue, by=None)
    before = Sending.objects.get().state
    for who in ("anyone", "member", "half"):
        client = Client()
        if who == "member":
            open_session_without_second_factor(client, member())
        if who == "half":
            open_session_without_second_factor(client, editor("half@cass.example"))
        for answer in (client.get(address(issue, more)), client.post(address(issue, more), {"action": "stop"})):
            assert answer.status_code in (302, 403), who
            assert "a0@cass.example" not in answer.content.decode()
    assert Sending.objects.get().state == before


def test_it_says_to_how_many_in_which_language_what_goes_out_and_what_falls_back(editing, issue):
    seen = page(editing, issue)
    assert "is approved" in seen
    assert seen.count("<td>2</td>") == 2
    assert "L’accueil change de porte" in seen
    assert "Une brève" in seen, "it falls back in Dutch and English"
    assert "Send now" in seen


def test_a_draft_is_tried_on_oneself_but_not_sent(editing, issue, mailoutbox):
    draft = make.issue(15, title="Encore un brouillon")
    seen = page(editing, draft)
    assert "not approved" in seen
    assert "Send now" not in seen
    seen = press(editing, draft, "trial", languages=["fr", "nl"])
    assert "on its way" in seen
    sent = trials(mailoutbox)
    assert [message.to for message in sent] == [[editing.user.email]] * 2
    assert all("15" in message.subject and message.subject.startswith("[") for message in sent)
    assert "Encore un brouillon" in sent[0].body
    assert ".invalid" not in sent[0].body + sent[0].alternatives[0][0]
    assert not Delivery.objects.exists()
    assert "not approved" in press(editing, draft, "ask")
    assert editing.post(address(draft, "now/"), follow=True).status_code == 200
    assert not Sending.objects.exists()


def test_a_trial_without_a_language_is_asked_again(editing, issue, mailoutbox):
    assert "Choose at least one language" in press(editing, issue, "trial")
    assert not trials(mailoutbox)


def test_the_trial_is_of_the_newest_text(editing, issue, mailoutbox):
    issue.title = {"fr": "Tout neuf", "source": "fr"}
    issue.save_revision()
    press(editing, issue, "trial", languages=["fr"])
    assert "Tout neuf" in trials(mailoutbox)[0].subject


def test_sending_now_asks_first(editing, issue):
    seen = press(editing, issue, "ask")
    assert "4 subscribers get it" in seen
    assert not Sending.objects.exists()
    answer = editing.post(address(issue, "now/"), follow=True)
    assert "has begun" in answer.content.decode()
    sent = Sending.objects.get()
    assert (sent.state, sent.created_by) == (SendingState.SENDING, editing.user)


def test_a_day_and_an_hour_to_come_are_those_of_brussels(editing, issue):
    assert "has passed" in press(editing, issue, "schedule", day="2020-01-01", hour="09:30")
    assert "Give the day" in press(editing, issue, "schedule")
    assert not Sending.objects.exists()
    year = timezone.now().year + 1
    seen = press(editing, issue, "schedule", day=f"{year}-07-01", hour="09:30")
    assert re.search(rf"It will be sent on [^<]*{year} at 0?9[:.]30", seen)
    sent = Sending.objects.get()
    assert (localtime(sent.starts_at).hour, sent.starts_at.hour) == (9, 7)
    assert "Call the sending off" in seen
    assert "called off" in press(editing, issue, "cancel")
    assert not Sending.objects.exists()


def test_a_scheduled_one_that_was_changed_says_that_it_will_not_leave(editing, issue):
    sending.start(issue, by=None, starts_at=timezone.now() + timedelta(days=1))
    issue.title = {"fr": "Autre", "source": "fr"}
    issue.save_revision()
    assert "will not leave" in page(editing, issue)


def test_how_far_it_is_is_a_bar_and_words_that_are_looked_at_again_while_it_runs(editing, issue, monkeypatch):
    monkeypatch.setattr("kb.newsletter.sending.delivering.BATCH", 1)
    sent = sending.begin(issue, by=None)
    deliver_batch(sent.pk)
    seen = page(editing, issue)
    assert '<progress max="4" value="1"' in seen
    assert "1 of 4 messages handled" in seen
    assert "data-sheet-progress" in seen
    seen = press(editing, issue, "stop")
    assert "Stopped: 1 of 4" in seen
    assert "data-sheet-progress" not in seen
    assert "Call the sending off" not in seen, "messages went out"
    press(editing, issue, "resume")
    for _each in range(4):
        deliver_batch(sent.pk)
    seen = page(editing, issue)
    assert "The sending ended on" in seen
    for button in ("Stop the sending", "Resume the sending", "Send now", "Call the sending off"):
        assert button not in seen


def test_a_second_press_says_where_it_is_and_does_nothing(editing, issue):
    sending.begin(issue, by=None)
    assert "being sent already" in editing.post(address(issue, "now/"), follow=True).content.decode()
    assert "no longer stopped" in press(editing, issue, "resume")
    assert editing.post(address(issue), {"action": "erase_everything"}, follow=True).status_code == 404


def test_what_stopped_by_itself_says_why_and_what_the_server_said(editing, issue):
    sent = sending.begin(issue, by=None)
    Sending.objects.update(state=SendingState.STOPPED, trouble=Trouble.REFUSES_ALL, note="550 <b>on a list</b>")
    seen = page(editing, issue)
    assert "refused one address after another" in seen
    assert "550 &lt;b&gt;on a list" in seen
    waits = in_trouble(editing.user, held_by(editing.user, second_factor=True))
    assert [thing.url for thing in waits.things] == [address(issue)]
    unnamed = in_trouble(editing.user, held_by(editing.user, second_factor=False))
    assert (unnamed.total, unnamed.things) == (1, ())
    assert in_trouble(member(), frozenset()).total == 0
    sending.go_on(sent)
    assert in_trouble(editing.user, held_by(editing.user, second_factor=True)).total == 0


def refuse(sent: Sending, number: int) -> None:
    for place in range(number):
        make.subscriber(f"r{place}-{Delivery.objects.count()}@cass.example")
    Sending.objects.update(is_prepared=False)
    while prepare_chunk(sent):
        pass
    sent.deliveries.filter(subscriber__email__startswith="r").update(
        state=DeliveryState.REFUSED, attempts=1, error="550 nobody <here>"
    )


def test_what_did_not_arrive_is_listed_page_by_page_with_the_same_queries(editing, issue):
    sent = sending.begin(issue, by=None)
    refuse(sent, 10)
    assert "Messages that did not arrive" in page(editing, issue)
    seen = page(editing, issue, "not-delivered/")
    assert seen.count("550 nobody &lt;here&gt;") == 10
    with CaptureQueriesContext(connection) as ten:
        page(editing, issue, "not-delivered/")
    with CaptureQueriesContext(connection) as whole:
        page(editing, issue)
    refuse(sent, 50)
    with CaptureQueriesContext(connection) as sixty:
        assert "Page 1 of 2" in page(editing, issue, "not-delivered/")
    with CaptureQueriesContext(connection) as whole_again:
        page(editing, issue)
    assert len(sixty) == len(ten)
    assert len(whole_again) == len(whole)


def test_who_was_erased_is_not_named(editing, issue):
    sent = sending.begin(issue, by=None)
    refuse(sent, 1)
    Delivery.objects.filter(state=DeliveryState.REFUSED).update(subscriber=None)
    assert "erased" in page(editing, issue, "not-delivered/")


def test_an_issue_without_a_sending_has_no_list(editing, issue):
    assert editing.get(address(issue, "not-delivered/"), follow=True).status_code == 404
    assert editing.post(address(issue), {"action": "stop"}, follow=True).status_code == 404
