"""The admin on a telephone, in a real Chromium: what is to be read and pressed stands within the page."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from kb.accounts.personal_data import erasing
from kb.directory.choices import OrganisationKind
from kb.directory.models import Organisation
from kb.groups.choices import SideName
from kb.groups.models import Side
from kb.library.catalogue.verifying import mark
from kb.library.models import Holding
from tests.axe import assert_no_axe_findings
from tests.kb.accounts import builders as people
from tests.kb.groups.builders import body, mandate
from tests.kb.library import builders as make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Wagtail hides what is wider than the page, so that nothing scrolls and no width of the document tells.
CUT_OFF = """selector => [...document.querySelectorAll(selector)].filter(one => {
  const box = one.getBoundingClientRect()
  return box.width && (box.right > innerWidth || box.left < 0)
}).map(one => one.textContent.trim().slice(0, 80))"""


@pytest.mark.parametrize(("language", "scheme"), [("nl", "dark")])
def test_nothing_of_what_waits_for_an_editor_is_cut_off(live_server, page, language, scheme):
    reference = make.reference("Meerjarenhuisvestingsbeleidsondersteuningsovereenkomst Schaarbeek", language="nl")
    mark(reference, {"title": "garbled", "type": "guess"})
    Holding.objects.create(reference=reference, place="Armoire 2", note="Demander à Victor Vandenbroucke-Schoonejans")
    erasing.erase(people.member("victor@cass.example", name="Victor Vandenbroucke-Schoonejans"), by=None)
    client = Client()
    people.log_in(client, people.editor(language=language), language=language)
    page.context.add_cookies(
        [
            {
                "name": settings.SESSION_COOKIE_NAME,
                "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
                "url": live_server.url,
            }
        ]
    )
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 390, "height": 844})

    page.goto(f"{live_server.url}/admin/")
    assert page.locator(".waiting h3").count() == 2
    assert_no_axe_findings(page)

    page.goto(f"{live_server.url}/admin/personal-data/places/")
    assert page.locator("mark").inner_text() == "Victor Vandenbroucke-Schoonejans"
    assert page.evaluate(CUT_OFF, "main td, main button") == []
    assert_no_axe_findings(page)
    page.locator("button[value='take out']").focus()
    page.keyboard.press("Enter")
    page.locator(".messages .success").wait_for()
    assert page.locator("main table").count() == 0

    page.goto(f"{live_server.url}/admin/snippets/library/reference/edit/{reference.pk}/")
    page.locator("#id_verified_0").wait_for()
    assert page.evaluate(CUT_OFF, ".content h2:not(.w-sr-only), label, .help") == []

    committee = body("CP")
    side = Side.objects.create(body=committee, name=SideName.ASSOCIATIVE, seats=4)
    employer = Organisation.objects.create(
        code="o", name="Meerjarenhuisvestingsbeleidsondersteuningsdienst", kind=OrganisationKind.ASSOCIATION
    )
    seat = mandate(people.member("siege@cass.example", name="Siège"), committee, organisation=employer)
    for name, arguments in (("body:renew", (committee.pk, side.name)), ("mandate:end", (seat.pk,))):
        page.goto(f"{live_server.url}{reverse(name, args=arguments)}")
        assert page.evaluate(CUT_OFF, "main legend, main input, main button, main a.button") == []
        assert_no_axe_findings(page)
    page.locator("button.no").focus()
    page.keyboard.press("Enter")
    page.locator(".messages .success").wait_for()
    column = page.locator("#listing-results td").last
    column.scroll_into_view_if_needed()
    assert column.bounding_box()["x"] < 390
