"""`manage.py rebuild_index`: a new index beside the one in use, from what is in the database; no file is opened.

Ctrl-C keeps the old one.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from search.engines.base import EngineUnavailable
from search.indexing import IndexBusy, rebuild, try_all_again
from search.leases import LeaseLost
from search.opening import site_engine


class Command(BaseCommand):
    help = "Makes the search index again beside the one in use, and swaps. Can be interrupted at any moment."

    def handle(self, *args: Any, **options: Any) -> None:
        with tqdm(unit=" records", disable=None) as bar:

            def progress(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            try:
                try_all_again()
                done = rebuild(progress=progress)
            except (EngineUnavailable, IndexBusy, LeaseLost) as reason:
                raise CommandError(f"The index was not rebuilt, the one in use is unchanged. {reason}") from reason
            except KeyboardInterrupt:
                raise CommandError("Interrupted: the index in use is unchanged.", returncode=130) from None
        self.stdout.write(f"{done} records read, {site_engine().count()} entries in the index.")
