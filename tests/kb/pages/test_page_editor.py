"""The page editor of the admin: publishing is the main button, and there is nobody to ask."""

import re

import pytest
from django.core.cache import cache
from django.urls import reverse

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
