"""The table of the cache in the database, where one is used: made by `migrate`, so that nobody has to remember it.

Limits on attempts are counted in the cache; in one that all web processes share they hold for all of them together.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.core.cache.backends.db import DatabaseCache
from django.core.management import call_command


def make_cache_table(using: str = "default", verbosity: int = 1, **ignored: Any) -> None:
    """Makes the tables that CACHES names and that are not there yet.

    Runs before every migrate: what migrations change may be in the cache.
    """
    if any(isinstance(caches[name], DatabaseCache) for name in settings.CACHES):
        call_command("createcachetable", database=using, verbosity=max(verbosity - 1, 0))
