"""The fields that keep a set of audiences on a page, a record or a file,
and the moment from which everyone could see it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import or_

from django import forms
from django.core.exceptions import ValidationError
from django.db import connections, models
from django.db.models.functions import Cast, Coalesce
from django.db.models.lookups import Contains
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kb.accounts import audiences, noting


def public_only() -> list[str]:
    return [audiences.PUBLIC]


def members_only() -> list[str]:
    return [audiences.MEMBERS]


class DayInput(forms.DateInput):
    """The browser's own field for a day. Wagtail's puts today, without a word,
    in place of a day typed as 23/11/2026.
    """

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

    def contribute_to_class(self, cls, name, **options) -> None:
        """Who may see a thing is noted when it changes; models of the past, in migrations, note nothing."""
        super().contribute_to_class(cls, name, **options)
        if not cls._meta.abstract and cls.__module__ != "__fake__":
            noting.watch(cls, (name,), since_made=False)

    def formfield(self, **options):
        return models.Field.formfield(self, **{"form_class": AudiencesFormField, **options})

    def clean(self, value, model_instance):
        if not value:
            raise ValidationError(_("Choose at least one group of readers."))
        return sorted(set(value))

    def get_prep_value(self, value):
        return super().get_prep_value(sorted(set(value or [])))


def given_to(rows: models.QuerySet, *values: str) -> models.QuerySet:
    """The rows whose `audiences` hold one of these values, chosen by the database."""
    return rows.filter(holds(values, using=rows.db))


def holds(values: Iterable[str], *, using: str) -> models.Q:
    """That the `audiences` of a row hold one of these values, as a condition to be joined with others; no row for no
    value. SQLite passes over the case of letters: `may_see` has the last word where that matters.
    """
    if connections[using].features.supports_json_field_contains:
        each = [models.Q(audiences__contains=[value]) for value in values]
    else:  # SQLite keeps the list as text; the quotes make it a whole element.
        text = Cast("audiences", models.TextField())
        each = [models.Q(Contains(text, f'"{value}"')) for value in values]
    return reduce(or_, each) if each else models.Q(pk__in=())


class FirstPublicField(models.DateTimeField):
    """When everyone could see this for the first time; written once, by whichever save makes it public, and never
    changed again.

    What the instance holds is not taken from it on a change: it may be older than the row. Revisions do not hold it
    (`serialize=False`), so that one from before takes nothing away. The model says `is_public()`; its queryset calls
    `note_public` after changing many.
    """

    description = "moment of becoming public"

    def __init__(self, *args, **options) -> None:
        super().__init__(*args, **{"null": True, "blank": True, "editable": False, "serialize": False, **options})

    def deconstruct(self):
        """A plain date and time in migrations, whose models have no rules of their own."""
        name, _path, args, options = super().deconstruct()
        return name, "django.db.models.DateTimeField", args, options

    def pre_save(self, model_instance, add):
        now = timezone.now()
        if getattr(model_instance, self.attname) is None and model_instance.is_public():
            setattr(model_instance, self.attname, now)
        if add:
            return getattr(model_instance, self.attname)
        row = models.F(self.attname)
        return Coalesce(row, models.Value(now, models.DateTimeField())) if model_instance.is_public() else row


def note_public(rows: models.QuerySet) -> None:
    """Writes the moment on those of these rows that everyone can see now and never could before.

    `rows` are the public ones. One query.
    """
    models.QuerySet.update(rows.filter(first_public_at=None), first_public_at=timezone.now())
