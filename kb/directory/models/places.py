"""Where organisations and services receive people, and when."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel

from kb.directory.choices import Weekday
from kb.directory.models.organisations import KIND, Organisation, RunningQuerySet, Service
from kb.pages.texts import TranslatedText
from search.recording import Recorded


class Place(Recorded, ClusterableModel):
    """Where an organisation, or one of its services, receives people.

    Street and municipality have a name in each language. Degrees, WGS 84.
    """

    organisation = models.ForeignKey(
        Organisation, verbose_name=_("organisation"), on_delete=models.CASCADE, related_name="places"
    )
    service = models.ForeignKey(
        Service,
        verbose_name=_("service"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="places",
        help_text=_("Empty: the whole organisation."),
    )
    code = models.SlugField(_("code"), max_length=80)
    name = models.CharField(_("name of the place"), max_length=200, blank=True)
    street = TranslatedText(_("street"), blank=True)
    house_number = models.CharField(_("number"), max_length=20, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=10, blank=True)
    municipality = TranslatedText(_("municipality"), blank=True)
    access = TranslatedText(_("how to get in"), blank=True, help_text=_("Floor, bell, tram, lift."))
    latitude = models.DecimalField(
        _("latitude"),
        max_digits=8,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(-90), MaxValueValidator(90)],
    )
    longitude = models.DecimalField(
        _("longitude"),
        max_digits=9,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(-180), MaxValueValidator(180)],
    )
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail address"), blank=True)
    sort_order = models.PositiveIntegerField(_("order"), default=0)

    search_kind = KIND
    subject_path = "organisation_id"
    rights = ("organisation_id", "service_id")

    class Meta:
        verbose_name = _("place")
        verbose_name_plural = _("places")
        ordering = ["organisation", "sort_order", "code"]
        constraints = [models.UniqueConstraint(fields=["organisation", "code"], name="directory_place_code_once")]

    def __str__(self) -> str:
        return self.name or " ".join(part for part in (str(self.street), self.house_number) if part) or self.code

    def clean(self) -> None:
        if self.service and self.organisation_id and self.service.organisation_id != self.organisation_id:
            raise ValidationError({"service": _("This service belongs to another organisation.")})
        if (self.latitude is None) != (self.longitude is None):
            raise ValidationError({"latitude": _("Give both the latitude and the longitude, or neither.")})

    def address(self, language: str = "") -> str:
        """In one line, in a language: "Rue de l’Exemple 12, 1030 Schaerbeek"; "" when no street is known."""
        street, town = (str(text.shown(language or None)) for text in (self.street, self.municipality))
        lines = (
            " ".join(part for part in pair if part) for pair in ((street, self.house_number), (self.postal_code, town))
        )
        return ", ".join(line for line in lines if line) if street else ""


class OpeningHours(models.Model):
    """One stretch of one day; several on a day are several rows. Without times: by appointment that day. Local time."""

    place = ParentalKey(Place, on_delete=models.CASCADE, related_name="hours")
    weekday = models.PositiveSmallIntegerField(_("day"), choices=Weekday.choices)
    opens = models.TimeField(_("from"), null=True, blank=True)
    closes = models.TimeField(_("until"), null=True, blank=True)
    by_appointment = models.BooleanField(_("by appointment"), default=False)

    class Meta:
        verbose_name = _("opening hours")
        verbose_name_plural = _("opening hours")
        ordering = ["weekday", "opens"]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens or ''}–{self.closes or ''}"

    def clean(self) -> None:
        if (self.opens is None) != (self.closes is None):
            raise ValidationError(
                {
                    "closes" if self.closes is None else "opens": _(
                        "Give both the opening and the closing time, or neither."
                    )
                }
            )
        if self.opens is None and not self.by_appointment:
            raise ValidationError({"opens": _("Give the times, or tick “by appointment”.")})
        if self.opens is not None and self.closes is not None and self.closes <= self.opens:
            raise ValidationError({"closes": _("It would close before it opens. Correct one of the two times.")})


class Closure(models.Model):
    """A place is closed from a day to a day, both included."""

    place = ParentalKey(Place, on_delete=models.CASCADE, related_name="closures")
    since = models.DateField(_("since"))
    until = models.DateField(_("until"))
    reason = TranslatedText(_("reason"), blank=True)

    objects = RunningQuerySet.as_manager()

    class Meta:
        verbose_name = _("temporary closure")
        verbose_name_plural = _("temporary closures")
        ordering = ["since"]

    def __str__(self) -> str:
        return f"{self.since} – {self.until}"

    def clean(self) -> None:
        if self.since and self.until and self.until < self.since:
            raise ValidationError({"until": _("The closure would end before it begins. Choose a later day.")})
