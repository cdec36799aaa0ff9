"""A backup that is put back brings nobody back who left, and sends nothing a second time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from kb.newsletter.choices import SendingState, SubscriberState, Trouble
from kb.newsletter.models import Sending, Subscriber
from kb.newsletter.personal import thin_subscriptions
from kb.newsletter.restoring import after_restore
from kb.newsletter.sending import steps as sending
from kb.newsletter.subscribers import erased, subscribing
from tests.kb.newsletter import builders as make

pytestmark = pytest.mark.django_db

LEFT = "subscribers who had left since unsubscribed again"


@pytest.fixture
def left(settings, tmp_path, django_capture_on_commit_callbacks):
    """Somebody who unsubscribed, and is subscribed again as the backup had it."""
    settings.VAR_DIR = tmp_path
    reader = make.subscriber("lectrice@cass.example")
    Subscriber.objects.update(state_at=timezone.now() - timedelta(days=3))
    as_it_was = Subscriber.objects.values("state", "state_at").get()
    with django_capture_on_commit_callbacks(execute=True):
        subscribing.unsubscribe(reader)
    Subscriber.objects.update(**as_it_was)
    return reader


@pytest.mark.parametrize("step", [after_restore, thin_subscriptions], ids=["restore", "clock"])
def test_who_left_since_the_backup_leaves_again(left, step):
    make.subscriber("autre@cass.example")
    assert "@" not in erased.list_of_left().read_text()
    step()
    assert dict(Subscriber.objects.values_list("email", "state")) == {
        "lectrice@cass.example": SubscriberState.UNSUBSCRIBED,
        "autre@cass.example": SubscriberState.ACTIVE,
    }
    assert after_restore()[LEFT] == 0


@pytest.mark.parametrize("half", [b"0af3", b"0af3 2026-11-29T10:00:00+00:00\n", b"%s 2026-11-29T10\n" % (b"0" * 64)])
def test_a_line_beside_the_database_that_cannot_be_read_stops_nobody(left, half):
    for beside in (erased.list_of_left(), erased.list_of_erased()):
        beside.write_bytes(half)
    erased._note(erased.list_of_left(), erased.hash_of(left.email))
    assert after_restore()[LEFT] == 1
    assert not erased.was_erased(left.email)


def test_who_left_and_came_back_before_the_backup_stays(left):
    Subscriber.objects.update(state_at=timezone.now() + timedelta(seconds=1))
    assert after_restore()[LEFT] == 0
    assert Subscriber.objects.get().state == SubscriberState.ACTIVE


@pytest.mark.parametrize("hours", [None, 2], ids=["on its way", "planned"])
def test_a_sending_waits_for_an_editor_who_knows_how_far_it_went(settings, tmp_path, hours):
    settings.VAR_DIR = tmp_path
    make.subscriber()
    sending.begin(make.issue(live=True), by=None, starts_at=timezone.now() + timedelta(hours=hours) if hours else None)
    after_restore()
    stopped = Sending.objects.get()
    assert (stopped.state, stopped.trouble) == (SendingState.STOPPED, Trouble.RESTORED)
    assert list(sending.stopped_by_themselves()) == [stopped]
    sending.go_on(stopped)
    assert Sending.objects.get().state in (SendingState.SENDING, SendingState.DONE)
