"""How long personal data are kept, and taking away what is older: run each day by the clock, kind by kind, safe to run
twice.

    account never used:   invited ──12 months without an answer, never a mandate──► erased
    account nobody uses:  last log-in ──3 years, no mandate running──► warned by mail ──30 days──► erased        a log-in or a mandate stops it

Nothing here erases an editor. Which accounts are needed is for the domains to say (`register_reason_to_stay`); the
periods of other kinds are with their kind.
"""  # noqa: E501

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.core.cache.backends.db import DatabaseCache
from django.db import connection, transaction
from django.db.models import Exists, F, Max, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from wagtail.models import ModelLogEntry, PageLogEntry

from kb.accounts import writing
from kb.accounts.models import User, UserSession
from kb.accounts.personal_data import erasing, registry
from search.registries import Registry

logger = logging.getLogger(__name__)

NEVER_CAME_AFTER = timedelta(days=365)
IDLE_AFTER = timedelta(days=3 * 365)
WARNED_BEFORE = timedelta(days=30)
LOG_KEPT = timedelta(days=2 * 365)
MOST_A_DAY = 200  # each erasure looks through every log and history


@dataclass(frozen=True, slots=True)
class ReasonToStay:
    """Why an account is needed: now() is the condition on a person that holds today (or will), ever()
    the one that ever held.
    """

    name: str
    now: Callable[[], Q | Exists]
    ever: Callable[[], Q | Exists]


REASONS: Registry[ReasonToStay] = Registry()


def register_reason_to_stay(name: str, *, now: Callable[[], Q | Exists], ever: Callable[[], Q | Exists]) -> None:
    """Called from `apps.py`: a person with a running mandate stays, whenever the last log-in was."""
    REASONS.register(name, ReasonToStay(name, now, ever))


def retain() -> str | None:
    """Takes away what is older than each kind's period.

    One kind that fails stops no other, and is told when all have had their turn.
    """
    done, failed = [], []
    for kind in registry.KINDS:
        if kind.thin is None:
            continue
        try:
            done.append(kind.thin())
        except Exception as error:  # the edge of what domains registered; raised again below
            logger.exception("What is kept of %s could not be thinned", kind.name)
            failed.append(f"{kind.name}: {type(error).__name__}")
    if failed:
        raise RuntimeError("; ".join(failed))
    return "; ".join(one for one in done if one) or None


def retain_accounts() -> str | None:
    """Warns, erases those who were warned, erases accounts that nobody ever used, and whoever a backup brought back."""
    counts = {
        "erased again after a restore": erasing.erase_again(),
        "warned": warn_idle(),
        "idle accounts erased": erase_idle(),
        "unused accounts erased": erase_never_came(),
    }
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count) or None


def _ordinary() -> QuerySet[User]:
    return User.objects.filter(is_staff=False, is_superuser=False, erased_at=None)


def idle() -> QuerySet[User]:
    """People without a reason to stay who have not logged in for three years (or, if they never did,
    whose account is as old).
    """
    found = (
        _ordinary()
        .annotate(last_seen=Coalesce("last_login", "date_joined"))
        .filter(last_seen__lt=timezone.now() - IDLE_AFTER)
    )
    for reason in REASONS:
        found = found.exclude(reason.now())
    return found


def never_came() -> QuerySet[User]:
    """People who never logged in, whose last invitation (or account) is twelve months old,
    and who never had a reason to stay.
    """
    limit = timezone.now() - NEVER_CAME_AFTER
    found = _ordinary().filter(last_login=None, date_joined__lt=limit).alias(last_invited=Max("invitations__made_at"))
    found = found.filter(Q(last_invited=None) | Q(last_invited__lt=limit))
    for reason in REASONS:
        found = found.exclude(reason.ever())
    return found


def warn_idle() -> int:
    """Writes to those who became idle, in their language.

    A warning counts no longer once the person came back or got a mandate.
    """
    User.objects.exclude(retention_warned_at=None).exclude(pk__in=idle().order_by().values("pk")).update(
        retention_warned_at=None
    )
    warned = 0
    for user in idle().filter(retention_warned_at=None).order_by("pk")[:MOST_A_DAY]:
        with transaction.atomic():
            # Only one of two clocks finds it unwarned.
            if User.objects.filter(pk=user.pk, retention_warned_at=None).update(retention_warned_at=timezone.now()):
                _write(user, timezone.now() + WARNED_BEFORE)
                warned += 1
    return warned


def _write(user: Any, erased_on: datetime) -> None:
    links = {
        "log_in_url": writing.address_of("account_login", language=user.language),
        "data_url": writing.address_of("account_my_data", language=user.language),
    }
    writing.write(user.email, "idle", {"erased_on": erased_on, **links}, user=user)


def erase_idle() -> int:
    due = idle().filter(retention_warned_at__lte=timezone.now() - WARNED_BEFORE, retention_warned_at__gt=F("last_seen"))
    return _erase(due)


def erase_never_came() -> int:
    return _erase(never_came())


def _erase(people: QuerySet[User]) -> int:
    """Each in a transaction of its own, and only if still due when its turn comes."""
    erased = 0
    for pk in list(people.order_by("pk").values_list("pk", flat=True)[:MOST_A_DAY]):
        if (user := people.filter(pk=pk).first()) is not None:
            erasing.erase(user, by=None)
            erased += 1
    return erased


def clear_sessions() -> str | None:
    """Removes sessions that ended; those of a cache or a cookie end by themselves."""
    gone, _each = UserSession.objects.filter(expire_date__lt=timezone.now()).delete()
    return f"{gone} ended sessions removed" if gone else None


def clear_cache() -> str | None:
    """Removes what ran out in a cache that is a table, which it would else do only when it is full;
    other caches forget by themselves.
    """
    gone = 0
    for name in settings.CACHES:
        if isinstance(cache := caches[name], DatabaseCache):
            with connection.cursor() as cursor:
                table, expires = (connection.ops.quote_name(word) for word in (cache._table, "expires"))
                cursor.execute(
                    f"DELETE FROM {table} WHERE {expires} < %s",
                    [connection.ops.adapt_datetimefield_value(timezone.now())],
                )
                gone += cursor.rowcount
    return f"{gone} cached values that ran out removed" if gone else None


def thin_log() -> str | None:
    """Removes what the admin's log says of more than two years ago.

    The history of a page is in its revisions, which stay.
    """
    limit = timezone.now() - LOG_KEPT
    gone = sum(entries.objects.filter(timestamp__lt=limit).delete()[0] for entries in (ModelLogEntry, PageLogEntry))
    return f"{gone} log entries older than two years removed" if gone else None
