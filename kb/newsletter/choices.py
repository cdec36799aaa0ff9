"""Fixed sets of choices of the newsletter, with derived sets beside them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class SubscriberState(models.TextChoices):
    """pending ──confirmed──► active ──► unsubscribed ──asked and confirmed──► active
    active ──mailbox refused for good, twice──► not_now ──lifted by the person──► active
    """

    PENDING = "pending", _("not confirmed yet")
    ACTIVE = "active", _("subscribed")
    NOT_NOW = "not_now", _("not now: the mailbox refuses")
    UNSUBSCRIBED = "unsubscribed", _("unsubscribed")


class ConsentEvent(models.TextChoices):
    ASKED = "asked", _("asked for")
    GIVEN = "given", _("given")
    RESUMED = "resumed", _("resumed after refusals")
    CHANGED = "changed", _("address or language changed")
    WITHDRAWN = "withdrawn", _("withdrawn")


class ConsentSource(models.TextChoices):
    FORM = "form", _("form on the site")
    LINK = "link", _("link in a message")
    ACCOUNT = "account", _("own account")
    IMPORT = "import", _("list that was brought in")
    REQUEST = "request", _("asked of the editors")
    COMPLAINT = "complaint", _("complaint sent on by a mail service")


class SendingState(models.TextChoices):
    """scheduled ──its hour──► sending ──► done          sending ◄──► stopped
    scheduled ──changed since the approval──► unapproved ──approved and asked for again──► scheduled
    """

    SCHEDULED = "scheduled", _("scheduled")
    SENDING = "sending", _("being sent")
    STOPPED = "stopped", _("stopped")
    UNAPPROVED = "unapproved", _("waiting for an approval")
    DONE = "done", _("sent")


class Trouble(models.TextChoices):
    """Why a sending waits for the mail server, or stopped by itself. Sentences for editors."""

    NO_ANSWER = (
        "no_answer",
        _("The mail server does not answer, or breaks off. The sending waits and tries again by itself."),
    )
    NOT_US = (
        "not_us",
        _(
            "The mail server does not let the site in, or refuses its sender. The sending waits "
            "and tries again by itself."
        ),
    )
    LATER = (
        "later",
        _(
            "The mail server asks to come back later, for one address after another. The sending "
            "waits and tries again by itself."
        ),
    )
    REFUSES_ALL = (
        "refuses_all",
        _(
            "The mail server refused one address after another. Nobody is counted as refused: find "
            "out why, then resume."
        ),
    )
    CHANGED = "changed", _("The issue was changed after its approval. Have it approved anew, then send it.")
    WITHDRAWN = "withdrawn", _("The issue is no longer published. Publish it again, then resume.")
    RESTORED = (
        "restored",
        _(
            "A backup was put back: messages sent since are not known any more. Resume only if the "
            "issue had not gone out by then."
        ),
    )
    BROKEN = (
        "broken",
        _(
            "The messages could not be made. Nothing is lost: whoever runs the server finds the "
            "reason in the log; then resume."
        ),
    )


class DeliveryState(models.TextChoices):
    """waiting ──claim──► sending ──► sent ──► bounced (it came back for good)
    sending ──► waiting again (refused for now) | refused (for good) | gave_up (refused for now, too long)      waiting ──► left_out (left meanwhile)
    """  # noqa: E501

    WAITING = "waiting", _("waiting")
    SENDING = "sending", _("being handed over")
    SENT = "sent", _("sent")
    REFUSED = "refused", _("refused")
    GAVE_UP = "gave_up", _("given up after several tries")
    BOUNCED = "bounced", _("came back")
    LEFT_OUT = "left_out", _("left out: no longer subscribed")


OPEN_DELIVERIES = frozenset({DeliveryState.WAITING, DeliveryState.SENDING})
NOT_DELIVERED = frozenset({DeliveryState.REFUSED, DeliveryState.GAVE_UP, DeliveryState.BOUNCED})
RUNNING_SENDINGS = frozenset({SendingState.SCHEDULED, SendingState.SENDING})


class OwnHeading(models.TextChoices):
    """Headings of items that editors write themselves; the others come from what domains register (`kb.pages.news`)."""

    PARTNERS = "own.partners", _("From our partners")
    ROUND = "own.round", _("Round the table")
    OTHER = "own.other", _("In short")
