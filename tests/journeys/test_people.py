"""The members' list of people and the bringing in of people, in a real Chromium: two languages, a desk and a telephone,
light and dark.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from home.building import build_site
from kb.directory.models import Employment, Organisation
from tests.axe import assert_no_axe_findings
from tests.journeys.test_login import assert_well_made
from tests.kb.accounts.builders import PASSWORD, fresh_limits, member, url
from tests.kb.groups.builders import body, mandate

__all__ = ["fresh_limits"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def site(live_server):
    build_site({}, [])
    groups = [body(code) for code in ("PA", "LOG")]
    for number in range(3):
        person = member(f"p{number}@cass.example", name=f"Personne {number}", phone="02 000 00 00", shares_contact=True)
        Employment.objects.create(
            user=person, organisation=Organisation.objects.create(code=f"o{number}", name=f"Atelier {number}")
        )
        mandate(person, groups[number % 2], is_referent=number == 0, since=timezone.localdate() - timedelta(days=30))
    mandate(member("lectrice@cass.example", name="Lectrice"), groups[0])
    return live_server.url


@pytest.mark.parametrize(("language", "width", "scheme"), [("fr", 1280, "light"), ("nl", 390, "dark")])
def test_a_member_finds_a_colleague(site, page, language, width, scheme):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(site + url("account_login", language))
    page.fill("#id_login", "lectrice@cass.example")
    page.fill("#id_password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda at: "next" in at or url("account_login", language) not in at)
    page.goto(site + url("groups:people", language))
    assert page.locator(".people > li").count() == 4
    assert_well_made(page, width)
    page.fill("#people-words", "atelier 2")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=atelier+2**")
    assert page.locator(".people h3").all_inner_texts() == ["Personne 2"]
    page.select_option("#people-body", "LOG")
    page.keyboard.press("Enter")
    page.locator("#people-words").press("Enter")
    page.wait_for_url("**body=LOG**")
    assert page.locator(".people > li").count() == 0
    assert_no_axe_findings(page)
