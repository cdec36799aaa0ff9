"""manage.py worker: the background worker; Ctrl-C (or SIGTERM) ends it after the current task,
a second time at once.
"""

from django.core.management.base import BaseCommand

from kb.clock.worker.working import BackgroundWorker
from search.extraction import hide_process


class Command(BaseCommand):
    help = (
        "Runs background tasks of all queues and, each minute, what is due. Several workers may run beside each other."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("--until-empty", action="store_true", help="Run what is due and what is ready, then end.")

    def handle(self, *, until_empty: bool, **options) -> None:
        hide_process()
        worker = BackgroundWorker(say=self._say)
        worker.listen_to_signals()
        if until_empty:
            worker.run_until_empty()
        else:
            worker.run()

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
