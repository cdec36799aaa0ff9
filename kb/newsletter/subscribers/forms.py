"""Forms of the subscription: signing up, and what is changed by a signed link.

What an address is, is said in `addresses`.
"""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from kb.languages import LANGUAGES, current_language
from kb.newsletter.message.addresses import clean_address

NEEDED = _("Write the address to which the newsletter is to be sent.")


class AddressField(forms.CharField):
    """An address; whatever was typed comes back with the sentence, however long it is."""

    def __init__(self, **options) -> None:
        widget = forms.EmailInput(attrs={"autocomplete": "email"})
        super().__init__(
            widget=widget,
            strip=False,
            error_messages={"required": NEEDED, "null_characters_not_allowed": NEEDED},
            **options,
        )

    def clean(self, value) -> str:
        return clean_address(super().clean((value or "").strip(" ")))


class LanguageField(forms.ChoiceField):
    def __init__(self, **options) -> None:
        super().__init__(label=_("Language of the newsletter"), choices=list(LANGUAGES.items()), **options)


class SubscribeForm(forms.Form):
    """Without a language the newsletter comes in that of the page.

    read: the form stood below the words of the consent, as not every box does.
    """

    email = AddressField(label=_("E-mail address"))
    language = LanguageField(required=False, initial=current_language)
    read = forms.BooleanField(required=False, initial=True, widget=forms.HiddenInput)

    def clean_language(self) -> str:
        return self.cleaned_data["language"] or current_language()


class OwnSubscriptionForm(forms.Form):
    """A member's: the address is known."""

    language = LanguageField()


class ChangeLanguageForm(forms.Form):
    language = LanguageField()


class NewAddressForm(forms.Form):
    email = AddressField(label=_("New address"))


class EraseForm(forms.Form):
    """Asks for a tick before an address is erased, so that no slip of the finger does it."""

    sure = forms.BooleanField(
        label=_("Yes, erase my address for good"),
        error_messages={"required": _("Tick the box if you want the address to be erased.")},
    )
