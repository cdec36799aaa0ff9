from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import OperationalError
from django.test import RequestFactory
from django.utils import timezone, translation

from kb.accounts import audiences
from kb.clock import health, views
from kb.clock.models import LastRun, WorkerBeat
from kb.clock.wagtail_hooks import ClockPanel, add_clock_panels
from search.engines import EngineUnavailable
from search.extraction.confining.confinement import Confinement

pytestmark = pytest.mark.django_db
OLD = timedelta(minutes=11)


class Engine:
    """An index that is as the test says."""

    current, error, closed = True, None, False

    def is_current(self):
        if self.error:
            raise self.error
        return self.current

    def count(self):
        return 7

    def close(self):
        self.closed = True


@pytest.fixture(autouse=True)
def engine(monkeypatch):
    made = Engine()
    monkeypatch.setattr(health, "get_engine", lambda name, *, path: made)
    return made


@pytest.fixture
def well():
    """Clock and worker ran just now."""
    signs(timedelta(0))


def signs(ago):
    moment = timezone.now() - ago
    LastRun.objects.create(name="clock", started_at=moment, finished_at=moment)
    WorkerBeat.objects.create(worker_id="w", host="h", process_id=1, started_at=moment, beat_at=moment)


def test_all_is_well(client, well, engine):
    response = client.get("/health", REMOTE_ADDR="192.0.2.1")
    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "database": "ok",
        "worker": "ok",
        "clock": "ok",
        "disk": "ok",
        "index": "ok",
        "reading": "ok",
    }
    assert "no-store" in response["Cache-Control"]
    assert engine.closed


def test_a_worker_and_a_clock_silent_for_ten_minutes_are_said(client):
    signs(OLD)
    response = client.get("/health")
    assert response.status_code == 503
    assert (response.json()["worker"], response.json()["clock"]) == ("fail", "fail")


def test_a_fresh_site_whose_worker_never_ran_is_not_well(client):
    assert client.get("/health").json()["worker"] == "fail"


def test_a_full_disk_is_said(client, well, settings):
    settings.CLOCK_DISK_FREE_BYTES = 10**18
    response = client.get("/health")
    assert (response.status_code, response.json()["disk"]) == (503, "fail")


@pytest.mark.parametrize(
    "trouble", [{"current": False}, {"error": EngineUnavailable("locked")}], ids=["of another version", "unavailable"]
)
def test_an_index_that_does_not_fit_or_answer_is_said(client, well, engine, trouble):
    for name, value in trouble.items():
        setattr(engine, name, value)
    response = client.get("/health")
    assert (response.status_code, response.json()["index"]) == (503, "fail")


@health.CHECKS.temporarily()
def test_a_database_that_does_not_answer_is_said_without_a_traceback(rf, well):
    def gone():
        raise OperationalError("secret host name")

    health.register_check("database", gone)
    response = views.health(rf.get("/health"))
    assert response.status_code == 503
    assert b"secret" not in response.content


DETAIL = {
    "the machine itself": ({"REMOTE_ADDR": "127.0.0.1"}, {}, True),
    "the machine itself, IPv6": ({"REMOTE_ADDR": "::1"}, {}, True),
    "someone behind a proxy on this machine": ({"REMOTE_ADDR": "127.0.0.1"}, {"X-Forwarded-For": "192.0.2.1"}, False),
    "someone behind a proxy that tells only https": (
        {"REMOTE_ADDR": "127.0.0.1"},
        {"X-Forwarded-Proto": "https"},
        False,
    ),
    "someone behind a proxy that tells only itself": ({"REMOTE_ADDR": "127.0.0.1"}, {"Via": "1.1 proxy"}, False),
    "someone who gives the machine's name, behind a proxy": (
        {"REMOTE_ADDR": "127.0.0.1"},
        {"Host": "127.0.0.1", "X-Forwarded-For": "x"},
        False,
    ),
    "someone": ({"REMOTE_ADDR": "192.0.2.1"}, {}, False),
}


@pytest.mark.parametrize(("extra", "headers", "seen"), DETAIL.values(), ids=DETAIL)
def test_only_the_machine_itself_sees_details(client, well, extra, headers, seen):
    assert ("detail" in client.get("/health", headers=headers, **extra).json()) is seen


@pytest.mark.parametrize(
    ("held", "seen"), [({audiences.PUBLIC, audiences.STAFF}, True), ({audiences.PUBLIC, audiences.MEMBERS}, False)]
)
def test_editors_see_details_and_members_do_not(well, monkeypatch, held, seen):
    monkeypatch.setattr(audiences, "audiences_of", lambda request: frozenset(held))
    response = views.health(RequestFactory().get("/health", REMOTE_ADDR="192.0.2.1"))
    assert (b"detail" in response.content) is seen


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
def test_the_admins_home_warns_after_ten_minutes_of_silence(language):
    signs(OLD)
    with translation.override(language):
        assert "help-warning" in ClockPanel().render_html({})


def test_the_admins_home_says_when_clock_and_worker_last_ran():
    signs(timedelta(minutes=3))
    with translation.override("en"):
        html = ClockPanel().render_html({})
    assert "help-warning" not in html
    assert html.count("last ran 3\xa0minutes ago") == 2


def test_the_panel_is_for_editors():
    for is_staff in (True, False):
        request = RequestFactory().get("/admin/")
        request.user = get_user_model()(is_staff=is_staff)
        panels = []
        add_clock_panels(request, panels)
        assert bool(panels) is is_staff


ACTIVE, MISSING = Confinement(2, True), Confinement(0, True, ("Landlock (off)",))


@pytest.mark.parametrize(
    ("active", "asked_for", "status"),
    [(ACTIVE, True, 200), (MISSING, True, 503), (MISSING, False, 200)],
    ids=["active", "missing", "missing, not asked for"],
)
def test_what_keeps_strangers_files_in_is_said(client, well, monkeypatch, settings, active, asked_for, status):
    settings.FILES_CONFINED = asked_for
    monkeypatch.setattr(health, "confinement_here", lambda: active)
    response = client.get("/health")
    assert response.status_code == status
    assert response.json()["detail"]["reading"] == str(active)
