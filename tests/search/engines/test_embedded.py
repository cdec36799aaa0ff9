"""The embedded engine keeps the contract in memory and in a folder, and what a folder adds: other processes, kills, deletion."""

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from search.engines import get_engine
from search.engines.base import EngineBusy, EngineUnavailable
from search.engines.storage import MadeBy, Storage
from tests.search.engines.contract import EngineContract, ask, entry, fill, found, layers
from tests.search.engines.hidden import HiddenContract

ROOT = Path(__file__).parents[3]


@pytest.fixture(params=["memory", "folder"])
def engine(request, tmp_path):
    opened = get_engine(path=tmp_path / "index" if request.param == "folder" else None)
    yield opened
    opened.close()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "index"


class TestEmbeddedEngine(EngineContract):
    pass


class TestHiddenEntries(HiddenContract):
    @pytest.fixture
    def new_engine(self):
        return get_engine


def test_an_unknown_engine_is_named_with_those_known():
    with pytest.raises(LookupError, match="embedded"):
        get_engine("nothing")


def test_readers_follow_another_writer(folder):
    reader, writer = get_engine(path=folder), get_engine(path=folder)
    assert found(reader, "logement") == []
    fill(writer, entry(1, "Logement"))
    assert found(reader, "logement") == [1]
    fill(reader, entry(2, "Logement"))
    fill(writer, entry(3, "Logement"))
    assert sorted(found(reader, "logement")) == [1, 2, 3]
    with writer.rebuild() as new:
        new.add([entry(4, "Logement")])
    assert found(reader, "logement") == [4]


def test_who_finds_the_folder_held_is_told_at_once(folder):
    first, second = get_engine(path=folder), get_engine(path=folder)
    fill(first, entry(1, "Logement"))
    with first.rebuild() as new:
        new.add([entry(2, "Logement")])
        with pytest.raises(EngineBusy):
            fill(second, entry(3, "Logement"))
        with pytest.raises(EngineBusy), second.rebuild():
            pass
        assert found(second, "logement") == [1]
    fill(second, entry(3, "Logement"))
    assert sorted(found(first, "logement")) == [2, 3]


def test_a_folder_deleted_under_way_is_empty_and_can_be_filled_again(folder):
    engine = get_engine(path=folder)
    with engine.rebuild() as new:
        new.add([entry(1, "Logement")])
    assert engine.is_current() and found(engine, "logement") == [1]
    shutil.rmtree(folder)
    assert found(engine, "logement") == []
    assert (engine.count(), list(engine.stored()), engine.is_current()) == (0, [], False)
    fill(engine, entry(2, "Logement"))
    assert found(engine, "logement") == [2]
    assert not engine.is_current(), "what was there before is missing until a rebuild"
    with engine.rebuild() as new:
        new.add([entry(1, "Logement"), entry(2, "Logement")])
    assert engine.is_current() and sorted(found(engine, "logement")) == [1, 2]


def test_an_index_of_another_version_wants_a_rebuild_and_is_not_written(folder):
    engine = get_engine(path=folder)
    with engine.rebuild() as new:
        new.add([entry(1, "Logement")])
    storage = Storage(folder)
    storage.use(storage.current(), MadeBy(schema=1, analysis=0, complete=True))
    assert not engine.is_current()
    assert found(engine, "logement") == [1]
    with pytest.raises(EngineUnavailable, match="rebuild_index"):
        fill(engine, entry(2, "Logement"))
    with engine.rebuild() as new:
        new.add([entry(3, "Logement")])
    assert engine.is_current() and found(engine, "logement") == [3]


def test_a_rebuild_leaves_one_generation(folder):
    engine = get_engine(path=folder)
    for number in range(3):
        with engine.rebuild() as new:
            new.add([entry(number, "Logement")])
    assert len(list(folder.glob("gen-*"))) == 1


def test_a_rebuild_is_filled_inside_its_block(folder):
    with pytest.raises(EngineUnavailable):
        get_engine(path=folder).rebuild().add([entry(1, "x")])


def test_a_crash_between_pages_and_documents_is_mended_by_the_same_change(folder, monkeypatch):
    engine = get_engine(path=folder)
    fill(engine, entry(1, "Logement", "logement"))
    from search.engines.embedded.writing import Writing

    def only_pages(writing):
        writing._pages.commit()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Writing, "commit", only_pages)
        fill(engine, entry(1, "Logement", "logement", "logement"))
    assert found(engine, "logement") == [1]
    fill(engine, entry(1, "Logement", "logement", "logement"))
    results = ask(engine, "logement")
    assert (results.total, engine.count()) == (1, 1)
    assert [section.anchor for section in sorted(results.hits[0].sections, key=lambda section: section.page_number)] == ["1.1/1", "1.1/2"]


WRITER = """
import sys
from search.engines import get_engine
from tests.search.engines.contract import entry
engine = get_engine(path=sys.argv[1])
if sys.argv[2] == "rebuild":
    with engine.rebuild() as new:
        for number in range(1_000_000):
            new.add([entry(number, "Logement", "page " * 50)])
            if number == 200:
                print("under way", flush=True)
else:
    for number in range(1_000_000):
        engine.replace([(f"library.reference:{number}", [entry(number, "Logement", "page")])])
        print("done", number, flush=True)
"""


@pytest.mark.parametrize(("doing", "line"), [("rebuild", "under way"), ("replace", "done 3")])
def test_a_killed_writer_leaves_a_whole_index_that_can_be_written(folder, doing, line):
    engine = get_engine(path=folder)
    with engine.rebuild() as new:
        new.add([entry(5_000_000, "Logement")])
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(folder), doing], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        for said in process.stdout:
            if said.startswith(line):
                break
        else:
            pytest.fail("the writer ended by itself")
        time.sleep(0.02)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    held = found(engine, "logement", count=1000)
    assert 5_000_000 in held
    assert set(held) >= (set(range(4)) if doing == "replace" else set())
    fill(engine, entry(6_000_000, "Logement"))
    assert 6_000_000 in found(engine, "logement", count=1000)
    with engine.rebuild() as new:
        new.add(layers())
    assert len(list(folder.glob("gen-*"))) == 1
    assert engine.count() == 2


def test_several_threads_ask_while_another_writes(folder):
    engine = get_engine(path=folder)
    fill(engine, *(entry(number, "Logement", "page") for number in range(20)))
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(ask, engine, "logement page") for _ in range(40)]
        for number in range(20, 25):
            fill(engine, entry(number, "Logement", "page"))
        assert all(20 <= future.result().total <= 25 for future in asked)


def test_a_large_index_counts_in_a_second_thread(folder, monkeypatch):
    from search.engines.embedded import engine as embedded

    monkeypatch.setattr(embedded, "ALONE_BELOW", 1)
    engine = get_engine(path=folder)
    fill(engine, entry(1, "x", "logement emploi", year=2012), entry(2, "y", "logement"))
    results = ask(engine, "logement emploi")
    assert (results.total, results.total_all, results.facets["years"][0].count) == (2, 1, 1)
    engine.close()


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(EngineUnavailable):
        fill(get_engine(path=tmp_path / "file" / "index"), entry(1, "x"))


def test_a_child_opens_its_own(folder):
    engine = get_engine(path=folder)
    fill(engine, entry(1, "Logement"))
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        assert pool.apply(_count, (str(folder),)) == 1


def _count(path: str) -> int:
    return get_engine(path=path).count()
