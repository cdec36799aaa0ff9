"""An erased person's vote stays, as that of a seat."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from kb.accounts.personal_data.scrubbing import Identity
from kb.decisions.deciding import closing
from kb.decisions.deciding.asking import take_back
from kb.decisions.deciding.casting import cast
from kb.decisions.models import Link, Vote
from kb.decisions.personal import erase_votes, votes_in_words, votes_of
from tests.kb.decisions.builders import asked, ballot, committee, leaflets

pytestmark = pytest.mark.django_db


def test_a_vote_outlives_its_person_without_word_link_or_name():
    with leaflets():
        decision = asked(committee())
        mine = ballot(decision, "cpas1")
        cast(mine.pk, "for", "Un mot de ma main")
        other = cast(ballot(decision, "asso1").pk, "against", "Demandez à cpas1@cass.example").vote
        assert list(votes_in_words(mine.user)) == []  # nobody reads how somebody voted while the question is open
        closing.close(decision.pk, at=timezone.now() + timedelta(hours=80))
        assert len(list(votes_in_words(mine.user))) == 1
        erase_votes(mine.user, Identity(mine.user.pk, (mine.user.email,)))
        other.refresh_from_db()
        assert "cpas1@cass.example" not in other.word
        vote = Vote.objects.get(ballot=mine)
        assert (vote.word, vote.undo_hash, vote.ballot.user) == ("", "", None)
        assert not Link.objects.filter(ballot=mine).exists()
        assert closing.counted_of(decision).votes_for == 1
        assert vote.seat is not None


def test_what_was_taken_back_never_says_how_anybody_voted():
    with leaflets():
        decision = asked(committee())
        mine = ballot(decision, "cpas1")
        cast(mine.pk, "for", "Un premier mot")
        cast(mine.pk, "against", "Un mot de ma main")
        take_back(decision, reason="À refaire")
        assert set(votes_of(mine.user).values_list("choice", "word")) == {("", "")}
        said = " ".join(votes_in_words(mine.user))
        assert said and "Contre" not in said and "dépliant" not in said, "the question is the body's"


def test_what_was_asked_about_and_refused_keeps_no_address_of_an_erased_person():
    with leaflets() as things:
        things.texts[1] = "Écrire à cpas1@cass.example"
        decision = asked(committee())
        take_back(decision, reason="À refaire")
        user = ballot(decision, "cpas1").user
        erase_votes(user, Identity(user.pk, (user.email,)))
        assert "cpas1@" not in str(decision.manifest.shown())
