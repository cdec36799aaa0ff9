"""Which versions of a file stay: what was replaced before an acceptance goes, what was cited stays, what an editor
takes away leaves a reason.

    stored in a draft, a proposal, what was sent back ─replaced─► gone, with its bytes, pages and pictures
                      └─accepted─► open to the readers of the file ─replaced by an editor─► an older version, at its address for good
                                       └─taken away by an editor, with a reason─► gone; its address says so (`models.TakenVersion`)
What acceptance opens is in `models.files`, what a reader may open in `gathering`.
"""  # noqa: E501

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from wagtail.log_actions import log

from kb.accounts.audiences import STAFF
from kb.files.models import FileVersion
from kb.library.models import Reference, ReferenceFile, TakenVersion
from kb.library.models.references import note_gone
from search.indexing import record_closing

LOG_ACTION = "library.take_version_away"


def drop_replaced(file: ReferenceFile, newest: FileVersion) -> None:
    """Deletes the versions before this one that no acceptance opened: nobody can have cited them.

    Call it in the transaction of the new one.
    """
    replaced = FileVersion.objects.filter(
        stored_file=file.stored_file_id, number__gt=file.opened_to, number__lt=newest.number
    )
    if replaced.exists():
        note_gone(replaced)
        replaced.delete()
        record_closing(Reference.subject_of(file.reference_id))


def take_away(file: ReferenceFile, number: int, *, reason: str, user: Any) -> TakenVersion:
    """Deletes one version, with what was read of it; its number is never given again.

    Raises ValidationError without a reason, FileVersion.DoesNotExist when it is gone already, NotAgreed where everyone
    reads it by an agreement.
    """
    reason = " ".join(reason.split())[:500]
    if not reason:
        raise ValidationError({"reason": _("Say why in a few words: the address goes on saying it.")})
    with transaction.atomic():
        fresh = ReferenceFile.objects.select_for_update(of=("self",)).select_related("reference__body").get(pk=file.pk)
        version = FileVersion.objects.get(stored_file=fresh.stored_file_id, number=number)
        was_open = fresh.opened_from <= number <= fresh.opened_to
        taken = TakenVersion.objects.create(
            file=fresh,
            number=number,
            sha256=version.sha256,
            reason=reason,
            actor=user,
            audiences=sorted(fresh.effective_audiences) if was_open else [STAFF],
        )
        note_gone(FileVersion.objects.filter(pk=version.pk))
        version.delete()
        record_closing(Reference.subject_of(fresh.reference_id))
        log(instance=fresh.reference, action=LOG_ACTION, user=user, data={"version": f"{fresh.number}.{number}"})
    return taken
