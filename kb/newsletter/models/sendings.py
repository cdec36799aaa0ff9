"""What happens to an issue once it is approved: one sending, one delivery a subscriber, what came back."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from kb.languages import LANGUAGES
from kb.newsletter.choices import DeliveryState, SendingState, Trouble
from kb.newsletter.models.issues import Issue
from kb.newsletter.models.subscribers import Subscriber, new_key


class Sending(models.Model):
    """The one sending of an issue, bound to the revision that was approved. rate: messages per minute, 0 for as fast as
    the server takes them.

    Deliveries are written for subscribers by id, up to `prepared_until` so far; `is_prepared` when all have theirs.
    trouble: why it waits or stopped by itself, with what the server said in `note`; troubles: how many times in a row,
    which makes the pauses grow.
    """

    issue = models.OneToOneField(Issue, on_delete=models.PROTECT, related_name="sending")
    revision = models.ForeignKey("wagtailcore.Revision", on_delete=models.PROTECT, related_name="+")
    state = models.CharField(
        _("state"), max_length=12, choices=SendingState.choices, default=SendingState.SCHEDULED, db_index=True
    )
    starts_at = models.DateTimeField(_("not before"))
    rate = models.PositiveIntegerField(_("messages a minute"), default=0)
    prepared_until = models.BigIntegerField(default=0, editable=False)
    is_prepared = models.BooleanField(default=False, editable=False)
    next_batch_at = models.DateTimeField(null=True, blank=True, editable=False)
    started_at = models.DateTimeField(null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)
    trouble = models.CharField(max_length=12, choices=Trouble.choices, blank=True, editable=False)
    troubles = models.PositiveSmallIntegerField(default=0, editable=False)
    note = models.CharField(max_length=500, blank=True, editable=False)
    resumed_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("sending")
        verbose_name_plural = _("sendings")


class Delivery(models.Model):
    """One message to one subscriber. key makes its Message-ID and its envelope sender, the same at each try; the
    address is the subscriber's.

    An erased subscriber leaves the row without anybody, so that counts stay true. is_held: refused for good while the
    server has accepted
    nothing since: it counts toward the subscriber's "not now" only once something is accepted, for until then the
    server may refuse everybody.
    """

    sending = models.ForeignKey(Sending, on_delete=models.CASCADE, related_name="deliveries")
    subscriber = models.ForeignKey(Subscriber, null=True, on_delete=models.SET_NULL, related_name="deliveries")
    language = models.CharField(max_length=2, choices=list(LANGUAGES.items()))
    key = models.CharField(max_length=32, unique=True, default=new_key)
    state = models.CharField(_("state"), max_length=10, choices=DeliveryState.choices, default=DeliveryState.WAITING)
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0)
    next_attempt_at = models.DateTimeField()
    claimed_until = models.DateTimeField(null=True, blank=True)
    error = models.CharField(_("what the mail server said"), max_length=500, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    is_held = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["sending", "subscriber"], name="newsletter_delivery_once")]
        indexes = [models.Index(fields=["sending", "state", "next_attempt_at"])]


class Bounce(models.Model):
    """A message that came back, or a service's word of it, counted once: message_hash is of its Message-ID or event id.

    It keeps no address.
    """

    message_hash = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=20)
    status = models.CharField(max_length=12, blank=True)
    delivery = models.ForeignKey(Delivery, null=True, blank=True, on_delete=models.SET_NULL, related_name="bounces")
    at = models.DateTimeField(auto_now_add=True)
