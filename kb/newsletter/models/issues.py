"""One record per issue, in three languages; its web pages, its mail and its feed are views of it.

What becomes of it is in `sendings`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.contrib.contenttypes.fields import GenericRelation
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel, model_from_serializable_data
from wagtail.contrib.settings.models import BaseGenericSetting
from wagtail.models import DraftStateMixin, LockableMixin, Orderable, PreviewableMixin, RevisionMixin, WorkflowMixin

from kb.newsletter.choices import OwnHeading
from kb.newsletter.models.approval import is_approved
from kb.pages.gate import Gate, Gated, GatedPart, GatedPartQuerySet, GatedQuerySet
from kb.pages.texts import TranslatedText
from search.recording import Recorded, RecordingQuerySet
from search.registries import Registry
from search.registry import Opened, open_to

KIND = "newsletter.issue"
GATE = Gate(
    content=("number", "date", "title", "lead", "lead_subject", "lead_url", "lead_link_words"),
    parts={"items": ("heading", "subject", "title", "text", "url")},
    is_approved=is_approved,
    not_scheduled=_(
        "An issue does not become public at an hour: take the dates out. "
        "Its sending can be scheduled once it is approved."
    ),
    one_by_one=_(
        "Public issues are changed one by one: open the issue, save the change as a draft, and have it approved."
    ),
)

Preview = Callable[[HttpRequest, "Issue"], HttpResponse]

PREVIEWS: Registry[tuple[str | Promise, str | Promise, Preview]] = Registry()


def register_preview(mode: str, label: str | Promise, language: str | Promise, show: Preview) -> None:
    """Adds a way of looking at an issue that is being written; label holds %(language)s.
    Called when the site starts.
    """
    PREVIEWS.register(mode, (label, language, show))


class IssueQuerySet(GatedQuerySet, RecordingQuerySet):
    """Changes of many issues also reach the search, and none is public without an agreement."""

    def public(self) -> IssueQuerySet:
        """What everyone may read: approved issues."""
        return self.filter(live=True)


class Issue(
    Gated, Recorded, PreviewableMixin, WorkflowMixin, DraftStateMixin, LockableMixin, RevisionMixin, ClusterableModel
):
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
    gate = GATE
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
        """The address of its page in the language of the moment; readers find a page there once the issue is live."""
        return reverse("newsletter:issue", args=[self.number])

    @property
    def preview_modes(self) -> list[tuple[str, str]]:
        return [(str(mode), str(PREVIEWS[mode][0]) % {"language": PREVIEWS[mode][1]}) for mode in PREVIEWS.names()]

    def serve_preview(self, request, mode_name) -> HttpResponse:
        """An unknown mode gives the default one."""
        return PREVIEWS[mode_name if mode_name in PREVIEWS else self.default_preview_mode][2](request, self)

    def with_content_json(self, content):
        """An older version keeps the moment until which the record was gathered, so that nothing is gathered twice."""
        issue = super().with_content_json(content)
        issue.gathered_until = self.gathered_until
        return issue

    def _opened_before(
        self, subjects: Sequence[str], stored: Mapping[str, Any], written: Sequence[str]
    ) -> dict[str, Opened]:
        return open_to(subjects)  # whatever is written: its items are saved with it


class IssueItem(GatedPart, Orderable):
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

    part_of = "issue"
    objects = GatedPartQuerySet.as_manager()

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
        """Reads an item of a stored version without asking whether its issue exists (it is the one whose version is
        read), which would be a query per item.
        """
        return model_from_serializable_data(cls, data, check_fks=False)


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
