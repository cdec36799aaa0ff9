"""What stays of two lists: against the plain table of the longest common subsequence, and never long."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kb.decisions.deciding.edits import edits

QUICK = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine draws slowly
LISTS = st.lists(st.sampled_from("abc"), max_size=14)


def longest(old: list[str], new: list[str]) -> int:
    table = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i, one in enumerate(old):
        for j, two in enumerate(new):
            table[i + 1][j + 1] = table[i][j] + 1 if one == two else max(table[i][j + 1], table[i + 1][j])
    return table[-1][-1]


@QUICK
@given(LISTS, LISTS)
def test_runs_cover_both_lists_and_the_same_is_the_same_and_as_much_as_can_be(old, new):
    runs = edits(old, new)
    assert [item for _same, i, j, _k, _m in runs for item in old[i:j]] == old
    assert [item for _same, _i, _j, k, m in runs for item in new[k:m]] == new
    assert all(old[i:j] == new[k:m] for same, i, j, k, m in runs if same)
    assert sum(j - i for same, i, j, _k, _m in runs if same) == longest(old, new)


def test_too_many_edits_are_one_run_between_what_begins_and_ends_alike():
    runs = edits("abcdefgh", "axyzwvuh", most=3)
    assert runs == [(True, 0, 1, 0, 1), (False, 1, 7, 1, 7), (True, 7, 8, 7, 8)]


def test_the_worst_lists_cost_their_length_times_the_limit(monkeypatch):
    counted = 0

    class Word(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            nonlocal counted
            counted += 1
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    old, new = [Word("a")] * 1999, [Word("b"), Word("a")] * 999
    edits(old, new, most=200)
    assert counted < 2 * 200 * 4000
