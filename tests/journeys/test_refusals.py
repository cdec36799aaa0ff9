"""What the site says instead of doing what was asked, in a real Chromium: nothing for axe to find,
nothing scrolls sideways.
"""

import pytest
from django.urls import reverse
from django.utils.translation import override

from kb.library.catalogue.versions import take_away
from tests.axe import assert_no_axe_findings
from tests.kb.library import builders as make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SEND_FILE = """() => {
  const form = document.querySelector("main form"), field = document.createElement("input"), given = new DataTransfer()
  given.items.add(new File(["x"], "rapport.pdf"))
  Object.assign(field, {type: "file", name: "file", files: given.files})
  form.enctype = "multipart/form-data"
  form.append(field)
  form.submit()
}"""


@pytest.mark.parametrize(("language", "scheme"), [("nl", "dark")])
def test_a_version_taken_away_an_address_of_forms_and_one_without_files_say_so_on_a_phone(
    live_server, page, language, scheme
):
    reference = make.reference("L’accueil des primo-arrivants à Schaerbeek")
    file = make.file(reference, "Des noms", name="liste.pdf")
    take_away(file, 1, reason="Le document contenait des données personnelles", user=make.member())
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 390, "height": 844})
    with override(language):
        theme, log_in = reverse("theme"), reverse("account_login")

    def expect(status: int, act) -> None:
        with page.expect_response(lambda response: response.status == status):
            act()
        page.locator("h1").wait_for()
        assert_no_axe_findings(page)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), status

    expect(410, lambda: page.goto(f"{live_server.url}/r/{reference.mark_slug}/1.1/1?lang={language}"))
    expect(405, lambda: page.goto(live_server.url + theme))
    page.goto(live_server.url + log_in)
    expect(400, lambda: page.evaluate(SEND_FILE))
