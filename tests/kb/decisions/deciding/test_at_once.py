"""Two persons of one seat at the same moment, and the two who want the last seat of a side."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from kb.decisions.choices import Weight
from kb.decisions.deciding.casting import cast
from kb.decisions.errors import Refused
from kb.decisions.models import Vote
from kb.directory.choices import OrganisationKind
from kb.groups.choices import SideName, Standing
from tests.kb.decisions.builders import asked, ballot, committee, leaflets, organisation, sitting

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(ballots: list[int]) -> list[str]:
    """What became of each: its weight, or the code of the refusal."""

    def vote(pk: int) -> str:
        try:
            return cast(pk, "for").vote.weight
        except Refused as refused:
            return refused.code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(ballots)) as pool:
        return list(pool.map(vote, ballots))


def test_a_holder_and_the_substitute_at_once_are_one_vote():
    with leaflets():
        of = committee(associations=0, seats=1)
        one = organisation("Un", OrganisationKind.ASSOCIATION)
        holder = sitting(of, "tenant", one)
        sitting(of, "remplacant", one, standing=Standing.SUBSTITUTE)
        decision = asked(of, named={SideName.ASSOCIATIVE: [holder.pk]})
        said = at_once([ballot(decision, name).pk for name in ("tenant", "remplacant")])
    counted = Vote.objects.filter(weight=Weight.COUNTED, seat__side=SideName.ASSOCIATIVE)
    assert [vote.ballot.user.email for vote in counted] == ["tenant@cass.example"]
    assert said[0] == Weight.COUNTED and said[1] in (Weight.COUNTED, "taken")


def test_two_for_the_last_seat_at_once_are_one_counted_and_one_noted():
    with leaflets():
        decision = asked(committee(associations=2, seats=1))
        said = at_once([ballot(decision, name).pk for name in ("asso1", "asso2")])
    assert sorted(said) == [Weight.COUNTED, Weight.NOTED]
