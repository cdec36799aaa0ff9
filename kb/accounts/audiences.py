"""Who may see what, as values: the one place where a reader becomes a set of audiences.

    public         everyone
    members        a mandate with a deliberative voice, in any living body
    body:<code>    a mandate of any kind in that body (or in its successor)
    person:<id>    one's own drafts
    referent:<code>  follows what is contributed to that body; given by nobody's choice, held by its referents
    staff          an editor, in a session that passed the second factor

Things carry a set of audiences, a reader holds a set; the thing is there for the reader when the two meet. Domains that
grant audiences register a provider; with an empty registry everyone but editors is the public.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from allauth.account.authentication import get_authentication_records
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from search.registries import Providers

PUBLIC = "public"
MEMBERS = "members"
STAFF = "staff"
PERSON = "person:"
REFERENT = "referent:"

Provider = Callable[[Any], Iterable[str]]
Choices = Callable[[], Iterable[tuple[str, str]]]

# Of the domains. A provider gives the audiences that a logged-in, active user holds by its domain, once a request;
# choices are (value, name) pairs that an editor may choose beside public and members.
PROVIDERS: Providers[Provider] = Providers()
CHOICES: Providers[Choices] = Providers()


def body(code: str) -> str:
    return f"body:{code}"


def person(user_id: int) -> str:
    return f"{PERSON}{user_id}"


def referent(code: str) -> str:
    return f"{REFERENT}{code}"


def named(held: Iterable[str], kind: str) -> list[str]:
    """The codes or numbers that audiences of one kind (PERSON, REFERENT) name: "referent:PA" gives "PA"."""
    return sorted(value.removeprefix(kind) for value in held if value.startswith(kind))


def choices() -> list[tuple[str, str]]:
    """All audiences that an editor can give to a thing, with their names in the language of the request."""
    found: list[tuple[str, str]] = [(PUBLIC, str(_("Everyone"))), (MEMBERS, str(_("All members")))]
    for more in CHOICES:
        found.extend(more())
    return found


def held_by(user: Any, *, second_factor: bool) -> frozenset[str]:
    """The audiences a user holds; `sessions.second_factor` says whether the session passed it."""
    if user is None or not user.is_authenticated or not user.is_active:
        return frozenset({PUBLIC})
    held = {PUBLIC, person(user.pk)}
    for provider in PROVIDERS:
        held.update(provider(user))
    if user.is_staff and second_factor:
        held.add(STAFF)
    return frozenset(held)


def audiences_of(request: HttpRequest) -> frozenset[str]:
    """The audiences of whoever makes this request; asked once, kept on the request."""
    kept = getattr(request, "_audiences", None)
    if kept is None:
        user = getattr(request, "user", None)
        kept = held_by(user, second_factor=bool(user and user.is_authenticated and passed_second_factor(request)))
        request._audiences = kept  # type: ignore[attr-defined]
    return kept


def passed_second_factor(request: HttpRequest) -> bool:
    """Whether this session was opened (or confirmed) with a second factor, by the person who uses it now."""
    return any(record.get("method") == "mfa" for record in get_authentication_records(request, request.user))


def may_see(held: Iterable[str], audiences: Iterable[str]) -> bool:
    """Whether a reader who holds `held` may see a thing given to `audiences`. Editors see everything."""
    held = frozenset(held)
    return STAFF in held or not held.isdisjoint(audiences)


def is_within(value: str, audiences: Iterable[str]) -> bool:
    """Whether everyone in audience `value` is also in one of `audiences` (consultants of a body are not members)."""
    audiences = frozenset(audiences)
    return value == STAFF or value in audiences or PUBLIC in audiences


def narrowed(wanted: Iterable[str], within: Iterable[str]) -> frozenset[str]:
    """`wanted` less what is wider than `within`: the audiences of a file are never wider than its notice's."""
    within = frozenset(within)
    return frozenset(value for value in wanted if is_within(value, within))


def refuse_wider(wanted: Iterable[str], within: Iterable[str]) -> None:
    """Raises ValidationError when a file would be open to more readers than its notice."""
    if any(not is_within(value, within) for value in wanted):
        raise ValidationError(
            _(
                "The file would be open to readers who may not see its notice. Open the notice to them "
                "first, or choose fewer readers for the file."
            )
        )
