"""Reading what came back out of its mailbox, at the clock's bidding or an operator's.

What each message means is in `bouncing`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import closing

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_tasks import task

from kb.clock.mail.mailboxes import open_mailbox
from kb.clock.mail.receiving import read_message
from kb.clock.queue import count_unfinished
from kb.newsletter.returns.bouncing import Outcome, look, note

A_ROUND = 500  # messages, before other long work gets its turn


def read_mailbox(
    address: str,
    *,
    most: int | None = None,
    dry_run: bool = False,
    say: Callable[[str, str, Outcome], object] = lambda name, kind, outcome: None,
) -> Counter[Outcome]:
    """How often which outcome. A message is set aside only after what it told is committed, so a killed reading meets
    it again and finds it known.

    say(name, kind, outcome) is called for each. Raises MailboxError with a sentence, OSError for a file that cannot be
    read.
    """
    outcomes: Counter[Outcome] = Counter()
    with closing(open_mailbox(address)) as mailbox:
        for name, content in mailbox.messages():
            received = read_message(content)
            outcome = look(received) if dry_run else note(received)
            if not dry_run:
                mailbox.done(name)
            outcomes[outcome] += 1
            say(name, received.kind, outcome)
            if most is not None and outcomes.total() >= most:
                break
    return outcomes


def in_words(outcomes: Counter[Outcome]) -> str:
    """ "12 messages: counted 9, came back 2, unmatched 1", or that there was nothing."""
    total = outcomes.total()
    if not total:
        return _("Nothing came back.")
    parts = ", ".join(f"{outcome} {outcomes[outcome]}" for outcome in Outcome if outcomes[outcome])
    return ngettext("%(count)d message: %(parts)s", "%(count)d messages: %(parts)s", total) % {
        "count": total,
        "parts": parts,
    }


@task(queue_name="long")
def read_bounces() -> str:
    """A round of what waits in NEWSLETTER_MAILBOX; asks for another one when there was more."""
    outcomes = read_mailbox(settings.NEWSLETTER_MAILBOX, most=A_ROUND)
    if outcomes.total() >= A_ROUND:
        read_bounces.enqueue()
    return in_words(outcomes)


def ask_reading() -> str | None:
    """For the clock: nothing where no mailbox is set, or a reading is asked for already."""
    if not settings.NEWSLETTER_MAILBOX or count_unfinished(read_bounces):
        return None
    read_bounces.enqueue()
    return _("Asked for a reading of the mailbox of bounces")
