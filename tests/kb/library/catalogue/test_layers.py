"""Layers of rights: every reader finds each reference by exactly the files they may open, and editors find it once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.accounts.audiences import MEMBERS, PUBLIC, STAFF, may_see
from kb.library.catalogue.layers import layers_of

PA, LO = "body:PA", "body:LO"
ANYONE = frozenset({PUBLIC})
MEMBER_PA = frozenset({PUBLIC, MEMBERS, PA, "person:1"})
MEMBER_LO = frozenset({PUBLIC, MEMBERS, LO, "person:2"})
CONSULTANT_PA = frozenset({PUBLIC, PA, "person:3"})
EDITOR = frozenset({PUBLIC, STAFF, "person:4"})
EDITOR_IN_PA = MEMBER_PA | {STAFF}

TABLE = [
    # notice, files, reader, the sets of files they meet
    ({PUBLIC}, {}, ANYONE, [set()]),
    ({PUBLIC}, {}, EDITOR, [set()]),
    ({PUBLIC}, {1: {PUBLIC}}, ANYONE, [{1}]),
    ({PUBLIC}, {1: {PUBLIC}}, EDITOR_IN_PA, [{1}]),
    ({PUBLIC}, {1: {MEMBERS}}, ANYONE, [set()]),
    ({PUBLIC}, {1: {MEMBERS}}, MEMBER_PA, [{1}]),
    ({PUBLIC}, {1: {MEMBERS}}, CONSULTANT_PA, [set()]),
    ({PUBLIC}, {1: {MEMBERS}}, EDITOR, [{1}]),
    ({PUBLIC}, {1: {PA}}, ANYONE, [set()]),
    ({PUBLIC}, {1: {PA}}, MEMBER_LO, [set()]),
    ({PUBLIC}, {1: {PA}}, MEMBER_PA, [{1}]),
    ({PUBLIC}, {1: {PA}}, EDITOR_IN_PA, [{1}]),
    ({PUBLIC}, {1: {PUBLIC}, 2: {MEMBERS}, 3: {MEMBERS, PA}}, ANYONE, [{1}]),
    ({PUBLIC}, {1: {PUBLIC}, 2: {MEMBERS}, 3: {MEMBERS, PA}}, CONSULTANT_PA, [{1, 3}]),
    ({PUBLIC}, {1: {PUBLIC}, 2: {MEMBERS}, 3: {MEMBERS, PA}}, MEMBER_PA, [{1, 2, 3}]),
    ({MEMBERS}, {1: {MEMBERS}}, ANYONE, []),
    ({MEMBERS}, {1: {MEMBERS}}, CONSULTANT_PA, []),
    ({MEMBERS}, {1: {MEMBERS}}, MEMBER_LO, [{1}]),
    ({MEMBERS, PA}, {1: {PA}}, MEMBER_LO, [set()]),
    ({MEMBERS, PA}, {1: {PA}}, MEMBER_PA, [{1}]),
    ({MEMBERS}, {1: {PUBLIC}}, ANYONE, []),
    ({"person:1"}, {1: {"person:1"}}, MEMBER_PA, [{1}]),
    ({"person:1"}, {1: {"person:1"}}, MEMBER_LO, []),
    ({"person:1"}, {1: {"person:1"}}, EDITOR, [{1}]),
    ({STAFF}, {1: {STAFF}}, MEMBER_PA, []),
    ({STAFF}, {1: {STAFF}}, EDITOR_IN_PA, [{1}]),
    ({PUBLIC}, {1: set()}, MEMBER_PA, [set()]),
    ({PUBLIC}, {1: set()}, EDITOR, [{1}]),
    # The one unavoidable case: two closed files, neither reader's set within the other's; met twice, with the right
    # union.
    ({PUBLIC}, {1: {MEMBERS}, 2: {PA}}, MEMBER_PA, [{1}, {2}]),
    ({PUBLIC}, {1: {MEMBERS}, 2: {PA}}, CONSULTANT_PA, [{2}]),
    ({PUBLIC}, {1: {MEMBERS}, 2: {PA}}, MEMBER_LO, [{1}]),
    ({PUBLIC}, {1: {MEMBERS}, 2: {PA}}, EDITOR_IN_PA, [{1, 2}]),
]


@pytest.mark.parametrize(("notice", "files", "reader", "met"), TABLE)
def test_a_reader_meets_these_sets_of_files(notice, files, reader, met):
    assert [set(layer.files) for layer in layers_of(notice, files) if layer.is_for(reader)] == met


VALUES = st.sets(st.sampled_from([PUBLIC, MEMBERS, PA, LO, "body:EC", "person:1"]))
READERS = st.sets(st.sampled_from([MEMBERS, PA, LO, "body:EC", "person:1", "person:2", STAFF])).map(
    lambda held: frozenset(held | {PUBLIC})
)


@given(notice=VALUES, files=st.dictionaries(st.integers(1, 5), VALUES, max_size=5), held=READERS)
def test_what_a_reader_meets_is_exactly_what_they_may_open(notice, files, held):
    # A file is never wider than its notice: what the model does before it asks for layers.
    files = {number: given if PUBLIC in notice else given & notice for number, given in files.items()}
    met = [layer for layer in layers_of(notice, files) if layer.is_for(held)]

    assert bool(met) == may_see(held, notice)
    if met:
        assert frozenset().union(*(layer.files for layer in met)) == {
            number for number, given in files.items() if may_see(held, given)
        }
    if STAFF in held:
        assert len(met) == 1


@given(notice=VALUES, files=st.dictionaries(st.integers(1, 5), VALUES, max_size=5), held=READERS)
def test_no_layer_met_holds_a_file_the_reader_may_not_open(notice, files, held):
    for layer in layers_of(notice, files):
        if layer.is_for(held):
            assert all(may_see(held, files[number]) for number in layer.files)


@given(notice=VALUES, files=st.dictionaries(st.integers(1, 5), VALUES, max_size=5))
def test_layers_have_names_of_their_own_and_the_poorest_has_none(notice, files):
    names = [layer.name for layer in layers_of(notice, files)]
    assert names[0] == "" and len(set(names)) == len(names)
