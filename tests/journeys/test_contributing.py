"""Contributing, whole, in a browser: a PDF given and confirmed in under ten actions, sent back by the referent, mended,
accepted, found.

In French and Dutch, on a phone and on a desk; once without JavaScript. The steps are functions of a page, for longer
journeys.
"""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from kb.clock.worker.working import BackgroundWorker
from kb.groups.models import Mandate
from kb.library.choices import ReferenceState
from kb.library.models import Reference
from search import opening
from search.indexing import keep_up
from tests.axe import assert_no_axe_findings
from tests.kb.files.builders import pdf
from tests.kb.library import builders as make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGE = (
    "Nieuwkomers op de Brusselse huurmarkt, een verkenning van de obstakels die zij "
    "ontmoeten bij de huurwaarborg en de huisvesting in Schaarbeek"
)
WORD = "huurwaarborg"


class Hands:
    """A page and how many actions were made on it: a click, a field filled, a file chosen."""

    def __init__(self, page) -> None:
        self.page = page
        self.actions = 0

    def click(self, selector: str) -> None:
        self.actions += 1
        self.page.locator(selector).first.click()

    def fill(self, selector: str, text: str) -> None:
        self.actions += 1
        self.page.locator(selector).first.fill(text)

    def choose_file(self, selector: str, name: str, content: bytes) -> None:
        self.actions += 1
        self.page.set_input_files(selector, {"name": name, "mimeType": "application/pdf", "buffer": content})


def address(name: str, language: str, *args) -> str:
    with override(language):
        return reverse(name, args=args)


def work() -> None:
    """What the worker does while the person looks on."""
    BackgroundWorker(say=lambda line: None).run_until_empty()
    keep_up()


def log_in(context, site: str, user) -> None:
    """A session of that person in this browser."""
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie.value, "url": site}])


def give_pdf(hands: Hands, content: bytes, name: str = "rapport-onthaal-2011.pdf") -> None:
    """Moment 1, from a page with the way in, to the draft."""
    hands.click("main a[href$='/ajouter/'], main a[href$='/toevoegen/'], main a[href$='/add/']")
    hands.choose_file("input[name=uploads]", name, content)
    hands.click("main form button.button--main")
    hands.page.wait_for_selector("form[data-notice]")


def correct(hands: Hands, line: str, text: str) -> None:
    """Opens one line and writes in it."""
    hands.click(f"#line-{line} button[name=edit]")
    hands.page.wait_for_selector(f"#line-{line} :is(input:not([type=hidden]), textarea)")
    hands.fill(f"#line-{line} :is(input:not([type=hidden]), textarea)", text)


def confirm(hands: Hands) -> None:
    hands.click("button[name=do][value=confirm]")
    hands.page.wait_for_selector(".message--done")


def send_back(hands: Hands, site: str, language: str, word: str) -> None:
    """From the list of what is to be accepted."""
    hands.page.goto(site + address("library:contributions", language))
    hands.click("#to-accept ~ ul a")
    hands.fill("textarea[name=word]", word)
    hands.click("button[name=do][value=return]")
    hands.page.wait_for_selector(".message--done")


def accept(hands: Hands, site: str, language: str) -> None:
    hands.page.goto(site + address("library:contributions", language))
    hands.click("#to-accept ~ ul a")
    hands.click("button[name=do][value=accept]")
    hands.page.wait_for_selector(".record")


def finds(page, site: str, language: str, word: str) -> int:
    """How many documents this reader finds by a word of the file."""
    page.goto(f"{site}{address('search:results', language)}?q={word}")
    return page.locator(".result__title").count()


@pytest.fixture
def site(settings, tmp_path, live_server):
    """A site whose tasks wait for the worker, with an author, a referent and another member of the same group."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": []}}
    settings.SEARCH_INDEX_DIR = tmp_path / "index"
    opening.close_engines()
    make.member("PA", email="autrice@cass.example")
    make.member("PA", email="membre@cass.example")
    reader = make.member("PA", email="referente@cass.example")
    Mandate.objects.filter(user=reader).update(is_referent=True)
    yield live_server.url
    opening.close_engines()


@pytest.fixture
def seats(site, browser):
    """`seats(email, width)` gives hands on a page of a browser of that person's own."""
    contexts = []

    def take(email: str, width: int, **options) -> Hands:
        context = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce", **options)
        contexts.append(context)
        log_in(context, site, Mandate.objects.get(user__email=email).user)
        return Hands(context.new_page())

    yield take
    for context in contexts:
        context.close()


def fits(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize(("language", "width"), [("fr", 390), ("nl", 1280)])
def test_given_sent_back_mended_accepted_and_found(site, seats, language, width):
    author, referent, member = (
        seats("autrice@cass.example", width),
        seats("referente@cass.example", width),
        seats("membre@cass.example", width),
    )

    author.page.goto(site + address("home:members", language))
    give_pdf(author, pdf([PAGE, PAGE]))
    assert author.page.locator("form[data-reading]").count() == 1
    work()
    author.page.wait_for_selector("form[data-notice]:not([data-reading])", timeout=15_000)  # the page looks by itself
    assert fits(author.page)
    assert_no_axe_findings(author.page)
    assert author.page.locator("#line-language .line__where").inner_text()
    correct(author, "title", "Nieuwkomers op de Brusselse huurmarkt")
    confirm(author)
    assert author.actions < 10, author.actions
    work()

    assert finds(author.page, site, language, WORD) == finds(referent.page, site, language, WORD) == 1
    assert finds(member.page, site, language, WORD) == 0

    send_back(referent, site, language, "L’année manque encore.")
    author.page.goto(site + address("library:contributions", language))
    assert "L’année manque encore." in author.page.locator("main").inner_text()
    assert_no_axe_findings(author.page)
    author.click("#mine ~ ul a")
    author.fill("#line-date_text input:not([type=hidden])", "2011")
    confirm(author)

    referent.page.goto(site + address("library:contributions", language))
    assert fits(referent.page)
    assert_no_axe_findings(referent.page)
    referent.page.goto(site + address("library:contribution", language, Reference.objects.get().mark_slug))
    assert fits(referent.page)
    assert_no_axe_findings(referent.page)
    accept(referent, site, language)
    work()

    assert finds(member.page, site, language, WORD) == 1
    accepted = Reference.objects.get()
    assert (accepted.state, accepted.year, accepted.title) == (
        ReferenceState.ACCEPTED,
        2011,
        "Nieuwkomers op de Brusselse huurmarkt",
    )
    author.page.goto(site + address("library:contribution", language, accepted.mark_slug))
    assert author.page.url.endswith(address("library:reference", language, accepted.mark_slug))


def test_without_javascript_the_same_forms_do(site, seats):
    author, referent = (
        seats("autrice@cass.example", 390, java_script_enabled=False),
        seats("referente@cass.example", 390, java_script_enabled=False),
    )
    author.page.goto(site + address("library:list", "fr"))
    give_pdf(author, pdf([PAGE]))
    work()
    author.click("[data-reading-said] a")
    author.fill("#line-publisher input:not([type=hidden])", "Une maison")
    correct(author, "title", "Un titre corrigé")
    assert (
        author.page.locator("#line-publisher").inner_text().count("Une maison") == 1
    )  # what was typed elsewhere went along
    confirm(author)
    accept(referent, site, "fr")
    accepted = Reference.objects.get()
    assert (accepted.state, accepted.title, accepted.publisher) == (
        ReferenceState.ACCEPTED,
        "Un titre corrigé",
        "Une maison",
    )


def test_dropping_files_on_the_zone_says_what_was_given_and_what_is_too_heavy(site, seats):
    author = seats("autrice@cass.example", 1280)
    author.page.goto(site + address("library:add", "en"))
    assert_no_axe_findings(author.page)
    drop = """names => {
      const data = new DataTransfer();
      for (const [name, size] of names) data.items.add(new File([new Uint8Array(size)], name));
      document.querySelector('[data-drop]').dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true}));
    }"""  # noqa: E501
    author.page.evaluate(drop, [["un.pdf", 10], ["deux.pdf", 10]])
    assert author.page.evaluate(
        "[...document.querySelector('[data-drop] input[type=file]').files].map(one => one.name)"
    ) == ["un.pdf", "deux.pdf"]
    assert author.page.locator(".drop__together").is_visible()
    author.page.evaluate("document.querySelector('form[data-give]').dataset.largest = 5")
    author.page.evaluate(drop, [["lourd.pdf", 20]])
    assert "lourd.pdf" in author.page.locator("[data-drop-said]").inner_text()


def test_a_form_sent_back_by_the_site_keeps_its_lines_and_is_accessible(site, seats):
    author = seats("autrice@cass.example", 390)
    author.page.goto(site + address("library:add", "fr"))
    author.fill("input[name=title]", "Une brochure")
    author.click("main form button.button--main")
    author.page.wait_for_selector("form[data-notice]")
    author.fill("#line-date_text input:not([type=hidden])", "jadis")
    author.click("button[name=do][value=confirm]")
    author.page.wait_for_selector("[role=alert]")
    assert author.page.input_value("#line-date_text input:not([type=hidden])") == "jadis"
    assert fits(author.page)
    assert_no_axe_findings(author.page)
