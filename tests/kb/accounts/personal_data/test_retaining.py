"""Periods are kept by the clock, and the manual says the same as the registry."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.utils import timezone, translation
from wagtail.log_actions import log
from wagtail.models import ModelLogEntry

from kb.accounts.models import Invitation, User
from kb.accounts.personal_data import registry, retaining
from kb.accounts.session_rows import SessionStore, UserSession
from kb.clock.models import LastRun, Notice
from kb.clock.registry import due_functions
from kb.clock.worker.running import run_due
from tests.home import builders as pages
from tests.kb.accounts import builders as people
from tests.kb.groups import builders as groups

pytestmark = pytest.mark.django_db

MANUAL = Path(__file__).resolve().parents[4] / "docs" / "personal-data.md"
LONG_AGO = timezone.now() - timedelta(days=4 * 365)


def someone(email: str = "ancienne@cass.example", *, last_login=LONG_AGO, joined=LONG_AGO, **values) -> User:
    user = people.member(email, **values)
    User.objects.filter(pk=user.pk).update(last_login=last_login, date_joined=joined)
    return User.objects.get(pk=user.pk)


def is_erased(user: User) -> bool:
    return User.objects.get(pk=user.pk).erased_at is not None


def warned(user: User, days_ago: int) -> None:
    User.objects.filter(pk=user.pk).update(retention_warned_at=timezone.now() - timedelta(days=days_ago))


# Accounts that nobody uses


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
def test_an_idle_person_is_warned_once_in_their_language_and_not_erased_yet(language):
    user = someone(language=language)
    retaining.retain()
    retaining.retain()
    assert [message.to for message in mail.outbox] == [[user.email]]
    assert f"/{language}/" in mail.outbox[0].body
    assert (mail.outbox[0].kind, mail.outbox[0].user) == ("accounts.idle", user)
    assert not is_erased(user)


def test_the_warning_says_the_day_and_leads_to_the_log_in():
    user = someone(language="en")
    retaining.retain()
    day = timezone.localdate() + retaining.WARNED_BEFORE
    assert str(day.year) in mail.outbox[0].body
    assert people.url("account_login", "en") in mail.outbox[0].body
    assert people.url("account_my_data", "en") in mail.outbox[0].body
    assert user.email not in mail.outbox[0].subject


def test_thirty_days_after_the_warning_the_account_is_erased():
    early, due = someone("tot@cass.example"), someone("echu@cass.example")
    warned(early, 29)
    warned(due, 30)
    retaining.retain()
    assert (is_erased(early), is_erased(due)) == (False, True)
    assert mail.outbox == []


def test_whoever_logs_in_after_the_warning_stays_and_is_warned_anew_three_years_later():
    user = someone()
    warned(user, 31)
    User.objects.filter(pk=user.pk).update(last_login=timezone.now())
    retaining.retain()
    assert not is_erased(user)
    User.objects.filter(pk=user.pk).update(last_login=LONG_AGO)
    retaining.retain()
    assert not is_erased(user)
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(
    "mandate",
    [{}, {"until": groups.day(0)}, {"since": groups.day(30)}, {"is_suspended": True}],
    ids=["running", "until today", "still to begin", "suspended"],
)
def test_a_mandate_that_is_not_over_keeps_the_account(mandate):
    user = someone()
    warned(user, 40)
    groups.mandate(user, groups.body("PA"), **mandate)
    retaining.retain()
    assert not is_erased(user)
    assert mail.outbox == []


def test_a_mandate_that_ended_does_not_keep_it():
    user = someone()
    warned(user, 40)
    groups.mandate(user, groups.body("PA"), until=groups.day(-1))
    retaining.retain()
    assert is_erased(user)


@pytest.mark.parametrize("values", [{"is_staff": True}, {"is_superuser": True}], ids=["editor", "superuser"])
def test_editors_are_never_erased_by_the_clock(values):
    user = someone(**values)
    warned(user, 400)
    retaining.retain()
    assert not is_erased(user)
    assert mail.outbox == []


# Accounts that were never used


def invited(user: User, days_ago: int) -> None:
    at = timezone.now() - timedelta(days=days_ago)
    Invitation.objects.create(user=user, token_hash=f"{days_ago:064}", made_at=at, expires_at=at)


@pytest.mark.parametrize(("days", "goes"), [(366, True), (300, False)], ids=["a year ago", "ten months ago"])
def test_who_never_came_within_a_year_of_the_last_invitation_is_erased_without_a_mail(days, goes):
    user = someone(last_login=None)
    invited(user, 500)
    invited(user, days)
    User.objects.filter(pk=user.pk).update(date_joined=timezone.now() - timedelta(days=600))
    retaining.retain()
    assert is_erased(user) is goes
    assert mail.outbox == []


def test_who_never_came_but_had_a_mandate_stays_until_the_account_is_idle():
    user = someone(last_login=None, joined=timezone.now() - timedelta(days=600))
    groups.mandate(user, groups.body("PA"), until=groups.day(-200))
    retaining.retain()
    assert not is_erased(user)


def test_not_more_than_a_day_s_share_is_erased_at_once(monkeypatch):
    monkeypatch.setattr(retaining, "MOST_A_DAY", 2)
    for number in range(5):
        someone(f"p{number}@cass.example", last_login=None)
    retaining.retain_accounts()
    assert User.objects.exclude(erased_at=None).count() == 2
    retaining.retain_accounts()
    assert User.objects.exclude(erased_at=None).count() == 4


# The other kinds


def test_ended_sessions_go_and_open_ones_stay():
    for seconds in (-10, 1000):
        session = SessionStore()
        session["x"] = 1
        session.set_expiry(seconds)
        session.save()
    retaining.retain()
    assert UserSession.objects.count() == 1


def test_the_log_of_the_admin_is_thinned_after_two_years():
    user, page = people.member(), pages.page("Une page", slug="une-page")
    log(user, "wagtail.edit", user=user)
    log(page, "wagtail.edit", user=user)
    old = timezone.now() - retaining.LOG_KEPT - timedelta(days=1)
    ModelLogEntry.objects.update(timestamp=old)
    log(user, "wagtail.edit", user=user)
    retaining.retain()
    assert ModelLogEntry.objects.count() == 1


def test_notices_are_forgotten_after_a_year():
    user = people.member()
    for days in (366, 300):
        Notice.objects.create(user=user, kind="x.y", subject="x", created_at=timezone.now() - timedelta(days=days))
    retaining.retain()
    assert Notice.objects.count() == 1


def test_attempts_that_ran_out_leave_the_table_of_the_cache(settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "a_cache"}}
    call_command("createcachetable", verbosity=0)
    cache.set("allauth:rl:new", [1], timeout=600)
    cache.set("allauth:rl:old", [1], timeout=600)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE a_cache SET expires = '2020-01-01 00:00:00' WHERE cache_key LIKE '%%old'")
        assert retaining.clear_cache() == "1 cached values that ran out removed"
        cursor.execute("SELECT COUNT(*) FROM a_cache")
        assert cursor.fetchone() == (1,)
    assert cache.get("allauth:rl:new") == [1]


def test_one_kind_that_fails_stops_no_other_and_is_told(caplog):
    words = dict.fromkeys(("label", "what", "people", "purpose", "basis_words", "kept_words", "seen_by"), "x")

    def broken():
        raise OSError("disk")

    kind = registry.PersonalData(
        name="a.broken", **words, basis=registry.Basis.PUBLIC_TASK, kept=timedelta(1), thin=broken, order=-1
    )
    user = someone(last_login=None)
    with registry.KINDS.temporarily(*registry.KINDS.names()):
        registry.register_personal(kind)
        with pytest.raises(RuntimeError, match=r"a\.broken"):
            retaining.retain()
    assert is_erased(user)


def test_the_clock_runs_it_each_day():
    user = someone(last_login=None)
    ran = {one.name: one for one in run_due()}
    assert ran["accounts.retain"].ok, ran["accounts.retain"].message
    assert is_erased(user)
    assert LastRun.objects.get(name="accounts.retain").message
    assert "accounts.retain" not in {one.name for one in run_due()}


@registry.KINDS.temporarily()
def test_with_an_empty_registry_there_is_nothing_to_do():
    assert retaining.retain() is None


# The registry and the manual


def test_every_period_is_kept_by_something_that_the_clock_runs():
    running = {due.name for due in due_functions()}
    assert "accounts.retain" in running
    for kind in registry.KINDS:
        assert not kind.due or kind.due in running, f"{kind.name}: the clock runs no {kind.due}"


def test_a_kind_with_a_period_that_nothing_keeps_is_refused():
    words = dict.fromkeys(("label", "what", "people", "purpose", "basis_words", "kept_words", "seen_by"), "x")
    with pytest.raises(ValueError, match="nothing takes it away"):
        registry.register_personal(
            registry.PersonalData(name="x.y", **words, basis=registry.Basis.CONSENT, kept=timedelta(1))
        )


def rows_of_manual() -> list[tuple[str, ...]]:
    table = MANUAL.read_text().split("| kind |")[1].split("\n\n")[0]
    return [tuple(cell.strip() for cell in line.strip().strip("|").split("|")) for line in table.splitlines()[2:]]


def test_the_manual_has_the_kinds_and_periods_of_the_registry_and_no_other():
    with translation.override("en"):
        registered = [
            (
                f"`{kind.name}`",
                str(kind.label),
                str(kind.kept_words),
                f"`{kind.due or 'accounts.retain'}`" if kind.kept else "–",
            )
            for kind in registry.KINDS
        ]
    assert rows_of_manual() == registered


def test_the_periods_in_words_are_those_in_days():
    """Words that give a number of days, months or years give the one of the period."""
    sizes = {"day": 1, "days": 1, "months": 365 / 12, "year": 365, "years": 365, "weeks": 7}
    numbers = {"one": 1, "two": 2, "three": 3, "twelve": 12}
    with translation.override("en"):
        for kind in registry.KINDS:
            found = re.match(r"(?:Erased after )?(\w+) (\w+)", str(kind.kept_words))
            if kind.kept is None or found is None or found[2] not in sizes:
                continue
            said = numbers.get(found[1].lower()) or int(found[1])
            assert round(said * sizes[found[2]]) == kind.kept.days, kind.name
