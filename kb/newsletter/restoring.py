"""What a backup that was put back must not undo: who left stays away, who was erased stays erased, and no issue goes
out a second time.
"""

from __future__ import annotations

from kb.newsletter.choices import RUNNING_SENDINGS, SendingState, Trouble
from kb.newsletter.models import Sending
from kb.newsletter.subscribers import erased, subscribing


def after_restore() -> dict[str, int]:
    """Called by the command `restore`, before a worker runs again; {what was done: how many}, for the person who types
    it. Safe to repeat.
    """
    left = 0
    for subscriber in erased.left_since():
        left += subscribing.unsubscribe(subscriber)
    return {
        "subscribers who had left since unsubscribed again": left,
        "addresses that were erased since erased again": erased.erase_again(subscribing.erase),
        "sendings stopped, for nobody knows how far they went": stop_sendings(),
    }


def stop_sendings() -> int:
    """An editor looks first: what was sent after the backup is not in it,
    so to resume may reach the same people twice.
    """
    running = Sending.objects.filter(state__in=RUNNING_SENDINGS)
    return running.update(state=SendingState.STOPPED, trouble=Trouble.RESTORED, note="", next_batch_at=None)
