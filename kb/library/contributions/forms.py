"""The two forms of contributing: what is given (files, a link, a title), and the lines of the notice with its readers.

A form that comes back keeps everything: what was typed as it was typed, files aside for a day
(`kb.files.intake.keeping`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.core import signing
from django.core.validators import MaxLengthValidator, URLValidator
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kb.accounts.audiences import STAFF
from kb.accounts.reopening import STAMP, GivesMore, OpensNothingAgain, more_readers, taken_off
from kb.backoffice.columns import column
from kb.files.intake.forms import Refused, UploadField, UploadsField, check_upload
from kb.files.intake.keeping import keep, kept, kept_name, release
from kb.files.names import clean_name
from kb.groups.models import Body
from kb.languages import LANGUAGES
from kb.library.catalogue.adding import MOST_NAMES
from kb.library.choices import PublishReason, ReferenceState, ReferenceType
from kb.library.contributions.resuming import owner_of_kept
from kb.library.contributions.stamping import reason_given
from kb.library.contributions.starting import (
    EDITORS_CHOSE,
    EVERYONE,
    GROUP,
    MEMBERS,
    Link,
    Upload,
    doi_typed,
    gives_more_than_chosen,
    is_own_work_bound,
    readers_choice,
    readers_given,
    value_of,
)
from kb.library.models import Contribution, Reference
from kb.library.models.references import NEEDS_AGREEMENT
from kb.pages.texts import LONGEST_TEXT
from kb.site.signs import is_seen, without_unseen
from kb.vocabulary.forms import ConceptsField

_web_address = URLValidator(schemes=["http", "https"])
NEW_FILE = "new"


class KeptUploads:
    """What a form with uploads keeps aside for one person when it is shown again:
    signed words in hidden fields named `kept`.
    """

    def __init__(self, words: Sequence[str], user: Any) -> None:
        self.whose = owner_of_kept(user.pk)
        self.names = {word: name for word in words if (name := kept_name(word, whose=self.whose))}
        self.refused: list[Refused] = []

    @property
    def words(self) -> list[str]:
        return list(self.names)

    def add(self, uploads: Sequence[Any]) -> None:
        for upload in uploads:
            self.names[keep(upload, upload.name, whose=self.whose)] = upload.name

    def opened(self) -> list[Upload]:
        """The files; the caller releases them once they are stored. One that cannot be taken is released here and is in
        `refused`.

        A form whose session had ended was kept before anybody looked at its files.
        """
        found = []
        for token in list(self.names):
            try:
                content, name = kept(token, whose=self.whose)
                check_upload(content, name)
            except (signing.BadSignature, FileNotFoundError):
                continue
            except forms.ValidationError as error:
                self.refused.append(Refused(clean_name(self.names.pop(token)), " ".join(error.messages)))
                release(token, whose=self.whose)
                continue
            found.append(Upload(content, name))
        return found

    def release(self) -> None:
        for token in self.names:
            release(token, whose=self.whose)


class AddForm(forms.Form):
    """Moment 1. One body is not asked. `refused`: files that cannot be taken, each with a sentence;
    the others go on.
    """

    body = forms.ModelChoiceField(
        label=_("For which group?"), queryset=Body.objects.none(), widget=forms.RadioSelect, empty_label=None
    )
    uploads = UploadsField(label=_("Drop a document here"), required=False)
    together = forms.BooleanField(
        label=_("These files are one document (its French and Dutch versions, its annexes)"), required=False
    )
    link = forms.CharField(
        label=_("Or paste a link or a DOI"),
        required=False,
        max_length=500,
        help_text=_("For example the address of a report, or a number that begins with 10."),
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
    )
    title = forms.CharField(
        label=_("Or just a title"),
        required=False,
        max_length=500,
        help_text=_("For what exists on paper only, or what you add later."),
    )

    data: MultiValueDict[str, Any]

    def __init__(self, *args, user: Any, bodies: Sequence[Body], **options) -> None:
        super().__init__(*args, **options)
        self.bodies = list(bodies)
        body = self.fields["body"]
        assert isinstance(body, forms.ModelChoiceField)
        body.queryset = Body.objects.filter(pk__in=[body.pk for body in bodies]).order_by("code")
        body.error_messages["required"] = _("Choose the group it is for.")
        if len(self.bodies) == 1:
            del self.fields["body"]
        self.kept = KeptUploads(self.data.getlist("kept") if self.is_bound else [], user)
        self.refused: tuple[Refused, ...] = ()

    def clean_link(self) -> Link:
        text = self.cleaned_data["link"].strip()
        if not text:
            return Link()
        if doi := doi_typed(text):
            return Link(doi=doi)
        address = text if "://" in text else f"https://{text}"
        try:
            _web_address(address)
        except forms.ValidationError:
            raise forms.ValidationError(
                _(
                    "This is no address and no DOI. Copy it whole, for example https://example.org/report "
                    "or 10.1000/182."
                )
            ) from None
        return Link(url=address)

    def clean(self) -> dict[str, Any]:
        super().clean()
        found = self.cleaned_data
        given = found.get("uploads")
        taken = [Upload(one, one.name) for one in given.taken] if given else []
        found["files"] = [*self.kept.opened(), *taken]
        self.refused = given.refused if given else ()
        for one in self.kept.refused:
            self.add_error("uploads", str(one))
        found.setdefault("body", self.bodies[0] if len(self.bodies) == 1 else None)
        single = len(found["files"]) < 2 or found.get("together")
        one_each = _(
            "With several documents, each gets its own on the next page. Empty this, or tick that "
            "they are one document."
        )
        for name in ("title", "link"):
            if found.get(name) and found[name] != Link() and not single:
                self.add_error(name, one_each)
        if not found["files"] and self.refused:
            self.add_error("uploads", " ".join(str(one) for one in self.refused))
        elif not found["files"] and not found.get("title") and found.get("link", Link()) == Link() and not self.errors:
            self.add_error("uploads", _("Give a document, a link or a title: one of the three is enough."))
        return found

    def keep_uploads(self) -> None:
        """Puts aside what came, for the form that is shown again."""
        given = getattr(self, "cleaned_data", {}).get("uploads")
        self.kept.add(given.taken if given else ())


class NamesField(forms.CharField):
    """One name per line; a list of distinct names, MOST_NAMES at most."""

    widget = forms.Textarea(attrs={"rows": 3})

    def prepare_value(self, value):
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value) -> list[str]:
        names = [" ".join(without_unseen(line).split())[:255] for line in (super().to_python(value) or "").splitlines()]
        return list(dict.fromkeys(name for name in names if is_seen(name)))

    def validate(self, value) -> None:
        super().validate(value)
        if len(value) > MOST_NAMES:
            said = {"count": len(value), "most": MOST_NAMES}
            sentence = (
                gettext("There are %(count)d names here: give %(most)d at most, the document itself has the others.")
                % said
            )
            raise forms.ValidationError(sentence, code="too_many")


def _text(name: str, **options) -> forms.Field:
    """The model's own rule for a line of text."""
    made = column(Reference, name).formfield(required=False, **options)
    assert isinstance(made, forms.Field)  # each of these lines has one
    return made


def _choice(choices) -> forms.Field:
    return forms.ChoiceField(choices=[("", "–"), *choices], required=False)


LINES = {
    "title": lambda: forms.CharField(
        max_length=500, error_messages={"required": _("Write the title: it is the one line that is needed.")}
    ),
    "subtitle": lambda: _text("subtitle", help_text=""),
    "creators": lambda: NamesField(
        required=False,
        help_text=_("One name a line: an organisation as it calls itself, a person as “Family name, First name”."),
    ),
    "language": lambda: _choice(LANGUAGES.items()),
    "date_text": lambda: _text("date_text", help_text=_("The year is enough: 2010. Or 2010-05, or 2010-05-21.")),
    "type": lambda: _choice(ReferenceType.choices),
    "publisher": lambda: _text("publisher"),
    "abstract": lambda: forms.CharField(
        required=False, widget=forms.Textarea(attrs={"rows": 4}), validators=[MaxLengthValidator(LONGEST_TEXT)]
    ),
    "concepts": lambda: ConceptsField(required=False),
    "container_title": lambda: _text("container_title"),
    "pages": lambda: _text("pages", help_text=""),
    "url": lambda: _text("url", assume_scheme="https"),
    "doi": lambda: forms.CharField(required=False, max_length=200),
    "isbn": lambda: _text("isbn"),
}
LABELS = {
    "title": _("Title"),
    "subtitle": _("Subtitle"),
    "creators": _("Author"),
    "language": _("Language"),
    "date_text": _("Date"),
    "type": _("Type"),
    "publisher": _("Publisher"),
    "abstract": _("Summary of the document"),
    "concepts": _("Themes"),
    "container_title": _("Published in"),
    "pages": _("Pages"),
    "url": _("Web address"),
    "doi": "DOI",
    "isbn": "ISBN",
}
NEVER_EMPTY = frozenset({"title", "language", "type"})


class RecordForm(OpensNothingAgain, forms.Form):
    """Moment 2: the lines that are open (`opened` by somebody, `missing` and therefore open), readers, a file, a word.

    A missing line that is left empty changes nothing, so that what was read meanwhile stays. Readers are given within
    what an editor chose, and by an old page never more than there are now.
    """

    rights: ClassVar = {"readers": more_readers, "publish_reason": reason_given, "own_production": taken_off}

    readers = forms.ChoiceField(label=_("Who may read it?"), widget=forms.RadioSelect)
    publish_reason = forms.ChoiceField(
        label=_("For everyone: why may we publish the file?"), choices=PublishReason.choices, required=False
    )
    permission_date = forms.DateField(
        label=_("Permission given on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    own_production = forms.BooleanField(required=False)
    upload = UploadField(label=_("Another file"), required=False)
    upload_as = forms.ChoiceField(label=_("What is it?"), required=False)
    word = forms.CharField(
        label=_("A word to the person who contributed it"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    data: MultiValueDict[str, Any]

    def __init__(
        self,
        *args,
        user: Any,
        held: frozenset[str],
        reference: Reference,
        opened: Sequence[str],
        missing: Sequence[str],
        files: Sequence[tuple[str, str]],
        **options,
    ) -> None:
        self.reference = self.instance = reference
        self.contributed = list(reference.files.filter(is_contributed=True).order_by("number"))
        super().__init__(*args, **options)
        self.opened = [name for name in LINES if name in opened]
        self.missing = [name for name in LINES if name in missing and name not in opened]
        for name in (*self.opened, *self.missing):
            self.fields[name] = LINES[name]()
            self.fields[name].label = LABELS[name]
            if name in self.opened:
                self.initial.setdefault(name, _initial(value_of(reference, name)))
        self.is_editor = STAFF in held
        self._prepare_readers()
        self.choices_of("upload_as").choices = [(NEW_FILE, gettext("One more part of the document")), *files]
        self.initial.setdefault("upload_as", files[0][0] if files else NEW_FILE)
        self.kept = KeptUploads(self.data.getlist("kept") if self.is_bound else [], user)
        self.kept_file: Upload | None = None

    def choices_of(self, name: str) -> forms.ChoiceField:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        return field

    def read_rights(self) -> dict[str, Any]:
        """What stands now; the files for the stamp alone."""
        reference, first = self.reference, self.contributed[0] if self.contributed else None
        return {
            "readers": sorted(reference.audiences),
            "publish_reason": first.publish_reason if first else PublishReason.UNKNOWN,
            "own_production": bool(reference.own_production_id),
            "files": [(file.pk, file.audiences, file.publish_reason) for file in self.contributed],
        }

    def _reopens(self, name: str, gives_more: GivesMore) -> bool:
        wanted = self.cleaned_data[name]
        if name == "readers":
            wanted = readers_given(self.reference, wanted)
        elif name == "publish_reason":  # not shown where there is no file
            wanted = wanted or self.rights_now[name]
        return gives_more(self.rights_now[name], wanted)

    def show(self, name: str, value: Any) -> None:
        super().show(name, readers_choice(self.reference) if name == "readers" else value)

    def _prepare_readers(self) -> None:
        reference, choice = self.reference, readers_choice(self.reference)
        self.every_choice = [
            (GROUP, gettext("%(body)s only") % {"body": reference.body}),
            (MEMBERS, gettext("All members")),
            (EVERYONE, gettext("Everyone")),
        ]
        if not choice:
            self.every_choice.append(("", gettext("As the editors chose")))
        self.choices_of("readers").choices = self.every_choice if self.is_bound else self.open_choices()
        self.fields["readers"].required = bool(choice)
        self.fields["own_production"].label = gettext("This is our own work, by %(body)s") % {
            "body": reference.own_production or reference.body
        }
        # Who wants it public must not be able to say that it is not our own after all.
        is_of_an_editor = not self.is_editor and is_own_work_bound(reference)
        binds = reference.own_production_id is not None and reference.state != ReferenceState.DRAFT
        self.fields["own_production"].disabled = binds or is_of_an_editor
        self.fields["own_production"].help_text = (
            gettext("Said when it was proposed: it stays so.")
            if binds
            else gettext("Taken as our own work by its creator or publisher: only an editor says that it is not.")
            if is_of_an_editor and Contribution.objects.filter(reference=reference, taken_as_ours=True).exists()
            else gettext("Said by an editor, or when it was proposed: only an editor takes it back.")
            if is_of_an_editor
            else ""
        )
        first = self.contributed[0] if self.contributed else None
        self.initial.update(
            {
                "readers": choice,
                "publish_reason": first.publish_reason if first else PublishReason.UNKNOWN,
                "permission_date": first.permission_date if first else None,
                "own_production": bool(reference.own_production_id),
            }
        )

    def open_choices(self) -> list[tuple[str, str]]:
        """The choices of readers that this person may give: all of them for an editor."""
        return [
            (code, label)
            for code, label in self.every_choice
            if self.is_editor or not gives_more_than_chosen(self.reference, readers_given(self.reference, code))
        ]

    def clean_doi(self) -> str:
        text = self.cleaned_data["doi"].strip()
        if text and not doi_typed(text):
            raise forms.ValidationError(_("A DOI begins with 10. and has a slash, for example 10.1000/182."))
        return doi_typed(text)

    def clean(self) -> dict[str, Any]:
        super().clean()
        found = self.cleaned_data
        if found.get("publish_reason") == PublishReason.PERMISSION and not found.get("permission_date"):
            self.add_error("permission_date", _("Give the date of the permission."))
        if found.get("own_production") and found.get("readers") == EVERYONE and not self.reference.may_be_agreed():
            self.add_error("own_production", NEEDS_AGREEMENT)
        open_choices = self.open_choices()
        if found.get("readers") and found["readers"] not in dict(open_choices):
            self.add_error("readers", EDITORS_CHOSE)
        self.choices_of("readers").choices = open_choices
        self.kept_file = next(iter(self.kept.opened()), None)
        if not self.kept_file and not found.get("upload"):
            self.errors.pop("upload_as", None)  # of an old page: a file that is not shown any more, and nothing for it
        for one in self.kept.refused:
            self.add_error("upload", str(one))
        return found

    def lines(self) -> dict[str, Any]:
        """What was typed, by the name of the line, as `contributing.write_lines` wants it; an empty one that need not
        be is left out.
        """
        found = {}
        for name in (*self.opened, *self.missing):
            value = self.cleaned_data[name]
            if name == "concepts":
                value = set(value)
            if (name in self.missing or name in NEVER_EMPTY) and not value:
                continue
            found[name] = value
        return found

    def given_file(self) -> Upload | None:
        """The file that came with it, now or before it was shown again."""
        if upload := self.cleaned_data.get("upload"):
            return Upload(upload, upload.name)
        return self.kept_file

    def keep_uploads(self) -> None:
        if upload := getattr(self, "cleaned_data", {}).get("upload"):
            self.kept.add([upload])


def _initial(value: Any) -> Any:
    return [one.pk for one in value] if isinstance(value, set) else value


# All that the two forms send, beside the buttons: what is kept of one whose session has ended.
SENT = frozenset({*AddForm.base_fields, *RecordForm.base_fields, *LINES, "open", "missing", "kept", STAMP})
