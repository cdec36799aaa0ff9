"""The addresses of a person: whose an address is, and the one way in which the main one changes.

    main     User.email, with a row of allauth's EmailAddress marked primary. An editor may give it; it is proven by a
             link that was sent to it.
    others   rows added by the person; they count (for log-in, reset, finding) once they are proven.

The admin's form of log-ins looks whose an address is and saves the person; `User.save` calls `keep_main`, which does
what `change_address` says.
Pages are in `own.views`, forms in `login.forms`; nothing here asks for a request.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import BooleanField, Value
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kb.accounts.noting import hidden, note
from kb.accounts.writing import address_of, write
from kb.site.limiting import may_write

if TYPE_CHECKING:
    from kb.accounts.models import User

MOST = 5  # addresses of one person
LINK_DAYS = 3  # allauth's own
TAKEN = _("Someone already logs in with this address. Look for it in the list.")


def normal(email: str) -> str:
    return email.strip().lower()


def find_person(email: str) -> User | None:
    """The person whose address this is: their main one, proven or not, or a proven further one. Two queries."""
    return people_by_address([email]).get(normal(email))


def people_by_address(emails: Iterable[str]) -> dict[str, User]:
    """{address in small letters: person} for those that are somebody's. Two queries, however many addresses.

    Where an address is the unproven main one of one person and proven by another, it is the other's.
    """
    people, wanted = get_user_model().objects, {normal(email) for email in emails}
    main = people.filter(email__in=wanted).values_list("email", "pk", Value(False, output_field=BooleanField()))
    proven = _rows().filter(email__in=wanted, verified=True).values_list("email", "user_id", "verified")
    owners: dict[str, int] = {}
    for email, user_id, is_proven in main.union(proven, all=True):
        if is_proven or email not in owners:
            owners[email] = user_id
    found = people.in_bulk(set(owners.values()) or {0})  # the same statements for addresses that are nobody's
    return {email: found[user_id] for email, user_id in owners.items()}


@transaction.atomic
def change_address(user: User, email: str, *, verified: bool) -> None:
    """Makes this the main address; `verified` says whether the person has shown that they read what is sent to it.

    A proven further address of the same person becomes the main one and the former stays; any other address takes the
    place of the former, through which nobody gets in any more. A proven former address is told. Raises ValidationError
    when it is somebody else's.
    """
    email = normal(email)
    owner = find_person(email)
    if owner is not None and owner.pk != user.pk:
        raise ValidationError({"email": TAKEN}, code="taken")
    user.email = email
    user.save(update_fields=["email"])
    if verified:
        prove(user, email)


def prove(user: User, email: str) -> bool:
    """Notes that the person reads what is sent to this address of theirs; False when it is not theirs,
    or proven by somebody else.
    """
    email = normal(email)
    if _rows().filter(email=email, verified=True).exclude(user=user).exists():
        return False
    proven = bool(_rows().filter(user=user, email=email).update(verified=True))
    if proven:
        note("address proven", user, address=hidden(email))
    return proven


def prove_by_reset(user: User, **more: Any) -> None:
    """A new password chosen by a link proves the address the link went to. Receives allauth's `password_reset`.

    Where another address is proven the link may have gone there: then the main one is as it was.
    """
    if not _rows().filter(user=user, verified=True).exists():
        prove(user, user.email)


def is_proven(user: User) -> bool:
    """Whether the main address is."""
    return _rows().filter(user=user, email=user.email, verified=True).exists()


def keep_main(user: User) -> None:
    """Brings the rows in step with User.email; `User.save` calls it. What happens to the former address is said at
    `change_address`.

    An invitation sent to the former address stops working: its reader would prove an address they do not read.
    """
    rows = _rows().filter(user=user)
    former = rows.filter(primary=True).exclude(email=user.email).first()
    if former is not None:
        note("main address changed", user, was=hidden(former.email), address=hidden(user.email))
        user.invitations.filter(used_at=None, revoked_at=None).update(revoked_at=timezone.now())
        if rows.filter(email=user.email, verified=True).exists():
            rows.filter(pk=former.pk).update(primary=False)
        else:
            former.delete()
        if former.verified and user.erased_at is None:
            write(former.email, "email_changed", {"to_email": user.email, "timestamp": timezone.now()}, user=user)
    _rows().update_or_create(user=user, email=user.email, defaults={"primary": True})


def own_addresses(user: User) -> list[Any]:
    """The rows of this person, the main one first."""
    return list(_rows().filter(user=user).order_by("-primary", "email"))


@transaction.atomic
def ask_for(user: User, email: str) -> None:
    """Adds an address that waits to be proven, and writes to it. The same is done and seen where it is somebody else's,
    who is told so.

    Raises ValidationError when the person has it already, or has too many.
    """
    email = normal(email)
    own = _rows().filter(user=user)
    if own.filter(email=email).exists():
        raise ValidationError(_("This address is in your list already."), code="own")
    if own.count() >= MOST:
        raise ValidationError(_("You have as many addresses as the site keeps. Remove one first."), code="many")
    write_link(own.create(user=user, email=email))


def write_link(row: Any) -> None:
    """Writes to an unproven address: the link that proves it, or, where it is somebody else's, that it was asked for.

    Past a few an hour nothing is sent, and nobody is told; what others ask for the same address counts for them alone.
    """
    if not may_write(row.email, f"address of {row.user_id}"):
        return
    owner, user = find_person(row.email), row.user
    if owner is not None and owner.pk != user.pk:
        write(row.email, "address_taken", {}, user=owner)
        return
    link = address_of("account_address_link", EmailConfirmationHMAC(row).key, language=user.language)
    write(row.email, "address_confirm", {"link": link, "days": LINK_DAYS}, user=user)


def row_of(token: str) -> Any:
    """The unproven row whose link holds this token; None when it is proven or gone,
    or the link is older than LINK_DAYS.
    """
    confirmation = EmailConfirmationHMAC.from_key(token)
    return confirmation.email_address if confirmation else None


@transaction.atomic
def confirm(row: Any) -> bool:
    """Proves a row by its link and tells the main address; False when it became somebody else's meanwhile."""
    owner, user = find_person(row.email), row.user
    if not user.is_active or (owner is not None and owner.pk != user.pk) or not prove(user, row.email):
        return False
    if row.email != user.email:
        write(user.email, "address_added", {"email": row.email, "timestamp": timezone.now()}, user=user)
    return True


def remove(row: Any) -> bool:
    """Takes a further address away and tells the main one; the main one itself stays (False)."""
    user = row.user
    if row.primary or row.email == user.email:
        return False
    row.delete()
    note("address removed", user, address=hidden(row.email))
    write(user.email, "address_removed", {"email": row.email, "timestamp": timezone.now()}, user=user)
    return True


def _rows() -> Any:
    return EmailAddress.objects
