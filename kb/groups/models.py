"""Bodies and mandates, as far as rights need them; conventions, meetings and decisions have their room here later."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kb.directory.models import Organisation
from kb.groups.choices import BodyKind, MandateRole
from kb.pages.texts import TranslatedText


class Body(models.Model):
    """A working group, the Steering Committee, the office.

    `code` is in shelf marks and audiences and never changes; a successor inherits reading.
    """

    code = models.CharField(
        _("code"),
        max_length=8,
        unique=True,
        validators=[RegexValidator(r"^[A-Z]{2,8}$", _("Two to eight capital letters."))],
    )
    kind = models.CharField(_("kind"), max_length=20, choices=BodyKind.choices, default=BodyKind.WORKING_GROUP)
    name = TranslatedText(_("name"))
    purpose = TranslatedText(_("purpose"), blank=True, multiline=True)
    successor = models.ForeignKey(
        "self",
        verbose_name=_("successor"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="predecessors",
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("body")
        verbose_name_plural = _("bodies")
        ordering = ["code"]

    def __str__(self) -> str:
        return str(self.name)

    def clean(self) -> None:
        """Refuses a changed code (shelf marks and audiences hold it) and a chain of successors that comes back here."""
        if self.pk and type(self).objects.filter(pk=self.pk).exclude(code=self.code).exists():
            raise ValidationError(
                {"code": _("The code is in shelf marks and never changes. Make a new body that succeeds this one.")}
            )
        successors = dict(type(self).objects.values_list("pk", "successor_id"))
        seen, following = {self.pk}, self.successor_id
        while following is not None:
            if following in seen:
                raise ValidationError({"successor": _("A body cannot come after itself. Choose another successor.")})
            seen.add(following)
            following = successors.get(following)


def running_on(day: date, prefix: str = "") -> Q:
    """The condition that a mandate runs that day; `prefix` ("mandates__") when asked from another model."""
    begun = Q(**{f"{prefix}since__isnull": True}) | Q(**{f"{prefix}since__lte": day})
    not_ended = Q(**{f"{prefix}until__isnull": True}) | Q(**{f"{prefix}until__gte": day})
    return begun & not_ended & Q(**{f"{prefix}is_suspended": False})


class MandateQuerySet(models.QuerySet["Mandate"]):
    def running(self, on=None) -> MandateQuerySet:
        """Mandates in force on a day (today unless told): begun, not ended, not suspended."""
        return self.filter(running_on(on or timezone.localdate()))


class Mandate(models.Model):
    """A person sits in a body for an organisation, from a day to a day (both included; empty: open)."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.CASCADE, related_name="mandates"
    )
    body = models.ForeignKey(Body, verbose_name=_("body"), on_delete=models.PROTECT, related_name="mandates")
    organisation = models.ForeignKey(
        Organisation,
        verbose_name=_("organisation"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="mandates",
    )
    role = models.CharField(_("role"), max_length=20, choices=MandateRole.choices, default=MandateRole.DELIBERATIVE)
    is_referent = models.BooleanField(
        _("follows the contributions"),
        default=False,
        help_text=_("Accepts, corrects or sends back what members of the body contribute."),
    )
    since = models.DateField(_("since"), null=True, blank=True)
    until = models.DateField(_("until"), null=True, blank=True)
    is_suspended = models.BooleanField(
        _("suspended"), default=False, help_text=_("For the time being this mandate opens nothing to the person.")
    )

    objects = MandateQuerySet.as_manager()

    class Meta:
        verbose_name = _("mandate")
        verbose_name_plural = _("mandates")
        ordering = ["-id"]
        indexes = [models.Index(fields=["user", "until"]), models.Index(fields=["body", "-id"])]

    def __str__(self) -> str:
        return f"{self.user} – {self.body}"

    def clean(self) -> None:
        if self.since and self.until and self.until < self.since:
            raise ValidationError(
                {"until": _("The mandate would end before it begins. Choose a later day, or leave it empty.")}
            )
