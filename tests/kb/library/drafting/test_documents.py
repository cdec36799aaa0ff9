"""What a page is, told by its text."""

from __future__ import annotations

import time

import pytest

from kb.library.drafting.documents import Page


@pytest.mark.parametrize("before", ["", "   ", "\t", "\u00a0", "\n\n\n", "\r"])
def test_numbers_in_brackets_before_lines_are_citations(before):
    text = "Bronnen – Sources – Sources\n" + "".join(f"{before}[{number}] Dupont, Le bail.\n" for number in range(1, 6))
    assert Page(1, text).cites


def test_fewer_than_five_are_none():
    assert not Page(1, "[1] Dupont\n[2] Peeters\n[3] Janssens\n[4] Martin, article [5] et [6]\n").cites


@pytest.mark.parametrize("unit", ["\n", " ", "\n ", " \n", "\r", "\r\n", "\t", "\u00a0\n", "\n[", "(1"])
def test_a_page_of_nothing_but_gaps_takes_no_time(unit):
    started = time.process_time()
    assert not Page(1, unit * 50_000).cites
    assert time.process_time() - started < 0.5
