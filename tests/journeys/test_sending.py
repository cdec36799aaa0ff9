"""The pages of a sending in a real Chromium: axe, a phone's width, the dark,
and how far it is looked at again by itself.
"""

from __future__ import annotations

import os

import pytest
from django.conf import settings
from django.test import Client
from wagtail.users.models import UserProfile

from kb.newsletter.choices import DeliveryState, SendingState, Trouble
from kb.newsletter.models import Delivery, Sending
from kb.newsletter.sending import steps as sending
from kb.newsletter.sending.delivering import prepare_chunk
from tests.axe import assert_no_axe_findings
from tests.kb.accounts.builders import editor, log_in
from tests.kb.newsletter import builders as make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def running(transactional_db, settings):
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": []}}
    for number in range(5):
        make.subscriber(f"a{number}@cass.example", language=("fr", "nl")[number % 2])
    sent = sending.begin(make.issue(live=True, items=[make.item("Une brève")]), by=None)
    while prepare_chunk(sent):
        pass
    return sent


@pytest.fixture
def editing(page, live_server):
    """The editor's browser, past the second factor."""
    client = Client()
    user = editor(language="fr")
    log_in(client, user)
    profile = UserProfile.get_for_user(user)
    profile.preferred_language = "fr"
    profile.save()
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    return page


def open_page(page, live_server, issue, more: str = "") -> None:
    page.goto(f"{live_server.url}/admin/newsletter/sending/{issue.pk}/{more}")


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(editing, live_server, running, width, scheme):
    editing.emulate_media(color_scheme=scheme)
    editing.set_viewport_size({"width": width, "height": 900})
    first = running.deliveries.order_by("pk").first()
    Delivery.objects.filter(pk=first.pk).update(state=DeliveryState.REFUSED, error="550 5.1.1 nobody here")
    draft = make.issue(15, title="Un brouillon")
    fresh = make.issue(16, title="Approuvé", live=True)
    for number, (issue, more) in enumerate(
        ((running.issue, ""), (running.issue, "not-delivered/"), (draft, ""), (fresh, ""), (fresh, "now/"))
    ):
        open_page(editing, live_server, issue, more)
        assert editing.locator("h1").count() >= 1
        assert_no_axe_findings(editing)
        assert editing.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (number, more)
        if folder := os.environ.get("CASS_SHOTS"):
            editing.screenshot(path=f"{folder}/sending-{number}-{width}.png", full_page=True)
    Sending.objects.filter(pk=running.pk).update(
        state=SendingState.STOPPED, trouble=Trouble.REFUSES_ALL, note="550 5.7.1 on a list"
    )
    open_page(editing, live_server, running.issue)
    assert "550 5.7.1 on a list" in editing.locator("body").inner_text()
    if folder := os.environ.get("CASS_SHOTS"):
        editing.screenshot(path=f"{folder}/sending-stopped-{width}.png", full_page=True)


def test_how_far_it_is_is_looked_at_again_by_itself(editing, live_server, running):
    open_page(editing, live_server, running.issue)
    bar = editing.locator("progress")
    assert (bar.get_attribute("value"), bar.get_attribute("max")) == ("0", "5")
    running.deliveries.filter(subscriber__language="fr").update(state=DeliveryState.SENT)
    editing.locator("progress[value='3']").wait_for(timeout=15_000)
    running.deliveries.update(state=DeliveryState.SENT)
    sending.keep_going()
    editing.locator("progress").wait_for(state="detached", timeout=15_000)
