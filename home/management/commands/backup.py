"""`make backup`: database and files in one archive."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from home.archiving import ArchiveError, Places, back_up


def places() -> Places:
    """What this site's settings say must be kept. Files in S3 are backed up by their provider, not here."""
    return Places(
        database=settings.DATABASES["default"],
        folders={"private": Path(settings.PRIVATE_ROOT), "media": Path(settings.MEDIA_ROOT)},
    )


class Command(BaseCommand):
    help = "Write the database and the files into one archive (the index is not needed: rebuild_index makes it again)."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--to", type=Path, default=settings.VAR_DIR / "backups", help="folder for the archive")

    def handle(self, *, to: Path, **options) -> None:
        try:
            archive = back_up(
                places(), to, now=timezone.localtime(), progress=lambda line: self.stdout.write(f"  {line}…")
            )
        except (ArchiveError, OSError) as error:
            raise CommandError(f"No archive was made: {error}") from error
        self.stdout.write(f"{archive}  {archive.stat().st_size / 1e6:.1f} MB")
