"""The one form of personal data: saying once more that an account is to be erased."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class ConfirmErasureForm(forms.Form):
    confirmed = forms.BooleanField(
        label=_("Yes, erase this account. I know that nobody can bring it back."),
        error_messages={"required": _("Tick the box first: what is erased cannot be brought back.")},
    )
