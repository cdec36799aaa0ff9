"""Organisations, their services, and who belongs to the Coordination Sociale since when."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel

from kb.directory.choices import OrganisationKind
from kb.directory.spoken import refuse_unknown
from kb.languages import LANGUAGES
from kb.pages.texts import Texts, TranslatedText
from kb.vocabulary.models import Concept
from search.recording import Recorded, RecordingQuerySet

KIND = "directory.organisation"


def runs_on(day: date) -> Q:
    """The condition that something with `since` and `until` (both included; empty: open) runs that day."""
    return (Q(since__isnull=True) | Q(since__lte=day)) & (Q(until__isnull=True) | Q(until__gte=day))


class RunningQuerySet(models.QuerySet):
    def running(self, on: date | None = None):
        """Those that run on a day, today unless told."""
        return self.filter(runs_on(on or timezone.localdate()))


def check_spoken(codes) -> None:
    """Raises ValidationError for the field `spoken` when a code is not in the table of languages."""
    try:
        refuse_unknown(codes or ())
    except ValidationError as reason:
        raise ValidationError({"spoken": reason.messages}) from reason


class OrganisationQuerySet(RecordingQuerySet):
    def active(self):
        """Those that exist today: only these are listed and found."""
        return self.filter(is_active=True)


class Organisation(Recorded, ClusterableModel):
    """A body that employs or gathers people: the CPAS, the commune, an association. `code` never changes and is in its
    address.

    spoken: ISO 639 codes of the languages spoken there, in order. Nothing here is about a person.
    """

    code = models.SlugField(_("code"), max_length=80, unique=True)
    name = models.CharField(_("name"), max_length=200)
    other_names = TranslatedText(_("name in other languages"), blank=True)
    kind = models.CharField(
        _("kind"), max_length=20, choices=OrganisationKind.choices, default=OrganisationKind.ASSOCIATION
    )
    language_side = models.CharField(_("language side"), max_length=2, choices=list(LANGUAGES.items()), blank=True)
    description = TranslatedText(_("what it does, in one sentence"), blank=True, multiline=True)
    concepts = models.ManyToManyField(Concept, verbose_name=_("themes"), blank=True, related_name="organisations")
    spoken = models.JSONField(_("languages spoken"), default=list, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail address"), blank=True)
    url = models.URLField(_("web page"), max_length=500, blank=True)
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Off: it no longer exists, and is kept for what it made.")
    )
    updated_at = models.DateTimeField(_("last change"), auto_now=True)

    search_kind = KIND
    rights = ("is_active",)
    objects = OrganisationQuerySet.as_manager()

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ["name"]
        indexes = [models.Index(fields=["name"])]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.pk and type(self).objects.filter(pk=self.pk).exclude(code=self.code).exists():
            raise ValidationError(
                {"code": _("The code names this organisation in lists and imports and never changes.")}
            )
        check_spoken(self.spoken)

    @property
    def names(self) -> Texts:
        """Its name in each language it has one in; its own name is in the language of its side,
        French where it has both.
        """
        own = self.language_side or "fr"
        return Texts(
            {
                **{code: text for code, text in self.other_names.items() if code in LANGUAGES},
                own: self.name,
                "source": own,
            }
        )

    def get_absolute_url(self) -> str:
        return reverse("directory:organisation", args=[self.code])


class Service(Recorded, ClusterableModel):
    """Something an organisation does for people: a consultation, a legal helpdesk.

    `code` is unique in its organisation and never changes.
    """

    organisation = models.ForeignKey(
        Organisation, verbose_name=_("organisation"), on_delete=models.CASCADE, related_name="services"
    )
    code = models.SlugField(_("code"), max_length=80)
    name = models.CharField(_("name"), max_length=200)
    other_names = TranslatedText(_("name in other languages"), blank=True)
    description = TranslatedText(_("what it does, in one sentence"), blank=True, multiline=True)
    concepts = models.ManyToManyField(Concept, verbose_name=_("themes"), blank=True, related_name="services")
    publics = TranslatedText(_("for whom"), blank=True)
    conditions = TranslatedText(_("conditions"), blank=True, multiline=True)
    cost = TranslatedText(_("cost"), blank=True)
    spoken = models.JSONField(_("languages spoken"), default=list, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail address"), blank=True)
    url = models.URLField(_("web page"), max_length=500, blank=True)
    sort_order = models.PositiveIntegerField(_("order"), default=0)
    is_active = models.BooleanField(_("active"), default=True)

    search_kind = KIND
    subject_path = "organisation_id"
    rights = ("is_active", "organisation_id")

    class Meta:
        verbose_name = _("service")
        verbose_name_plural = _("services")
        ordering = ["organisation", "sort_order", "name"]
        constraints = [models.UniqueConstraint(fields=["organisation", "code"], name="directory_service_code_once")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.pk and type(self).objects.filter(pk=self.pk).exclude(code=self.code).exists():
            raise ValidationError(
                {"code": _("The code names this service in imports and in addresses and never changes.")}
            )
        check_spoken(self.spoken)

    @property
    def names(self) -> Texts:
        """Like those of its organisation. Asks for the organisation once: fetch it together in lists."""
        own = self.organisation.language_side or "fr"
        return Texts(
            {
                **{code: text for code, text in self.other_names.items() if code in LANGUAGES},
                own: self.name,
                "source": own,
            }
        )

    @property
    def anchor(self) -> str:
        """Where it stands on the page of its organisation."""
        return f"service-{self.code}"


class Membership(models.Model):
    """An organisation, or one of its services, is a member of the Coordination Sociale from a day to a day (both
    included; empty: open).
    """

    organisation = ParentalKey(
        Organisation, verbose_name=_("organisation"), on_delete=models.CASCADE, related_name="memberships"
    )
    service = models.ForeignKey(
        Service,
        verbose_name=_("service"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="memberships",
        help_text=_("Empty: the whole organisation."),
    )
    since = models.DateField(_("since"), null=True, blank=True)
    until = models.DateField(_("until"), null=True, blank=True)

    objects = RunningQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership of the Coordination Sociale")
        verbose_name_plural = _("memberships of the Coordination Sociale")
        ordering = ["organisation", "since"]

    def __str__(self) -> str:
        return f"{self.organisation} {self.since or ''}–{self.until or ''}"

    def clean(self) -> None:
        if self.since and self.until and self.until < self.since:
            raise ValidationError(
                {"until": _("The membership would end before it begins. Choose a later day, or leave it empty.")}
            )
        if self.service and self.organisation_id and self.service.organisation_id != self.organisation_id:
            raise ValidationError({"service": _("This service belongs to another organisation.")})
