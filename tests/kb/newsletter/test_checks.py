from __future__ import annotations

import pytest
from django.core.checks import run_checks

from kb.newsletter.checks import check_settings


def test_settings_as_they_come_are_right():
    assert check_settings() == []


def test_checks_are_run_when_the_site_starts(settings):
    settings.NEWSLETTER_BOUNCES = "retours"

    assert "newsletter.E001" in {found.id for found in run_checks()}


@pytest.mark.parametrize("name", ["NEWSLETTER_FROM", "NEWSLETTER_REPLY_TO", "NEWSLETTER_BOUNCES", "DEFAULT_FROM_EMAIL"])
@pytest.mark.parametrize(
    "value", ["retours", "a@b.example\r\nBcc: x@y.example", "a@b.example, c@d.example", "é@b.example"]
)
def test_setting_that_is_no_address_is_named(settings, name, value):
    setattr(settings, name, value)

    (found,) = check_settings()

    assert name in found.msg


@pytest.mark.parametrize("value", ["cass.example", "https://cass.example/ x", "https://été.example"])
def test_site_without_an_address_is_told(settings, value):
    settings.WAGTAILADMIN_BASE_URL = value

    assert [found.id for found in check_settings()] == ["newsletter.E002"]


def test_sender_may_have_a_name_in_any_script_and_a_host_of_the_own_network(settings):
    settings.NEWSLETTER_FROM, settings.NEWSLETTER_BOUNCES = "Échos 部門 <echos@intranet>", "retours@127.0.0.1"

    assert check_settings() == []
