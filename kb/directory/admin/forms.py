"""The forms with which editors keep organisations, services and places.

Hours are typed as text, a line per day; `hours` reads them.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.functional import lazystr
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import WagtailAdminModelForm

from kb.accounts.reopening import OpensNothingAgain, another, given
from kb.directory.choices import Weekday
from kb.directory.hours import APPOINTMENT, by_day, read_day, rows_of, write_day
from kb.directory.models import Service
from kb.directory.naming import free_code
from kb.directory.spoken import all_names, read_spoken, write_spoken
from kb.languages import current_language
from kb.vocabulary.forms import ConceptsField

DAYS = {f"day_{day.value}": day for day in Weekday}


class SpokenField(forms.CharField):
    """Languages by their names, separated by commas; the value is a list of codes.

    Raises a sentence for what is no language.
    """

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", _("languages spoken"))
        super().__init__(required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}), **options)

    def prepare_value(self, value):
        return write_spoken(value) if isinstance(value, list) else value

    def to_python(self, value) -> list[str]:
        return read_spoken(super().to_python(value) or "")

    def has_changed(self, initial, data) -> bool:
        return write_spoken(initial or []) != (data or "").strip()


class HoursField(forms.CharField):
    """The hours of one day as text; the value is a tuple of stretches."""

    def __init__(self, day: Weekday) -> None:
        super().__init__(label=day.label, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def to_python(self, value):
        return read_day(super().to_python(value) or "")


class CodedForm(WagtailAdminModelForm):
    """A form whose code may be left empty when the thing is new, and stays as it is afterwards."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        code = self.fields["code"]
        code.required = False
        if self.instance.pk:
            code.disabled = True
            code.help_text = _("It never changes: lists, imports and addresses name this by it.")
        else:
            code.help_text = _("Left empty, it is made of the name. It never changes afterwards.")

    def clean(self):
        super().clean()
        found = self.cleaned_data
        if not self.instance.pk and not found.get("code") and "code" not in self.errors:
            found["code"] = free_code(
                self.name_for_code(found), lambda code: self.others(found).filter(code=code).exists(), otherwise="x"
            )
        return found

    def name_for_code(self, found: dict[str, Any]) -> str:
        return found.get("name") or ""

    def others(self, found: dict[str, Any]):
        """Among which the code is to be the only one."""
        return self._meta.model.objects.all()


class InOrganisation(CodedForm):
    def others(self, found: dict[str, Any]):
        return super().others(found).filter(organisation=found.get("organisation"))


class OrganisationForm(OpensNothingAgain, CodedForm):
    rights = {"is_active": given}

    concepts = ConceptsField(label=_("Themes"), required=False)
    spoken = SpokenField()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["spoken"].help_text = spoken_help()
        if "memberships" in self.formsets:
            self.formsets["memberships"].form_kwargs["services_of"] = self.instance


class MembershipForm(WagtailAdminModelForm):
    """services_of: the organisation whose services may be chosen."""

    service = forms.ModelChoiceField(
        queryset=Service.objects.none(),
        label=_("Service"),
        required=False,
        empty_label=_("The whole organisation"),
        help_text=_("If only this service is a member."),
    )

    def __init__(self, *args: Any, services_of=None, **options: Any) -> None:
        super().__init__(*args, **options)
        if services_of is not None and services_of.pk:
            self.fields["service"].queryset = services_of.services.all()


class ServiceForm(OpensNothingAgain, InOrganisation):
    rights = {"is_active": given, "organisation": another}

    concepts = ConceptsField(label=_("Themes"), required=False)
    spoken = SpokenField()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["spoken"].help_text = spoken_help()


class PlaceForm(InOrganisation):
    """day_1 to day_7: the hours of each day as text; saved, they are all the hours of the place."""

    day_1, day_2, day_3, day_4, day_5, day_6, day_7 = (HoursField(day) for day in Weekday)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        week = by_day(self.instance.hours.all()) if self.instance.pk else {}
        for name, day in DAYS.items():
            self.fields[name].initial = write_day(week.get(day, ()))
        self.fields["day_1"].help_text = _(
            "For example 09:00-12:00, 13:00-16:30, or “%(appointment)s”. Empty: closed."
        ) % {"appointment": APPOINTMENT[current_language()]}

    def name_for_code(self, found: dict[str, Any]) -> str:
        return found.get("name") or " ".join(
            (next(iter((found.get("street") or {}).values()), ""), found.get("house_number") or "")
        )

    def save(self, commit: bool = True):
        self.instance.hours = rows_of({day: self.cleaned_data[name] for name, day in DAYS.items()})
        return super().save(commit=commit)


def spoken_help():
    """The names that are understood, in the editor's language."""
    return lazystr(str(_("Their names, separated by commas: %(names)s.")) % {"names": ", ".join(all_names())})
