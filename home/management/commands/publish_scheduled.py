"""`manage.py publish_scheduled`: Wagtail's, with our own loop (`home.articles.publishing`). The clock does the same
each minute.
"""

from wagtail.management.commands.publish_scheduled import Command as WagtailCommand

from home.articles.publishing import publish_due


class Command(WagtailCommand):
    def handle(self, *args, **options):
        if options["dryrun"]:
            super().handle(*args, **options)
        elif done := publish_due():
            self.stdout.write(done)
