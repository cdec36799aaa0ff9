from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.utils import timezone

from kb.clock import registry
from kb.clock.models import LastRun
from kb.clock.worker.running import run_due

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def calls():
    """Names of the due functions called, in order; the registry holds only what the test registers."""
    with registry.DUE.temporarily():
        yield []


def due(calls, name, every=HOUR, says=None, raises=None):
    def function():
        calls.append(name)
        if raises:
            raise raises
        return says

    registry.register_due(name, function, every)


def finished(name, ago, **fields):
    moment = timezone.now() - ago
    LastRun.objects.update_or_create(name=name, defaults={"started_at": moment, "finished_at": moment, **fields})


def test_an_empty_registry_is_no_error_and_still_says_that_the_clock_ran():
    assert list(run_due()) == []
    assert LastRun.objects.get().name == "clock"


def test_what_never_ran_runs_and_its_sentence_is_kept(calls):
    due(calls, "files.lost", says="2 readings asked for again")
    (ran,) = run_due()
    assert (ran.name, ran.ok, ran.message) == ("files.lost", True, "2 readings asked for again")
    kept = LastRun.objects.get(name="files.lost")
    assert (kept.ok, kept.message, kept.leased_until) == (True, "2 readings asked for again", None)


def test_what_ran_a_moment_ago_waits_for_its_time(calls):
    due(calls, "files.lost")
    list(run_due())
    assert list(run_due()) == []
    finished("files.lost", ago=HOUR)
    assert len(list(run_due())) == 1


def test_force_runs_what_is_not_due(calls):
    due(calls, "files.lost")
    list(run_due())
    assert len(list(run_due(force=True))) == 1


@pytest.mark.parametrize(
    "error", [ValueError("wrong"), DatabaseError("gone"), KeyError("x")], ids=lambda error: type(error).__name__
)
def test_one_that_fails_is_written_down_and_stops_no_other(calls, error):
    due(calls, "a.first", raises=error)
    due(calls, "b.second")
    first, second = run_due()
    assert (first.ok, second.ok, calls) == (False, True, ["a.first", "b.second"])
    assert type(error).__name__ in LastRun.objects.get(name="a.first").message
    assert LastRun.objects.get(name="clock").ok is False


def test_what_another_process_is_running_is_left_to_it(calls):
    due(calls, "files.lost")
    finished("files.lost", ago=HOUR, holder="another", leased_until=timezone.now() + HOUR)
    assert list(run_due(force=True)) == []


def test_what_a_dead_process_was_running_runs_again_when_its_lease_is_over(calls):
    due(calls, "files.lost", every=timedelta(days=1))
    now = timezone.now()
    LastRun.objects.create(
        name="files.lost", started_at=now - timedelta(minutes=2), holder="dead", leased_until=now - timedelta(minutes=1)
    )
    assert [ran.name for ran in run_due()] == ["files.lost"]


def test_a_run_inside_a_run_does_nothing_twice(calls):
    def outer():
        calls.append("outer")
        assert list(run_due(force=True)) == []

    registry.register_due("a.outer", outer, HOUR)
    (ran,) = run_due()
    assert (ran.ok, calls) == (True, ["outer"])


def test_a_name_says_its_domain():
    with pytest.raises(ValueError, match="domain"):
        registry.register_due("lost", lambda: None, HOUR)


def test_the_command_prints_a_line_each_and_fails_when_one_failed(calls, capsys):
    due(calls, "a.first", says="3 done")
    due(calls, "b.second", raises=ValueError("wrong"))
    with pytest.raises(CommandError):
        call_command("run_due")
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("ok     a.first")
    assert first.endswith(": 3 done")
    assert second.startswith("failed b.second")
    assert second.endswith(": ValueError: wrong")
