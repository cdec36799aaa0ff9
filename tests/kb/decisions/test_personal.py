"""An erased person's vote stays, as that of a seat."""

from __future__ import annotations

import pytest

from kb.decisions import closing
from kb.decisions.casting import cast
from kb.decisions.models import Link, Vote
from kb.decisions.personal import erase_votes, votes_in_words
from tests.kb.decisions.builders import asked, ballot, committee, leaflets

pytestmark = pytest.mark.django_db


def test_a_vote_outlives_its_person_without_word_link_or_name():
    with leaflets():
        decision = asked(committee())
        mine = ballot(decision, "cpas1")
        cast(mine.pk, "for", "Un mot de ma main")
        assert [line for line in votes_in_words(mine.user) if "dépliant" in line]
        erase_votes(mine.user, None)
        vote = Vote.objects.get()
        assert (vote.word, vote.undo_hash, vote.ballot.user) == ("", "", None)
        assert not Link.objects.filter(ballot=mine).exists()
        assert closing.counted_of(decision).votes_for == 1
        assert vote.seat is not None
