"""The page editor of the admin: publishing is the main button, and there is nobody to ask."""

import re

import pytest
from django.contrib.messages.storage.fallback import FallbackStorage
from django.core.cache import cache
from django.urls import reverse
from wagtail import hooks

from tests.home import builders as pages
from tests.kb.accounts.builders import editor, log_in

pytestmark = pytest.mark.django_db


def test_publish_is_the_main_button(client):
    cache.clear()
    log_in(client, editor())
    page = pages.page("Un article", slug="un-article", audiences=["public"])

    content = client.get(reverse("wagtailadmin_pages:edit", args=[page.pk])).content.decode()

    menu = content[content.index("actions actions--primary") :]
    assert 'name="action-publish"' in re.findall(r"<button[^>]*>", menu, re.DOTALL)[0]
    assert 'name="action-submit"' not in menu  # approval is for records that are agreed to


def _said(rf, page) -> list[str]:
    request = rf.get("/")
    request.session = {}
    request._messages = FallbackStorage(request)
    for hook in hooks.get_hooks("after_edit_page"):
        hook(request, page)
    return [str(message) for message in request._messages]


@pytest.mark.parametrize(
    ("above", "below", "is_said"),
    [("body:PA", "public", True), ("body:PA", "body:PA", False), ("public", "body:PA", False)],
)
def test_editors_are_told_that_an_address_says_the_word_of_a_closed_page_above(rf, above, below, is_said):
    parent = pages.page("Secret mélisse", slug="secret-melisse", audiences=[above])
    child = pages.page("Enfant", slug="enfant", parent=parent, audiences=[below])
    for page in (child, parent):  # whichever of the two was saved
        assert [("secret-melisse" in words) for words in _said(rf, page)] == ([True] if is_said else [])
