"""What the clock remembers: when each due function last ran, which workers are alive, what was sent to whom, what is
still to be told.

The functions themselves are in `registry`, running them in `worker.running`, the worker in `worker.working`, what a
dead one left in `recovering`.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kb.clock.choices import MailState


class LastRun(models.Model):
    """The last run of a due function, and who is running it now (`holder`, until `leased_until`; a dead holder's lease
    runs out by itself).
    """

    name = models.CharField(max_length=80, primary_key=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    ok = models.BooleanField(default=True)
    message = models.CharField(max_length=500, blank=True)
    holder = models.CharField(max_length=120, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("last run")
        verbose_name_plural = _("last runs")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class WorkerBeat(models.Model):
    """A worker process and the moment it last said that it is alive; `stopped_at` when it ended in good order."""

    worker_id = models.CharField(max_length=40, primary_key=True)
    host = models.CharField(max_length=120)
    process_id = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField(db_index=True)
    stopped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("worker")
        verbose_name_plural = _("workers")
        ordering = ["-beat_at"]

    def __str__(self) -> str:
        return f"{self.worker_id} ({self.host} {self.process_id})"


class OutgoingMail(models.Model):
    """One message to one address. `sealed` is the whole message, encrypted, and is emptied once it is sent: only its
    kind and subject stay.

    kind: "accounts.invitation". error: what the mail server answered. attempts counts tries; the next is due at
    next_attempt_at.
    claimed_until: somebody is sending it until then at most; one whose sender died is due again afterwards.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    address = models.EmailField(_("to"))
    kind = models.CharField(_("kind"), max_length=60, blank=True)
    subject = models.CharField(_("subject"), max_length=255, blank=True)
    sealed = models.BinaryField(default=bytes, blank=True, editable=False)
    message_id = models.CharField(max_length=255, blank=True, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=MailState.choices, default=MailState.WAITING)
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    claimed_until = models.DateTimeField(null=True, blank=True, editable=False)
    error = models.CharField(_("what the mail server said"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("written on"), default=timezone.now)
    sent_at = models.DateTimeField(_("sent on"), null=True, blank=True)

    class Meta:
        verbose_name = _("message sent by the site")
        verbose_name_plural = _("messages sent by the site")
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "next_attempt_at"]), models.Index(fields=["state", "-id"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Notice(models.Model):
    """Something happened that a person is told in their next message. Its words are made then, for what they may see
    then.

    subject: "library.reference:17". sent_at is also set when nothing was left to say.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=60)
    subject = models.CharField(max_length=100)
    detail = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["id"]
        indexes = [models.Index(fields=["sent_at", "user"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class DigestMark(models.Model):
    """When we last looked what there is to tell a person, and which waiting things they were told of then.

    waiting: {name of the list: {"total": 3, "urls": ["/fr/…"]}}, as in their last message (less what went since).
    told_at: when that was.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="digest_mark"
    )
    looked_at = models.DateTimeField()
    waiting = models.JSONField(default=dict, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("mark of a gathered message")
        verbose_name_plural = _("marks of gathered messages")

    def __str__(self) -> str:
        return f"{self.user_id}"
