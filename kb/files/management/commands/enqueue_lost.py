"""manage.py enqueue_lost: asks again for what nobody is going to read or draw; a part of run_due,
to be called alone at any time.
"""

from django.core.management.base import BaseCommand

from kb.files.recovering import enqueue_lost


class Command(BaseCommand):
    help = "Puts files back in the queue that wait to be read or drawn and are in no queue. run_due does this too."

    def handle(self, **options) -> None:
        self.stdout.write(enqueue_lost() or "Nothing was lost.")
