"""Who receives L'Échos-CASS, what they agreed to and when, and the trace of those who asked to be erased."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from kb.languages import LANGUAGES
from kb.newsletter.choices import ConsentEvent, ConsentSource, SubscriberState


def new_key() -> str:
    """A word of 128 random bits."""
    return secrets.token_urlsafe(16)


class Subscriber(models.Model):
    """An address that asked for the newsletter. email is as typed, email_key the same folded, by which it is unique.

    key stands in the signed links of its messages; it changes with the address, so that links in the old mailbox no
    longer work.
    confirm_hash: SHA-256 of the word in the link that confirms, "" when none is open; new_email: the address that link
    would bring.
    """

    email = models.EmailField(_("address"), max_length=254)
    email_key = models.CharField(max_length=254, unique=True, editable=False)
    language = models.CharField(_("language"), max_length=2, choices=list(LANGUAGES.items()), default="fr")
    state = models.CharField(
        _("state"), max_length=12, choices=SubscriberState.choices, default=SubscriberState.PENDING
    )
    key = models.CharField(max_length=32, unique=True, default=new_key, editable=False)
    confirm_hash = models.CharField(max_length=64, blank=True, editable=False, db_index=True)
    confirm_expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    new_email = models.EmailField(max_length=254, blank=True, editable=False)
    refusals = models.PositiveSmallIntegerField(_("refusals for good"), default=0, editable=False)
    refused_at = models.DateTimeField(null=True, blank=True, editable=False)
    refused_words = models.CharField(max_length=255, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    state_at = models.DateTimeField(_("since"), auto_now_add=True)

    class Meta:
        verbose_name = _("subscriber")
        verbose_name_plural = _("subscribers")
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "id"]), models.Index(fields=["state", "language"])]

    def __str__(self) -> str:
        return self.email


class Consent(models.Model):
    """What a person agreed to or withdrew: when, in which words they read, how it reached us."""

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="consents")
    event = models.CharField(_("what"), max_length=12, choices=ConsentEvent.choices)
    source = models.CharField(_("how"), max_length=12, choices=ConsentSource.choices)
    language = models.CharField(_("language"), max_length=2, choices=list(LANGUAGES.items()))
    wording = models.TextField(_("words they read"), blank=True)
    proof = models.CharField(_("proof"), max_length=500, blank=True)
    given_on = models.DateField(_("day"), null=True, blank=True)
    at = models.DateTimeField(_("recorded"), auto_now_add=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ["id"]


class ErasedAddress(models.Model):
    """A keyed hash of an address whose erasure was asked for,
    so that a list brought in later does not bring the person back.
    """

    hash = models.CharField(max_length=64, unique=True)
    erased_at = models.DateTimeField(auto_now_add=True)
