"""Fixed sets of the groups."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class BodyKind(models.TextChoices):
    WORKING_GROUP = "working-group", _("Working group")
    STEERING_COMMITTEE = "steering-committee", _("Steering Committee")
    OFFICE = "office", _("Coordination office")


class SideName(models.TextChoices):
    """Whom a seat stands for. The values are those of the organisations' kinds, but for the associations."""

    CPAS = "cpas", _("CPAS")
    COMMUNE = "commune", _("Municipality")
    ASSOCIATIVE = "associative", _("Associations")


class MandateRole(models.TextChoices):
    CHAIR = "chair", _("Chair")
    VICE_CHAIR = "vice-chair", _("Vice-chair")
    MEMBER = "member", _("Member")
    COORDINATOR = "coordinator", _("Coordinator")
    CONSULTANT = "consultant", _("Consultant")
    INVITEE = "invitee", _("Invited")


class Voice(models.TextChoices):
    """Deliberative voices are counted, consultative ones noted."""

    DELIBERATIVE = "deliberative", _("Deliberative voice")
    CONSULTATIVE = "consultative", _("Consultative voice")


class Standing(models.TextChoices):
    HOLDER = "holder", _("Holder")
    SUBSTITUTE = "substitute", _("Substitute")


DECIDING = frozenset({MandateRole.CHAIR, MandateRole.VICE_CHAIR, MandateRole.MEMBER})
NEVER_DECIDING = frozenset({MandateRole.CONSULTANT, MandateRole.INVITEE})


def voice_of(role: str) -> Voice:
    """The voice that goes with a role where nobody says otherwise."""
    return Voice.DELIBERATIVE if role in DECIDING else Voice.CONSULTATIVE
