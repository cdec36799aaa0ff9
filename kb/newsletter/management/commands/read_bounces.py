"""manage.py read_bounces: what came back after a sending, read out of its mailbox."""

from __future__ import annotations

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from kb.clock.mail.mailboxes import MailboxError
from kb.newsletter.returns.bouncing import Outcome
from kb.newsletter.returns.mailbox import in_words, read_mailbox


class Command(BaseCommand):
    help = (
        "Reads the mailbox to which undelivered messages come back (CASS_NEWSLETTER_MAILBOX). "
        "The worker does this every quarter of an hour."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument(
            "--mailbox",
            default="",
            metavar="URL",
            help="imap+ssl://user:password@host/FOLDER, or the path of a maildir or an mbox.",
        )
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="Say what each message would do; change nothing, here and in the mailbox.",
        )

    def handle(self, *, mailbox: str, dry_run: bool, **options) -> None:
        address = mailbox or settings.NEWSLETTER_MAILBOX
        if not address:
            raise CommandError("There is no mailbox to read: set CASS_NEWSLETTER_MAILBOX, or give --mailbox.")
        try:
            outcomes = read_mailbox(
                address, dry_run=dry_run, say=self._say if dry_run or options["verbosity"] > 1 else lambda *told: None
            )
        except MailboxError as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(f"The mailbox cannot be read: {error.strerror or type(error).__name__}") from None
        self.stdout.write(in_words(outcomes))

    def _say(self, name: str, kind: str, outcome: Outcome) -> None:
        self.stdout.write(f"{name}\t{kind}\t{outcome}")
