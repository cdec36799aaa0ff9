"""Who may answer a question, by which link, and what was answered."""

from __future__ import annotations

import hashlib
import secrets

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kb.decisions.choices import Choice, Way, Weight
from kb.decisions.models.decisions import Decision, Seat
from kb.groups.choices import SideName, Standing, Voice
from kb.groups.models import Mandate, running_on


def new_token() -> str:
    """128 bits, as they stand in an address."""
    return secrets.token_urlsafe(16)


def hash_of(token: str) -> str:
    """What is kept of a token, from which it cannot be read: 64 hexadecimal digits."""
    return hashlib.sha256(f"decisions.link:{token}".encode()).hexdigest()


class BallotQuerySet(models.QuerySet["Ballot"]):
    def answering(self) -> BallotQuerySet:
        """Those that may answer at this moment, and whose person is written to: the mandate runs, is this person's, of
        this body, with the voice and on the side that the ballot was given for, and the account is active.
        `Ballot.may_answer` in SQL.
        """
        of_its_seat = Q(mandate__voice=Voice.DELIBERATIVE, mandate__side=F("side"))
        return self.filter(
            ~Q(voice=Voice.DELIBERATIVE) | Q(side="") | of_its_seat,
            running_on(timezone.localdate(), "mandate__"),
            user__is_active=True,
            mandate__user=F("user"),
            mandate__body=F("decision__body"),
        )


class Ballot(models.Model):
    """The right of one mandate to answer one question, and its link. Side, voice and standing are copied when the
    question is put, and again where the mandate is another before it has voted.

    user: None once the account is erased. word: of an objection.
    """

    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="ballots")
    mandate = models.ForeignKey(Mandate, null=True, on_delete=models.SET_NULL, related_name="ballots")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="ballots")
    side = models.CharField(max_length=12, choices=SideName.choices, blank=True)
    voice = models.CharField(max_length=12, choices=Voice.choices)
    standing = models.CharField(max_length=10, choices=Standing.choices)
    made_at = models.DateTimeField(default=timezone.now)
    reminded_at = models.DateTimeField(null=True, blank=True)
    declined_at = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    objected_at = models.DateTimeField(null=True, blank=True)
    word = models.CharField(max_length=1000, blank=True)

    objects = BallotQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["decision", "mandate", "user"], name="decisions_ballot_once")]

    def __str__(self) -> str:
        return f"{self.decision_id} {self.get_side_display()}"

    @property
    def counts(self) -> bool:
        """Whether its voice is counted, of a side that has seats."""
        return self.voice == Voice.DELIBERATIVE and bool(self.side)

    @property
    def may_answer(self) -> bool:
        """Whether it may answer at this moment, as the rows stand here: `BallotQuerySet.answering` of one."""
        mandate, user = self.mandate, self.user
        if mandate is None or not mandate.is_running or user is None or not user.is_active:
            return False
        if mandate.user_id != user.pk or mandate.body_id != self.decision.body_id:
            return False
        return not self.counts or (mandate.voice == Voice.DELIBERATIVE and mandate.side == self.side)

    @property
    def may_deny(self) -> bool:
        """Whether its person may say that its vote was not theirs: they may answer, or sit on that side of the body by
        another mandate now. One query where they may not answer.
        """
        user = self.user
        if self.may_answer or user is None or not user.is_active or not self.counts:
            return self.may_answer
        sitting = Mandate.objects.running().filter(user=user, body=self.decision.body_id, side=self.side)
        return sitting.filter(voice=Voice.DELIBERATIVE).exists()


class Link(models.Model):
    """A link to a ballot, of which only the hash is kept. Each message has its own; all of a ballot are good until they
    are taken back or the question is long closed.
    """

    ballot = models.ForeignKey(Ballot, on_delete=models.CASCADE, related_name="links")
    token_hash = models.CharField(max_length=64, unique=True)
    sent_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.ballot_id} {self.sent_at:%Y-%m-%d}"


class Vote(models.Model):
    """An answer. One that was changed, replaced or undone stays, as PAST.

    seat: None for a voice that is only noted. undo_hash: of the link "this was not me" in the receipt. by_drafter: cast
    or entered by whoever drafted the question.
    """

    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="votes")
    seat = models.ForeignKey(Seat, null=True, blank=True, on_delete=models.CASCADE, related_name="votes")
    ballot = models.ForeignKey(Ballot, null=True, blank=True, on_delete=models.SET_NULL, related_name="votes")
    choice = models.CharField(_("vote"), max_length=10, choices=Choice.choices)
    word = models.CharField(_("a word, if you wish"), max_length=1000, blank=True)
    weight = models.CharField(max_length=7, choices=Weight.choices, default=Weight.COUNTED)
    way = models.CharField(max_length=10, choices=Way.choices, default=Way.LINK)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    by_drafter = models.BooleanField(default=False)
    cast_at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True, blank=True)
    undo_hash = models.CharField(max_length=64, blank=True, db_index=True)

    class Meta:
        ordering = ["cast_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["seat"], condition=Q(weight=Weight.COUNTED), name="decisions_vote_of_a_seat"
            ),
            models.UniqueConstraint(
                fields=["ballot"], condition=~Q(weight=Weight.PAST), name="decisions_vote_of_a_ballot"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seat or '–'}: {self.get_choice_display()}"
