"""The personal data of the files: who put a file in, and what a file says of its maker."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kb.accounts.personal_data.places import list_places
from kb.accounts.personal_data.registry import (
    COORDINATION,
    ONLY_SELF,
    PEOPLE,
    Basis,
    PersonalData,
    register_personal,
    rows_of,
)
from kb.accounts.personal_data.scrubbing import Identity, scrub
from kb.files import owners
from kb.files.intake import keeping
from kb.files.models import FileVersion


def versions_of(user: Any):
    return FileVersion.objects.filter(created_by=user).order_by("pk")


def erase_versions(user: Any, identity: Identity) -> int:
    """The documents stay as they are, with the number of who put them in; the names and properties of those lose the
    person's name.
    """
    fields, mine = ("original_name", "properties", "reason"), Q(created_by=user)
    changed = scrub(FileVersion.objects.all(), fields, identity, own=mine, on_changed=_tell)
    list_places(FileVersion.objects.exclude(mine), fields, identity)
    return changed


def _tell(version: FileVersion) -> None:
    owners.tell(version.stored_file)


def register_all() -> None:
    register_personal(
        PersonalData(
            name="files.versions",
            label=_("Files put in"),
            what=_("Name of the file, day, who put it in; what the file says of its maker"),
            people=PEOPLE,
            purpose=_("Keeping documents, and knowing whom to ask when one cannot be read"),
            basis=Basis.PUBLIC_TASK,
            basis_words=COORDINATION,
            kept_words=_("As long as the document"),
            seen_by=_("The editors, and the person; the file itself: those it was opened to"),
            after_erasure=_(
                "The documents as they are. File names and properties of what the person put in lose the name; "
                "those of others are shown to an editor, who decides"
            ),
            order=90,
            erase=erase_versions,
            looks_through_texts=True,
            **rows_of(versions_of, "original_name", "media_type", "size_bytes", "created_at"),
        )
    )
    register_personal(
        PersonalData(
            name="files.kept",
            label=_("Files of a form that is not finished"),
            what=_("A file that was chosen in a form shown again, under a random name"),
            people=PEOPLE,
            purpose=_("Not having to choose a file twice"),
            basis=Basis.PUBLIC_TASK,
            basis_words=COORDINATION,
            kept_words=_("One day"),
            kept=timedelta(days=keeping.KEPT_FOR.days),
            due="files.kept",
            seen_by=ONLY_SELF,
            order=95,
        )
    )
