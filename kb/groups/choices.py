"""Fixed sets of the groups."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class BodyKind(models.TextChoices):
    WORKING_GROUP = "working-group", _("Working group")
    STEERING_COMMITTEE = "steering-committee", _("Steering Committee")
    OFFICE = "office", _("Coordination office")


class MandateRole(models.TextChoices):
    DELIBERATIVE = "deliberative", _("Member with a vote")
    CONSULTANT = "consultant", _("Consultant")
    INVITEE = "invitee", _("Invited, without a vote")
