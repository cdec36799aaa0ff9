"""An issue in one sitting, in a browser: composed from what is new, previewed in three languages, approved, sent to a
real mail server, read on the site, and left by the header that mail programs use."""

from __future__ import annotations

import re
import urllib.parse
import urllib.request

import pytest
from django.urls import reverse

from kb.clock.worker.working import BackgroundWorker
from kb.newsletter.choices import SendingState, SubscriberState
from kb.newsletter.models import Issue, Sending, Subscriber
from tests.journeys.test_put_in_and_find import log_in
from tests.kb.accounts import builders as people
from tests.kb.clock.sinks import mail_server
from tests.kb.library import builders as library
from tests.kb.newsletter import builders as make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TITLES = {"fr": "Le bail expliqué", "nl": "De huurovereenkomst uitgelegd", "en": "The lease explained"}
READERS = {"lectrice@cass.example": "fr", "lezer@cass.example": "nl", "reader@cass.example": "en"}


@pytest.fixture
def site(settings, live_server):
    """A site whose tasks wait for the worker; something public and something closed are new,
    three people are subscribed.
    """
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": []}}
    settings.WAGTAILADMIN_BASE_URL = live_server.url
    settings.NEWSLETTER_RATE = 0
    translated = {code: TITLES[code] for code in ("nl", "en")}
    library.reference(TITLES["fr"], audiences=["public"], translated_titles=translated)
    library.reference("Réservé aux membres", audiences=["members"])
    make.workflow()
    for address, language in READERS.items():
        make.subscriber(address, language=language)
    return live_server.url


def work() -> None:
    BackgroundWorker(say=lambda line: None).run_until_empty()


def address_of(name: str, *args) -> str:
    return reverse(Issue.snippet_viewset.get_url_name(name), args=args)


def test_an_issue_is_composed_approved_sent_read_and_left(site, browser, page, settings):
    editor = people.editor(language="fr")
    log_in(page, site, editor.email)

    # Composed from what is new, with a line of the editor's own.
    page.goto(site + address_of("list"))
    page.locator("form[action$='/next/'] button").click()
    page.wait_for_url("**/edit/**")
    issue = Issue.objects.get()
    assert not issue.live and issue.title["fr"] == TITLES["fr"]
    assert "Réservé aux membres" not in page.content()
    page.locator("#id_items-ADD").click()
    own = page.locator("[id^=id_items-][id$=-title_0]").last
    own.fill("Une permanence de plus")
    page.locator("#page-edit-form button[type=submit], form[data-edit-form] button[type=submit]").first.click()
    page.wait_for_load_state()
    assert any(
        item.title.get("fr") == "Une permanence de plus"
        for item in Issue.objects.get().get_latest_revision_as_object().items.all()
    )

    # Previewed as page, mail and text in three languages.
    page.locator("[data-side-panel-toggle=preview]").click()
    for language, title in TITLES.items():
        for kind in ("web", "mail", "text"):
            page.select_option("#id_preview_mode", f"{kind}-{language}")
            shown = page.frame_locator("#w-preview-iframe").locator("body")
            page.locator(
                f"#w-preview-iframe[src*='mode={kind}-{language}&']"
            ).wait_for()  # the panel loads one at a time
            shown.filter(has_text=re.compile(plain(title))).wait_for()
            assert "Une permanence de plus" in shown.inner_text(), f"{kind} in {language}"
    assert page.request.get(f"{site}/fr/echos/{issue.number}/").status == 404  # nothing is public yet, not even here

    # Approved, by the editors' course.
    page.goto(site + address_of("edit", issue.pk))
    with page.expect_navigation():
        page.locator("[name=action-submit]").first.evaluate("button => button.click()")
    page.goto(site + address_of("edit", issue.pk))
    with page.expect_navigation():
        page.locator("[data-workflow-action-name=approve]:not([data-workflow-action-modal-url])").first.evaluate(
            "button => button.click()"
        )
    issue.refresh_from_db()
    assert issue.live

    # Sent to a real mail server, to each once, in their language.
    with mail_server(settings) as sink:
        page.goto(site + reverse("newsletter_sending", args=[issue.pk]))
        page.locator("button[name=action][value=ask]").click()
        page.locator("main form button[type=submit]").first.click()
        page.wait_for_url(f"**{reverse('newsletter_sending', args=[issue.pk])}")
        work()
    assert Sending.objects.get().state == SendingState.DONE
    received = {message["To"]: message for message in sink.messages}
    assert len(sink.messages) == len(received) == 3
    for to, language in READERS.items():
        assert TITLES[language] in body_of(received[to])
    page.reload()
    assert page.locator("progress, .sheet__state").count()

    # Read on the site by somebody who is not logged in, from the link in the mail.
    link = next(
        found
        for found in re.findall(r"https?://\S+", body_of(received["lezer@cass.example"]))
        if f"/nl/echos/{issue.number}/" in found
    )
    reader = browser.new_context().new_page()
    reader.goto(link)
    assert TITLES["nl"] in reader.locator("h1").inner_text().replace("\u00ad", "")
    reader.context.close()

    # Left by the header, as a mail program does it: one POST, no page, no log-in.
    header = received["lezer@cass.example"]["List-Unsubscribe"].strip("<>")
    assert received["lezer@cass.example"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    with urllib.request.urlopen(
        header, urllib.parse.urlencode({"List-Unsubscribe": "One-Click"}).encode(), timeout=60
    ) as answer:
        assert answer.status == 200
    states = dict(Subscriber.objects.values_list("email", "state"))
    assert states == {
        **dict.fromkeys(READERS, SubscriberState.ACTIVE),
        "lezer@cass.example": SubscriberState.UNSUBSCRIBED,
    }


def plain(title: str) -> str:
    """A pattern of a title whose long words may hold soft hyphens."""
    return "\u00ad?".join(map(re.escape, title))


def body_of(message) -> str:
    return message.get_body(("plain",)).get_content()
