import pytest
from django.contrib.auth.models import Group
from django.core import mail as outbox
from django.urls import NoReverseMatch, reverse

from kb.accounts import editors
from kb.accounts.audiences import held_by
from kb.clock.models import OutgoingMail
from kb.clock.notices import waiting
from kb.clock.viewsets import failed_mail
from tests.kb.accounts.builders import editor, log_in, member, open_session_without_second_factor
from tests.kb.clock.builders import mail

pytestmark = pytest.mark.django_db
LIST = "/admin/sent_messages/"
AGAIN = "/admin/bulk/clock/outgoingmail/send_again/"
LEAVE = "/admin/bulk/clock/outgoingmail/give_up/"


@pytest.fixture
def editing(client):
    """An editor's browser; what other domains let wait is not asked for."""
    with waiting.LISTS.temporarily("clock.failed_mail"):
        user = editor(language="en")
        log_in(client, user)
        yield client


def test_an_editor_reads_to_whom_what_was_sent_and_what_the_server_said(editing):
    mail(
        "failed",
        address="abricot@cass.example",
        subject="Votre invitation",
        kind="accounts.invitation",
        error="550 nobody here",
        attempts=3,
    )
    page = editing.get(LIST).content.decode()
    for word in ("abricot@cass.example", "Votre invitation", "550 nobody here", "Failed", "Send again"):
        assert word in page
    assert "Un mot" not in page


def test_the_list_filters_by_state_and_finds_by_address(editing):
    mail("failed", address="abricot@cass.example")
    mail("sent", address="dahlia@cass.example", content=b"")
    failed = editing.get(f"{LIST}?state=failed").content.decode()
    assert ("abricot" in failed, "dahlia" in failed) == (True, False)
    found = editing.get(f"{LIST}?q=dahlia").content.decode()
    assert ("abricot@" in found, "dahlia@" in found) == (False, True)


@pytest.mark.parametrize("name", ["add", "edit", "delete", "history", "usage", "copy"])
def test_nothing_is_added_changed_or_deleted_here(name):
    with pytest.raises(NoReverseMatch):
        reverse(f"sent_messages:{name}", args=() if name == "add" else (1,))


def test_editors_have_no_more_of_the_clock_than_seeing_and_sending_again():
    editors.grant_editors()
    granted = Group.objects.get(name=editors.EDITORS).permissions.filter(content_type__app_label="clock")
    assert set(granted.values_list("codename", flat=True)) == {"view_outgoingmail", "change_outgoingmail"}


def test_asking_shows_and_only_posting_sends_again(editing, django_capture_on_commit_callbacks):
    first, second = mail("failed", address="abricot@cass.example"), mail("failed", address="dahlia@cass.example")
    asked = f"{AGAIN}?id={first.pk}&id={second.pk}&next={LIST}"
    page = editing.get(asked).content.decode()
    assert "abricot@cass.example" in page
    assert "dahlia@cass.example" in page
    assert outbox.outbox == []
    with django_capture_on_commit_callbacks(execute=True):
        answer = editing.post(asked)
    assert (answer.status_code, answer["Location"]) == (302, LIST)
    assert [one.to for one in outbox.outbox] == [["abricot@cass.example"], ["dahlia@cass.example"]]
    assert set(OutgoingMail.objects.values_list("state", flat=True)) == {"sent"}
    assert "2 messages are on their way again." in editing.get(LIST).content.decode()


def test_all_means_all_that_failed(editing, django_capture_on_commit_callbacks):
    mail("failed")
    mail("sent", content=b"")
    with django_capture_on_commit_callbacks(execute=True):
        editing.post(f"{AGAIN}?id=all&next={LIST}")
    assert len(outbox.outbox) == 1


def test_a_message_left_unsent_waits_for_nobody(editing):
    row = mail("failed")
    editing.post(f"{LEAVE}?id={row.pk}&next={LIST}")
    row.refresh_from_db()
    assert (row.state, bytes(row.sealed)) == ("failed", b"")


@pytest.mark.parametrize("who", ["anyone", "member", "half"])
def test_nobody_else_reads_the_list_or_sends_again(client, who):
    row = mail("failed", address="abricot@cass.example")
    if who == "member":
        log_in(client, member())
    elif who == "half":
        open_session_without_second_factor(client, editor(language="en"))
    for address in (LIST, f"{LIST}results/", f"{AGAIN}?id={row.pk}", f"{LEAVE}?id={row.pk}"):
        answer = client.get(address)
        assert answer.status_code in (302, 403), address
        assert b"abricot" not in answer.content
        client.post(address)
    row.refresh_from_db()
    assert (row.state, bool(row.sealed), outbox.outbox) == ("failed", True, [])


def test_an_editor_without_the_permission_cannot_act(client, django_capture_on_commit_callbacks):
    user = editor()
    Group.objects.get(name=editors.EDITORS).permissions.remove(
        *Group.objects.get(name=editors.EDITORS).permissions.filter(codename="change_outgoingmail")
    )
    log_in(client, user)
    row = mail("failed", address="abricot@cass.example")
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(f"{AGAIN}?id={row.pk}&next={LIST}")
    row.refresh_from_db()
    assert (row.state, outbox.outbox) == ("failed", [])
    assert b"abricot" not in answer.content


def test_the_list_costs_the_same_for_ten_rows_as_for_forty(editing, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    for _ in range(10):
        mail("failed")
    editing.get(LIST)
    with CaptureQueriesContext(connection) as ten:
        editing.get(LIST)
    for _ in range(30):
        mail("failed")
    with django_assert_num_queries(len(ten)):
        editing.get(LIST)
    assert not any(
        '"sealed" ' in query["sql"].split(" FROM ")[0].replace('"sealed" =', "") for query in ten.captured_queries
    ), "no words are fetched"


@pytest.mark.parametrize(("second_factor", "named"), [(True, True), (False, False)])
def test_what_failed_waits_for_editors_and_is_named_only_after_the_second_factor(second_factor, named):
    mail("failed", address="abricot@cass.example")
    user = editor()
    found = failed_mail(user, held_by(user, second_factor=second_factor))
    assert (found.total, bool(found.things)) == (1, named)
    assert found.url == "/admin/sent_messages/?state=failed"


def test_what_failed_waits_for_no_member_and_what_was_given_up_for_nobody():
    mail("failed", content=b"")
    user = editor()
    assert failed_mail(user, held_by(user, second_factor=True)).total == 0
    mail("failed")
    somebody = member()
    assert failed_mail(somebody, held_by(somebody, second_factor=True)).total == 0


def test_the_list_is_among_the_reports(editing):
    assert "/admin/sent_messages/" in editing.get("/admin/").content.decode()
