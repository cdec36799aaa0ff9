import pytest

from search.registry import facet_labels, filter_names
from tests.kb.groups.builders import body

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("language", "name"), [("fr", "GT LOG"), ("nl", "WG LOG"), ("en", "GT LOG")])
def test_the_facet_of_groups_names_bodies_in_the_language_of_the_reader(language, name):
    body("LOG")
    assert facet_labels("groups", ["LOG"], language) == {"LOG": name}


def test_a_group_is_understood_by_its_name_in_each_language_and_by_its_code():
    body("LOG")
    assert set(filter_names("groups")) == {("LOG", "LOG"), ("GT LOG", "LOG"), ("WG LOG", "LOG")}
