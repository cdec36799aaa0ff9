"""The embedded engine keeps the contract in memory and in a folder, and what a folder adds: other processes,
kills, deletion.
"""

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from search.analysis import ANALYSIS_VERSION
from search.engines import get_engine
from search.engines.base import EngineBusy, EngineUnavailable
from search.engines.embedded import engine as embedded
from search.engines.embedded import reading, writing
from search.engines.embedded.writing import Writing
from search.engines.levels import usual_lengths
from search.engines.storage import MadeBy, Storage
from search.query import parse
from tests.search.engines import schema_1
from tests.search.engines.contract import (
    MEMBER,
    PUBLIC,
    EngineContract,
    ask,
    counts,
    entry,
    fill,
    found,
    layers,
    numbers,
)
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


def test_an_index_of_the_first_schema_answers_by_rights_until_it_is_made_anew(folder):
    kept = [
        *layers(),
        entry(2, "Convention", "le logement des locataires", year=2012),
        entry(3, "Santé", "le logement social"),
    ]
    kept.append(entry(4, "Wonen", "een huurwaarborglening", language="nl"))
    schema_1.write(folder, kept, analysis=ANALYSIS_VERSION)
    engine = get_engine(path=folder)
    assert (engine.state(), engine.is_current(), engine.count()) == ("earlier", False, 5)
    results = ask(engine, "convention logement")
    assert (sorted(numbers(results)), results.total, results.total_all, results.total_passages) == ([1, 2, 3], 3, 2, 3)
    assert counts(results, "years") == {"2012": 2}
    assert [hit.layer for hit in ask(engine, "convention", audiences=MEMBER).hits if hit.subject.endswith(":1")] == [
        "1"
    ]
    assert (found(engine, "confidentielle"), found(engine, "confidentielle", audiences=MEMBER)) == ([], [1])
    assert (found(engine, "huurwaarborglening", "nl"), found(engine, "huurwaarborg", "nl")) == ([4], [])
    assert found(engine, '"logement social"') == [3]
    assert sorted(found(engine, "", sort="date")) == [1, 2, 3, 4]
    assert ask(engine, "locatqires").similar
    assert "library.reference:2" not in {
        hit.subject for hit in ask(engine, "convention", without=frozenset({"library.reference:2"})).hits
    }
    assert sorted(engine.suggest("conv", audiences=PUBLIC, language="fr")) == [
        "library.reference:1",
        "library.reference:2",
    ]
    assert list(engine.section_hits(parse("logement", "fr"), "library.reference:2", "", audiences=PUBLIC)) == ["1.1/1"]
    assert engine.section_counts(parse("logement", "fr"), ["library.reference:2/"], audiences=PUBLIC) == {
        "library.reference:2/": 1
    }
    assert len(list(engine.stored())) == 5
    with pytest.raises(EngineUnavailable, match="rebuild_index"):
        fill(engine, entry(9, "x"))
    with engine.rebuild() as new:
        new.add(kept)
        assert found(engine, "confidentielle", audiences=MEMBER) == [1]
    assert engine.state() == "current"
    assert sorted(found(engine, "convention logement")) == [1, 2, 3]
    assert found(engine, "huurwaarborg", "nl") == [4]


def test_made_words_that_begin_alike_cost_others_nothing_and_hide_nothing(engine, monkeypatch):
    """Two drafts of thousands of words that begin and end as the word asked: as many look-ups, the same answers."""
    asked: list[tuple[str, str]] = []
    sets = reading.View.sets
    monkeypatch.setattr(
        reading.View, "sets", lambda view, name, term: asked.append((name, term)) or sets(view, name, term)
    )
    fill(
        engine,
        entry(1, "Stadswijk", "De wijkagent komt langs", language="nl"),
        entry(2, "Wijkraad", "x", language="nl"),
    )
    before = ask(engine, "wijk", "nl", count=50), engine.suggest("wij", audiences=PUBLIC, language="nl")
    looked_up = len(asked)
    assert before[0].total == 2
    letters = "bcdfghjklmnpqrstvw"
    made = " ".join(f"wijk{a}{b}{c} {a}{b}{c}wijk" for a in letters for b in letters for c in letters)
    fill(
        engine,
        *(entry(number, made[:5000], made, language="nl", audiences=frozenset({"person:7"})) for number in (7, 8)),
    )
    asked.clear()
    assert (ask(engine, "wijk", "nl", count=50), engine.suggest("wij", audiences=PUBLIC, language="nl")) == before
    assert len(asked) == looked_up
    assert ask(engine, "wijk", "nl", audiences=frozenset({"person:7"})).total == 2
    asked.clear()
    engine.suggest("wij", audiences=frozenset({"person:7"}), language="nl")
    assert len(asked) < 10, "nor do they cost their author a look-up each"


def test_equals_at_the_cut_do_not_depend_on_what_is_hidden_nor_on_merges(folder):
    """Far more equal documents than are asked for, in many commits, so that segments are merged differently."""
    public = [entry(number, "Logement", "le logement") for number in range(400)]
    alone, among = get_engine(path=folder / "alone"), get_engine(path=folder / "among")
    fill(alone, *public)
    for start in range(0, 400, 40):
        hidden = [
            entry(1000 + start + place, "Logement", "le logement " * place, audiences=frozenset({"members"}))
            for place in range(30)
        ]
        fill(among, *hidden, *public[start : start + 40])
        among.replace([(one.subject, []) for one in hidden[::2]])
    for question in ("logement", "le", '"le logement"', "logemen"):
        assert ask(among, question, count=100) == ask(alone, question, count=100), question
    assert ask(among, "logement", first=350, count=50) == ask(alone, "logement", first=350, count=50)
    assert len(set(found(among, "logement", count=400))) == 400


def test_counts_hold_with_more_rights_sets_than_are_told_apart(folder, monkeypatch):
    """Past a number of rights sets each count is asked for one reader: the answers are the same."""
    engine = get_engine(path=folder)
    fill(
        engine,
        *(
            entry(
                number, "Logement", "opvangcentrum", audiences=frozenset({"public", f"person:{number}"}), language="nl"
            )
            for number in range(9)
        ),
    )
    before = ask(engine, "opvang logement", "nl")
    monkeypatch.setattr(reading, "MOST_SETS", 3)
    engine.close()
    assert ask(engine, "opvang logement", "nl") == before
    assert before.total == 9


def test_a_rebuild_measures_what_everybody_finds_before_it_writes(folder, monkeypatch):
    """The first public entries, a whole earlier index, or the usual lengths:
    hidden entries never decide by what levels are cut.
    """
    monkeypatch.setattr(writing, "SAMPLE", 2)
    engine, storage = get_engine(path=folder), Storage(folder)
    hidden = [entry(number, "x", "secret " * 50, audiences=frozenset({"members"})) for number in range(10, 15)]
    public = [entry(1, "Un", "un deux trois"), entry(2, "Deux", "quatre cinq"), entry(3, "Trois", "logement " * 90)]
    with engine.rebuild() as new:
        new.add([*hidden, *public])
    first = storage.made_by(storage.current())
    with engine.rebuild() as new:
        new.add(public)
    second = storage.made_by(storage.current())
    assert (first.measured, second.lengths) == (second.measured, first.measured)
    assert first.lengths["documents.body"] < 10 < first.measured["documents.body"]
    assert sorted(found(engine, "deux trois")) == [1, 2, 3]


def test_a_rebuild_with_too_much_to_put_aside_takes_the_usual_lengths(folder, monkeypatch):
    monkeypatch.setattr(writing, "SAMPLE_BYTES", 1)
    engine, storage = get_engine(path=folder), Storage(folder)
    with engine.rebuild() as new:
        new.add([entry(1, "Un", "un deux trois"), entry(2, "Deux", "quatre")])
    assert storage.made_by(storage.current()).lengths == usual_lengths()
    assert engine.count() == 2


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
    assert [
        section.anchor for section in sorted(results.hits[0].sections, key=lambda section: section.page_number)
    ] == ["1.1/1", "1.1/2"]


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
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), doing], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
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
