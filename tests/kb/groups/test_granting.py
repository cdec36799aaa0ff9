"""Who holds what: mandates turned into audiences."""

import pytest
from django.contrib.auth.models import AnonymousUser

from kb.accounts import audiences
from kb.accounts.audiences import held_by
from kb.groups.choices import BodyKind, MandateRole
from kb.groups.granting import audiences_of_mandates, followed_bodies
from kb.groups.models import Body
from tests.kb.accounts.builders import editor, member
from tests.kb.groups.builders import body, day, mandate

pytestmark = pytest.mark.django_db

VOTE, CONSULTANT, INVITEE = MandateRole.MEMBER, MandateRole.CONSULTANT, MandateRole.INVITEE


def _of_groups(user) -> set[str]:
    return set(held_by(user, second_factor=False)) - {audiences.PUBLIC, audiences.person(user.pk)}


@pytest.mark.parametrize(
    ("role", "kind", "expected"),
    [
        (VOTE, BodyKind.WORKING_GROUP, {"members", "body:LOG"}),
        (VOTE, BodyKind.STEERING_COMMITTEE, {"members", "body:LOG"}),
        (CONSULTANT, BodyKind.WORKING_GROUP, {"body:LOG"}),
        (INVITEE, BodyKind.STEERING_COMMITTEE, {"body:LOG"}),
    ],
    ids=["member of a group", "member of the committee", "consultant", "invited to the committee"],
)
def test_a_running_mandate_opens_its_body_and_a_vote_opens_what_members_read(role, kind, expected):
    user = member()
    mandate(user, body("LOG", kind=kind), role)
    body("SAN")
    assert _of_groups(user) == expected


@pytest.mark.parametrize(
    "values",
    [
        {"until": day(-1)},
        {"since": day(1)},
        {"is_suspended": True},
        {"since": day(-9), "until": day(9), "is_suspended": True},
    ],
    ids=["ended yesterday", "begins tomorrow", "suspended", "suspended while running"],
)
def test_a_mandate_that_does_not_run_today_opens_nothing(values):
    user = member()
    mandate(user, body("LOG"), **values)
    assert _of_groups(user) == set()


@pytest.mark.parametrize("values", [{"since": day(0)}, {"until": day(0)}, {"since": day(0), "until": day(0)}])
def test_the_first_and_the_last_day_count(values):
    user = member()
    mandate(user, body("LOG"), **values)
    assert _of_groups(user) == {"members", "body:LOG"}


def test_someone_else_s_mandate_opens_nothing():
    user, other = member(), member("autre@cass.example")
    mandate(other, body("LOG"))
    assert _of_groups(user) == set()


def test_two_seats_open_two_bodies_and_an_ended_one_beside_them_nothing():
    user = member()
    mandate(user, body("LOG"), CONSULTANT)
    mandate(user, body("SAN"), VOTE)
    mandate(user, body("PA"), VOTE, until=day(-1))
    assert _of_groups(user) == {"members", "body:LOG", "body:SAN"}


def test_a_successor_reads_what_its_predecessors_read_however_far_back():
    user = member()
    youngest = body("HAB")
    middle = body("LOG", successor=youngest, is_active=False)
    body("TOIT", successor=middle, is_active=False)
    body("RUE", successor=middle, is_active=False)
    mandate(user, youngest, CONSULTANT)
    assert _of_groups(user) == {"body:HAB", "body:LOG", "body:TOIT", "body:RUE"}


def test_a_seat_in_a_predecessor_does_not_open_its_successor():
    user = member()
    old = body("LOG", successor=body("HAB"))
    mandate(user, old, CONSULTANT)
    assert _of_groups(user) == {"body:LOG"}


def test_a_vote_in_a_body_that_ended_keeps_its_own_papers_but_makes_no_member():
    user = member()
    mandate(user, body("LOG", is_active=False), VOTE)
    assert _of_groups(user) == {"body:LOG"}


def test_bodies_that_succeed_one_another_in_a_circle_do_not_hang():
    user = member()
    first = body("LOG")
    second = body("HAB", successor=first)
    first.successor = second
    first.save()
    mandate(user, first, CONSULTANT)
    assert _of_groups(user) == {"body:LOG", "body:HAB"}


def test_an_anonymous_reader_and_a_closed_account_hold_the_public_audience_alone():
    closed = member(is_active=False)
    mandate(closed, body("LOG"))
    assert (
        held_by(AnonymousUser(), second_factor=True)
        == held_by(closed, second_factor=True)
        == held_by(None, second_factor=True)
        == {"public"}
    )


@pytest.mark.parametrize("second_factor", [True, False])
def test_an_editor_is_staff_only_in_a_session_that_passed_the_second_factor(second_factor):
    held = held_by(editor(), second_factor=second_factor)
    assert ("staff" in held) is second_factor
    assert "members" not in held


def test_a_member_never_becomes_staff_by_a_second_factor():
    assert "staff" not in held_by(member(), second_factor=True)


def test_mandates_are_asked_once_whatever_their_number(django_assert_num_queries):
    user = member()
    for code in ("LOG", "SAN", "PA", "JEU", "CP"):
        mandate(user, body(code))
    with django_assert_num_queries(1):
        assert len(audiences_of_mandates(user)) == 6


def test_a_request_asks_once(rf, django_assert_num_queries):
    request = rf.get("/")
    request.user, request.session = member(), {}
    mandate(request.user, body("LOG"))
    with django_assert_num_queries(1):
        for _time in range(3):
            assert "body:LOG" in audiences.audiences_of(request)


def test_editors_can_choose_every_body_as_readers():
    body("LOG")
    body("OLD", is_active=False)
    assert [value for value, _name in audiences.choices()] == ["public", "members", "body:LOG", "body:OLD"]


def referents(user) -> set[str]:
    return {value for value in held_by(user, second_factor=False) if value.startswith("referent:")}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, {"referent:PA"}),
        ({"until": day(0)}, {"referent:PA"}),
        ({"until": day(-1)}, set()),
        ({"since": day(1)}, set()),
        ({"is_suspended": True}, set()),
        ({"is_referent": False}, set()),
        ({"role": MandateRole.CONSULTANT}, {"referent:PA"}),
    ],
    ids=["open", "last day", "over", "not begun", "suspended", "no referent", "consultant"],
)
def test_a_referent_follows_contributions_only_while_the_mandate_runs(values, expected):
    user = member()
    mandate(user, body("PA"), **{"is_referent": True, **values})
    assert referents(user) == expected


def test_a_referent_of_a_body_that_no_longer_meets_follows_nothing():
    user = member()
    mandate(user, body("PA", is_active=False), is_referent=True)
    assert referents(user) == set()


def test_a_referent_of_a_successor_follows_what_was_contributed_to_the_bodies_before_it():
    new = body("NEW")
    middle = body("MID", successor=new, is_active=False)
    body("OLD", successor=middle, is_active=False)
    user, former = member(), member("former@x.example")
    mandate(user, new, is_referent=True)
    mandate(former, middle, is_referent=True)
    assert referents(user) == {"referent:NEW", "referent:MID", "referent:OLD"}
    assert referents(former) == set()


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"until": day(0)},
        {"until": day(-1)},
        {"since": day(1)},
        {"is_suspended": True},
        {"is_referent": False},
        {"role": CONSULTANT},
    ],
    ids=["open", "last day", "over", "not begun", "suspended", "no referent", "consultant"],
)
@pytest.mark.parametrize("seat", ["NEW", "MID", "OLD"])
@pytest.mark.parametrize("is_open", [True, False], ids=["open account", "closed account"])
def test_a_body_is_followed_exactly_where_somebody_holds_its_contributions(
    values, seat, is_open, django_assert_num_queries
):
    middle = body("MID", successor=body("NEW"))
    body("OLD", successor=middle, is_active=False)
    body("SAN")
    user = member(is_active=is_open)
    mandate(user, Body.objects.get(code=seat), **{"is_referent": True, **values})
    with django_assert_num_queries(1):
        found = followed_bodies()
    assert {audiences.referent(one.code) for one in Body.objects.filter(pk__in=found)} == referents(user)
