"""References and their files. How they reach the search is in `indexing`, how they are shown in `views`, how they are read in `reading`."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from modelcluster.contrib.taggit import ClusterTaggableManager
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from modelcluster.models import ClusterableModel
from taggit.models import ItemBase
from wagtail.models import Orderable

from kb.accounts import audiences
from kb.accounts.fields import AudiencesField, members_only
from kb.directory.models import Organisation
from kb.files.models import StoredFile
from kb.groups.models import Body
from kb.languages import LANGUAGES
from kb.library.choices import CreatorRole, Force, PublishReason, ReferenceState, ReferenceType
from kb.pages.texts import Texts, TranslatedText
from kb.vocabulary.models import Concept, Keyword


class MarkCounter(models.Model):
    """The last number given to a body in a year; a number is never given twice, not even after a deletion."""

    body = models.ForeignKey(Body, on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["body", "year"], name="library_markcounter_once")]


class ReferenceKeyword(ItemBase):
    tag = models.ForeignKey(Keyword, on_delete=models.CASCADE, related_name="references")
    content_object = ParentalKey("library.Reference", on_delete=models.CASCADE, related_name="keyword_items")


class Reference(ClusterableModel):
    """A catalogue card. `mark` ("PA 2012/147") is its permanent name; its own title and language are as printed on the document.

    date_text keeps its precision: "2010", "2010-05", "2010-05-21".
    """

    body = models.ForeignKey(Body, verbose_name=_("body that feeds it"), on_delete=models.PROTECT, related_name="references")
    mark_year = models.PositiveSmallIntegerField(_("year of the shelf mark"), editable=False)
    mark_number = models.PositiveIntegerField(_("number of the shelf mark"), editable=False)
    type = models.CharField(_("type"), max_length=20, choices=ReferenceType.choices, default=ReferenceType.REPORT)
    title = models.CharField(_("title"), max_length=500)
    subtitle = models.CharField(_("subtitle"), max_length=500, blank=True)
    language = models.CharField(_("language of the title"), max_length=2, choices=list(LANGUAGES.items()), default="fr")
    translated_titles = TranslatedText(_("title in the other languages"), blank=True)
    abstract = TranslatedText(_("summary"), blank=True, multiline=True)
    publisher = models.CharField(_("publisher"), max_length=255, blank=True)
    container_title = models.CharField(_("journal or book it is in"), max_length=255, blank=True)
    date_text = models.CharField(
        _("date"),
        max_length=10,
        blank=True,
        validators=[
            RegexValidator(
                r"^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$",
                _("Write the year, or year-month, or year-month-day: 2010, 2010-05, 2010-05-21."),
            )
        ],
        help_text=_("As precise as is known: 2010, 2010-05 or 2010-05-21."),
    )
    year = models.PositiveSmallIntegerField(null=True, blank=True, editable=False, db_index=True)
    pages = models.CharField(_("pages"), max_length=40, blank=True, help_text=_("Number of pages, or from–to in a journal."))
    url = models.URLField(_("web address"), max_length=500, blank=True)
    doi = models.CharField("DOI", max_length=200, blank=True, db_index=True)
    isbn = models.CharField("ISBN", max_length=20, blank=True, db_index=True)
    concepts = ParentalManyToManyField(Concept, verbose_name=_("concepts"), blank=True, related_name="references")
    keywords = ClusterTaggableManager(through=ReferenceKeyword, verbose_name=_("keywords"), blank=True)
    force = models.CharField(_("still in force"), max_length=12, choices=Force.choices, blank=True, default=Force.UNKNOWN)
    superseded_by = models.ForeignKey(
        "self", verbose_name=_("superseded by"), null=True, blank=True, on_delete=models.SET_NULL, related_name="supersedes"
    )
    source = models.CharField(_("where it came from"), max_length=255, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=ReferenceState.choices, default=ReferenceState.DRAFT, db_index=True)
    state_reason = models.CharField(_("a word of reason"), max_length=500, blank=True)
    own_production = models.ForeignKey(
        Body, verbose_name=_("the coordination's own work, by"), null=True, blank=True, on_delete=models.PROTECT, related_name="own_productions"
    )
    audiences = AudiencesField(_("who may see the notice"), default=members_only)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("contributed by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="references",
        editable=False,
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    accepted_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("reference")
        verbose_name_plural = _("references")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["body", "mark_year", "mark_number"], name="library_reference_mark_once")]
        indexes = [models.Index(fields=["title"]), models.Index(fields=["state", "-id"])]

    def __str__(self) -> str:
        return f"{self.mark} {self.title}" if self.mark_number else self.title

    @property
    def mark(self) -> str:
        """The shelf mark as printed: "PA 2012/147"."""
        return f"{self.body.code} {self.mark_year}/{self.mark_number}"

    @property
    def mark_slug(self) -> str:
        """The shelf mark as it stands in an address: "PA-2012-147"."""
        return f"{self.body.code}-{self.mark_year}-{self.mark_number}"

    @property
    def effective_audiences(self) -> frozenset[str]:
        """Who may see the notice now: its audiences once accepted, else its author alone (editors always may)."""
        if self.state == ReferenceState.ACCEPTED:
            return frozenset(self.audiences)
        return frozenset({audiences.person(self.created_by_id)}) if self.created_by_id else frozenset({audiences.STAFF})

    def all_titles(self) -> Texts:
        """Titles by language, the document's own as source."""
        return Texts({**self.translated_titles, self.language: self.title, "source": self.language})


class Creator(Orderable):
    """A name on the title page, in order; never an account. `name` is as printed: an organisation, or "Family, Given"."""

    reference = ParentalKey(Reference, on_delete=models.CASCADE, related_name="creators")
    name = models.CharField(_("name"), max_length=255)
    is_organisation = models.BooleanField(_("is an organisation"), default=True)
    organisation = models.ForeignKey(
        Organisation, verbose_name=_("organisation of the directory"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    role = models.CharField(_("role"), max_length=20, choices=CreatorRole.choices, default=CreatorRole.AUTHOR)

    class Meta(Orderable.Meta):
        verbose_name = _("creator")
        verbose_name_plural = _("creators")

    def __str__(self) -> str:
        return self.name


class ReferenceFile(Orderable):
    """A file of a reference. `number` from 1 is in its address and never reused; its audiences are never wider than the notice's."""

    reference = ParentalKey(Reference, on_delete=models.CASCADE, related_name="files")
    stored_file = models.OneToOneField(StoredFile, on_delete=models.PROTECT, related_name="reference_file", editable=False)
    number = models.PositiveIntegerField(editable=False)
    title = models.CharField(_("title of the file"), max_length=255, blank=True)
    language = models.CharField(_("language"), max_length=2, choices=list(LANGUAGES.items()), blank=True, help_text=_("Empty: as found in its text."))
    audiences = AudiencesField(_("who may open the file"), default=members_only)
    publish_reason = models.CharField(_("why we may publish it"), max_length=15, choices=PublishReason.choices, default=PublishReason.UNKNOWN)
    permission_date = models.DateField(_("permission given on"), null=True, blank=True)

    class Meta(Orderable.Meta):
        verbose_name = _("file")
        verbose_name_plural = _("files")
        constraints = [models.UniqueConstraint(fields=["reference", "number"], name="library_referencefile_number_once")]

    def __str__(self) -> str:
        return self.title or str(self.stored_file_id)

    @property
    def effective_audiences(self) -> frozenset[str]:
        """Who may open the file now: what was chosen, narrowed to who may see the notice; members at most while the right to publish is not known."""
        wanted = audiences.narrowed(self.audiences, self.reference.effective_audiences)
        if self.reference.state != ReferenceState.ACCEPTED:
            return self.reference.effective_audiences
        if self.publish_reason == PublishReason.UNKNOWN and audiences.PUBLIC in wanted:
            wanted = (wanted - {audiences.PUBLIC}) | {audiences.MEMBERS}
        return wanted

    def clean(self) -> None:
        super().clean()
        if self.publish_reason == PublishReason.UNKNOWN and audiences.PUBLIC in (self.audiences or []):
            raise ValidationError({"audiences": _("Say why we may publish this file before opening it to everyone; until then choose the members.")})
        if self.publish_reason == PublishReason.PERMISSION and not self.permission_date:
            raise ValidationError({"permission_date": _("Give the date of the permission.")})
