"""/health beside the real index in a folder: whole, absent, being made, damaged, of another version."""

import json
import shutil

import pytest
from django.utils import timezone

from kb.clock.models import LastRun, WorkerBeat
from search.engines import get_engine
from search.indexing import INDEX
from search.leases import lease
from tests.search.engines.contract import entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(settings, tmp_path):
    """The folder of the site's index, not made yet; clock and worker ran just now."""
    settings.SEARCH_INDEX_DIR = tmp_path / "index"
    now = timezone.now()
    LastRun.objects.create(name="clock", started_at=now, finished_at=now)
    WorkerBeat.objects.create(worker_id="w", host="h", process_id=1, started_at=now, beat_at=now)
    return tmp_path / "index"


def make_index(folder) -> None:
    engine = get_engine("embedded", path=folder)
    with engine.rebuild() as new:
        new.add([entry(1, "Le logement", "La première démarche"), entry(2, "Les dettes", "La médiation")])
    engine.close()


def said(client) -> tuple[int, str, str]:
    """Status, what everyone is told of the index, and its detail."""
    answer = client.get("/health")
    return answer.status_code, answer.json()["index"], answer.json()["detail"]["index"]


def test_a_whole_index_is_well_and_asking_again_sees_what_came(client, folder):
    make_index(folder)
    assert said(client) == (200, "ok", "2 entries")
    engine = get_engine("embedded", path=folder)
    engine.replace([("library.reference:3", [entry(3, "La santé")])])
    assert said(client) == (200, "ok", "3 entries")
    engine.close()


def test_asking_makes_no_folder_and_holds_up_nobody_who_writes(client, folder):
    assert said(client)[1] == "fail"
    assert not folder.exists()
    make_index(folder)


@pytest.mark.parametrize("gone", ["the folder", "the generation", "one of its two indexes"])
def test_an_index_that_is_not_there_is_said(client, folder, gone):
    make_index(folder)
    (generation,) = folder.glob("gen-*")
    shutil.rmtree(
        {"the folder": folder, "the generation": generation, "one of its two indexes": generation / "pages"}[gone]
    )
    status, word, detail = said(client)
    assert (status, word) == (503, "fail")
    assert "rebuild_index" in detail


def test_while_the_first_index_is_being_made_all_is_well(client, folder):
    engine = get_engine("embedded", path=folder)
    with lease(INDEX), engine.rebuild() as new:
        new.add([entry(1, "Le logement")])
        assert said(client) == (200, "ok", "being made")
    assert said(client) == (200, "ok", "1 entries")
    engine.close()


def test_while_an_index_is_made_again_the_old_one_answers(client, folder):
    make_index(folder)
    engine = get_engine("embedded", path=folder)
    with lease(INDEX), engine.rebuild() as new:
        new.add([entry(3, "La santé")])
        assert said(client) == (200, "ok", "2 entries")
    assert said(client) == (200, "ok", "1 entries")
    engine.close()


def test_an_index_of_another_version_is_said_until_somebody_makes_it_anew(client, folder):
    make_index(folder)
    (made_by,) = folder.glob("gen-*/made-by.json")
    made_by.write_text(json.dumps({**json.loads(made_by.read_text()), "schema": -1}))
    assert said(client)[:2] == (503, "fail")
    with lease(INDEX):
        assert said(client) == (200, "ok", "being made")


@pytest.mark.parametrize("name", ["documents/meta.json", "pages/meta.json"])
def test_a_damaged_index_is_said_without_a_traceback(client, folder, name):
    make_index(folder)
    (path,) = folder.glob(f"gen-*/{name}")
    path.write_text("{")
    assert said(client) == (503, "fail", "unavailable: EngineUnavailable")
