"""`make restore FROM=…`: puts an archive back and makes the index again."""

from __future__ import annotations

from pathlib import Path

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from home.archiving import ArchiveError, restore
from home.management.commands.backup import places
from kb.newsletter.restoring import after_restore


class Command(BaseCommand):
    help = "Put an archive made by `backup` in the place of what is there. Stop the site and the worker first."

    def add_arguments(self, parser) -> None:
        parser.add_argument("archive", type=Path)

    def handle(self, *, archive: Path, **options) -> None:
        connections.close_all()
        try:
            count = restore(places(), archive, progress=lambda line: self.stdout.write(f"  {line}…"))
        except ArchiveError as error:
            raise CommandError(str(error)) from error
        call_command("migrate", verbosity=0, interactive=False)
        for what, number in after_restore().items():
            if number:
                self.stdout.write(f"  {number} {what}")
        call_command("rebuild_index")
        self.stdout.write(
            f"{count} files put back. What was there before is kept beside them as .before-restore until you remove it."
        )
