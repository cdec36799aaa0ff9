"""Which attempts to log in are looked at, so that nobody guesses for long and nobody is kept out by what others try
elsewhere.

    sent from                                      counted on
    a device that logged in before (a cookie)      that device alone
    a place that logged in before                  that place, for this person
    anywhere else                                  that place, for this person and for all, and all strange places
                                                   together for this person

Only an attempt that is looked at counts, and only while it is wrong. When strange places are used up, the person still
comes in from where they were before, and from anywhere by the link to a new password. A code is asked only after the
right password, and is counted likewise.

A person may have several addresses, and nobody is told which belong together. So each count is kept twice: for the
address that was typed, which says "too many attempts" whosever it is, and for the person, which says nothing: past it a
password is wrong, right or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from kb.accounts.sessions.recognising import Visitor, any_device, recognise, recognise_person
from kb.site.limiting import Budget, Spent, forget, network_of, spend


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt with a password, as it was counted.

    is_looked_at: False for one that is answered like a wrong password, whatever it is.
    """

    spent: tuple[Spent, ...]
    is_looked_at: bool

    def give_back(self) -> None:
        """The attempt counts no longer: the password was right."""
        for one in self.spent:
            one.give_back()


def try_password(request: HttpRequest, email: str) -> Attempt | None:
    """Counts an attempt with a password; None when it must be refused in words. Give it back when the password was
    right.

    The same answers for an address that is nobody's, somebody's, or one of several of somebody.
    """
    visitor = recognise(request, email)
    of_all = () if visitor.known else (Budget("log_in_network", visitor.network),)
    typed = spend(*_password_budgets(visitor, visitor.typed), *of_all)
    if typed is None:
        return None
    of_person = spend(*_password_budgets(visitor, visitor.who))
    return Attempt((typed,), False) if of_person is None else Attempt((typed, of_person), True)


def forget_passwords(request: HttpRequest, email: str) -> None:
    """After a new password: what was tried before was tried at another one."""
    visitor = recognise(request, email)
    for key in (visitor.typed, visitor.who):
        forget(_here(visitor, key), Budget("log_in_address", key))


def try_factor(request: HttpRequest, person: Any) -> Spent | None:
    """Counts an attempt at the second factor; None when it must not be looked at."""
    return spend(_factor_budget(recognise_person(request, person)))


def forget_factors(request: HttpRequest, person: Any) -> None:
    """After a good one: the person holds the factor, so what they mistyped before counts no longer."""
    forget(_factor_budget(recognise_person(request, person)))


def _password_budgets(visitor: Visitor, key: str) -> tuple[Budget, ...]:
    """key: what is counted for, the address typed or the person."""
    if visitor.device:
        return (Budget("log_in_device", f"{key}:{visitor.device}"),)
    if visitor.known_place:
        return (_here(visitor, key),)
    return (_here(visitor, key), Budget("log_in_address", key))


def _here(visitor: Visitor, key: str) -> Budget:
    return Budget("log_in_place", f"{key}@{visitor.network}")


def _factor_budget(visitor: Visitor) -> Budget:
    """Strangers share one: a code has six digits."""
    if visitor.device:
        return Budget("factor", f"{visitor.who}:{visitor.device}")
    return Budget("factor", f"{visitor.who}@{visitor.network}" if visitor.known_place else visitor.who)


def try_page(request: HttpRequest) -> bool:
    """Counts a log-in that is sent for the place it comes from; not where the person is known,
    whose own attempts are counted.
    """
    if recognise(request, request.POST.get("login", "")).known:
        return True
    return spend(Budget("log_in_page", network_of(request))) is not None


def try_passkey(request: HttpRequest) -> bool:
    """Counts an answer of a passkey, which names nobody before it is looked at: for the device where there is one, else
    for the place.
    """
    device = any_device(request)
    return spend(Budget("passkey_page", f"device:{device}" if device else network_of(request))) is not None
