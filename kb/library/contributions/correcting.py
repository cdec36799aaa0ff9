"""What a posted page of a contribution does: its lines, its readers, its file, then the step that was asked for, all or
nothing.

The form is in `forms`, the steps in `steps`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from kb.files.intake.storing import Received
from kb.library.contributions import steps as handling
from kb.library.contributions.forms import NEW_FILE, RecordForm
from kb.library.contributions.stamping import CHANGED, stamp_of
from kb.library.contributions.starting import (
    attach,
    contribution_of,
    give_readers,
    received,
    replace_file,
    say_own_work,
    write_lines,
)
from kb.library.contributions.twins import note_unseen_later
from kb.library.models import Reference
from search.recording import checked_together

SAVE = "save"
HANDLING = frozenset({"accept", "return", "refuse"})
STEPS = {
    "confirm": handling.propose,
    "accept": handling.accept,
    "return": handling.send_back,
    "refuse": handling.refuse,
}
# Steps that leave what was typed alone.
PLAIN_STEPS = {"take_back": handling.take_back, "delete": handling.delete_draft}


def correct(
    form: RecordForm, reference: Reference, *, user: Any, held: frozenset[str], step: str, shown: str = ""
) -> Reference:
    """Writes a valid form and takes the step; one of HANDLING only on what was `shown` (`stamping`).

    Raises NotAllowed with a sentence; ValidationError, by field, with nothing written.
    """
    upload = form.given_file()
    with received([upload] if upload else []) as files, transaction.atomic(), checked_together():
        with handling.locked(reference) as fresh:
            if handling.is_author(user, fresh):
                handling.refuse_former(held, fresh)
            if not handling.may_edit(user, held, fresh):
                raise handling.AlreadyHandled(handling.last_said(fresh))
            if step in HANDLING and shown != stamp_of(fresh):
                raise ValidationError(CHANGED)
            _write(form, fresh, user, files, held)
        if step in STEPS:
            fresh = STEPS[step](fresh, user, form.cleaned_data["word"].strip(), held=held)
        if step == "confirm":
            note_unseen_later(fresh, held)
    form.kept.release()
    return fresh


def _write(form: RecordForm, reference: Reference, user: Any, files: Sequence[Received], held: frozenset[str]) -> None:
    found, contribution = form.cleaned_data, contribution_of(reference)
    say_own_work(reference, contribution, is_ours=found["own_production"], held=held)
    write_lines(reference, contribution, form.lines())
    if found["readers"]:
        reason = found["publish_reason"] or form.initial["publish_reason"]
        give_readers(
            reference,
            found["readers"],
            publish_reason=reason,
            permission_date=found["permission_date"],
            held=held,
        )
    for file in files:
        number = found["upload_as"] or NEW_FILE
        if number == NEW_FILE:
            attach(reference, file, user)
        else:
            replace_file(reference.files.get(number=int(number)), file, user)


def sentences_by_field(form: RecordForm, error: ValidationError) -> None:
    """Puts what the models refused beside the fields it is about."""
    by_field = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    for name, messages in by_field.items():
        field = "readers" if name == "audiences" else name
        form.add_error(field if field in form.fields else None, messages)
