"""The user: one log-in per person, by e-mail address. Who may see what is in `audiences`; mandates in `kb.groups`."""

from __future__ import annotations

from django.apps import apps
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kb.accounts import addresses
from kb.accounts.choices import DigestFrequency
from kb.accounts.session_rows import UserSession
from kb.languages import LANGUAGES

__all__ = ["Invitation", "KnownPlace", "NamedPlace", "User", "UserSession"]


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **values) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **values)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **values) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **values)

    def get_by_natural_key(self, email: str) -> User:
        return self.get(email__iexact=email)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who can log in. `name` is how colleagues know them; `language` is the one mail and the admin speak.

    session_salt: a new one ends every session of the person. erased_at: the row stays for statistics, without anything
    that says who it was.
    retention_warned_at: when the person was told that an account nobody uses will be erased.
    """

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=150, blank=True)
    language = models.CharField(_("language"), max_length=2, choices=list(LANGUAGES.items()), default="fr")
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(
        _("edits the site"), default=False, help_text=_("May publish and manage everything, after the second factor.")
    )
    date_joined = models.DateTimeField(_("since"), default=timezone.now)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    shares_contact = models.BooleanField(
        _("my groups may see my address and phone"),
        default=False,
        help_text=_("Members see your name; only your own groups would see these."),
    )
    digest_frequency = models.CharField(
        _("messages from the site"), max_length=10, choices=DigestFrequency.choices, default=DigestFrequency.DAILY
    )
    digest_sent_at = models.DateTimeField(null=True, blank=True, editable=False)
    session_salt = models.CharField(max_length=32, blank=True, editable=False)
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)
    retention_warned_at = models.DateTimeField(null=True, blank=True, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []

    objects = UserManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [models.UniqueConstraint(Lower("email"), name="accounts_user_email_without_case")]

    def __str__(self) -> str:
        return self.get_full_name()

    def save(self, *args, update_fields=None, **options) -> None:
        """Keeps beside the row what allauth (the addresses) and Wagtail (the admin's language) want to know of it."""
        self.email = self.email.lower()
        with transaction.atomic():
            super().save(*args, update_fields=update_fields, **options)
            if update_fields is None or "email" in update_fields:
                addresses.keep_main(self)
            if self.is_staff and (update_fields is None or "language" in update_fields):
                self.keep_admin_language()

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session must know to stay open: changes with the password,
        and with the salt when sessions are ended.
        """
        key_salt = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"  # Django's own
        return salted_hmac(
            key_salt, f"{self.password}{self.session_salt}", secret=secret, algorithm="sha256"
        ).hexdigest()

    def keep_admin_language(self) -> None:
        """Wagtail's admin speaks the language of choice."""
        profile, _created = apps.get_model("wagtailusers", "UserProfile").objects.update_or_create(
            user=self, defaults={"preferred_language": self.language}
        )
        self.wagtail_userprofile = profile

    @property
    def shown_name(self) -> str:
        """What other members read. Never the e-mail address: a person without a name has not agreed to show it."""
        if self.name or self.erased_at:
            return self.get_full_name()
        return gettext("an editor") if self.is_staff or self.is_superuser else gettext("a member")

    # Wagtail's admin asks for these two of every user model; where only the person and editors read.
    def get_full_name(self) -> str:
        if self.erased_at:
            return _("erased person %(number)s") % {"number": self.pk}
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.get_full_name()


class KnownPlace(models.Model):
    """A network from which a person logged in, as a keyed hash from which nobody reads it.

    What it is good for is in `sessions.recognising`.
    """

    user = models.ForeignKey(User, verbose_name=_("person"), on_delete=models.CASCADE, related_name="known_places")
    fingerprint = models.CharField(max_length=40)
    last_day = models.DateField(_("last log-in"))

    class Meta:
        verbose_name = _("place of log-ins")
        verbose_name_plural = _("places of log-ins")
        constraints = [models.UniqueConstraint(fields=["user", "fingerprint"], name="accounts_known_place_once")]
        indexes = [models.Index(fields=["last_day"])]

    def __str__(self) -> str:
        return f"{self.user_id} {self.last_day:%Y-%m-%d}"


class Invitation(models.Model):
    """A link that lets a person choose a password and proves the address.

    Only a hash of its token is kept; a newer one replaces the older.
    """

    user = models.ForeignKey(User, verbose_name=_("person"), on_delete=models.CASCADE, related_name="invitations")
    token_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(_("sent on"), default=timezone.now)
    made_by = models.ForeignKey(
        User, verbose_name=_("sent by"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    expires_at = models.DateTimeField(_("good until"))
    used_at = models.DateTimeField(_("used on"), null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-made_at"]
        indexes = [models.Index(fields=["user", "-made_at"])]

    def __str__(self) -> str:
        return f"{self.user_id} {self.made_at:%Y-%m-%d}"

    @property
    def is_open(self) -> bool:
        """Whether its link still works."""
        return self.used_at is None and self.revoked_at is None and timezone.now() < self.expires_at


class NamedPlace(models.Model):
    """A text that may name somebody whose account was erased, until an editor has decided; where, not what it says.

    field: the column; "" for something published, which is edited, never replaced. spans: [start, length, keyed hash]
    of each spelling in that column's text. What is done with them is in `personal_data.places`.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    content_type = models.ForeignKey("contenttypes.ContentType", on_delete=models.CASCADE, related_name="+")
    object_id = models.CharField(max_length=64)
    field = models.CharField(max_length=64, blank=True)
    spans = models.JSONField(default=list)
    found_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("text that may name an erased person")
        verbose_name_plural = _("texts that may name an erased person")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "content_type", "object_id", "field"], name="accounts_named_place_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.content_type_id}:{self.object_id} {self.field}"
