"""What an editor types about a sending: languages of a trial message, the hour of a scheduled one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
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
    """A day and an hour of the place, to come."""

    starts_at = forms.SplitDateTimeField(
        label=_("Day and hour, in Brussels"),
        widget=forms.SplitDateTimeWidget(date_attrs={"type": "date"}, time_attrs={"type": "time"}, date_format="%Y-%m-%d", time_format="%H:%M"),
        input_date_formats=["%Y-%m-%d"],
        input_time_formats=["%H:%M", "%H:%M:%S"],
        error_messages={
            "required": _("Give the day and the hour."),
            "invalid_date": _("Write the day as 2026-11-30."),
            "invalid_time": _("Write the hour as 09:30."),
        },
    )

    def clean_starts_at(self):
        starts_at = self.cleaned_data["starts_at"]
        if starts_at <= timezone.now():
            raise ValidationError(_("This hour has passed. Choose one to come, or send now."))
        return starts_at
