"""What making an entry ready for an index costs."""

from __future__ import annotations

import tracemalloc

import pytest

from search.analysis import tokens
from search.engines.levels import levelled
from search.engines.preparing import prepare
from search.entries import Entry, Section, Title

LETTERS = "bcdfghjkmpqrtvwxz"
SIZE = 120_000


@pytest.mark.parametrize("pages", [1, 20])
def test_the_shortest_words_take_no_more_than_twenty_times_their_text(pages, monkeypatch):
    """Of all texts one of single letters has the most words for its length: a stem, a pair, a piece and a word each."""
    words = [LETTERS[number * number % 17] for number in range(SIZE // 2 // pages)]
    sections = tuple(Section(f"1.1/{number}", number, "", " ".join(words)) for number in range(1, pages + 1))
    entry = Entry("a:1", "a", "/", (Title("fr", "Titre"),), frozenset({"public"}), languages=("fr",), sections=sections)
    monkeypatch.setattr(
        tokens, "_SLICE", 2_000, raising=False
    )  # as small beside this text as the real one beside a long text
    prepare(entry)  # what is remembered of words stays, however long the text
    tracemalloc.start()
    prepared = prepare(entry)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    levelled(prepared.fields.pieces, 900.0)
    to_cut = tracemalloc.get_traced_memory()[1] - tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert most < 20 * SIZE
    assert to_cut < 2 * SIZE
