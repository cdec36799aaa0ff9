"""The next issue comes back to the editors' minds: on their home, and by one message each."""

from __future__ import annotations

import re
import threading
from datetime import date, datetime, timedelta
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override

from kb.accounts.audiences import STAFF, held_by
from kb.accounts.models import User
from kb.clock.models import OutgoingMail
from kb.clock.notices.waiting import waiting_for
from kb.clock.registry import due_functions
from kb.library.models import Reference
from kb.newsletter.issues import composing, reminding
from kb.newsletter.models import Issue, NewsletterSettings, Reminder
from tests.kb.accounts import builders as people
from tests.kb.library.builders import member, reference
from tests.kb.newsletter import builders as make

pytestmark = pytest.mark.django_db

BRUSSELS = ZoneInfo("Europe/Brussels")
TODAY = date(2026, 11, 18)  # a Wednesday
MORNING = datetime(2026, 11, 18, 8, 0, tzinfo=BRUSSELS)


@pytest.fixture(autouse=True)
def this_morning(monkeypatch, settings):
    """It is Wednesday 18 November 2026, eight o'clock; what is made while a test runs was made then.

    Mail is posted as on the site.
    """
    monkeypatch.setattr(timezone, "now", lambda: MORNING)
    settings.EMAIL_BACKEND = "kb.clock.mail.posting.Backend"


def editor(email: str = "redaction@cass.example", *, language: str = "fr", came: bool = True, **values) -> User:
    user = people.editor(email, language=language, **values)
    User.objects.filter(pk=user.pk).update(last_login=MORNING if came else None)
    return User.objects.get(pk=user.pk)


def last_issue(*, weeks_ago: int = 4, **fields):
    """Four weeks between two, a week before: due today for what is four weeks old."""
    made = make.issue(14, live=True, date=TODAY - timedelta(weeks=weeks_ago), **fields)
    Issue.objects.filter(pk=made.pk).update(first_published_at=MORNING - timedelta(weeks=weeks_ago))
    return made


def mails() -> list[OutgoingMail]:
    return list(OutgoingMail.objects.filter(kind="newsletter.reminder").order_by("pk"))


def body_of(user: User, news=None) -> str:
    issue = reminding.coming()
    assert issue is not None
    return reminding.message(user, issue, composing.whats_new() if news is None else news).body


# When


@pytest.mark.parametrize(
    ("weeks_ago", "is_time"),
    [(2, False), (3, True), (4, True), (30, True)],
    ids=["too early", "a week before", "the day", "late"],
)
def test_editors_are_reminded_from_a_week_before_the_date(weeks_ago, is_time):
    editor()
    last_issue(weeks_ago=weeks_ago)

    reminding.remind()

    assert len(mails()) == is_time


def test_the_rhythm_and_the_days_before_are_the_editors_choice():
    last_issue(weeks_ago=4)
    rhythm = NewsletterSettings.load()
    rhythm.every_weeks, rhythm.remind_days = 6, 13
    rhythm.save()
    assert reminding.coming() is None

    rhythm.remind_days = 14
    rhythm.save()
    assert reminding.coming().due_on == TODAY + timedelta(weeks=2)


def test_nobody_is_woken_before_seven(monkeypatch):
    editor()
    last_issue()
    monkeypatch.setattr(timezone, "now", lambda: MORNING.replace(hour=6, minute=59))

    assert reminding.remind() is None
    assert mails() == []


def test_before_the_first_issue_nobody_is_reminded():
    editor()
    make.issue(1)

    reminding.remind()

    assert mails() == []


def test_the_clock_runs_it():
    assert "newsletter.remind" in {due.name for due in due_functions()}


# Once


def test_each_editor_gets_one_message_a_date_however_often_the_clock_runs():
    first, second = editor(), editor("deuxieme@cass.example")
    last_issue()

    for _tick in range(3):
        reminding.remind()
    assert {mail.address for mail in mails()} == {first.email, second.email}
    assert len(mails()) == 2

    third = editor("troisieme@cass.example")
    reminding.remind()
    assert [mail.address for mail in mails()][2:] == [third.email]


def test_the_next_date_brings_the_next_message():
    editor()
    last_issue(weeks_ago=9)
    reminding.remind()
    make.issue(15, live=True, date=TODAY - timedelta(weeks=4))

    reminding.remind()

    assert len(mails()) == 2


def test_killed_between_two_editors_it_goes_on_where_it_was():
    for number in range(3):
        editor(f"redaction{number}@cass.example")
    last_issue()
    real, done = reminding.message, []

    def killed_at_the_second(*args):
        if len(done) == 1:
            raise KeyboardInterrupt
        done.append(args)
        return real(*args)

    with patch.object(reminding, "message", killed_at_the_second), pytest.raises(KeyboardInterrupt):
        reminding.remind()
    assert (len(mails()), Reminder.objects.count()) == (1, 1)

    reminding.remind()

    assert sorted(mail.address for mail in mails()) == [f"redaction{number}@cass.example" for number in range(3)]


@pytest.mark.django_db(transaction=True)
def test_two_clocks_at_once_write_once():
    for number in range(3):
        editor(f"redaction{number}@cass.example")
    last_issue()
    issue, barrier = reminding.coming(), threading.Barrier(2)

    def tick() -> None:
        barrier.wait()
        try:
            for user in reminding.editors():  # neither knows yet whom the other wrote to
                reminding._remind(user, issue, [])
        finally:
            connections.close_all()

    clocks = [threading.Thread(target=tick) for _clock in range(2)]
    for one in clocks:
        one.start()
    for one in clocks:
        one.join()

    assert len(mails()) == 3


def test_reminders_of_a_year_ago_are_forgotten():
    user = editor()
    Reminder.objects.create(user=user, due_on=TODAY - timedelta(days=400))
    Reminder.objects.update(sent_at=MORNING - timedelta(days=400))

    reminding.remind()

    assert Reminder.objects.count() == 0


def test_a_reminder_for_a_day_long_past_is_not_written_again_when_rows_are_forgotten():
    editor()
    last_issue(weeks_ago=200)
    reminding.remind()
    Reminder.objects.update(sent_at=MORNING - timedelta(days=400))

    reminding.remind()

    assert len(mails()) == 1


# To whom


def test_members_those_who_left_and_those_who_never_came_are_not_written_to():
    member()
    editor("jamais@cass.example", came=False)
    gone = editor("partie@cass.example")
    User.objects.filter(pk=gone.pk).update(is_active=False)
    last_issue()

    reminding.remind()

    assert mails() == []


# What it says


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
def test_the_message_counts_what_is_new_under_each_heading_and_names_nothing(language):
    user = editor(language=language)
    last_issue()
    reference("Un rapport public")
    reference("Un rapport des membres", audiences=("members",))
    Reference.objects.filter(first_public_at__isnull=False).update(first_public_at=MORNING)

    body = body_of(user)

    [(source, count)] = composing.whats_new()
    with override(language):
        assert f"- {source.label()}: {count}" in body
    assert count == 1
    assert "28" in body  # days since the last issue
    assert "2026" in body  # the proposed date
    assert "rapport" not in body.lower()
    assert re.search(r"https?://\S+/newsletter/", body)


def test_in_english_it_reads_well():
    user = editor(language="en")
    last_issue()

    body = body_of(user)

    assert (
        "The last issue of L'Échos-CASS appeared 28 days ago. By your rhythm the next one is "
        "proposed for Nov. 18, 2026."
    ) in body
    assert "Nothing became public since then." in body
    assert "Have it drafted here" in body


def test_a_date_that_passed_and_a_draft_that_waits_are_said():
    user = editor(language="en")
    last_issue(weeks_ago=10)
    make.issue(15)

    body = body_of(user)

    assert "was due on Oct. 7, 2026; Nov. 18, 2026 is proposed now." in body
    assert "No. 15 is being written already." in body
    assert f"/edit/{composing.open_draft().pk}/" in body


def test_the_message_is_posted_for_this_person_in_their_language():
    user = editor(language="en")
    last_issue()

    reminding.remind()

    [mail] = mails()
    assert (mail.user, mail.address) == (user, user.email)
    assert mail.subject == "The next issue of L'Échos-CASS: proposed for Nov. 18, 2026"


# Among what waits


def test_it_waits_for_editors_with_the_second_factor_alone():
    user, other = editor(), member()
    last_issue()

    def names(person, *, second_factor: bool) -> list[str]:
        return [heading.name for heading in waiting_for(person, held_by(person, second_factor=second_factor))]

    assert "newsletter.next" in names(user, second_factor=True)
    assert "newsletter.next" not in names(user, second_factor=False)  # so never in the message that gathers what waits
    assert "newsletter.next" not in names(other, second_factor=True)
    assert "newsletter.next" not in names(other, second_factor=False)


def test_it_says_the_date_how_much_is_new_and_where_to_go_on():
    user = editor()
    last_issue()
    held = frozenset({STAFF})
    with override("en"):
        [thing] = reminding.waiting(user, held).things
        assert (thing.title, thing.word) == (
            "The next issue, proposed for Nov. 18, 2026",
            "nothing new since the last one",
        )

        reference("Un rapport")
        Reference.objects.update(first_public_at=MORNING)
        draft = make.issue(15)
        [thing] = reminding.waiting(user, held).things
        assert (thing.title, thing.word) == ("No. 15 is being written; proposed for Nov. 18, 2026", "1 thing is new")
        assert thing.url.endswith(f"/edit/{draft.pk}/")


def test_it_waits_no_more_once_the_issue_is_public():
    user = editor()
    last_issue()
    make.issue(15, live=True, date=TODAY)

    assert reminding.waiting(user, frozenset({STAFF})).total == 0


def test_it_costs_the_same_number_of_queries_whatever_is_new():
    user = editor()
    last_issue()

    def queries(times: int) -> int:
        for number in range(times):
            reference(f"N° {number}")
        Reference.objects.update(first_public_at=MORNING)
        fresh = User.objects.get(pk=user.pk)
        fresh.get_all_permissions()
        with CaptureQueriesContext(connection) as captured:
            reminding.waiting(fresh, frozenset({STAFF}))
        return len(captured)

    queries(1)
    assert queries(10) == queries(50)
