"""What an editor can do to many references at once. Each is held while it is changed, so that two who act at once do
not undo one another.

What cannot be done to one is told with its shelf mark and stops none of the others; log and index follow what was done.
"""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages
from wagtail.log_actions import log
from wagtail.snippets.bulk_actions.snippet_bulk_action import SnippetBulkAction

from kb.accounts.audiences import STAFF, audiences_of, narrowed
from kb.accounts.fields import AudiencesFormField
from kb.files.intake.storing import read_again
from kb.files.models import FileVersion
from kb.groups.models import Body
from kb.library.contributions import steps as handling
from kb.library.contributions.stamping import CHANGED, stamp_of, stamps_of
from kb.library.models import Reference
from kb.vocabulary.forms import ConceptsField


class ReferenceBulkAction(SnippetBulkAction):
    """Takes `act` on each, as it is now; what cannot be done is told with its shelf mark."""

    models = [Reference]
    template_name = "library/admin/bulk_action.html"
    question: str | Promise = ""

    def check_perm(self, snippet) -> bool:
        return self.request.user.has_perm("library.change_reference")

    def get_context_data(self, **kwargs):
        return {**super().get_context_data(**kwargs), "question": self.question, "action": self.display_name}

    def get_execution_context(self):
        return {**super().get_execution_context(), "form": self.cleaned_form}

    @classmethod
    def execute_action(cls, objects, form=None, self=None, **kwargs):
        changed = 0
        # All are held until the last is done: in one order, so that no two editors wait for one another.
        for reference in sorted(objects, key=lambda one: one.pk):
            try:
                with handling.locked(reference) as fresh:
                    self.act(fresh, form.cleaned_data)
                    log(instance=fresh, action="wagtail.edit", user=self.request.user)
                changed += 1
            except Reference.DoesNotExist:
                self.leave(reference, gettext("Somebody deleted this reference before you."))
            except handling.NotAllowed as sentence:
                self.leave(reference, capfirst(str(sentence)))
            except ValidationError as error:
                self.leave(reference, " ".join(error.messages))
        return 0, changed

    def leave(self, reference: Reference, why: str) -> None:
        messages.warning(self.request, f"{reference.mark}: {why}")

    def get_success_message(self, num_parent_objects, num_child_objects):
        """None when nothing was done: the warnings say why."""
        if not num_child_objects:
            return None
        return ngettext("%(count)d reference changed.", "%(count)d references changed.", num_child_objects) % {
            "count": num_child_objects
        }

    def act(self, reference: Reference, values: dict) -> None:
        """Changes and saves it.

        Raises ValidationError, or NotAllowed where another state or another person is asked for.
        """
        self.change(reference, values)
        check(reference)
        reference.save()

    def change(self, reference: Reference, values: dict) -> None:
        raise NotImplementedError


def check(reference: Reference) -> None:
    """Raises ValidationError for what the form would refuse too."""
    reference.full_clean(exclude=["superseded_by", "created_by"])


class AcceptForm(forms.Form):
    """shown: the stamp of each reference as the page showed it, "pk:stamp" with blanks between."""

    shown = forms.CharField(widget=forms.HiddenInput, required=False)

    def stamps(self) -> dict[str, str]:
        return dict(word.split(":", 1) for word in self.cleaned_data["shown"].split() if ":" in word)


class AcceptBulkAction(ReferenceBulkAction):
    """Accepts what is still as it was when the page of the question was opened."""

    display_name = _("Accept")
    action_type = "accept"
    aria_label = _("Accept the chosen references")
    action_priority = 10
    form_class = AcceptForm
    question = _("Accept these references? Those who may see them find them seconds later.")

    def get_initial(self):
        if self.request.method != "GET":
            return {}
        return {"shown": " ".join(f"{pk}:{stamp}" for pk, stamp in stamps_of(self.get_actionable_objects()[0]).items())}

    def act(self, reference: Reference, values: dict) -> None:
        on_its_way = (
            reference.state in handling.OPEN_TO_AUTHOR | handling.OPEN_TO_HANDLER
        )  # else the sentence says what was done, and by whom
        if on_its_way and self.cleaned_form.stamps().get(str(reference.pk)) != stamp_of(reference):
            raise ValidationError(CHANGED)
        check(reference)
        handling.accept_unproposed(reference, self.request.user, held=audiences_of(self.request))


class WithdrawForm(forms.Form):
    reason = forms.CharField(label=_("Why, in a few words"), max_length=500)


class WithdrawBulkAction(ReferenceBulkAction):
    display_name = _("Withdraw")
    action_type = "withdraw"
    aria_label = _("Withdraw the chosen references")
    action_priority = 20
    form_class = WithdrawForm
    question = _("Withdraw these references? Their addresses stay and say so.")

    def act(self, reference: Reference, values: dict) -> None:
        handling.withdraw(reference, self.request.user, values["reason"], held=audiences_of(self.request))


class AudiencesForm(forms.Form):
    audiences = AudiencesFormField(label=_("Who may see the notice"))


class AudiencesBulkAction(ReferenceBulkAction):
    display_name = _("Change readers")
    action_type = "audiences"
    aria_label = _("Change who may see the chosen references")
    action_priority = 22
    form_class = AudiencesForm
    question = _(
        "Who may see these notices? Their files are never opened wider by this; they are narrowed where they must be."
    )

    def change(self, reference: Reference, values: dict) -> None:
        reference.audiences = values["audiences"]

    def act(self, reference: Reference, values: dict) -> None:
        super().act(reference, values)
        narrow_files(reference)


def narrow_files(reference: Reference) -> None:
    """Gives the files no readers that their notice has not; one that has none left is for the editors until they choose
    others. What is narrowed so stays so when the notice is opened again.
    """
    for file in reference.files.all():
        within = sorted(narrowed(file.audiences, reference.audiences)) or [STAFF]
        if within != sorted(file.audiences):
            file.reference, file.audiences = reference, within
            file.save(update_fields=["audiences"])


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
    own_production = forms.ModelChoiceField(
        label=_("The coordination's own work, by"), queryset=Body.objects.all(), required=False
    )


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
        count = 0
        for version in FileVersion.objects.newest().filter(stored_file__reference_file__reference__in=objects):
            read_again(version)
            count += 1
        return 0, count

    def get_success_message(self, num_parent_objects, num_child_objects):
        return ngettext(
            "%(count)d file is being read again.", "%(count)d files are being read again.", num_child_objects
        ) % {"count": num_child_objects}


ACTIONS = (
    AcceptBulkAction,
    WithdrawBulkAction,
    AudiencesBulkAction,
    ConceptsBulkAction,
    OwnProductionBulkAction,
    ReadAgainBulkAction,
)
