"""Forms of log-ins: in Wagtail's user admin (for the editor-in-chief) and an editor's own panel."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from allauth.account import forms as account
from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.mfa.base import forms as mfa
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from cryptography.exceptions import InvalidSignature
from django import forms
from django.contrib.auth import password_validation
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail.users.forms import UserCreationForm, UserEditForm

from kb.accounts import editors, noting
from kb.accounts.addresses import TAKEN, find_person
from kb.accounts.login import admitting
from kb.accounts.models import User
from kb.accounts.reopening import OpensNothingAgain, another, given
from kb.accounts.sessions.ending import end_sessions
from kb.site.limiting import may_write

FIELDS = ("email", "name", "language", "is_staff", "is_superuser")
NOT_HERE = ("first_name", "last_name")
SUPERUSER_HELP = _("Also manages log-ins and the settings of the site.")


class _LogInAdminForm(forms.ModelForm):
    """What adding and changing have in common: our fields, the group of editors kept in step.

    Nobody gives a password here: it is unusable until the person chooses one, by an invitation or a reset.
    """

    def __init__(self, *args, **options) -> None:
        super().__init__(*args, **options)
        for name in NOT_HERE:
            self.fields.pop(name, None)
        if "is_superuser" in self.fields:
            self.fields["is_superuser"].help_text = SUPERUSER_HELP

    def clean_email(self) -> str:
        email = self.cleaned_data["email"].lower()
        owner = find_person(email)
        if owner is not None and owner.pk != self.instance.pk:
            raise forms.ValidationError(TAKEN, code="duplicate_username")
        return email

    def save(self, commit: bool = True) -> User:
        if self.instance.pk is None:
            self.instance.set_unusable_password()
        user = super().save(commit)
        if commit:
            wanted = user.is_staff or user.is_superuser
            (editors.join if wanted else editors.leave)(user)
            if "is_active" in self.changed_data and not user.is_active:
                end_sessions(user)
        return user


class LogInCreationForm(_LogInAdminForm, UserCreationForm):
    class Meta(UserCreationForm.Meta):
        model = User
        fields = FIELDS


class LogInEditForm(OpensNothingAgain, _LogInAdminForm, UserEditForm):
    rights = {"email": another, "is_staff": given, "is_superuser": given, "is_active": given}

    def __init__(self, *args, editing_self: bool = False, **options) -> None:
        super().__init__(*args, editing_self=editing_self, **options)
        if editing_self:
            del self.fields["is_staff"]

    class Meta(UserEditForm.Meta):
        model = User
        fields = (*FIELDS, "is_active")


class OwnPanelForm(forms.ModelForm):
    """Name and language on an editor's own account page."""

    class Meta:
        model = User
        fields = ("name", "language")


# What these are mixed into.
if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    _Form = forms.Form
    _ByKey: TypeAlias = LoginWebAuthnForm
    _WithCode: TypeAlias = mfa.AuthenticateForm
else:
    _Form = object
    _ByKey = object
    _WithCode = object


class _InOurWords(_Form):
    """An allauth form with our labels and help, and without placeholders: the label stays in sight."""

    words: ClassVar[Mapping[str, tuple[StrOrPromise, StrOrPromise]]] = {
        "login": (_("E-mail address"), ""),
        "email": (_("E-mail address"), ""),
        "password": (_("Password"), ""),
        "oldpassword": (_("Present password"), ""),
        "password1": (_("New password"), _("At least twelve characters; a short sentence is easy to remember.")),
        "password2": (_("New password, once more"), ""),
        "code": (_("Code"), ""),
    }

    def __init__(self, *args, **options) -> None:
        super().__init__(*args, **options)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            if name in self.words:
                field.label, field.help_text = self.words[name]


class ArrivalForm(_InOurWords, forms.ModelForm):
    """What an invited person says of themselves: name, language, and the password of their choice."""

    password1 = forms.CharField(strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))
    password2 = forms.CharField(strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))

    class Meta:
        model = User
        fields = ("name", "language")
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "name"})}

    def __init__(self, *args, user: User, **options) -> None:
        # A copy: what is typed must not be on the person before it is accepted.
        super().__init__(*args, instance=copy(user), **options)
        self.fields["name"].required = True
        self.fields["name"].label, self.fields["name"].help_text = (
            _("Your name"),
            _("As your colleagues know you; members see it."),
        )
        self.fields["language"].label = _("Language of the site’s messages to you")
        self.fields["password1"].label, self.fields["password2"].label = _("Password"), _("Password, once more")

    def clean_password1(self) -> str:
        password = self.cleaned_data["password1"]
        password_validation.validate_password(password, self.instance)
        return password

    def clean(self) -> dict:
        super().clean()
        given = self.cleaned_data
        if given.get("password1") and given.get("password2") and given["password1"] != given["password2"]:
            self.add_error("password2", _("The two passwords are not the same. Type them again."))
        return given


class ProfileForm(forms.ModelForm):
    """What a person says of themselves on the page of their account."""

    class Meta:
        model = User
        fields = ("name", "language", "phone", "shares_contact", "digest_frequency")
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "phone": forms.TextInput(attrs={"autocomplete": "tel", "type": "tel"}),
        }
        labels = {
            "name": _("Your name"),
            "language": _("Your language"),
            "phone": _("Phone"),
            "digest_frequency": _("Messages from the site"),
        }
        help_texts = {
            "name": _("As your colleagues know you; members see it."),
            "language": _("Of messages to you, and of the pages you open first."),
        }

    def __init__(self, *args, **options) -> None:
        super().__init__(*args, **options)
        self.fields["name"].required = True

    def save(self, commit: bool = True) -> User:
        """Only these fields: nothing that changed elsewhere meanwhile is put back."""
        self.instance.save(update_fields=self._meta.fields)
        return self.instance


class AddressForm(forms.Form):
    """One more address."""

    email = forms.EmailField(
        label=_("E-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )


# What the parsers of fido2 raise for an answer that no browser gives: parts that lack, are of another kind, or do not
# decode.
MALFORMED = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    IndexError,
    RecursionError,
    struct.error,
    InvalidSignature,
)
ANSWER_UNFIT = _("This passkey does not fit, or took too long. Try once more, or use another way.")


@contextmanager
def answer_of_a_key() -> Iterator[None]:
    """Whatever is wrong with an answer becomes one sentence. Raises ValidationError."""
    try:
        yield
    except forms.ValidationError as refused:
        raise forms.ValidationError(
            ANSWER_UNFIT if refused.code == "incorrect_code" else refused, code=refused.code
        ) from refused
    except MALFORMED as broken:
        raise forms.ValidationError(ANSWER_UNFIT, code="malformed") from broken


def count_factor(person: User) -> None:
    """Raises ValidationError when one more try at the second factor of this person must not be looked at."""
    if admitting.try_factor(context.request, person) is None:
        noting.note("second factor not looked at", person)
        raise get_account_adapter().validation_error("rate_limited")


class AnswerField(forms.JSONField):
    """What the browser says of a key.

    What nests deeper than Python reads, or holds a number longer than it reads, is as unfit as what is no JSON.
    """

    longest = 20_000  # characters; the longest that browsers send have some thousands

    def to_python(self, value: Any) -> Any:
        try:
            if isinstance(value, str) and len(value) > self.longest:
                raise ValueError
            return super().to_python(value)
        except (ValueError, RecursionError) as unfit:
            raise forms.ValidationError(ANSWER_UNFIT, code="malformed") from unfit

    def bound_data(self, data: Any, initial: Any) -> Any:
        """A form that is shown again asks for another answer."""
        return None

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data)


def _answer_field() -> AnswerField:
    return AnswerField(widget=forms.HiddenInput, error_messages={"invalid": ANSWER_UNFIT})


class _ByPasskey(_ByKey):
    def clean_credential(self) -> Authenticator:
        """Counted where the person is known; a log-in by passkey alone names nobody yet: strangers could send answers
        in anybody's name.
        """
        if self.user is not None:
            count_factor(self.user)
        try:
            with answer_of_a_key():
                authenticator = super().clean_credential()
        except forms.ValidationError:
            noting.note("second factor failed", self.user, kind=Authenticator.Type.WEBAUTHN.value)
            raise
        if self.user is not None:
            admitting.forget_factors(context.request, self.user)
        return authenticator


class SitePasskeyLogInForm(_ByPasskey, LoginWebAuthnForm):
    credential = _answer_field()


class SitePasskeyForm(_ByPasskey, AuthenticateWebAuthnForm):
    credential = _answer_field()


class SiteConfirmPasskeyForm(_ByPasskey, ReauthenticateWebAuthnForm):
    credential = _answer_field()


class SiteAddPasskeyForm(AddWebAuthnForm):
    """A passkey with a name by which its owner knows it."""

    credential = _answer_field()
    passwordless = None

    def clean(self) -> dict:
        with answer_of_a_key():
            return super().clean()

    def __init__(self, *args, **options) -> None:
        super().__init__(*args, **options)
        self.fields["name"].label = _("Name of this passkey")
        self.fields["name"].help_text = _("So that you know it again: “my telephone”, “computer at work”.")
        self.fields["name"].max_length = 60
        self.fields["name"].widget.attrs.update(maxlength=60, autocomplete="off")


class SiteRenamePasskeyForm(EditWebAuthnForm):
    def __init__(self, *args, **options) -> None:
        super().__init__(*args, **options)
        self.fields["name"] = forms.CharField(
            label=_("Name of this passkey"),
            max_length=60,
            initial=self.instance.wrap().name,
            widget=forms.TextInput(attrs={"autocomplete": "off"}),
        )


class SiteLogInForm(_InOurWords, account.LoginForm):
    pass


class SiteReauthenticateForm(_InOurWords, account.ReauthenticateForm):
    pass


def _read_like_a_token(email: str) -> None:
    """What making a link reads of a person, for nobody:
    the time of the answer does not say whether there is an account.
    """
    own = EmailAddress.objects.filter(user_id=0)
    own.filter(email__iexact=email).exists()
    list(own.values_list("email", flat=True))


class SiteResetPasswordForm(_InOurWords, account.ResetPasswordForm):
    def clean_email(self) -> str:
        """For whoever the address belongs to; an address that somebody only asked for leads to nobody's account."""
        email = super().clean_email()
        person = find_person(email)
        self.users = [person] if person is not None and person.is_active and person.erased_at is None else []
        return email

    def save(self, request: HttpRequest, **options: Any) -> str:
        """Writes to the address, a few times an hour at most; whoever asks more often is answered alike, after the same
        statements.

        (A message is a row in the transaction of its reason: what is rolled back is not sent.) The links sent before
        still work.
        """
        may = may_write(self.cleaned_data["email"], "password")
        noting.note_address(
            "new password asked", next(iter(self.users), None), self.cleaned_data["email"], sent="yes" if may else "no"
        )
        with transaction.atomic():
            if not self.users:
                _read_like_a_token(self.cleaned_data["email"])
            email = super().save(request, **options)
            transaction.set_rollback(not may)
        return email


class SiteResetPasswordKeyForm(_InOurWords, account.ResetPasswordKeyForm):
    pass


class SiteChangePasswordForm(_InOurWords, account.ChangePasswordForm):
    pass


class SiteSetPasswordForm(_InOurWords, account.SetPasswordForm):
    pass


class _Counted(_WithCode):
    """A code that is tried counts, until one fits."""

    def clean_code(self) -> str:
        count_factor(self.user)
        code = super().clean_code()
        admitting.forget_factors(context.request, self.user)
        return code


class SiteCodeForm(_Counted, _InOurWords, mfa.AuthenticateForm):
    pass


class SiteConfirmCodeForm(_Counted, _InOurWords, mfa.ReauthenticateForm):
    pass


class SiteActivateForm(_InOurWords, ActivateTOTPForm):
    def clean_code(self) -> str:
        count_factor(self.user)
        code = super().clean_code()
        admitting.forget_factors(context.request, self.user)
        return code
