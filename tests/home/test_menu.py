"""Every entry of the admin's menu leads somewhere; an address that takes no visit says so in words."""

from __future__ import annotations

import pytest
from django.test import RequestFactory
from django.urls import reverse
from wagtail.admin.menu import MenuItem, SubmenuMenuItem, admin_menu

from tests.kb.accounts.builders import editor, log_in

pytestmark = pytest.mark.django_db


def entries(items, request) -> list[MenuItem]:
    found = []
    for item in items:
        if isinstance(item, SubmenuMenuItem):
            found += entries(item.menu.menu_items_for_request(request), request)
        else:
            found.append(item)
    return found


@pytest.mark.parametrize("is_chief", [False, True], ids=["an editor", "the editor in chief"])
def test_every_entry_of_the_menu_opens(client, is_chief):
    user = editor(is_superuser=is_chief)
    log_in(client, user)
    request = RequestFactory().get("/admin/")
    request.user, request.session = user, client.session
    shown = {item.name: item.url for item in entries(admin_menu.menu_items_for_request(request), request) if item.url}

    answers = {name: client.get(url, follow=True).status_code for name, url in shown.items() if url.startswith("/")}

    assert len(answers) > 10
    assert {name: status for name, status in answers.items() if status != 200} == {}


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fr", "Cette adresse ne s’ouvre pas"),
        ("nl", "Dit adres kunt u niet openen"),
        ("en", "This address cannot be opened"),
    ],
)
def test_an_address_that_takes_no_visit_says_so_in_words(client, language, said):
    user = editor(language=language)
    log_in(client, user)
    address = reverse("wagtailsnippets_newsletter_issue:next")

    answer = client.get(address, headers={"Accept-Language": language, "Accept": "text/html"})

    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert said in answer.content.decode()
    assert client.get(address, headers={"Accept": "application/json"}).content == b""
