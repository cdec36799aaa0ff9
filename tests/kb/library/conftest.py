"""Readers of four kinds, an index of the test's own, and files in a folder of the test's own."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from django.core.cache import cache, caches
from django.test import Client

from kb.groups.choices import MandateRole
from search import opening
from search.indexing import keep_up
from tests.kb.accounts import builders as people
from tests.kb.library import builders as make


@dataclass
class Readers:
    """A client for each: anyone, a member of PA, a member of LO, a consultant of PA, an editor in PA."""

    anyone: Client = field(default_factory=Client)
    member: Client = field(default_factory=Client)
    other: Client = field(default_factory=Client)
    consultant: Client = field(default_factory=Client)
    editor: Client = field(default_factory=Client)

    def named(self, name: str) -> Client:
        return getattr(self, name)


@pytest.fixture
def index(settings, tmp_path):
    """`index()` brings an index of this test's own up to date."""
    settings.SEARCH_INDEX_DIR = tmp_path / "index"
    cache.clear()
    caches["hits"].clear()
    opening.close_engines()
    yield keep_up
    opening.close_engines()


@pytest.fixture
def readers(db):
    cache.clear()
    found = Readers()
    backend = "allauth.account.auth_backends.AuthenticationBackend"
    found.member.force_login(make.member("PA"), backend=backend)
    found.other.force_login(make.member("LO"), backend=backend)
    found.consultant.force_login(make.member("PA", role=MandateRole.CONSULTANT), backend=backend)
    people.log_in(found.editor, people.editor())
    return found
