"""Bodies, their sides and seats, and mandates; conventions, meetings and decisions have their room here later.

Body ──► Side (so many seats) ◄── its pool: the mandates of that side ──► a person, for an organisation or a service
"""

from __future__ import annotations

from datetime import date, datetime, time

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel

from kb.clock.notices.digesting import drop_waiting
from kb.directory.choices import OrganisationKind
from kb.directory.models import Organisation, Service
from kb.groups.choices import NEVER_DECIDING, BodyKind, MandateRole, SideName, Standing, Voice, voice_of
from kb.pages.texts import TranslatedText

_SIDES = {
    OrganisationKind.CPAS: SideName.CPAS,
    OrganisationKind.COMMUNE: SideName.COMMUNE,
    OrganisationKind.ASSOCIATION: SideName.ASSOCIATIVE,
}
# Annex 2 of the charter: the centre presides, the associations have the vice-presidency.
_PRESIDENCY = {MandateRole.CHAIR: SideName.CPAS, MandateRole.VICE_CHAIR: SideName.ASSOCIATIVE}


class Body(ClusterableModel):
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


class Side(models.Model):
    """A side of a body: how many seats it has. Who may sit there is its pool: the mandates of the body on that side,
    often more than there are seats.
    """

    body = ParentalKey(Body, on_delete=models.CASCADE, related_name="sides")
    name = models.CharField(_("side"), max_length=12, choices=SideName.choices)
    seats = models.PositiveSmallIntegerField(_("seats"), validators=[MinValueValidator(1), MaxValueValidator(50)])
    quorum = models.PositiveSmallIntegerField(
        _("quorum"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("How many seats must take part for a decision to count. Empty: half of them."),
    )

    class Meta:
        verbose_name = _("side")
        verbose_name_plural = _("sides")
        ordering = ["body", "name"]
        constraints = [models.UniqueConstraint(fields=["body", "name"], name="groups_side_once")]

    def __str__(self) -> str:
        return self.get_name_display()

    @property
    def needed(self) -> int:
        """The quorum in force: half of the seats, rounded up, unless another was set."""
        return self.quorum or (self.seats + 1) // 2

    def clean(self) -> None:
        if self.quorum and self.seats and self.quorum > self.seats:
            raise ValidationError({"quorum": _("There are not so many seats. Choose a smaller number.")})

    def pool(self) -> MandateQuerySet:
        """The mandates that run now on this side."""
        return Mandate.objects.running().filter(body=self.body_id, side=self.name)


def running_on(day: date, prefix: str = "") -> Q:
    """The condition that a mandate runs that day; `prefix` ("mandates__") when asked from another model.

    One that was ended at a moment runs no longer from that moment on; asked of an earlier day, it ran on the day of it.
    """
    moment = timezone.now() if day == timezone.localdate() else timezone.make_aware(datetime.combine(day, time.min))
    begun = Q(**{f"{prefix}since__isnull": True}) | Q(**{f"{prefix}since__lte": day})
    not_ended = Q(**{f"{prefix}until__isnull": True}) | Q(**{f"{prefix}until__gte": day})
    not_stopped = Q(**{f"{prefix}ended_at__isnull": True}) | Q(**{f"{prefix}ended_at__gt": moment})
    return begun & not_ended & not_stopped & Q(**{f"{prefix}is_suspended": False})


class MandateQuerySet(models.QuerySet["Mandate"]):
    def running(self, on=None) -> MandateQuerySet:
        """Mandates in force on a day (today unless told): begun, not ended, not suspended."""
        return self.filter(running_on(on or timezone.localdate()))

    def not_over(self) -> MandateQuerySet:
        """Those that run, that begin later, and that are suspended."""
        return self.filter(
            Q(ended_at__isnull=True) | Q(ended_at__gt=timezone.now()),
            Q(until__isnull=True) | Q(until__gte=timezone.localdate()),
        )


class Mandate(models.Model):
    """A person sits in a body for an organisation or one of its services, from a day to a day (both included; empty:
    open), or until the moment `ended_at`.

    side: of the body; that of the organisation when the mandate began, whatever the organisation is called later; ""
    where it has none. voice: that of the role unless another was chosen. A referent is who follows the contributions,
    whatever their role: a chair may.
    """

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
    service = models.ForeignKey(
        Service,
        verbose_name=_("service"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="mandates",
        help_text=_("Empty: the whole organisation."),
    )
    side = models.CharField(
        _("side"),
        max_length=12,
        choices=SideName.choices,
        blank=True,
        help_text=_("Empty: that of the organisation on the day this is saved first."),
    )
    role = models.CharField(_("role"), max_length=20, choices=MandateRole.choices, default=MandateRole.MEMBER)
    voice = models.CharField(
        _("voice"), max_length=12, choices=Voice.choices, blank=True, help_text=_("Empty: as the role has it.")
    )
    standing = models.CharField(
        _("holder or substitute"), max_length=10, choices=Standing.choices, default=Standing.HOLDER
    )
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
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True, editable=False)

    objects = MandateQuerySet.as_manager()

    class Meta:
        verbose_name = _("mandate")
        verbose_name_plural = _("mandates")
        ordering = ["-id"]
        indexes = [models.Index(fields=["user", "until"]), models.Index(fields=["body", "-id"])]

    def __str__(self) -> str:
        return f"{self.user} – {self.body}"

    def save(self, *args, **options) -> None:
        if self._state.adding and not self.side:
            self.side = self.side_of_organisation()
        if not self.voice:
            self.voice = voice_of(self.role)
        with transaction.atomic():
            super().save(*args, **options)
            if not self.is_running:  # what was written to them by what they could read
                drop_waiting(self.user_id)

    def clean(self) -> None:
        if self.since and self.until and self.until < self.since:
            raise ValidationError(
                {"until": _("The mandate would end before it begins. Choose a later day, or leave it empty.")}
            )
        if self.voice == Voice.DELIBERATIVE and self.role in NEVER_DECIDING:
            raise ValidationError({"voice": _("Consultants and invited people have a consultative voice.")})
        if self.service_id and self.service and self.service.organisation_id != self.organisation_id:
            raise ValidationError({"service": _("This service belongs to another organisation.")})
        self._clean_presidency()

    def _clean_presidency(self) -> None:
        """The chair of a Steering Committee sits for the centre, the vice-chair for the associations."""
        wanted = _PRESIDENCY.get(MandateRole(self.role)) if self.role in MandateRole.values else None
        if wanted is None or self.body_id is None or self.body.kind != BodyKind.STEERING_COMMITTEE:
            return
        side = self.side or self.side_of_organisation()
        if side and side != wanted:
            raise ValidationError(
                {
                    "role": _("In the Steering Committee the %(role)s sits on this side: %(side)s.")
                    % {"role": MandateRole(self.role).label, "side": wanted.label}
                }
            )

    def side_of_organisation(self) -> str:
        """ "" without an organisation, or with one of another kind."""
        return _SIDES.get(OrganisationKind(self.organisation.kind), "") if self.organisation else ""

    def end_now(self) -> None:
        """Every right it gives ends at this moment."""
        now, today = timezone.now(), timezone.localdate()
        self.ended_at = now
        self.until = today if self.until is None or self.until > today else self.until
        if self.since and self.since > today:
            self.until = self.since
        self.save(update_fields=["ended_at", "until"])

    @property
    def is_running(self) -> bool:
        """Whether it opens something at this moment, as the row stands here."""
        today = timezone.localdate()
        return not (
            self.is_suspended
            or (self.since and self.since > today)
            or (self.until and self.until < today)
            or (self.ended_at and self.ended_at <= timezone.now())
        )
