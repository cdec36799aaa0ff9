import pytest

from search import registry
from search.checks import check_page_types, check_settings


def test_the_sites_own_settings_are_sane():
    assert check_settings() == []


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("SEARCH_ENGINE", "solr", "search.E001"),
        ("SEARCH_INDEX_DIR", "var/index", "search.E002"),
        ("SEARCH_AUDIENCES", "kb.accounts.audiences.nothing", "search.E003"),
        ("SEARCH_AUDIENCES", "", "search.E003"),
        ("SEARCH_IS_WITHIN", "kb.accounts.audiences.nothing", "search.E004"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(settings, name, value, code):
    setattr(settings, name, value)
    assert [message.id for message in check_settings()] == [code]


def test_a_page_type_nobody_settled_is_named(slips):
    assert any("home.HomePage" in message.msg for message in check_page_types())


def test_a_page_type_given_or_left_out_with_a_reason_is_settled(slips):
    registry.register(slips, models=["home.HomePage"])
    registry.leave_out("home.PlainPage", reason="shown in the footer of every page")
    assert not any("home.HomePage" in message.msg or "home.PlainPage" in message.msg for message in check_page_types())
