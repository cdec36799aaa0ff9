"""People as lists and forms see them: with employers and bodies, and which of them an editor may change.

Rights are in `granting`.
"""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from kb.accounts.models import User
from kb.backoffice.searching import words_of
from kb.directory.models import Employment
from kb.groups.models import Mandate


def people() -> QuerySet[User]:
    """All but those whose account was erased."""
    return User.objects.filter(erased_at=None)


def with_seats(queryset: QuerySet[User]) -> QuerySet[User]:
    """Each with `.employers` (running employments) and `.seats` (running mandates), both lists.

    Two more queries, whatever the rows.
    """
    return queryset.prefetch_related(
        Prefetch(
            "employments",
            Employment.objects.running().select_related("organisation").order_by("pk"),
            to_attr="employers",
        ),
        Prefetch(
            "mandates",
            Mandate.objects.running().select_related("body", "organisation").order_by("body__code"),
            to_attr="seats",
        ),
    )


def matching(queryset: QuerySet[User], typed: str) -> QuerySet[User]:
    """Those with every typed word in their name or in one of their addresses; for editors."""
    for word in words_of(typed):
        own = EmailAddress.objects.filter(user=OuterRef("pk"), email__icontains=word)
        queryset = queryset.filter(Q(name__icontains=word) | Q(email__icontains=word) | Exists(own))
    return queryset


def is_editor(person: User) -> bool:
    """Editors keep their own address and account: no other editor changes these for them."""
    return person.is_staff or person.is_superuser


def may_describe(person: User, by: User | None) -> bool:
    """Whether `by` writes name, language and phone of this person:
    an editor's are written by themselves and by a superuser.
    """
    return not is_editor(person) or (by is not None and (by.pk == person.pk or by.is_superuser))


def may_close(person: User, by: User) -> bool:
    return person.pk != by.pk and not is_editor(person)
