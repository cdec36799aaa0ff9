"""A process really killed between the outcome and what becomes public: nothing is half done, and the clock does it."""

from __future__ import annotations

import signal

import pytest

from tests.kb.files.conftest import site

__all__ = ["site"]

PREPARE = """
from kb.decisions.deciding.casting import cast
from kb.decisions.models import Decision
from tests.kb.decisions.builders import asked, ballot, committee, leaflets
with leaflets():
    decision = asked(committee())
    for name in ("cpas1", "cpas2", "asso1", "asso2"):
        cast(ballot(decision, name).pk, "for")
Decision.objects.update(closes_at="2020-01-01T00:00:00Z")
"""
CLOSE = """
from kb.decisions.deciding import closing
from kb.decisions.models import Decision
from tests.kb.decisions.builders import leaflets
with leaflets() as things:
    opened = things.open
    def watched(*given):
        {during}
        opened(*given)
    things.open = watched
    from kb.pages import agreements
    from tests.kb.decisions.builders import KIND
    agreements.KINDS.register(KIND, things.kind())
    closing.close_due()
    assert things.public
"""


@pytest.mark.drill
def test_killed_before_it_is_public_it_has_no_outcome_and_then_has_both(site):
    assert site.python(PREPARE) == 0
    assert site.python(CLOSE.format(during="os.kill(os.getpid(), signal.SIGKILL)")) == -signal.SIGKILL
    assert site.rows("SELECT state, outcome, number FROM decisions_decision") == [("open", "", None)]
    assert site.rows("SELECT state FROM decisions_manifest") == [("asked",)]
    assert site.python(CLOSE.format(during="pass")) == 0
    assert site.rows("SELECT state, outcome, number, is_public FROM decisions_decision") == [
        ("closed", "agreement", 1, 1)
    ]
    assert site.rows("SELECT state FROM decisions_manifest") == [("agreed",)]
