"""The personal data of the directory: who works where."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _

from kb.accounts.personal_data.edited_kinds import forget_log_of
from kb.accounts.personal_data.registry import (
    COORDINATION,
    PEOPLE,
    Basis,
    PersonalData,
    register_personal,
    rows_of,
)
from kb.accounts.personal_data.scrubbing import Identity
from kb.directory.models import Employment, Organisation


def employments_of(user: Any):
    return Employment.objects.filter(user=user).order_by("pk")


def employments_in_words(user: Any) -> Iterator[str]:
    for one in employments_of(user).select_related("organisation"):
        yield ", ".join(part for part in (str(one.organisation), one.function) if part)


def erase_employments(user: Any, identity: Identity) -> int:
    """Where and from when to when stays, for the statistics; what the person did there was in their own words,
    and goes.
    """
    forget_log_of(employments_of(user), identity)
    return employments_of(user).update(function="")


def is_name_of_an_organisation(name: str) -> bool:
    return Organisation.objects.filter(name__icontains=name).exists()


def register_all() -> None:
    register_personal(
        PersonalData(
            name="directory.employments",
            label=_("Employments"),
            what=_("Organisation, function, from when to when"),
            people=PEOPLE,
            purpose=_("Knowing whom each member represents"),
            basis=Basis.PUBLIC_TASK,
            basis_words=COORDINATION,
            kept_words=_("As long as the account"),
            seen_by=_("The members, and the editors"),
            after_erasure=_("The organisation and the dates under a number, without the function"),
            order=60,
            shown=employments_in_words,
            erase=erase_employments,
            stands_in=is_name_of_an_organisation,
            **rows_of(employments_of, "organisation__name", "function", "since", "until"),
        )
    )
