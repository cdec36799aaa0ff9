"""Forms of people in the admin: who they are, where they work, where they sit, and a change of employer.

Nothing here makes an editor.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import transaction
from django.db.models import F
from django.forms import BaseInlineFormSet, inlineformset_factory
from django.utils.translation import gettext_lazy as _

from kb.accounts.addresses import TAKEN, change_address, find_person
from kb.accounts.fields import DayInput
from kb.accounts.login import invitations
from kb.accounts.models import User
from kb.accounts.reopening import OpensNothingAgain, another, earlier, given, later, taken_off
from kb.directory.admin.viewsets import organisation_chooser, service_chooser
from kb.directory.models import Employment, Organisation
from kb.groups.models import Body, Mandate
from kb.groups.people.bringing_in import is_editor, may_describe
from kb.groups.people.moving import Fate, change_employer, held_for

OWN_LINES = ("name", "language", "phone")


class PersonForm(OpensNothingAgain, forms.ModelForm):
    """An editor's address is shown and cannot be changed: whoever could change it could log in as that editor.

    Their other lines are changed by themselves and by a superuser.
    """

    rights = {"email": another}  # whoever reads it can choose a new password

    class Meta:
        model = User
        fields = ("email", *OWN_LINES)

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and not may_describe(self.instance, by):
            for name in OWN_LINES:
                self.fields[name].disabled = True
                self.fields[name].help_text = _(
                    "This person edits the site: only they and the editor-in-chief change this."
                )
        if self.instance.pk and is_editor(self.instance):
            self.fields["email"].disabled = True
            self.fields["email"].help_text = _(
                "This person edits the site: only they change their address, in their own account."
            )
        elif not self.instance.pk:
            self.fields["email"].help_text = _("The person logs in with it. Nothing is sent yet.")

    def clean_email(self) -> str:
        email = self.cleaned_data["email"].strip().lower()
        owner = find_person(email)
        if owner is not None and owner.pk != self.instance.pk:
            raise forms.ValidationError(TAKEN, code="taken")
        return email

    def save(self, commit: bool = True) -> User:
        """A changed address is unproven, and links sent to the former one stop working."""
        person = self.instance
        if person.pk is None:
            person.set_unusable_password()
            person.save()
            return person
        with transaction.atomic():
            person.save(update_fields=OWN_LINES)
            if "email" in self.changed_data:
                invitations.revoke(person)
                change_address(person, self.cleaned_data["email"], verified=False)
        return person


class EmploymentForm(forms.ModelForm):
    class Meta:
        model = Employment
        fields = ("organisation", "function", "since", "until")
        widgets = {"organisation": organisation_chooser.widget_class, "since": DayInput, "until": DayInput}


RIGHTS_OF_MANDATES = {
    "user": another,
    "body": another,
    "role": another,
    "voice": another,
    "side": another,
    "standing": another,
    "is_referent": given,
    "since": earlier,
    "until": later,
    "is_suspended": taken_off,
}


class OfMandate(OpensNothingAgain):
    """For a form of a mandate: with another role comes the voice of that role, unless another voice is chosen too."""

    rights = RIGHTS_OF_MANDATES

    def clean(self) -> Any:
        found = super().clean()
        if "role" in self.changed_data and "voice" not in self.changed_data and "voice" in self.cleaned_data:
            self.cleaned_data["voice"] = ""
        if self.instance.ended_at and "until" in self.changed_data:
            self.add_error("until", _("This mandate was ended for good on that day: give the person a new one."))
        return found


class MandateForm(OfMandate, forms.ModelForm):
    class Meta:
        model = Mandate
        fields = (
            "body",
            "role",
            "voice",
            "standing",
            "organisation",
            "service",
            "side",
            "is_referent",
            "since",
            "until",
            "is_suspended",
        )
        widgets = {
            "organisation": organisation_chooser.widget_class,
            "service": service_chooser.widget_class,
            "since": DayInput,
            "until": DayInput,
        }


class _RunningFirst(BaseInlineFormSet):
    def get_queryset(self):
        return (
            super()
            .get_queryset()
            .select_related("organisation")
            .order_by(F("until").desc(nulls_first=True), F("since").desc(nulls_last=True), "pk")
        )


class _Mandates(_RunningFirst):
    """The bodies are asked for once, however many mandates."""

    def get_queryset(self):
        return super().get_queryset().select_related("service__organisation")

    def add_fields(self, form: forms.ModelForm, index: int | None) -> None:
        super().add_fields(form, index)
        if not hasattr(self, "_bodies"):
            self._bodies = [
                ("", "---------"),
                *((body.pk, f"{body.code} – {body}") for body in Body.objects.order_by("-is_active", "code")),
            ]
        form.fields["body"].widget.choices = self._bodies


EmploymentFormSet = inlineformset_factory(User, Employment, form=EmploymentForm, formset=_RunningFirst, extra=1)
MandateFormSet = inlineformset_factory(User, Mandate, form=MandateForm, formset=_Mandates, extra=1)


class EmployerForm(forms.Form):
    """From one employer to another on a day; each mandate held for the former gets a fate, chosen one by one."""

    organisation = forms.ModelChoiceField(
        Organisation.objects.all(), label=_("New employer"), widget=organisation_chooser.widget_class
    )
    function = forms.CharField(label=_("Function"), max_length=150, required=False)
    since = forms.DateField(label=_("First day there"), widget=DayInput)

    def __init__(self, person: User, former: Employment | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person, self.former = person, former
        self.mandates = list(held_for(person, former.organisation)) if former else []
        for mandate in self.mandates:
            self.fields[f"mandate-{mandate.pk}"] = forms.ChoiceField(
                label=f"{mandate.body} – {mandate.get_role_display()}", choices=Fate.choices, widget=forms.RadioSelect
            )

    def clean(self) -> None:
        organisation, since = self.cleaned_data.get("organisation"), self.cleaned_data.get("since")
        if self.former and organisation == self.former.organisation:
            self.add_error("organisation", _("The person works there already. Change the function on their own page."))
        if self.former and since and self.former.since and since <= self.former.since:
            self.add_error("since", _("That is not after the first day with the former employer."))

    def save(self) -> None:
        values = self.cleaned_data
        new = Employment(
            user=self.person, organisation=values["organisation"], function=values["function"], since=values["since"]
        )
        change_employer(self.person, self.former, new, {one.pk: values[f"mandate-{one.pk}"] for one in self.mandates})
