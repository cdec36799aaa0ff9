"""What is closing is found by nobody from the commit on, whatever the index still says;
what only changes goes on being found.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

import search
from search import indexing, registry
from search.entries import Filters, Query
from search.indexing import drain, rebuild, record, record_closing
from search.leases import LeaseLost
from search.models import Outbox
from search.opening import site_finder
from search.query import parse

pytestmark = pytest.mark.django_db

PUBLIC = frozenset({"public"})
MANY = 10_000
HOME = Path(__file__).resolve().parents[2]
# Who writes the index, compares it with the database or measures it; everybody else answers readers.
ASK_THE_ENGINE = {"search/opening.py", "search/indexing.py", "search/drifting.py", "kb/clock/health.py"}
ASK_THE_ENGINE |= {
    f"search/management/commands/{name}.py" for name in ("check_index", "rebuild_index", "evaluate_search")
}


@pytest.fixture
def written(slips):
    """Three slips in the index, one of them of several pages."""
    slips.put(
        1, "Logement social", "Le bail du logement", "Encore le bail", "Toujours le bail", themes=("toit",), year=2001
    )
    slips.put(2, "Logement étudiant", "La chambre", themes=("chambre",), year=2002)
    slips.put(3, "Santé", "Le bail aussi", themes=("corps",), year=2003)
    rebuild()
    return slips


def closing(*subjects):
    """Rows that close, without the drain they would ask for."""
    Outbox.objects.bulk_create([Outbox(subject=subject, closes=True) for subject in subjects], batch_size=500)


def waiting(*subjects):
    Outbox.objects.bulk_create([Outbox(subject=subject) for subject in subjects], batch_size=500)


def everything_said_of(words: str) -> tuple:
    """What one request is told by every question there is."""
    finder = site_finder()
    query = parse(words, "fr")
    results = finder.search(query, audiences=PUBLIC)
    keys = [f"test.slip:{number}/" for number in (1, 2, 3)]
    return (
        (results.total, results.total_all, results.total_passages),
        {name: {value.value: value.count for value in values} for name, values in results.facets.items()},
        [hit.subject for hit in (*results.hits, *results.similar)],
        finder.suggest(words, audiences=PUBLIC, language="fr"),
        finder.section_counts(query, keys, audiences=PUBLIC),
        [sorted(finder.section_hits(query, f"test.slip:{number}", "", audiences=PUBLIC)) for number in (1, 2, 3)],
    )


def found(words: str) -> set[str]:
    return {hit.subject for hit in site_finder().search(parse(words, "fr"), audiences=PUBLIC, count=50).hits}


@pytest.mark.parametrize("words", ["logement", "bail", "logement bail"])
def test_what_is_closing_changes_every_answer_as_if_it_had_never_been_there(written, words):
    closing("test.slip:1")
    at_once = everything_said_of(words)
    del written.slips[1]
    Outbox.objects.all().delete()
    rebuild()
    assert at_once == everything_said_of(words)
    assert "toit" not in str(at_once)


def test_lists_without_words_leave_it_out_too(written):
    closing("test.slip:1")
    results = site_finder().search(
        Query(raw="", filters=Filters(languages=("fr",)), language="fr"), audiences=PUBLIC, sort="date"
    )
    assert (results.total, {hit.subject for hit in results.hits}) == (2, {"test.slip:2", "test.slip:3"})


def test_it_is_found_again_once_it_is_drained(written):
    with transaction.atomic():
        record_closing("test.slip:1")
    assert found("logement") == {"test.slip:2"}
    drain()
    assert found("logement") == {"test.slip:1", "test.slip:2"}
    assert not Outbox.objects.exists()


def test_an_ordinary_change_afterwards_does_not_bring_it_back(written):
    with transaction.atomic():
        record_closing("test.slip:1")
        record("test.slip:1")
    assert found("logement") == {"test.slip:2"}


def test_a_change_that_is_rolled_back_closes_nothing(written):
    with pytest.raises(RuntimeError), transaction.atomic():
        record_closing("test.slip:1")
        raise RuntimeError
    assert found("logement") == {"test.slip:1", "test.slip:2"}


def test_what_is_removed_is_closing(written):
    with transaction.atomic():
        search.remove("test.slip:1")
        search.close("test.slip:2")
        search.index("test.slip:3")
    assert set(Outbox.objects.closing().values_list("subject", flat=True)) == {"test.slip:1", "test.slip:2"}


def test_what_holds_words_of_it_is_closing_too(written):
    registry.register_dependents(lambda subjects: ["test.slip:3"] if "test.slip:1" in subjects else [])
    with transaction.atomic():
        record_closing("test.slip:1")
    assert found("bail") == set()
    drain()
    assert found("bail") == {"test.slip:1", "test.slip:3"}


def test_while_its_entries_cannot_be_made_it_stays_left_out(written):
    closing("test.slip:1")
    written.broken.add(1)
    drain()
    assert found("logement") == {"test.slip:2"}
    rebuild()
    assert found("logement") == {"test.slip:2"}
    written.broken.clear()
    drain()
    assert found("logement") == {"test.slip:1", "test.slip:2"}


def test_a_rebuild_brings_it_back_as_it_is_now(written):
    closing("test.slip:1")
    written.put(1, "Logement réservé", audiences=frozenset({"members"}))
    rebuild()
    assert found("logement") == {"test.slip:2"}
    assert not Outbox.objects.exists()


def test_what_a_lost_lease_may_have_written_too_late_is_left_out_until_it_is_made_again(written, monkeypatch):
    waiting("test.slip:1")
    calls = []

    def lose_the_second(held):
        calls.append(held)
        if len(calls) == 2:
            Outbox.objects.all().delete()  # who took over has done them
            raise LeaseLost("lost")

    monkeypatch.setattr(indexing.OwnLease, "renew", lose_the_second)
    with pytest.raises(LeaseLost):
        drain()
    assert found("logement") == {"test.slip:2"}


def test_ten_thousand_ordinary_changes_hide_nothing_cost_no_query_and_wait_behind_what_closes(written):
    with CaptureQueriesContext(connection) as alone:
        before = everything_said_of("logement bail")
    waiting(*(f"test.slip:{number}" for number in range(MANY)))
    with CaptureQueriesContext(connection) as among_many:
        assert everything_said_of("logement bail") == before
    assert len(alone) == len(among_many) == 1
    closing("test.slip:1")
    assert found("logement") == {"test.slip:2"}
    drain(limit=1)
    assert found("logement") == {"test.slip:1", "test.slip:2"}
    assert Outbox.objects.count() == MANY - 1


def test_with_ten_thousand_closings_the_answer_is_still_right(written):
    closing(*(f"test.slip:{number}" for number in range(3, MANY)))
    with CaptureQueriesContext(connection) as asked:
        said = everything_said_of("logement bail")
    assert len(asked) == 1
    assert said[0] == (2, 1, 4)
    assert "test.slip:3" not in str(said)


def test_which_subjects_are_closing_is_read_from_an_index_of_their_own(db):
    with connection.cursor() as cursor:
        cursor.execute(
            f"{'EXPLAIN QUERY PLAN' if connection.vendor == 'sqlite' else 'EXPLAIN'} "
            f"{Outbox.objects.closing().values('subject').query}"
        )
        assert connection.vendor != "sqlite" or "USING INDEX search_outbox_closing" in str(cursor.fetchall())


def test_nobody_who_answers_readers_asks_the_engine_itself():
    """`site_finder` leaves out what is closing; the engine does not."""
    files = [
        path
        for folder in ("kb", "home", "search")
        for path in (HOME / folder).rglob("*.py")
        if path.parent.name != "engines"
    ]
    calls = re.compile(r"(?<!def )\b(?:site_engine|get_engine)\b(?!`)(?:\(|,|\))")
    assert {str(path.relative_to(HOME)) for path in files if calls.search(path.read_text())} == ASK_THE_ENGINE
