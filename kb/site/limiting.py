"""Too many attempts: counting them, and the page that says so. The rates are in the settings (ACCOUNT_RATE_LIMITS, in
allauth's notation).

What counts is decided where the attempt is made: `admitting` for log-ins and codes. Counts are kept in the cache that
all web processes share, each under a keyed hash, so that it holds neither a network address nor an e-mail address.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import lru_cache

from allauth.core.internal.ratelimit import Rate, SingleRateLimitUsage, apply_rate, cache_lock, get_ip, parse_rates
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.crypto import salted_hmac


@dataclass(frozen=True, slots=True)
class Budget:
    """What one key may use up: `action` names its rates in ACCOUNT_RATE_LIMITS, `key` is whose it is."""

    action: str
    key: str


@dataclass(frozen=True, slots=True)
class Spent:
    """One attempt, as it was counted."""

    counted: list[SingleRateLimitUsage] = field(default_factory=list)

    def give_back(self) -> None:
        """The attempt counts no longer: it was a good one, or it was not looked at."""
        for one in self.counted:
            one.rollback()


def spend(*budgets: Budget) -> Spent | None:
    """Counts one attempt on each of these budgets; None, and nothing is counted, when one of them is used up. Give the
    narrowest first.

    Counted before the attempt is looked at: of many that come at once no more pass than the rates say.
    """
    spent = Spent()
    for budget in budgets:
        for rate in _rates(budget.action):
            counted = _count(_place(budget, rate), rate)
            if counted is None:
                spent.give_back()
                return None
            spent.counted.append(counted)
    return spent


def forget(*budgets: Budget) -> None:
    """These budgets are whole again."""
    cache.delete_many([_place(budget, rate) for budget in budgets for rate in _rates(budget.action)])


def may_write(address: str, purpose: str) -> bool:
    """Whether one more message that a stranger asked for may go to this address; counts it.

    purpose: what the message is for, and on whose behalf where somebody known asks. One purpose never uses up what
    another has: whoever asks for one kind of message to an address must not keep its owner from getting the other.
    """
    return spend(Budget("message", f"{purpose}:{address.strip().lower()}")) is not None


def network_of(request: HttpRequest) -> str:
    """Where a request comes from: the network address, of IPv6 the network of a household (its first 64 bits)."""
    return get_ip(request)


def too_many(request: HttpRequest) -> HttpResponse:
    """The sentence, with status 429; the template is the one allauth shows too."""
    return render(request, "429.html", status=429)


def _count(place: str, rate: Rate) -> SingleRateLimitUsage | None:
    with cache_lock(place) as locked:
        if not locked:
            return None
        now = time.time()
        allowed, history = apply_rate(cache.get(place, []), now, rate)
        if not allowed:
            return None
        cache.set(place, history, rate.duration)
    return SingleRateLimitUsage(cache_key=place, cache_duration=rate.duration, timestamp=now)


def _place(budget: Budget, rate: Rate) -> str:
    return f"accounts.limit:{budget.action}:{rate}:{salted_hmac('kb.accounts.limiting', budget.key, algorithm='sha256').hexdigest()[:40]}"  # noqa: E501


def _rates(action: str) -> list[Rate]:
    return _parsed(settings.ACCOUNT_RATE_LIMITS[action])


@lru_cache(maxsize=64)
def _parsed(rates: str) -> list[Rate]:
    return parse_rates(rates)
