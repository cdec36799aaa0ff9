from datetime import timedelta

import pytest

from kb.clock import registry
from kb.clock.notices.waiting import LISTS
from kb.clock.registry import due_functions, register_due


def test_the_clock_knows_its_own_work_and_calls_it_often_enough():
    every = {due.name: due.every for due in due_functions()}
    minute = timedelta(minutes=1)
    for name in ("clock.recover_tasks", "clock.send_mail", "clock.digests", "files.lost", "search.drain"):
        assert every[name] <= minute, name
    assert {"clock.thin_tasks", "clock.thin_mail"} <= set(every)


def test_what_could_not_be_sent_waits_for_editors():
    assert "clock.failed_mail" in LISTS


@registry.DUE.temporarily()
def test_a_due_function_without_a_label_is_called_by_its_name_and_one_without_a_domain_is_refused():
    register_due("a.first", lambda: None, timedelta(minutes=1))
    assert [due.label for due in due_functions()] == ["a.first"]
    with pytest.raises(ValueError, match="<domain>"):
        register_due("first", lambda: None, timedelta(minutes=1))


def test_every_work_that_falls_due_has_words_for_editors():
    assert [due.name for due in due_functions() if str(due.label) == due.name] == []
