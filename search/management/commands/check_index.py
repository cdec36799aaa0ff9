"""`manage.py check_index`: a line for each entry on which database and index differ; exit status 1 when there is any.

missing test.slip:4/ waiting     how it differs, its key, and "waiting" when its change is in the outbox
"""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from search.drifting import drift
from search.engines.base import EngineUnavailable
from search.models import Outbox
from search.opening import site_engine


class Command(BaseCommand):
    help = "Compares the search index with the database. Exit status 1 when they differ."

    def handle(self, *args: Any, **options: Any) -> None:
        differences = waiting = 0
        try:
            current = site_engine().is_current()
            for difference in drift():
                differences += 1
                waiting += difference.waiting
                self.stdout.write(f"{difference.how} {difference.key}{' waiting' if difference.waiting else ''}")
            entries = site_engine().count()
        except EngineUnavailable as reason:
            raise CommandError(f"The index cannot be read: {reason} Run manage.py rebuild_index.") from reason
        if not current:
            self.stdout.write("The index is not complete, or was made by another version: run manage.py rebuild_index.")
        self.stdout.write(
            f"{entries} entries in the index, {Outbox.objects.count()} changes waiting, "
            f"{differences} differences ({waiting} waiting)."
        )
        if differences or not current:
            sys.exit(1)
