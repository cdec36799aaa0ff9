"""The shortest way from one list to another, item by item, given up where it would be long: whatever the lists hold,
the work is at most their length times MOST (Myers, An O(ND) Difference Algorithm, 1986).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

MOST = 200  # items that come or go
Edit = tuple[bool, int, int, int, int]  # same?, from and to in the first list, from and to in the second


def edits(old: Sequence[Hashable], new: Sequence[Hashable], *, most: int = MOST) -> list[Edit]:
    """Runs of the same and of other items, in their order; one run of others for all that lies between the common
    beginning and the common end where more than `most` items come or go.
    """
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    middle = _middle(old[start : len(old) - end], new[start : len(new) - end], most)
    runs = [(True, 0, start, 0, start)] if start else []
    runs += [(same, i + start, j + start, k + start, m + start) for same, i, j, k, m in middle]
    if end:
        runs.append((True, len(old) - end, len(old), len(new) - end, len(new)))
    return runs


def _common(old: Sequence[Hashable], new: Sequence[Hashable]) -> int:
    length = 0
    while length < min(len(old), len(new)) and old[length] == new[length]:
        length += 1
    return length


def _middle(old: Sequence[Hashable], new: Sequence[Hashable], most: int) -> list[Edit]:
    if not old and not new:
        return []
    trace = _furthest(old, new, most)
    if trace is None:
        return [(False, 0, len(old), 0, len(new))]
    same = _pairs(trace, len(old), len(new))
    runs: list[Edit] = []
    i = j = 0
    while i < len(old) or j < len(new):
        begun = (i, j)
        if (i, j) in same:
            while (i, j) in same:
                i, j = i + 1, j + 1
            runs.append((True, begun[0], i, begun[1], j))
            continue
        after = next(((one, two) for one, two in sorted(same) if one >= i and two >= j), (len(old), len(new)))
        runs.append((False, i, after[0], j, after[1]))
        i, j = after
    return runs


def _furthest(old: Sequence[Hashable], new: Sequence[Hashable], most: int) -> list[dict[int, int]] | None:
    """For each number of edits, how far along each diagonal one gets; None past `most`."""
    reached: dict[int, int] = {1: 0}
    trace: list[dict[int, int]] = []
    for count in range(min(most, len(old) + len(new)) + 1):
        trace.append(dict(reached))
        for diagonal in range(-count, count + 1, 2):
            down = diagonal == -count or (
                diagonal != count and reached.get(diagonal - 1, -1) < reached.get(diagonal + 1, -1)
            )
            i = reached[diagonal + 1] if down else reached[diagonal - 1] + 1
            j = i - diagonal
            while i < len(old) and j < len(new) and old[i] == new[j]:
                i, j = i + 1, j + 1
            reached[diagonal] = i
            if i >= len(old) and j >= len(new):
                return trace
    return None


def _pairs(trace: list[dict[int, int]], i: int, j: int) -> set[tuple[int, int]]:
    """The places that are the same, read back from the end."""
    same = set()
    for count in range(len(trace) - 1, -1, -1):
        reached, diagonal = trace[count], i - j
        down = diagonal == -count or (
            diagonal != count and reached.get(diagonal - 1, -1) < reached.get(diagonal + 1, -1)
        )
        before = diagonal + 1 if down else diagonal - 1
        i_before = reached.get(before, 0)
        j_before = i_before - before
        while i > i_before and j > j_before and i > 0 and j > 0:
            i, j = i - 1, j - 1
            same.add((i, j))
        if count:
            i, j = i_before, j_before
    return same
