import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kb.clock.models import Notice
from kb.clock.notices import digesting, noticing
from kb.clock.notices.digesting import recent_news
from kb.clock.notices.noticing import Told, notice, register_notice_kind, told
from tests.kb.accounts.builders import member

pytestmark = pytest.mark.django_db
PUBLIC = frozenset({"public"})


@pytest.fixture(autouse=True)
def empty_registry():
    with noticing.KINDS.temporarily():
        yield


def tells(kind: str, *, to: str = "public", asked: list | None = None) -> None:
    def tell(notices, held):
        if asked is not None:
            asked.append(len(notices))
        return {one.pk: Told(f"{kind} {one.subject}") for one in notices if to in held}

    register_notice_kind(kind, tell)


def test_what_happened_is_kept_with_its_detail_until_it_is_told():
    user = member()
    written = notice(user, "library.returned", "library.reference:17", word="l’année")
    kept = Notice.objects.get()
    assert (kept, kept.detail, kept.sent_at) == (written, {"word": "l’année"}, None)


def test_each_kind_is_asked_once_for_all_of_its_notices():
    user, asked = member(), []
    tells("library.accepted", asked=asked)
    tells("library.returned")
    rows = [
        notice(user, kind, f"s{number}")
        for number, kind in enumerate(["library.accepted", "library.returned", "library.accepted"])
    ]
    words = told(rows, PUBLIC)
    assert [words[row.pk].sentence for row in rows] == [
        "library.accepted s0",
        "library.returned s1",
        "library.accepted s2",
    ]
    assert asked == [2]


def test_a_notice_of_an_unknown_kind_or_one_no_longer_for_these_readers_is_not_told():
    user = member()
    tells("library.accepted", to="body:PA")
    rows = [notice(user, "library.unknown", "s"), notice(user, "library.accepted", "s")]
    assert told(rows, PUBLIC) == {}
    assert list(told(rows, PUBLIC | {"body:PA"})) == [rows[1].pk]


def test_a_kind_without_its_domain_is_refused():
    with pytest.raises(ValueError, match="<domain>"):
        register_notice_kind("accepted", lambda notices, held: {})


def test_recent_news_are_one_s_own_the_latest_first_and_few():
    user, other = member(), member("autre@cass.example")
    tells("library.accepted")
    for number in range(4):
        notice(user, "library.accepted", f"s{number}")
    notice(other, "library.accepted", "of another")
    Notice.objects.create(
        user=user, kind="library.accepted", subject="old", created_at=digesting.timezone.now() - digesting.NEWS_FOR
    )
    assert [one.sentence for one, _moment in recent_news(user, PUBLIC, limit=3)] == [
        f"library.accepted s{number}" for number in (3, 2, 1)
    ]


def test_recent_news_cost_one_query_beside_what_the_domains_ask():
    user = member()
    tells("library.accepted")
    for number in range(30):
        notice(user, "library.accepted", f"s{number}")
    with CaptureQueriesContext(connection) as asked:
        recent_news(user, PUBLIC, limit=5)
    assert len(asked) == 1
