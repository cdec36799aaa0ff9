"""manage.py run_due: one line a function that was due, and nothing when none was."""

from django.core.management.base import BaseCommand, CommandError

from kb.clock.worker.running import run_due


class Command(BaseCommand):
    help = "Runs the work that is due. The worker does this each minute; safe to call at any time, beside it too."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--all", action="store_true", help="Run also what is not due yet.")

    def handle(self, *, all: bool, **options) -> None:
        failed = 0
        for ran in run_due(force=all):
            failed += not ran.ok
            self.stdout.write(
                f"{'ok    ' if ran.ok else 'failed'} {ran.name} {ran.seconds:.1f} s"
                + (f": {ran.message}" if ran.message else "")
            )
        if failed:
            raise CommandError(f"{failed} due functions failed; the log of the process says why.")
