"""What an editor can do to many references at once. Each goes through `save()`, so that log and index follow; a bad one stops none of the others."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from wagtail.admin import messages
from wagtail.log_actions import log
from wagtail.snippets.bulk_actions.snippet_bulk_action import SnippetBulkAction

from kb.accounts.fields import AudiencesFormField
from kb.files.models import FileVersion
from kb.files.storing import read_again
from kb.groups.models import Body
from kb.library.choices import ReferenceState
from kb.library.handling import note_change
from kb.library.models import Reference
from kb.vocabulary.forms import ConceptsField


class ReferenceBulkAction(SnippetBulkAction):
    """Runs `change(reference)` on each; what cannot be changed is told with its shelf mark."""

    models = [Reference]
    template_name = "library/admin/bulk_action.html"
    question = ""

    def check_perm(self, snippet) -> bool:
        return self.request.user.has_perm("library.change_reference")

    def get_context_data(self, **kwargs):
        return {**super().get_context_data(**kwargs), "question": self.question, "action": self.display_name}

    def get_execution_context(self):
        return {**super().get_execution_context(), "form": self.cleaned_form}

    @classmethod
    def execute_action(cls, objects, form=None, self=None, **kwargs):
        changed = 0
        for reference in objects:
            try:
                with transaction.atomic():
                    before = reference.state
                    self.change(reference, form.cleaned_data)
                    reference.full_clean(exclude=["superseded_by", "created_by"])
                    reference.save()
                    note_change(reference, self.request.user, before)
                    log(instance=reference, action="wagtail.edit", user=self.request.user)
                    changed += 1
            except ValidationError as error:
                messages.warning(self.request, f"{reference.mark}: {' '.join(error.messages)}")
        return 0, changed

    def get_success_message(self, num_parent_objects, num_child_objects):
        return ngettext("%(count)d reference changed.", "%(count)d references changed.", num_child_objects) % {"count": num_child_objects}

    def change(self, reference: Reference, values: dict) -> None:
        raise NotImplementedError


class AcceptBulkAction(ReferenceBulkAction):
    display_name = _("Accept")
    action_type = "accept"
    aria_label = _("Accept the chosen references")
    action_priority = 10
    question = _("Accept these references? Those who may see them find them seconds later.")

    def change(self, reference: Reference, values: dict) -> None:
        reference.state, reference.state_reason = ReferenceState.ACCEPTED, ""


class WithdrawForm(forms.Form):
    reason = forms.CharField(label=_("Why, in a few words"), max_length=500)


class WithdrawBulkAction(ReferenceBulkAction):
    display_name = _("Withdraw")
    action_type = "withdraw"
    aria_label = _("Withdraw the chosen references")
    action_priority = 20
    form_class = WithdrawForm
    question = _("Withdraw these references? Their addresses stay and say so.")

    def change(self, reference: Reference, values: dict) -> None:
        reference.state, reference.state_reason = ReferenceState.WITHDRAWN, values["reason"]


class AudiencesForm(forms.Form):
    audiences = AudiencesFormField(label=_("Who may see the notice"))


class AudiencesBulkAction(ReferenceBulkAction):
    display_name = _("Change readers")
    action_type = "audiences"
    aria_label = _("Change who may see the chosen references")
    action_priority = 22
    form_class = AudiencesForm
    question = _("Who may see these notices? Their files are never opened wider by this; they are narrowed where they must be.")

    def change(self, reference: Reference, values: dict) -> None:
        reference.audiences = values["audiences"]


class ConceptsForm(forms.Form):
    concepts = ConceptsField(label=_("Concepts to add"))


class ConceptsBulkAction(ReferenceBulkAction):
    display_name = _("Add concepts")
    action_type = "concepts"
    aria_label = _("Add concepts to the chosen references")
    action_priority = 24
    form_class = ConceptsForm
    question = _("Which concepts do these references get, beside those they have?")

    def change(self, reference: Reference, values: dict) -> None:
        reference.concepts.add(*values["concepts"])


class BodyForm(forms.Form):
    own_production = forms.ModelChoiceField(label=_("The coordination's own work, by"), queryset=Body.objects.all(), required=False)


class OwnProductionBulkAction(ReferenceBulkAction):
    display_name = _("Own production")
    action_type = "own_production"
    aria_label = _("Say whose own work the chosen references are")
    action_priority = 26
    form_class = BodyForm
    question = _("Whose own work are these references? Leave it empty if they are someone else's.")

    def change(self, reference: Reference, values: dict) -> None:
        reference.own_production = values["own_production"]


class ReadAgainBulkAction(ReferenceBulkAction):
    display_name = _("Read again")
    action_type = "read_again"
    aria_label = _("Read the files of the chosen references again")
    action_priority = 28
    question = _("Read the files of these references again? What was read before goes on being found until then.")

    @classmethod
    def execute_action(cls, objects, form=None, self=None, **kwargs):
        newest = FileVersion.objects.filter(stored_file__reference_file__reference__in=objects, number=F("stored_file__last_number"))
        count = 0
        for version in newest:
            read_again(version)
            count += 1
        return 0, count

    def get_success_message(self, num_parent_objects, num_child_objects):
        return ngettext("%(count)d file is being read again.", "%(count)d files are being read again.", num_child_objects) % {
            "count": num_child_objects
        }


ACTIONS = (AcceptBulkAction, WithdrawBulkAction, AudiencesBulkAction, ConceptsBulkAction, OwnProductionBulkAction, ReadAgainBulkAction)
