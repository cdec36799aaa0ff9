"""`manage.py compile_translations`: makes the .mo files, without gettext.

Not needed where the process may write beside the .po files.
"""

from django.conf import settings
from django.core.management.base import BaseCommand

from kb.pages.translations.compiling import compile_stale


class Command(BaseCommand):
    help = "Compiles the translations that are newer than their compiled files."
    requires_system_checks: list[str] = []

    def handle(self, **options) -> None:
        for path in compile_stale(settings.LOCALE_PATHS):
            self.stdout.write(str(path))
