"""How what rooms give to one below is kept."""

from __future__ import annotations

import pytest

from search.registries import Providers, Registry


@pytest.fixture
def things() -> Registry[str]:
    made: Registry[str] = Registry("A thing")
    made.register("b.second", "second", order=20)
    made.register("a.first", "first", order=10)
    return made


def test_things_come_by_their_order_then_by_their_name(things):
    things.register("a.beside", "beside", order=20)
    assert list(things) == ["first", "beside", "second"]
    assert things.names() == ("a.first", "a.beside", "b.second")


def test_without_an_order_they_stay_as_they_came():
    made: Registry[int] = Registry()
    for name, thing in {"z": 1, "a": 2}.items():
        made.register(name, thing)
    assert list(made) == [1, 2]


def test_a_name_without_its_domain_is_refused(things):
    with pytest.raises(ValueError, match=r"^A thing is named <domain>\.<what>, not 'third'\.$"):
        things.register("third", "third")
    assert len(things) == 2


def test_a_name_registered_again_replaces_the_first(things):
    things.register("a.first", "another", order=30)
    assert list(things) == ["second", "another"]


def test_what_is_not_there_is_none_and_in_nothing(things):
    assert things.get("a.third") is None
    assert "a.third" not in things
    assert things["a.first"] == "first"


def test_a_provider_is_asked_once_however_often_it_came():
    made = Providers()
    for _ in range(2):
        made.add(len)
    made.add(repr)
    assert list(made) == [len, repr]


def test_what_is_registered_for_a_while_is_gone_afterwards_also_after_an_error(things):
    with pytest.raises(ZeroDivisionError), things.temporarily("b.second"):
        things.register("c.passing", "passing")
        assert list(things) == ["passing", "second"]
        raise ZeroDivisionError
    assert list(things) == ["first", "second"]
