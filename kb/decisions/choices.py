"""Fixed sets of the decisions."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Manner(models.TextChoices):
    """How a decision is taken. `REPORTED`: taken before the site knew decisions; only its day is known."""

    WRITING = "writing", _("In writing")
    MEETING = "meeting", _("In a meeting")
    REPORTED = "reported", _("Entered as reported")


class Purpose(models.TextChoices):
    """What follows from a yes."""

    PUBLISH = "publish", _("Something becomes public")
    WITHDRAW = "withdraw", _("An agreement is withdrawn")
    OTHER = "other", _("Something else")


class State(models.TextChoices):
    """OPEN: votes come in. CONFIRMING: a meeting's, waits for one seat of each side and for objections. STOPPED: a seat
    objected. CLOSED: it has an outcome. WITHDRAWN: the question was taken back, without one.
    """

    OPEN = "open", _("Votes come in")
    CONFIRMING = "confirming", _("Waits to be confirmed")
    STOPPED = "stopped", _("Stopped by an objection")
    CLOSED = "closed", _("Decided")
    WITHDRAWN = "withdrawn", _("Taken back")


class Outcome(models.TextChoices):
    AGREEMENT = "agreement", _("Agreement")
    NO_AGREEMENT = "no-agreement", _("No agreement")
    NO_EFFECT = "no-effect", _("Without effect")


class Choice(models.TextChoices):
    FOR = "for", _("For")
    AGAINST = "against", _("Against")
    ABSTENTION = "abstention", _("Abstention")


class Way(models.TextChoices):
    """How a vote reached the site."""

    LINK = "link", _("By link")
    MEETING = "meeting", _("In a meeting")
    TELEPHONE = "telephone", _("By telephone")
    PAPER = "paper", _("On paper")


class Weight(models.TextChoices):
    """COUNTED: the vote of a seat. NOTED: a consultative voice, or one who came after the seats were taken. PAST:
    changed, replaced or undone since.
    """

    COUNTED = "counted", _("Counted")
    NOTED = "noted", _("Noted, not counted")
    PAST = "past", _("Past")


class ManifestState(models.TextChoices):
    """ASKED: nobody agreed yet. AGREED: a positive decision, or the mark "before the gate", stands behind it.
    SUSPENDED: a seat said "this was not me"; until it was looked at. OVER: refused, taken back or withdrawn.
    """

    ASKED = "asked", _("Asked")
    AGREED = "agreed", _("Agreed to")
    SUSPENDED = "suspended", _("Suspended")
    OVER = "over", _("Over")


class AmendmentKind(models.TextChoices):
    """What changes under an agreement without a vote."""

    FORM = "form", _("Correction of form")
    TRANSLATION = "translation", _("Translation")


class AmendmentState(models.TextChoices):
    """PROPOSED: waits for the second person. STANDING: public. REFUSED: sent back, or replaced by another proposal."""

    PROPOSED = "proposed", _("Waits for the second person")
    STANDING = "standing", _("Public")
    REFUSED = "refused", _("Sent back")
    CALLED_BACK = "called-back", _("Called back")


class Origin(models.TextChoices):
    DECISION = "decision", _("A decision")
    BEFORE_THE_GATE = "before", _("Public before the gate")


ENTERED = frozenset({Way.TELEPHONE, Way.PAPER})  # by a coordinator, for a seat
RUNNING = frozenset({State.OPEN, State.CONFIRMING, State.STOPPED})
IN_FORCE = frozenset({ManifestState.AGREED, ManifestState.SUSPENDED})  # what one may withdraw, or replace
