"""The personal data of the files: who put a file in, and what a file says of its maker."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

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
from kb.files import keeping
from kb.files.models import FileVersion


def versions_of(user: Any):
    return FileVersion.objects.filter(created_by=user).order_by("pk")


def erase_versions(user: Any, identity: Identity) -> int:
    """The documents stay as they are, with the number of who put them in;
    their names and properties lose the person's name.
    """
    return scrub(FileVersion.objects.all(), ("original_name", "properties", "reason"), identity)


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
            after_erasure=_("The documents as they are. Their file names and properties lose the name"),
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
