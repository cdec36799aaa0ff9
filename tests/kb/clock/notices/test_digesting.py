from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from kb.accounts.models import User
from kb.clock.models import DigestMark, Notice, OutgoingMail
from kb.clock.notices import digesting, noticing, waiting
from kb.clock.notices.digesting import DigestsFailed, last_hour, people_due, recent_news, write_digest, write_digests
from kb.clock.notices.noticing import Told, notice
from kb.clock.notices.waiting import Waiting, WaitingList
from tests.kb.accounts.builders import editor, member

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
BRUSSELS = ZoneInfo("Europe/Brussels")


class World:
    """What waits and what may be told, as the test says; the audiences each was asked with."""

    def __init__(self) -> None:
        self.things: list[str] = []
        self.total: int | None = None
        self.since: datetime | None = None
        self.hidden: set[str] = set()
        self.held: list[frozenset] = []

    def find(self, user, held) -> WaitingList:
        self.held.append(held)
        things = tuple(
            Waiting(title, f"/fr/{title}/", since=self.since, language="nl", word="l’année") for title in self.things
        )
        return WaitingList(len(self.things) if self.total is None else self.total, things, "/fr/tout/")

    def tell(self, notices, held):
        self.held.append(held)
        return {
            one.pk: Told(f"Accepté : {one.subject}", f"/r/{one.subject}")
            for one in notices
            if one.subject not in self.hidden
        }


@pytest.fixture(autouse=True)
def world():
    made = World()
    with waiting.LISTS.temporarily(), noticing.KINDS.temporarily():
        waiting.register_waiting("tests.mend", "À compléter", made.find, order=10)
        noticing.register_notice_kind("tests.accepted", made.tell)
        yield made


def someone(email="a@cass.example", *, frequency="daily", came=True, **values) -> User:
    now = timezone.now()
    return member(
        email, digest_frequency=frequency, last_login=now if came else None, date_joined=now - 30 * DAY, **values
    )


def later(days: float = 1) -> datetime:
    return timezone.now() + timedelta(days=days)


def write(user, *, days: float = 0) -> bool:
    """Writes to a person read anew, so many days from now."""
    return write_digest(User.objects.get(pk=user.pk), now=later(days))


@pytest.mark.parametrize(
    ("frequency", "now", "hour"),
    [
        ("hourly", "2026-11-22 10:40", "2026-11-22 10:00"),
        ("daily", "2026-11-22 06:59", "2026-11-21 07:00"),
        ("daily", "2026-11-22 07:00", "2026-11-22 07:00"),
        ("daily", "2026-03-29 08:00", "2026-03-29 07:00"),
        ("daily", "2026-10-25 06:00", "2026-10-24 07:00"),
        ("weekly", "2026-11-23 06:59", "2026-11-16 07:00"),
        ("weekly", "2026-11-23 07:00", "2026-11-23 07:00"),
        ("weekly", "2026-11-22 23:00", "2026-11-16 07:00"),
    ],
)
def test_everyone_has_an_hour_on_the_clock_of_brussels(frequency, now, hour):
    at = datetime.fromisoformat(now).replace(tzinfo=BRUSSELS)
    assert last_hour(frequency, at.astimezone(ZoneInfo("UTC"))) == datetime.fromisoformat(hour).replace(tzinfo=BRUSSELS)


def test_a_message_says_what_happened_and_what_waits(world):
    user = someone(name="Une personne")
    world.things = ["Huisvesting"]
    notice(user, "tests.accepted", "library.reference:17")
    assert write(user)
    (sent,) = mail.outbox
    assert (sent.to, sent.kind, sent.user, sent.in_bulk) == ([user.email], "clock.digest", user, True)
    rich = sent.alternatives[0].content
    for body in (sent.body, rich):
        for words in (
            "Accepté : library.reference:17",
            "/r/library.reference:17",
            "À compléter (1)",
            "Huisvesting",
            "/fr/Huisvesting/",
            "l’année",
            "/fr/tout/",
        ):
            assert words in body
    assert 'lang="nl">Huisvesting' in rich
    assert "http://127.0.0.1:8000/fr/Huisvesting/" in sent.body
    assert "&" not in sent.body, "the text part is text"
    user.refresh_from_db()
    assert user.digest_sent_at is not None
    assert Notice.objects.get().sent_at is not None


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
def test_it_speaks_the_language_of_the_person(world, language):
    user = someone(language=language)
    world.things = ["Dossier"]
    write(user)
    (sent,) = mail.outbox
    assert f'<html lang="{language}">' in sent.alternatives[0].content
    assert f"/{language}/" in sent.body, "the page where to change the frequency"


def test_what_a_title_holds_is_no_html(world):
    user = someone()
    world.things = ["<b>x</b>"]
    write(user)
    assert "<b>x</b>" not in mail.outbox[0].alternatives[0].content
    assert "- <b>x</b>" in mail.outbox[0].body


def test_nothing_is_written_when_nothing_happened_and_nothing_waits():
    user = someone()
    assert not write(user)
    assert mail.outbox == []
    assert DigestMark.objects.get(user=user).looked_at is not None


def test_what_may_no_longer_be_told_is_left_out_and_not_asked_again(world):
    user = someone()
    notice(user, "tests.accepted", "library.reference:17")
    notice(user, "tests.unknown", "library.reference:18")
    world.hidden = {"library.reference:17"}
    assert not write(user)
    assert Notice.objects.filter(sent_at=None).count() == 0


def test_what_waits_unchanged_is_named_once_a_week_and_not_every_day(world):
    user = someone()
    world.things, world.since = ["a", "b"], timezone.now() - DAY
    assert [write(user, days=days) for days in range(10)] == [True, *[False] * 6, True, False, False]


def test_one_more_thing_that_waits_is_told_the_next_time(world):
    user = someone()
    world.things, world.since = ["a", "b"], timezone.now() - DAY
    assert write(user)
    world.things = ["a"]
    assert not write(user, days=1)
    world.things, world.since = ["a", "c"], later(1.5)
    assert write(user, days=2)


def test_another_thing_in_the_place_of_one_dealt_with_is_told(world):
    user = someone()
    world.things, world.since = ["a", "b"], timezone.now() - DAY
    assert write(user)
    world.things, world.since = ["b", "c"], later(0.5)
    assert write(user, days=1)


def test_older_things_that_come_into_view_are_not_new(world):
    user = someone()
    world.things, world.total, world.since = ["a", "b"], 9, timezone.now() - DAY
    assert write(user)
    world.things, world.total = ["b", "c"], 8
    assert not write(user, days=1)


def test_what_an_editor_alone_may_see_is_asked_for_without_the_second_factor(world):
    user = editor(digest_frequency="daily", last_login=timezone.now())
    notice(user, "tests.accepted", "library.reference:17")
    write(user)
    assert world.held
    assert all("staff" not in held for held in world.held)


def test_many_things_that_happened_are_named_to_a_number_and_counted(world):
    user = someone(language="en")
    for number in range(digesting.MOST_TOLD + 2):
        notice(user, "tests.accepted", f"library.reference:{number}")
    write(user)
    assert mail.outbox[0].body.count("Accepté") == digesting.MOST_TOLD
    assert "2 other things happened." in mail.outbox[0].body


def test_what_happened_long_ago_is_no_news(world):
    user = someone()
    Notice.objects.create(
        user=user, kind="tests.accepted", subject="library.reference:1", created_at=timezone.now() - 31 * DAY
    )
    assert not write(user)
    assert Notice.objects.get().sent_at is not None


# Whose hour has come


def marked(user, ago: timedelta) -> None:
    DigestMark.objects.update_or_create(user=user, defaults={"looked_at": timezone.now() - ago})


@pytest.mark.parametrize(
    ("frequency", "ago", "due"),
    [
        ("hourly", 2 / 24, True),
        ("daily", 1.01, True),
        ("daily", 0, False),
        ("weekly", 7.01, True),
        ("never", 99, False),
    ],
)
def test_people_are_due_when_their_hour_has_passed_since(frequency, ago, due):
    user = someone(frequency=frequency)
    marked(user, timedelta(days=ago))
    assert (user in people_due(timezone.now())) is due


@pytest.mark.parametrize(
    "who",
    [{"is_active": False}, {"erased_at": datetime(2026, 1, 1, tzinfo=BRUSSELS)}, {"came": False}],
    ids=["inactive", "erased", "never came"],
)
def test_nobody_who_left_or_never_came_is_written_to(world, who):
    notice(someone(**who), "tests.accepted", "library.reference:17")
    world.things = ["a"]
    assert write_digests() == ""
    assert mail.outbox == []


def test_whoever_chose_never_still_finds_it_on_the_site(world):
    user = someone(frequency="never")
    notice(user, "tests.accepted", "library.reference:17")
    write_digests()
    assert mail.outbox == []
    ((told, _moment),) = recent_news(user, frozenset({"public"}), limit=5)
    assert told.sentence == "Accepté : library.reference:17"


def test_the_clock_writes_to_each_once(world):
    for number in range(3):
        notice(someone(f"p{number}@cass.example"), "tests.accepted", "library.reference:17")
    assert write_digests() == "3 messages written"
    assert write_digests() == ""
    assert len(mail.outbox) == 3


def test_the_clock_goes_on_with_the_next_people_in_the_next_round(world, monkeypatch):
    monkeypatch.setattr(digesting, "A_ROUND", 2)
    for number in range(5):
        notice(someone(f"p{number}@cass.example"), "tests.accepted", "library.reference:17")
    assert [write_digests() for _ in range(4)] == ["2 messages written", "2 messages written", "1 messages written", ""]


def test_what_a_domain_raises_over_one_person_keeps_no_other_waiting(world, monkeypatch):
    first, second = someone("a@cass.example"), someone("b@cass.example")
    for user in (first, second):
        notice(user, "tests.accepted", f"of {user.email}")
    tell = world.tell

    def raising(notices, held):
        if notices[0].user_id == first.pk:
            raise ValueError
        return tell(notices, held)

    noticing.register_notice_kind("tests.accepted", raising)
    with pytest.raises(DigestsFailed, match="1 messages could not be written, 1 were"):
        write_digests()
    assert [sent.to for sent in mail.outbox] == [[second.email]]
    assert Notice.objects.get(sent_at=None).user == first
    assert write_digests() == "", "not again before the next hour"


def test_two_processes_at_once_write_once(world, monkeypatch):
    user = someone()
    notice(user, "tests.accepted", "library.reference:17")
    gather, again = digesting._gather, []

    def meanwhile(*given):
        if not again:
            again.append(True)
            assert write_digest(user, now=timezone.now())
        return gather(*given)

    monkeypatch.setattr(digesting, "_gather", meanwhile)
    assert not write_digest(user, now=timezone.now())
    assert len(mail.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_notices_are_marked_and_the_message_posted_together_or_not_at_all(world, settings, monkeypatch):
    settings.EMAIL_BACKEND = "kb.clock.mail.posting.Backend"
    user = someone()
    notice(user, "tests.accepted", "library.reference:17")

    def killed(*given, **values):
        raise KeyboardInterrupt

    with monkeypatch.context() as cut:
        cut.setattr(digesting.User.objects, "filter", killed)
        with pytest.raises(KeyboardInterrupt):
            write_digest(user, now=timezone.now())
    assert (Notice.objects.get().sent_at, OutgoingMail.objects.count(), DigestMark.objects.get().told_at) == (
        None,
        0,
        None,
    )
    assert write_digest(user, now=timezone.now())
    assert OutgoingMail.objects.get().user == user
    assert Notice.objects.get().sent_at is not None


def test_a_round_costs_for_each_person_the_same_whatever_waits_and_happened(world):
    def cost() -> int:
        marked(user, 2 * DAY)
        with CaptureQueriesContext(connection) as asked:
            write_digests()
        return len(asked)

    user = someone()
    world.things = ["a"]
    notice(user, "tests.accepted", "library.reference:1")
    few = cost()
    world.things = [str(number) for number in range(5)]
    for number in range(40):
        notice(user, "tests.accepted", f"library.reference:{number}")
    assert cost() == few


def test_finding_whose_hour_has_come_is_one_query_whoever_there_is(django_assert_num_queries):
    for number in range(30):
        marked(someone(f"p{number}@cass.example"), timedelta(0))
    with django_assert_num_queries(1):
        assert write_digests() == ""
