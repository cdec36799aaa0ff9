"""What a voter fills in; nothing is chosen beforehand."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from kb.decisions.choices import Choice

SAID = {
    Choice.FOR: _("I agree with it as it is."),
    Choice.AGAINST: _("I do not agree with it as it is."),
    Choice.ABSTENTION: _("My seat counts as present."),
}
LONGEST_WORD = 1000


class VoteForm(forms.Form):
    choice = forms.ChoiceField(
        label=_("Your vote"),
        choices=Choice.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose for, against or abstention."),
            "invalid_choice": _("Choose for, against or abstention."),
        },
    )
    word = forms.CharField(
        label=_("A word, if you wish"),
        help_text=_("The members of the committee read it when the vote is closed. It is not public."),
        required=False,
        max_length=LONGEST_WORD,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def options(self) -> list[tuple[str, str, str, bool]]:
        """(value, label, what it means, whether it is chosen) of each choice."""
        chosen = self["choice"].value()
        return [(one.value, str(one.label), str(SAID[one]), one.value == chosen) for one in Choice]


class ObjectionForm(forms.Form):
    word = forms.CharField(
        label=_("What was decided otherwise?"),
        required=True,
        max_length=LONGEST_WORD,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say in a word what was decided otherwise.")},
    )
