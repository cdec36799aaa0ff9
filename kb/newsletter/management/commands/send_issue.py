"""manage.py send_issue NUMBER: sends an approved issue, or takes up its sending,
and says how far it is until it is done.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.timezone import localtime
from django.utils.translation import override

from kb.newsletter.choices import OPEN_DELIVERIES, SendingState
from kb.newsletter.models import Issue, Sending
from kb.newsletter.sending.delivering import deliver_batch
from kb.newsletter.sending.forecast import foretell
from kb.newsletter.sending.steps import CannotSend, begin, counts, go_on, keep_going, start

LOOK_S = 2.0  # seconds between two looks while another worker has its turn


class Command(BaseCommand):
    help = (
        "Sends an approved issue of L'Échos-CASS, or takes up its sending where it was; safe beside the worker. "
        "Ctrl-C ends it after the message in hand: the worker, or this command, goes on from there."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("number", type=int, help="number of the issue")
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="Say to how many, what, and whether it may be sent; send and write nothing.",
        )
        parser.add_argument("--queue", action="store_true", help="Leave the sending to the worker and end at once.")

    def handle(self, *, number: int, dry_run: bool, queue: bool, **options) -> None:
        with override("en"):
            issue = Issue.objects.filter(number=number).first()
            if issue is None:
                raise CommandError(f"There is no issue number {number}.")
            if dry_run:
                return self._foretell(issue)
            sending = self._begin(issue, queue=queue)
            if not queue:
                self._drive(sending)
        return None

    def _foretell(self, issue: Issue) -> None:
        found = foretell(issue)
        for one in found.languages:
            self.stdout.write(
                f"{one.code}  {one.subscribers} subscribers  {one.size_bytes / 1000:.1f} kB  {one.subject}"
            )
            for title in one.falls_back:
                self.stdout.write(f"    in another language: {title}")
        sending = Sending.objects.filter(issue=issue).first()
        if sending is not None:
            self.stdout.write(f"Its sending: {sending.get_state_display()}. {_counted(sending)}")
        elif found.refusal:
            self.stdout.write(f"It would not be sent. {found.refusal}")
        else:
            self.stdout.write(f"Approved: it would be sent to {found.subscribers} subscribers.")
        self.stdout.write("Nothing was sent or written.")

    def _begin(self, issue: Issue, *, queue: bool) -> Sending:
        """The sending, running. Raises CommandError with the sentence an editor would read."""
        sending = Sending.objects.filter(issue=issue).select_related("issue").first()
        try:
            if sending is not None and sending.state == SendingState.STOPPED:
                go_on(sending)
            elif sending is None or sending.state != SendingState.SENDING:
                sending = (start if queue else begin)(issue, by=None)
        except CannotSend as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Issue {issue.number} is being sent" + (" by the worker." if queue else "."))
        return sending

    def _drive(self, sending: Sending) -> None:
        with _ending() as ending:
            while not ending.is_set():
                batch = deliver_batch(sending.pk, goes_on=lambda: not ending.is_set())
                keep_going()
                sending.refresh_from_db()
                if batch.sent:
                    self._say(_counted(sending))
                if sending.state != SendingState.SENDING:
                    break
                self._wait(sending, ending, has_sent=bool(batch.sent))
        self._conclude(sending)

    def _wait(self, sending: Sending, ending: threading.Event, *, has_sent: bool) -> None:
        until = sending.next_batch_at or timezone.now()
        if sending.trouble:
            self._say(f"{sending.get_trouble_display()} ({sending.note}) Next try at {localtime(until):%H:%M:%S}.")
        pause = (until - timezone.now()).total_seconds()
        ending.wait(max(pause, 0 if has_sent else LOOK_S))

    def _conclude(self, sending: Sending) -> None:
        self._say(_counted(sending))
        if sending.state == SendingState.DONE:
            self._say(f"Issue {sending.issue.number} is sent.")
        elif sending.state == SendingState.SENDING:
            self._say("Ended. The worker goes on; without one, run this command again.")
        elif sending.trouble:
            raise CommandError(f"{sending.get_trouble_display()} ({sending.note})")
        else:
            self._say("The sending was stopped. This command resumes it.")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _counted(sending: Sending) -> str:
    found = {state: number for state, number in counts(sending).items() if number}
    total, open_ = sum(found.values()), sum(found.get(state, 0) for state in OPEN_DELIVERIES)
    return (
        f"{total - open_} of {total} done: " + ", ".join(f"{number} {state}" for state, number in found.items())
        if total
        else "0 done"
    )


@contextmanager
def _ending() -> Iterator[threading.Event]:
    """Set by Ctrl-C or SIGTERM, so that the message in hand is still noted; a second one ends at once."""
    ending = threading.Event()

    def on_signal(number, frame) -> None:
        if ending.is_set():
            raise KeyboardInterrupt
        ending.set()

    if threading.current_thread() is not threading.main_thread():
        yield ending
        return
    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield ending
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
