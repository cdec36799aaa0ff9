"""The table of the cache in the database, where one is used: made by `migrate`, so that nobody has to remember it.

Limits on attempts are counted in the cache; in one that all web processes share they hold for all of them together.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management import call_command

TABLE_CACHE = "django.core.cache.backends.db.DatabaseCache"


def make_cache_table(using: str = "default", verbosity: int = 1, **ignored: Any) -> None:
    """Makes the tables that CACHES names and that are not there yet.

    Runs before every migrate: what migrations change may be in the cache.
    """
    if any(cache["BACKEND"] == TABLE_CACHE for cache in settings.CACHES.values()):
        call_command("createcachetable", database=using, verbosity=max(verbosity - 1, 0))
