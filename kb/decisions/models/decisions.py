"""A question put to a body, the seats that answer, and the number of the outcome."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kb.accounts import audiences
from kb.decisions.choices import RUNNING, ManifestState, Manner, Outcome, Purpose, State
from kb.decisions.models.manifests import Manifest
from kb.decisions.rule import SideRule
from kb.groups.choices import SideName
from kb.groups.models import Body, Mandate
from kb.groups.numbering import YearCounter
from kb.pages.texts import TranslatedText
from search.recording import Recorded, RecordingQuerySet

KIND = "decisions.decision"
AFTER_ALL_VOTED = timedelta(hours=24)  # time to change one's mind, or to say "this was not me"
OBJECTIONS = timedelta(hours=48)  # to what a meeting decided


class DecisionQuerySet(RecordingQuerySet):
    def with_number(self, code: str, year: int, number: int) -> DecisionQuerySet:
        return self.filter(body__code=code, year=year, number=number)

    def seen_by(self, held: Collection[str]) -> DecisionQuerySet:
        """Those whose question and outcome a reader who holds `held` may see: `Decision.effective_audiences` in SQL."""
        if audiences.STAFF in held:
            return self
        bodies = audiences.named(held, audiences.body(""))
        return self.filter(
            Q(state=State.CLOSED, outcome=Outcome.AGREEMENT, is_public=True)
            | Q(body__code__in=bodies)
            | Q(state=State.CLOSED, asked_by__code__in=bodies)
        )

    def due(self, now: datetime) -> DecisionQuerySet:
        """In writing: closing time reached, or every seat voted long enough ago. In a meeting: objections over."""
        writing = Q(state=State.OPEN) & (Q(closes_at__lte=now) | Q(all_voted_at__lte=now - AFTER_ALL_VOTED))
        meeting = Q(state=State.CONFIRMING, entered_at__lte=now - OBJECTIONS)
        return self.filter(writing | meeting)


class Decision(Recorded):
    """A question to a body and, once it is closed, its outcome under a number that never changes ("CP-2013-004").

    rule: {side: {"seats": 4, "quorum": 2}}, copied when the question is put. is_public: a yes whose object is public
    while it holds. disputed_at: a seat said afterwards that a vote was not its own.
    """

    body = models.ForeignKey(
        Body, verbose_name=_("body that decides"), on_delete=models.PROTECT, related_name="decisions"
    )
    purpose = models.CharField(_("what it is about"), max_length=10, choices=Purpose.choices, default=Purpose.PUBLISH)
    manner = models.CharField(_("how"), max_length=10, choices=Manner.choices, default=Manner.WRITING)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    question = TranslatedText(_("question"))
    explanation = TranslatedText(_("explanation"), blank=True, multiline=True)
    asked_by = models.ForeignKey(
        Body,
        verbose_name=_("who asks"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="asked_decisions",
    )
    drafted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="drafted_decisions"
    )
    manifest = models.OneToOneField(
        Manifest, null=True, blank=True, on_delete=models.PROTECT, related_name="decision", editable=False
    )
    withdraws = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="withdrawn_by", editable=False
    )
    held_on = models.DateField(_("day of the meeting"), null=True, blank=True)
    opened_at = models.DateTimeField(default=timezone.now)
    closes_at = models.DateTimeField(_("closes at"), null=True, blank=True)
    entered_at = models.DateTimeField(null=True, blank=True, editable=False)
    all_voted_at = models.DateTimeField(null=True, blank=True, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)
    rule = models.JSONField(default=dict)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome.choices, blank=True)
    year = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    number = models.PositiveIntegerField(null=True, blank=True, editable=False)
    words = TranslatedText(_("words of the outcome"), blank=True, multiline=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    is_public = models.BooleanField(default=False, editable=False)
    disputed_at = models.DateTimeField(null=True, blank=True, editable=False)
    looked_at_by_editor = models.DateTimeField(null=True, blank=True, editable=False)
    looked_at_by_seat = models.DateTimeField(null=True, blank=True, editable=False)

    search_kind = KIND
    rights = ("state", "is_public", "outcome", "asked_by_id", "body_id")
    objects: ClassVar[Any] = DecisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        base_manager_name = "objects"
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["body", "year", "number"], name="decisions_decision_number_once"),
        ]
        indexes = [models.Index(fields=["state", "closes_at"]), models.Index(fields=["body", "-opened_at"])]

    def __str__(self) -> str:
        return f"{self.code} {self.question}" if self.number else str(self.question)

    @property
    def code(self) -> str:
        """The number as it is cited: "CP-2013-004"; "" before there is an outcome."""
        return f"{self.body.code}-{self.year}-{self.number:03d}" if self.number else ""

    @property
    def effective_audiences(self) -> frozenset[str]:
        """Who may see question, outcome and presence (editors always may): everyone while what was agreed to is public;
        else the body, and at the end those who asked.
        """
        if self.state == State.CLOSED and self.outcome == Outcome.AGREEMENT and self.is_public:
            return frozenset({audiences.PUBLIC})
        found = {audiences.body(self.body.code)}
        if self.state == State.CLOSED and self.asked_by:
            found.add(audiences.body(self.asked_by.code))
        return frozenset(found)

    @property
    def rules(self) -> dict[str, SideRule]:
        """The rule in force for this question, by side."""
        return {side: SideRule(one["seats"], one["quorum"]) for side, one in self.rule.items()}

    @property
    def is_running(self) -> bool:
        return self.state in RUNNING

    @property
    def ends_at(self) -> datetime | None:
        """When it closes as things stand now; None for what does not close by time."""
        if self.state == State.CONFIRMING and self.entered_at:
            return self.entered_at + OBJECTIONS
        if self.state != State.OPEN or self.closes_at is None:
            return None
        return min(self.closes_at, self.all_voted_at + AFTER_ALL_VOTED) if self.all_voted_at else self.closes_at

    @property
    def is_in_force(self) -> bool:
        """Whether it says yes and nobody withdrew or disputes it."""
        return (
            self.state == State.CLOSED
            and self.outcome == Outcome.AGREEMENT
            and self.disputed_at is None
            and (self.manifest is None or self.manifest.state == ManifestState.AGREED)
        )

    def give_number(self, year: int) -> None:
        """Once; call it inside a transaction."""
        if self.number is None:
            self.year, self.number = year, DecisionCounter.objects.next_number(self.body, year)


class Seat(models.Model):
    """A seat that may vote on a question, numbered within its side.

    holder: who was named for it; None where the first who vote take the seats of their side.
    """

    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="seats")
    side = models.CharField(_("side"), max_length=12, choices=SideName.choices)
    number = models.PositiveSmallIntegerField(_("seat"))
    holder = models.ForeignKey(Mandate, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["decision", "side", "number"]
        constraints = [models.UniqueConstraint(fields=["decision", "side", "number"], name="decisions_seat_once")]

    def __str__(self) -> str:
        return f"{self.get_side_display()} {self.number}"


class DecisionCounter(YearCounter):
    """Of decisions."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["body", "year"], name="decisions_decisioncounter_once")]
