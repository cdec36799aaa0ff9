"""What looks like the document that is being put in: shown to those who may see it, listed for editors where not."""

from __future__ import annotations

import pytest

from kb.accounts.audiences import person
from kb.library.choices import ReferenceState
from kb.library.models import Resemblance
from kb.library.resembling import likeness, note_unseen, resembling
from tests.kb.library import builders as make

pytestmark = pytest.mark.django_db

MEMBER = frozenset({"public", "members", "body:PA"})


def found(reference, held=MEMBER):
    return [(one.reference, one.how) for one in resembling(reference, frozenset(held))]


def test_the_same_bytes_are_the_same_document(index):
    here, there = make.reference("Ici"), make.reference("Là-bas")
    make.file(here, "a", content=b"%PDF same")
    make.file(there, "b", content=b"%PDF same")
    assert found(here) == [(there, "file")]


def test_the_bytes_of_a_closed_file_of_a_public_notice_are_not_confirmed(index):
    here, there = make.reference("Ici"), make.reference("Là-bas")
    make.file(here, "a", content=b"%PDF same")
    make.file(there, "b", content=b"%PDF same", audiences=("body:LO",))
    assert found(here) == []
    assert found(here, MEMBER | {"body:LO"}) == [(there, "file")]
    assert note_unseen(here, MEMBER) == 1
    assert Resemblance.objects.get().other == there
