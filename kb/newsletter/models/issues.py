"""One record an issue, in three languages; its web pages, its mail and its feed are views of it.

What becomes of it is in `sendings`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.contrib.contenttypes.fields import GenericRelation
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel, model_from_serializable_data
from wagtail.contrib.settings.models import BaseGenericSetting
from wagtail.models import DraftStateMixin, LockableMixin, Orderable, PreviewableMixin, RevisionMixin, WorkflowMixin

from kb.newsletter.choices import OwnHeading
from kb.newsletter.models import gate
from kb.pages.texts import TranslatedText
from search.recording import Recorded, RecordingQuerySet
from search.registries import Registry
from search.registry import Opened, open_to

KIND = "newsletter.issue"

Preview = Callable[[HttpRequest, "Issue"], HttpResponse]

PREVIEWS: Registry[tuple[str | Promise, str | Promise, Preview]] = Registry()


def register_preview(mode: str, label: str | Promise, language: str | Promise, show: Preview) -> None:
    """Adds a way of looking at an issue that is being written; label holds %(language)s.
    Called when the site starts.
    """
    PREVIEWS.register(mode, (label, language, show))


class IssueQuerySet(RecordingQuerySet):
    """Changes of many issues also reach the search, and none is public without an agreement (`gating`)."""

    def public(self) -> IssueQuerySet:
        """What everyone may read: approved issues."""
        return self.filter(live=True)

    def update(self, **values) -> int:
        with transaction.atomic():
            gate.check_updated(self, values)
            return super().update(**values)

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_create(self, objs, *args, **options):
        objs = list(objs)
        if any(issue.live for issue in objs):
            raise ValidationError(gate.ONE_BY_ONE)
        return super().bulk_create(objs, *args, **options)

    def bulk_update(self, objs, fields, *args, **options):
        objs = list(objs)
        gate.check_updated(self.filter(pk__in=[issue.pk for issue in objs]), dict.fromkeys(fields))
        return super().bulk_update(objs, fields, *args, **options)


class Issue(Recorded, PreviewableMixin, WorkflowMixin, DraftStateMixin, LockableMixin, RevisionMixin, ClusterableModel):
    """An issue of L'Échos-CASS. What the row holds is the approved revision once it is live; what is being written is
    its latest revision.

    The lead story is a title, a text and a link (to something of the site by `lead_subject`, else `lead_url`); then
    items in their order.
    """

    number = models.PositiveIntegerField(_("number"), unique=True)
    date = models.DateField(_("date"), db_index=True)
    title = TranslatedText(_("title of the lead story"))
    lead = TranslatedText(_("text of the lead story"), blank=True, multiline=True)
    lead_subject = models.CharField(_("what the lead story leads to"), max_length=80, blank=True)
    lead_url = models.URLField(_("or an address elsewhere"), max_length=500, blank=True)
    lead_link_words = TranslatedText(_("words on the button"), blank=True)
    gathered_until = models.DateTimeField(null=True, blank=True, editable=False)
    # A draft is not live before it is approved: the mixin's own default is the other way round.
    live = models.BooleanField(verbose_name=_("live"), default=False, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    _revisions = GenericRelation("wagtailcore.Revision", related_query_name="newsletter_issue")
    _workflow_states = GenericRelation(
        "wagtailcore.WorkflowState",
        content_type_field="base_content_type",
        object_id_field="object_id",
        related_query_name="newsletter_issue",
        for_concrete_model=False,
    )

    search_kind = KIND
    rights = ("live", "lead_subject")
    objects = IssueQuerySet.as_manager()

    class Meta:
        verbose_name = _("issue of L'Échos-CASS")
        verbose_name_plural = _("issues of L'Échos-CASS")
        ordering = ["-number"]

    def __str__(self) -> str:
        return str(_("No. %(number)s") % {"number": self.number}) if not self.title else f"{self.number}. {self.title}"

    @property
    def revisions(self):
        return self._revisions

    def get_absolute_url(self) -> str:
        """Its page in the language of the moment; there for readers once it is live."""
        return reverse("newsletter:issue", args=[self.number])

    @property
    def preview_modes(self) -> list[tuple[str, str]]:
        return [(mode, str(PREVIEWS[mode][0]) % {"language": PREVIEWS[mode][1]}) for mode in PREVIEWS.names()]

    def serve_preview(self, request, mode_name) -> HttpResponse:
        """An unknown mode gives the default one."""
        return PREVIEWS[mode_name if mode_name in PREVIEWS else self.default_preview_mode][2](request, self)

    def with_content_json(self, content):
        """An older version keeps the moment until which the record was gathered, so that nothing is gathered twice."""
        issue = super().with_content_json(content)
        issue.gathered_until = self.gathered_until
        return issue

    def save(self, *args, **options) -> None:
        """Raises ValidationError when it would be public as anything but what was agreed to."""
        with transaction.atomic():
            gate.check_saved(self, options.get("update_fields"))
            with gate.writing():
                super().save(*args, **options)

    def _opened_before(
        self, subjects: Sequence[str], stored: Mapping[str, Any], written: Sequence[str]
    ) -> dict[str, Opened]:
        return open_to(subjects)  # whatever is written: its items are saved with it

    def publish(self, revision, *args, **options):
        """Raises ValidationError when nobody agreed to this revision."""
        with transaction.atomic():
            gate.check_published(self, revision)
            return super().publish(revision, *args, **options)

    def save_revision(self, *args, overwrite_revision=None, **options):
        """A revision is never written over: it may be the one that was agreed to, or is being sent."""
        return super().save_revision(*args, **options)


class ItemQuerySet(models.QuerySet):
    """Items of a public issue change with it only, when another revision of it was agreed to."""

    def _check(self) -> None:
        if not gate.is_writing() and self.order_by().filter(issue__live=True).exists():
            raise ValidationError(gate.ONE_BY_ONE)

    def update(self, **values) -> int:
        self._check()
        return super().update(**values)

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_create(self, objs, *args, **options):
        objs = list(objs)
        if Issue.objects.filter(pk__in={item.issue_id for item in objs}, live=True).exists():
            raise ValidationError(gate.ONE_BY_ONE)
        return super().bulk_create(objs, *args, **options)

    def delete(self) -> tuple[int, dict[str, int]]:
        self._check()
        return super().delete()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]


class IssueItem(Orderable):
    """A brief: of the editors (heading "own.…"), or drawn from something public (subject "library.reference:17",
    heading its source's code).

    Words are copied when they are gathered, so that what was approved is what is sent; whether the thing is still
    public is asked each time.
    """

    issue = ParentalKey(Issue, on_delete=models.CASCADE, related_name="items")
    heading = models.CharField(_("heading"), max_length=60, default=OwnHeading.PARTNERS)
    subject = models.CharField(max_length=80, blank=True, db_index=True, editable=True)
    title = TranslatedText(_("title"))
    text = TranslatedText(_("text"), blank=True, multiline=True)
    url = models.URLField(
        _("address"), max_length=500, blank=True, help_text=_("For an item of your own: where it leads.")
    )

    objects = ItemQuerySet.as_manager()

    class Meta(Orderable.Meta):
        verbose_name = _("item")
        verbose_name_plural = _("items")

    def __str__(self) -> str:
        return str(self.title)

    def clean(self) -> None:
        super().clean()
        if self.subject and self.url:
            raise ValidationError(
                {"url": _("This item leads to its page on the site already: leave the address empty.")}
            )

    @classmethod
    def from_serializable_data(cls, data, check_fks=True, strict_fks=False) -> IssueItem:
        """Its issue is the one whose version is read, so nobody asks whether it exists:
        once for each item otherwise.
        """
        return model_from_serializable_data(cls, data, check_fks=False)

    def save(self, *args, **options) -> None:
        self._check()
        super().save(*args, **options)

    def delete(self, *args, **options):
        self._check()
        return super().delete(*args, **options)

    def _check(self) -> None:
        if not gate.is_writing() and Issue.objects.filter(pk=self.issue_id, live=True).exists():
            raise ValidationError(gate.ONE_BY_ONE)


class NewsletterSettings(BaseGenericSetting):
    """The rhythm the editors gave themselves."""

    every_weeks = models.PositiveSmallIntegerField(
        _("weeks between two issues"), default=4, validators=[MinValueValidator(1), MaxValueValidator(52)]
    )
    remind_days = models.PositiveSmallIntegerField(
        _("days before the proposed date on which editors are reminded"), default=7, validators=[MaxValueValidator(60)]
    )

    class Meta:
        verbose_name = _("rhythm of L'Échos-CASS")
