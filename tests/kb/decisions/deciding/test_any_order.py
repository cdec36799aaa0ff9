"""Whatever the votes and their order, seats are taken as the charter says; the oracle is a plain list of names."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from kb.decisions.deciding import closing
from kb.decisions.deciding.casting import cast
from kb.decisions.errors import Refused
from kb.decisions.models import Decision
from kb.groups.models import Mandate
from tests.kb.decisions.builders import asked, ballot, committee, leaflets

SEATS = 2
PEOPLE = {"cpas": ("cpas1", "cpas2", "cpas3"), "associative": ("asso1", "asso2", "asso3")}
ACTS = st.lists(
    st.tuples(
        st.sampled_from([*PEOPLE["cpas"], *PEOPLE["associative"]]),
        st.sampled_from(["for", "against", "abstention", "ends"]),
    ),
    max_size=14,
)


def side_of(name: str) -> str:
    return "cpas" if name.startswith("cpas") else "associative"


def oracle(acts: list[tuple[str, str]]) -> str:
    """By hand: two seats a side, the first two who vote have them and may change their minds until they leave."""
    seats: dict[str, dict[str, str]] = {"cpas": {}, "associative": {}}
    late: set[str] = set()
    gone: set[str] = set()
    for name, what in acts:
        taken = seats[side_of(name)]
        if what == "ends":
            gone.add(name)
        elif name in gone:
            continue
        elif name in taken or (len(taken) < SEATS and name not in late):
            taken[name] = what
        else:
            late.add(name)
    if any(len(taken) < 1 for taken in seats.values()):
        return "no-effect"
    votes = [choice for taken in seats.values() for choice in taken.values()]
    return "agreement" if votes.count("for") > votes.count("against") else "no-agreement"


class AnyOrder(TestCase):
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(acts=ACTS)
    def test_the_outcome_is_what_the_rule_says(self, acts):
        with leaflets() as things:
            decision = asked(committee(cpas=3, associations=3, seats=SEATS))
            for name, what in acts:
                if what == "ends":
                    Mandate.objects.get(user__email=f"{name}@cass.example").end_now()
                    continue
                try:
                    cast(ballot(decision, name).pk, what)
                except Refused as refused:
                    assert refused.code == "ended"
            closing.close(decision.pk, at=timezone.now() + timedelta(hours=80))
            decision = Decision.objects.get(pk=decision.pk)
            assert decision.outcome == oracle(acts)
            assert bool(things.public) == (decision.outcome == "agreement")


pytestmark = pytest.mark.django_db
