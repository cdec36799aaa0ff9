"""What an editor types about a sending: languages of a trial message, the hour of a scheduled one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.timezone import make_aware
from django.utils.translation import gettext_lazy as _

from kb.languages import LANGUAGES


class TrialForm(forms.Form):
    languages = forms.MultipleChoiceField(
        label=_("Languages"),
        choices=list(LANGUAGES.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one language.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"initial": {"languages": list(LANGUAGES)}, **kwargs})


class ScheduleForm(forms.Form):
    """A day and an hour of the place, to come; `starts_at` once it is valid."""

    day = forms.DateField(
        label=_("Day"),
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": _("Give the day."), "invalid": _("Write the day as 2026-11-30.")},
    )
    hour = forms.TimeField(
        label=_("Hour, in Brussels"),
        input_formats=["%H:%M", "%H:%M:%S"],
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"required": _("Give the hour."), "invalid": _("Write the hour as 09:30.")},
    )

    @property
    def starts_at(self) -> datetime:
        return make_aware(datetime.combine(self.cleaned_data["day"], self.cleaned_data["hour"]))

    def clean(self):
        super().clean()
        cleaned = self.cleaned_data
        if {"day", "hour"} <= set(cleaned) and self.starts_at <= timezone.now():
            self.add_error("hour", _("This hour has passed. Choose one to come, or send now."))
        return cleaned
