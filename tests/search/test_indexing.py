from io import StringIO

import pytest
from django.core.management import call_command
from django.db import transaction
from django.db.models import F
from django.db.transaction import TransactionManagementError

from search import drifting, indexing, opening, registry
from search.engines import preparing
from search.engines.base import EngineBusy, EngineUnavailable
from search.engines.embedded import engine as engine_module
from search.indexing import drain, keep_up, rebuild, record, record_closing
from search.leases import LeaseLost, lease, take
from search.models import Lease, Outbox
from search.query import parse

PUBLIC = frozenset({"public"})


def found(engine, words):
    return {hit.subject for hit in engine.search(parse(words, "fr"), audiences=PUBLIC).hits}


def note(*subjects):
    """Outbox rows, without the drain they would ask for."""
    Outbox.objects.bulk_create([Outbox(subject=subject) for subject in subjects])


@pytest.fixture
def built(db, engine):
    """The engine on a complete, empty index."""
    rebuild()
    return engine


def test_a_change_is_found_after_the_commit(slips, index, transactional_db):
    engine = indexing.site_engine()
    with transaction.atomic():
        record(slips.put(1, "Le logement"))
        assert not engine.is_current()
    assert found(engine, "logement") == {"test.slip:1"}
    assert not Outbox.objects.exists()


def test_others_are_found_while_a_subject_of_very_many_pages_is_brought_in(slips, built, monkeypatch):
    """Such a subject comes last, bit by bit; between its pages, what others change meanwhile comes in, and what they
    close goes out.
    """
    monkeypatch.setattr(preparing, "LONG_PAGES", 4)
    monkeypatch.setattr(engine_module, "PART", 2)
    monkeypatch.setattr(preparing, "PAGES_AT_ONCE", 2)
    monkeypatch.setattr(indexing, "OTHERS_EVERY_S", 0.0)
    note(
        slips.put(1, "Le livre", *(f"page logement {number}" for number in range(9))),
        slips.put(2, "Un deuxième", *["livre"] * 5),
        slips.put(3, "Bref"),
    )
    seen = []
    replace = type(built).replace

    def replaced(engine, changes, **more):
        changed = [subject for subject, _ in changes]
        if not seen or len(seen) == 2:
            note(slips.put(10 + len(seen), "Le logement d'un autre"))
        seen.append(changed)
        replace(engine, changes, **more)

    monkeypatch.setattr(type(built), "replace", replaced)
    assert drain() == 4, "what came in between long ones is not counted"
    assert seen[0] == ["test.slip:3"], "what is short comes first"
    assert seen.index(["test.slip:10"]) < len(seen) - 1 and seen.index(["test.slip:12"]) < len(seen) - 1, (
        "what comes meanwhile does not wait"
    )
    assert not Outbox.objects.exists()
    results = built.search(parse("logement", "fr"), audiences=PUBLIC)
    assert (results.total, results.total_passages) == (3, 11)
    assert found(built, "livre") == {"test.slip:1", "test.slip:2"}
    slips.put(1, "Le livre", *(f"page travail {number}" for number in range(7)))
    note("test.slip:1")
    drain()
    assert built.search(parse("travail", "fr"), audiences=PUBLIC).total_passages == 7
    assert found(built, "logement") == {"test.slip:10", "test.slip:12"}
    assert not list(drifting.drift())


def test_a_change_rolled_back_leaves_nothing(slips, index, transactional_db):
    class Stop(Exception):
        pass

    with pytest.raises(Stop), transaction.atomic():
        record(slips.put(1, "Le logement"))
        raise Stop
    assert not Outbox.objects.exists()


def test_recording_outside_a_transaction_is_refused(slips, transactional_db):
    for recording in (record, record_closing):
        with pytest.raises(TransactionManagementError):
            recording("test.slip:1")


def test_many_changes_ask_for_one_drain(slips, db, monkeypatch, django_capture_on_commit_callbacks):
    asked = []
    monkeypatch.setattr(type(indexing.drain_outbox), "enqueue", lambda task: asked.append(task))
    with django_capture_on_commit_callbacks(execute=True):
        record("test.slip:1")
        record("test.slip:2")
    with django_capture_on_commit_callbacks(execute=True):
        record("test.slip:3")
    assert len(asked) == 1


def test_a_changed_and_a_removed_subject_are_what_they_are_now(slips, built):
    note(slips.put(1, "Le logement"), slips.put(2, "La santé"))
    drain()
    slips.put(1, "Le travail")
    del slips.slips[2]
    note("test.slip:1", "test.slip:1", "test.slip:2")

    assert drain() == 2
    assert found(built, "travail") == {"test.slip:1"}
    assert not found(built, "logement") and not found(built, "santé")
    assert not Outbox.objects.exists()


def test_a_change_made_while_its_subject_is_read_is_drained_again(slips, built, monkeypatch):
    subject = slips.put(1, "Le logement")
    note(subject)
    replace = type(built).replace

    def replace_late(engine, changes):
        replace(engine, changes)
        if slips.slips[1].title == "Le logement":
            note(slips.put(1, "Le travail"))

    monkeypatch.setattr(type(built), "replace", replace_late)
    drain()
    assert found(built, "travail") == {subject} and not found(built, "logement")


@pytest.mark.parametrize("error", [EngineBusy, EngineUnavailable], ids=["busy", "unavailable"])
def test_rows_stay_when_the_engine_cannot_write(slips, built, monkeypatch, error):
    note(slips.put(1, "Le logement"))

    def refuse(engine, changes):
        raise error("not now")

    with monkeypatch.context() as patch:
        patch.setattr(type(built), "replace", refuse)
        assert keep_up() == 0
    assert Outbox.objects.count() == 1
    assert keep_up() == 1
    assert found(built, "logement") == {"test.slip:1"}


def test_changes_wait_while_the_disk_of_the_index_is_nearly_full_and_closings_do_not(slips, built, settings):
    """What stays free there is the database's; what is taken out makes room."""
    note(slips.put(1, "Le logement"))
    drain()
    note(slips.put(2, "Un logement"))
    gone = slips.put(1, "Le logement")
    del slips.slips[1]
    Outbox.objects.create(subject=gone, closes=True)
    settings.SEARCH_LEAST_FREE_BYTES = 1 << 62
    assert keep_up() == 1
    assert found(built, "logement") == set()
    assert [row.subject for row in Outbox.objects.all()] == ["test.slip:2"]
    settings.SEARCH_LEAST_FREE_BYTES = 0
    assert keep_up() == 1
    assert found(built, "logement") == {"test.slip:2"}


def test_no_second_index_is_begun_where_it_has_no_room(slips, built, settings):
    note(slips.put(1, "Le logement"))
    drain()
    settings.SEARCH_LEAST_FREE_BYTES = 1 << 62
    with pytest.raises(EngineUnavailable, match="no room"):
        rebuild()
    assert found(built, "logement") == {"test.slip:1"}


def test_one_broken_subject_holds_up_no_other(slips, built):
    note(slips.put(1, "Le logement"), slips.put(2, "Le logement social"))
    slips.broken = {1}
    drain()
    assert found(built, "logement") == {"test.slip:2"}
    assert [row.subject for row in Outbox.objects.all()] == ["test.slip:1"]
    slips.broken = set()
    drain()
    assert found(built, "logement") == {"test.slip:1", "test.slip:2"}


def test_one_drainer_at_a_time(slips, built):
    note(slips.put(1, "Le logement"))
    with lease(indexing.INDEX):
        assert drain() == 0
        assert Outbox.objects.count() == 1
    assert drain() == 1


def test_rows_recorded_while_the_lease_was_given_back_are_drained(slips, built, monkeypatch):
    note(slips.put(1, "Le logement"))
    release = indexing.OwnLease.release
    later = [slips.put(2, "Le logement social")]

    def release_late(held):
        if later:
            note(later.pop())
        release(held)

    monkeypatch.setattr(indexing.OwnLease, "release", release_late)
    drain()
    assert found(built, "logement") == {"test.slip:1", "test.slip:2"}


def test_a_dead_drainers_lease_is_taken_over_at_once(slips, built):
    held = take(indexing.INDEX)
    Lease.objects.update(holder=held.holder.replace(held.holder.split(":")[1], "999999999"))
    note(slips.put(1, "Le logement"))
    assert drain() == 1


def test_a_drainer_overtaken_while_writing_has_its_subjects_made_again(slips, built, monkeypatch):
    note(slips.put(1, "Le logement"))
    replace = type(built).replace

    def overtaken(engine, changes):
        replace(engine, changes)
        Lease.objects.update(holder="elsewhere:1:x")
        Outbox.objects.all().delete()

    with monkeypatch.context() as patch:
        patch.setattr(type(built), "replace", overtaken)
        with pytest.raises(LeaseLost):
            drain()
    assert [row.subject for row in Outbox.objects.all()] == ["test.slip:1"]


def test_a_rebuild_finds_everything_and_empties_the_outbox(slips, db, engine):
    for number in range(120):
        note(slips.put(number, f"Le logement {number}"))
    steps = []
    assert rebuild(progress=lambda done, total: steps.append((done, total))) == 120
    assert steps == [(done, 120) for done in range(0, 121, 20)]
    assert engine.count() == 120
    assert not Outbox.objects.exists()


def test_what_changes_during_a_rebuild_is_not_lost(slips, built, monkeypatch):
    for number in range(60):
        slips.put(number, "Le logement")

    def change(done, total):
        if done == 20:
            note(slips.put(3, "Le travail"), slips.put(99, "La santé"))

    rebuild(progress=change)
    assert found(built, "travail") == {"test.slip:3"} and found(built, "santé") == {"test.slip:99"}
    assert not Outbox.objects.exists()


def test_an_interrupted_rebuild_keeps_the_old_index_and_the_rows(slips, built):
    note(slips.put(1, "Le logement"))
    drain()
    note(slips.put(2, "Le travail"))

    def interrupt(done, total):
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(progress=interrupt)
    assert found(built, "logement") == {"test.slip:1"}
    assert Outbox.objects.count() == 1
    assert drain() == 1


def test_a_lost_index_comes_back_by_itself(slips, built, index):
    note(slips.put(1, "Le logement"))
    drain()
    for path in sorted(index.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    assert keep_up() == 1
    assert found(built, "logement") == {"test.slip:1"}


def test_a_damaged_index_comes_back_by_itself(slips, built, index):
    note(slips.put(1, "Le logement"))
    drain()
    indexing.site_engine().close()
    for path in index.glob("gen-*/*/meta.json"):
        path.write_text("{not json")
    assert keep_up() == 1
    assert found(built, "logement") == {"test.slip:1"}


def test_drift_says_what_is_missing_stale_and_left_over(slips, built):
    note(slips.put(1, "Le logement"), slips.put(2, "La santé"), slips.put(3, "Le travail"))
    drain()
    assert list(drifting.drift()) == []

    slips.put(1, "Le logement", audiences=frozenset({"members"}))
    del slips.slips[2]
    slips.put(4, "L'école")
    note("test.slip:4")

    differences = {(each.key, each.how, each.waiting) for each in drifting.drift()}
    assert differences == {
        ("test.slip:1/", "stale", False),
        ("test.slip:2/", "left over", False),
        ("test.slip:4/", "missing", True),
    }


# What holds words of others


def test_what_holds_words_of_a_subject_is_made_again_with_it_in_one_question(slips, built):
    asked = []
    registry.register_dependents(lambda subjects: asked.append(tuple(subjects)) or ["test.slip:9"])
    slips.put(9, "Un numéro qui parle du logement")
    note(slips.put(1, "Le logement"), slips.put(2, "La santé"))
    drain()
    assert asked == [("test.slip:1", "test.slip:2")]
    assert found(built, "numéro") == {"test.slip:9"}

    slips.put(9, "Un numéro qui n'en parle plus")
    note("test.slip:1")
    drain()
    assert found(built, "logement") == {"test.slip:1"}


def test_two_that_hold_words_of_each_other_are_made_once_each(slips, built, monkeypatch):
    other = {"test.slip:1": "test.slip:2", "test.slip:2": "test.slip:1"}
    registry.register_dependents(lambda subjects: [other[subject] for subject in subjects if subject in other])
    made = []
    entries = type(slips).entries
    monkeypatch.setattr(type(slips), "entries", lambda kind, subjects: made.extend(subjects) or entries(kind, subjects))
    slips.put(2, "La santé")
    note(slips.put(1, "Le logement"))
    assert drain() == 1
    assert made == ["test.slip:1", "test.slip:2"]
    assert not Outbox.objects.exists()


def test_more_dependents_than_a_batch_are_all_made(slips, built):
    many = [
        slips.put(number, f"Numéro {number} du logement")
        for number in range(100, 100 + 2 * indexing.BATCH_SUBJECTS + 3)
    ]
    registry.register_dependents(lambda subjects: many)
    note(slips.put(1, "La santé"))
    drain()
    assert built.search(parse("logement", "fr"), audiences=PUBLIC).total == len(many)


def test_a_dependent_that_cannot_be_made_waits_and_is_made_later(slips, built):
    registry.register_dependents(lambda subjects: ["test.slip:9"])
    slips.put(9, "Un numéro")
    slips.broken = {9}
    note(slips.put(1, "Le logement"))
    drain()
    assert found(built, "logement") == {"test.slip:1"}
    assert [row.subject for row in Outbox.objects.all()] == ["test.slip:9"]
    slips.broken = set()
    drain()
    assert found(built, "numéro") == {"test.slip:9"}
    assert not Outbox.objects.exists()


def test_rows_of_a_subject_stay_until_what_holds_its_words_is_written(slips, built, monkeypatch):
    registry.register_dependents(lambda subjects: [f"test.slip:{number}" for number in range(100, 140)])
    note(slips.put(1, "Le logement"))
    replace, calls = type(built).replace, []

    def refuse_the_second(engine, changes):
        calls.append(len(changes))
        if len(calls) == 2:
            raise EngineUnavailable("not now")
        replace(engine, changes)

    monkeypatch.setattr(type(built), "replace", refuse_the_second)
    assert keep_up() == 0
    assert [row.subject for row in Outbox.objects.all()] == ["test.slip:1"]


def test_what_was_written_before_the_lease_was_lost_is_made_once_more(slips, built, monkeypatch):
    registry.register_dependents(lambda subjects: [f"test.slip:{number}" for number in range(100, 140)])
    note(slips.put(1, "Le logement"))
    renew, calls = indexing.OwnLease.renew, []

    def lose_the_second(held):
        calls.append(1)
        if len(calls) == 2:
            Outbox.objects.all().delete()  # who took over has done them
            raise LeaseLost(held.name)
        renew(held)

    monkeypatch.setattr(indexing.OwnLease, "renew", lose_the_second)
    assert keep_up() == 0
    assert "test.slip:1" in [row.subject for row in Outbox.objects.all()]


# What is very long


def test_of_an_entry_without_end_the_beginning_is_indexed_and_nothing_counts_as_different(slips, built, monkeypatch):
    monkeypatch.setattr(registry, "MOST_TEXT", 34)
    note(
        slips.put(1, "Le livre", "le logement social", "la santé mentale", "le travail"), slips.put(2, "Bref", "x" * 40)
    )
    drain()
    assert found(built, "logement") == found(built, "mentale") == {"test.slip:1"}
    assert not found(built, "travail")
    assert not list(drifting.drift())
    rebuild()
    assert not found(built, "travail")
    assert not list(drifting.drift())


def test_of_what_is_said_to_be_long_no_text_is_read_before_its_turn_and_then_alone(slips, built, monkeypatch):
    monkeypatch.setattr(indexing, "LONG_TEXT", 50)
    registry.register_lengths(
        lambda subjects: {subject: 60 for subject in subjects if subject in ("test.slip:1", "test.slip:2")}
    )
    read = []
    entries = type(slips).entries
    monkeypatch.setattr(
        type(slips), "entries", lambda kind, subjects: read.append(list(subjects)) or entries(kind, subjects)
    )
    note(*(slips.put(number, "Le logement") for number in range(1, 5)))
    assert drain() == 4
    assert read[0] == ["test.slip:3", "test.slip:4"]
    assert sorted(read[1:]) == [["test.slip:1"], ["test.slip:2"]]


def test_texts_that_are_together_in_memory_have_a_bound(slips, db, engine, monkeypatch):
    monkeypatch.setattr(indexing, "BATCH_TEXT", 100)
    registry.register_lengths(lambda subjects: {"test.slip:3": 101, "test.slip:5": 60, "test.slip:6": 60})
    read = []
    entries = type(slips).entries
    monkeypatch.setattr(
        type(slips),
        "entries",
        lambda kind, subjects: read.append([one[-1] for one in subjects]) or entries(kind, subjects),
    )
    for number in range(1, 8):
        slips.put(number, "Le logement")
    assert rebuild() == 7
    assert read == [["1", "2"], ["3"], ["4", "5"], ["6", "7"]]
    read.clear()
    assert not list(drifting.drift())
    assert read == [["1", "2"], ["3"], ["4", "5"], ["6", "7"]]


# What ends the process that indexes it


def begun_by_a_process_that_died(*subjects):
    """As a kill leaves it: the attempt was counted and nobody took it back."""
    Outbox.objects.filter(subject__in=subjects).update(attempts=F("attempts") + 1)


@pytest.fixture
def read(slips, monkeypatch):
    """The subjects whose entries were asked for, call by call, and how often each was counted as begun by then."""
    read = []
    entries = type(slips).entries

    def noted(kind, subjects):
        read.append(
            {
                subject: max(Outbox.objects.filter(subject=subject).values_list("attempts", flat=True), default=0)
                for subject in subjects
            }
        )
        return entries(kind, subjects)

    monkeypatch.setattr(type(slips), "entries", noted)
    return read


def test_an_attempt_is_counted_before_any_text_is_read_and_taken_back_when_the_process_lives_on(slips, built, read):
    note(slips.put(1, "Le logement"), slips.put(2, "La santé"))
    slips.broken = {2}
    drain()
    assert read[0] == {"test.slip:1": 1, "test.slip:2": 1}
    assert list(Outbox.objects.values_list("subject", "attempts")) == [("test.slip:2", 0)]


def test_what_was_begun_together_when_the_process_ended_comes_last_and_one_by_one(slips, built, read):
    note(*(slips.put(number, "Le logement") for number in range(1, 4)))
    begun_by_a_process_that_died("test.slip:1", "test.slip:2")
    assert drain() == 3
    assert read[0] == {"test.slip:3": 1}
    assert sorted(map(str, read[1:])) == ["{'test.slip:1': 2}", "{'test.slip:2': 2}"]
    assert not Outbox.objects.exists()


def test_what_ended_the_process_twice_is_left_out_and_a_closing_stays_closed(slips, built, read):
    registry.register_dependents(lambda subjects: ["test.slip:1"] if "test.slip:3" in subjects else [])
    note(slips.put(1, "Le logement"), slips.put(2, "Le travail"), slips.put(3, "La santé"))
    Outbox.objects.filter(subject="test.slip:1").update(closes=True, attempts=2)
    assert drain() == 2
    assert drain() == 0
    assert list(Outbox.objects.left_out().values_list("subject", flat=True)) == ["test.slip:1"]
    assert opening.site_finder().closing == {"test.slip:1"}
    assert all("test.slip:1" not in some for some in read), "not with what it holds words of either"


def test_what_was_left_out_is_tried_again_with_its_next_change(slips, built):
    note(slips.put(1, "Le logement"))
    Outbox.objects.update(attempts=2)
    assert drain() == 0
    note("test.slip:1")
    assert not Outbox.objects.left_out().exists()
    assert drain() == 1
    assert found(built, "logement") == {"test.slip:1"}
    assert not Outbox.objects.exists()


def test_a_rebuild_by_itself_leaves_it_out_and_counts_what_is_long(slips, built, read, monkeypatch):
    monkeypatch.setattr(indexing, "LONG_TEXT", 50)
    registry.register_lengths(lambda subjects: dict.fromkeys({"test.slip:1", "test.slip:2"}.intersection(subjects), 60))
    monkeypatch.setattr(indexing, "BATCH_TEXT", 50)
    for number in range(1, 4):
        slips.put(number, "Le logement")
    note("test.slip:1")
    Outbox.objects.update(attempts=2)
    rebuild()
    assert read == [{"test.slip:2": 1}, {"test.slip:3": 0}]
    assert list(Outbox.objects.values_list("subject", "attempts")) == [("test.slip:1", 2)]
    assert found(built, "logement") == {"test.slip:2", "test.slip:3"}


def test_a_rebuild_that_a_person_asks_for_tries_everything(slips, built):
    note(slips.put(1, "Le logement"))
    Outbox.objects.update(attempts=2)
    call_command("rebuild_index", stdout=StringIO())
    assert found(built, "logement") == {"test.slip:1"}
    assert not Outbox.objects.exists()
