"""The forms with which editors keep references. A form that comes back with an error keeps everything,
the files too.
"""

from __future__ import annotations

from django import forms
from django.core import signing
from django.db import transaction
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import WagtailAdminModelForm

from kb.accounts import audiences
from kb.accounts.reopening import OpensNothingAgain, another, more_readers
from kb.files.intake.forms import UploadField, check_upload
from kb.files.intake.keeping import keep, kept, kept_name, release
from kb.files.intake.storing import Received, receive, store
from kb.languages import CODES, current_language
from kb.library.catalogue.adding import readable_name
from kb.library.catalogue.verifying import field_name, verified
from kb.library.catalogue.versions import drop_replaced
from kb.library.choices import ReferenceState
from kb.library.contributions.stamping import reason_given, stamp_of
from kb.library.contributions.steps import note_change
from kb.library.models import LineToVerify, Reference, ReferenceFile, ReferenceKeyword, open_versions
from kb.vocabulary.forms import ConceptsField
from kb.vocabulary.models import Keyword
from search.recording import checked_together

DECISIONS = {ReferenceState.ACCEPTED, ReferenceState.RETURNED, ReferenceState.REFUSED}
NEEDS_REASON = {ReferenceState.RETURNED, ReferenceState.REFUSED, ReferenceState.WITHDRAWN}
OWNER_KIND = "library.reference"
MOST_KEYWORDS = 100  # in each language


def _proposed_again(now: str, wanted: str) -> bool:
    """What its author alone reads would be its referents' again.

    DECISIONS ask for the stamp of the whole reference besides.
    """
    return wanted == ReferenceState.PROPOSED and now in (ReferenceState.DRAFT, ReferenceState.WITHDRAWN)


class ReferenceFileForm(OpensNothingAgain, WagtailAdminModelForm):
    """A file of a reference: a new one wants an upload, an upload on an old one becomes its next version.

    When another line of the form has an error, the upload is kept aside and `kept_upload` carries a signed
    token for it.
    When none has, its bytes are received before the form is saved, for that happens in a transaction.
    """

    rights = {"audiences": more_readers, "publish_reason": reason_given}

    upload = UploadField(label=_("Document"), required=False)
    kept_upload = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = ReferenceFile
        fields = ["title", "language", "audiences", "publish_reason", "permission_date"]
        widgets = {"permission_date": forms.DateInput(attrs={"type": "date"})}

    def __init__(self, *args, **options) -> None:
        super().__init__(*args, **options)
        self.received: Received | None = None
        if self.is_bound:
            name = kept_name(self.data.get(self.add_prefix("kept_upload"), ""))
            if name:
                self.say_kept(name)

    def clean(self):
        super().clean()
        found = self.cleaned_data
        if not found.get("upload") and found.get("kept_upload"):
            try:
                content, name = found["kept"] = kept(found["kept_upload"])
                check_upload(content, name)
            except (signing.BadSignature, FileNotFoundError):
                self.add_error("upload", _("The document was kept for a day and is gone. Choose it again."))
            except forms.ValidationError as refused:
                self.add_error("upload", refused)
        if (
            not self.instance.pk
            and not found.get("upload")
            and not found.get("kept")
            and "upload" not in self.errors
            and not found.get("DELETE")
        ):
            self.add_error("upload", _("Choose the document."))
        return found

    def keep_upload(self) -> None:
        """Puts an accepted upload aside, for a form that is shown again."""
        upload = getattr(self, "cleaned_data", {}).get("upload")
        if not upload:
            return
        token = keep(upload, upload.name)
        self.data = self.data.copy()
        self.data[self.add_prefix("kept_upload")] = token
        self.say_kept(upload.name)

    def say_kept(self, name: str) -> None:
        # The bound field copies the text when it is first asked for, which may have been before.
        self.fields["upload"].help_text = self["upload"].help_text = _(
            "“%(name)s” is kept: you need not choose it again."
        ) % {"name": name}

    def receive_upload(self) -> None:
        """Takes the bytes of a valid form into the storage. Raises ValidationError as `storing.receive` does."""
        upload = self.cleaned_data.get("upload")
        content, name = (upload, upload.name) if upload else self.cleaned_data.get("kept") or (None, "")
        if content is not None and self.received is None and not self.cleaned_data.get("DELETE"):
            self.received = receive(content, original_name=name)

    def save(self, commit: bool = True):
        token = self.cleaned_data.get("kept_upload")
        if self.received:
            place = {"stored_file": self.instance.stored_file} if self.instance.pk else {"owner_kind": OWNER_KIND}
            version = store(self.received, user=self.for_user, **place)
            self.instance.stored_file = version.stored_file
            self.instance.is_contributed = False
            if self.instance.pk:
                drop_replaced(self.instance, version)
            if not self.instance.title:
                self.instance.title = readable_name(self.received.original_name)
        if token and self.received:
            release(token)
        return super().save(commit=commit)


class KeywordsField(forms.CharField):
    """Words separated by commas or semicolons; a list of distinct words, MOST_KEYWORDS at most."""

    def __init__(self, **options) -> None:
        super().__init__(required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}), **options)

    def prepare_value(self, value):
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value) -> list[str]:
        words = [" ".join(word.split())[:100] for word in (super().to_python(value) or "").replace(";", ",").split(",")]
        return list(dict.fromkeys(word for word in words if word))

    def validate(self, value) -> None:
        super().validate(value)
        if len(value) > MOST_KEYWORDS:
            said = {"count": len(value), "most": MOST_KEYWORDS}
            raise forms.ValidationError(
                gettext("There are %(count)d keywords here: give %(most)d at most.") % said, code="too_many"
            )

    def has_changed(self, initial, data) -> bool:
        return self.to_python(self.prepare_value(initial)) != self.to_python(data)


def line_words(reference: Reference, line: LineToVerify) -> str:
    """ "Title: Untitled (taken from the name of the file)"."""
    said = {"field": capfirst(field_name(line.field)), "why": line.get_why_display()}
    value = shown_value(reference, line.field)
    if not value:
        return gettext("%(field)s: empty (%(why)s)") % said
    return gettext("%(field)s: %(value)s (%(why)s)") % {**said, "value": value}


def shown_value(reference: Reference, field: str) -> str:
    """A line as people read it."""
    if field == "creators":
        return "; ".join(str(one) for one in reference.creators.all())
    if field == "concepts":
        return ", ".join(one.label(current_language()) for one in reference.concepts.all())
    if field == "abstract":
        return str(reference.abstract)
    display = getattr(reference, f"get_{field}_display", None)
    return str(display() if display else getattr(reference, field))


class ReferenceForm(OpensNothingAgain, WagtailAdminModelForm):
    rights = {"state": _proposed_again, "audiences": more_readers, "body": another}

    concepts = ConceptsField(label=_("Concepts"), required=False)
    keywords_fr = KeywordsField(label=_("Keywords in French"), help_text=_("Separated by commas."))
    keywords_nl = KeywordsField(label=_("Keywords in Dutch"), help_text=_("Separated by commas."))
    keywords_en = KeywordsField(label=_("Keywords in English"), help_text=_("Separated by commas."))

    verified = forms.MultipleChoiceField(
        label=_("To verify"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "A program wrote these lines, and nobody has looked at them. Compare them with the document: tick what is "
            "right, correct what is not under “Notice”, and save."
        ),
    )
    shown = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, **options) -> None:
        super().__init__(*args, **options)
        self.marked = list(self.instance.to_verify.order_by("pk")) if self.instance.pk else []
        verified = self.fields["verified"]
        assert isinstance(verified, forms.MultipleChoiceField)
        verified.choices = [(line.field, line_words(self.instance, line)) for line in self.marked]
        self.stamp = stamp_of(self.instance) if self.instance.pk else ""
        self.fields["shown"].initial = self.stamp
        self.state_before = self.instance.state if self.instance.pk else ""
        if creators := self.formsets.get("creators"):
            creators.error_messages["too_many_forms"] = _(
                "There are too many names here: give %(num)d at most, the document itself has the others."
            )
        if self.instance.pk:
            words: dict[str, list[str]] = {code: [] for code in CODES}
            for item in (
                ReferenceKeyword.objects.filter(content_object=self.instance)
                .select_related("tag")
                .order_by("tag__name")
            ):
                words[item.tag.language].append(item.tag.name)
            for code in CODES:
                self.fields[f"keywords_{code}"].initial = words[code]

    def clean(self):
        super().clean()
        found = self.cleaned_data
        if found.get("state") in NEEDS_REASON and not found.get("state_reason"):
            self.add_error("state_reason", _("Say why in a few words: its author reads them."))
        if self.decides(found.get("state")) and found.get("shown") != self.stamp:
            self.add_error(
                "state",
                _(
                    "This reference was changed since you opened it. Leave its state as it was, save, and "
                    "look at it again before you decide."
                ),
            )
        return found

    def decides(self, state: str | None) -> bool:
        """Whether this form accepts, sends back or refuses what stood otherwise: only on what its page showed."""
        return bool(self.stamp) and state in DECISIONS and state != self.state_before

    def is_valid(self) -> bool:
        valid = super().is_valid()
        files = self.formsets.get("files")
        if files is not None:
            notice = self.cleaned_data.get("audiences") if hasattr(self, "cleaned_data") else None
            for form in files.forms:
                valid = self.is_file_allowed(form, notice) and valid
            if valid:
                for form in files.forms:
                    form.receive_upload()
            else:
                self.keep_uploads()
        return valid

    def keep_uploads(self) -> None:
        """Puts the accepted uploads aside, for this form shown again."""
        for form in self.formsets["files"].forms if "files" in self.formsets else ():
            if not form.errors.get("upload"):
                form.keep_upload()

    def written(self) -> set[str]:
        """The lines that were written anew."""
        lists = {name for name, formset in self.formsets.items() if formset.has_changed()}
        return lists.union(self.changed_data)

    def is_file_allowed(self, form: ReferenceFileForm, notice: list[str] | None) -> bool:
        """The file against its notice, which may have changed in the same form."""
        wanted = getattr(form, "cleaned_data", {}).get("audiences")
        if (
            not notice
            or not wanted
            or form.cleaned_data.get("DELETE")
            or (not form.has_changed() and form.instance.pk is None)
        ):
            return True
        if all(audiences.is_within(value, notice) for value in wanted):
            return True
        form.add_error(
            "audiences",
            _(
                "This file would be open to readers who may not see its notice. Open the notice to "
                "them first, or choose fewer readers for the file."
            ),
        )
        return False

    def save(self, commit: bool = True):
        self.instance.keyword_items = [
            ReferenceKeyword(tag=Keyword.objects.get_or_create(name=word, language=code)[0])
            for code in CODES
            for word in self.cleaned_data[f"keywords_{code}"]
        ]
        with transaction.atomic(), checked_together():
            saved = super().save(commit=commit)
            if commit:
                self._open_what_was_shown(saved)
                verified(saved, {*self.cleaned_data["verified"], *self.written()})
                note_change(saved, self.for_user, self.state_before)
        return saved

    def _open_what_was_shown(self, saved: Reference) -> None:
        """Each file with its newest version, as the page had them; where somebody changed something since, the uploads
        of this form alone.
        """
        if self.cleaned_data.get("shown") == self.stamp:
            open_versions([saved.pk])
            return
        files = self.formsets["files"].forms if "files" in self.formsets else ()
        open_versions([saved.pk], of=[one.instance.pk for one in files if one.received and one.instance.pk])
