import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import translation
from django.utils.translation import gettext_lazy

from kb.accounts.models import User
from kb.clock.notices import waiting
from kb.clock.notices.waiting import SHOWN, Waiting, WaitingList, register_waiting, waiting_for
from kb.clock.wagtail_hooks import WaitingPanel
from tests.kb.accounts.builders import editor, log_in

PUBLIC = frozenset({"public"})


@pytest.fixture(autouse=True)
def empty_registry():
    with waiting.LISTS.temporarily():
        yield


def waits(name: str, total: int, *, order: int = 10, label="Something", held: list | None = None) -> None:
    def find(user, audiences) -> WaitingList:
        if held is not None:
            held.append(audiences)
        return WaitingList(
            total,
            tuple(Waiting(f"{name} {number}", f"/{name}/{number}/") for number in range(min(total, SHOWN))),
            f"/{name}/",
        )

    register_waiting(name, label, find, order=order)


def test_nothing_waits_with_an_empty_registry():
    assert waiting_for(User(email="a@cass.example"), PUBLIC) == ()


def test_lists_come_in_their_order_and_empty_ones_not_at_all():
    waits("b.last", 1, order=30)
    waits("b.empty", 0, order=20)
    waits("a.first", 2, order=10)
    assert [(heading.name, heading.waiting.total) for heading in waiting_for(User(), PUBLIC)] == [
        ("a.first", 2),
        ("b.last", 1),
    ]


def test_each_list_is_asked_with_the_audiences_of_the_occasion():
    held: list = []
    waits("a.first", 1, held=held)
    waiting_for(User(), frozenset({"public", "person:7"}))
    assert held == [{"public", "person:7"}]


@pytest.mark.parametrize("user", [AnonymousUser(), User(is_active=False)], ids=["anyone", "inactive"])
def test_nothing_is_asked_for_whoever_is_not_a_person_of_the_site(user):
    held: list = []
    waits("a.first", 1, held=held)
    assert waiting_for(user, PUBLIC) == ()
    assert held == []


def test_a_name_registered_again_replaces_the_first_and_one_without_a_domain_is_refused():
    waits("a.first", 1)
    waits("a.first", 3)
    assert [heading.waiting.total for heading in waiting_for(User(), PUBLIC)] == [3]
    with pytest.raises(ValueError, match="<domain>"):
        waits("first", 1)


@pytest.mark.parametrize(("language", "word"), [("fr", "Bibliothèque"), ("nl", "Bibliotheek"), ("en", "Library")])
def test_headings_speak_the_language_of_the_moment(language, word):
    waits("a.first", 1, label=gettext_lazy("Library"))
    with translation.override(language):
        (heading,) = waiting_for(User(), PUBLIC)
    assert heading.label == word


@pytest.mark.django_db
def test_the_admin_s_home_shows_the_same_lists_above_the_rest_with_what_the_session_holds(client):
    held: list = []
    waits("a.first", 7, label="Contributions to accept", held=held)
    log_in(client, editor(language="en"))
    page = client.get("/admin/").content.decode()
    assert "Contributions to accept (7)" in page
    assert 'href="/a.first/4/"' in page
    assert 'href="/a.first/5/"' not in page
    assert 'href="/a.first/"' in page
    assert page.index("What waits for you") < page.index("Work in the background")
    assert all("staff" in audiences for audiences in held)


@pytest.mark.django_db
def test_the_admin_s_home_says_when_nothing_waits(client):
    log_in(client, editor(language="en"))
    assert "Nothing waits for you." in client.get("/admin/").content.decode()


def test_the_panel_stands_above_wagtail_s_own():
    assert WaitingPanel.order < 100
