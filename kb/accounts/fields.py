"""The field that keeps a set of audiences on a page, a record or a file."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from kb.accounts import audiences


def public_only() -> list[str]:
    return [audiences.PUBLIC]


def members_only() -> list[str]:
    return [audiences.MEMBERS]


class DayInput(forms.DateInput):
    """The browser's own field for a day. Wagtail's puts today, without a word, in place of a day typed as 23/11/2026."""

    input_type = "date"

    def __init__(self, attrs=None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class AudiencesFormField(forms.MultipleChoiceField):
    widget = forms.CheckboxSelectMultiple

    def __init__(self, **options) -> None:
        for name in ("encoder", "decoder", "max_length"):
            options.pop(name, None)
        super().__init__(choices=audiences.choices, **options)

    def prepare_value(self, value):
        return list(value) if value else []

    def valid_value(self, value: str) -> bool:
        return super().valid_value(value) or value.startswith("person:")

    def has_changed(self, initial, data) -> bool:
        return set(initial or []) != set(data or [])


class AudiencesField(models.JSONField):
    """A sorted list of audience values; at least one."""

    description = "set of audiences"

    def formfield(self, **options):
        return models.Field.formfield(self, **{"form_class": AudiencesFormField, **options})

    def clean(self, value, model_instance):
        if not value:
            raise ValidationError(_("Choose at least one group of readers."))
        return sorted(set(value))

    def get_prep_value(self, value):
        return super().get_prep_value(sorted(set(value or [])))
