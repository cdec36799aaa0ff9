"""A message never names what its reader may not see: drafts of others, closed references, what was withdrawn or closed
since it happened.
"""

import pytest
from django.core import mail
from django.utils import timezone

from kb.clock.notices.digesting import write_digest
from kb.clock.notices.noticing import notice
from kb.groups.choices import MandateRole
from kb.groups.models import Mandate
from kb.library.choices import ReferenceState
from kb.library.models import Reference
from tests.kb.accounts import builders as people
from tests.kb.library import builders as make

pytestmark = pytest.mark.django_db

TOLD = {
    "accepted": "library.accepted",
    "returned": "library.returned",
    "refused": "library.refused",
    "withdrawn": "library.withdrawn",
}


def written_to(user) -> str:
    """All the words of the message to this person now; "" when none is written."""
    mail.outbox.clear()
    user = type(user).objects.get(pk=user.pk)
    write_digest(user, now=timezone.now())
    return "".join(f"{sent.subject}\n{sent.body}\n{sent.alternatives[0].content}" for sent in mail.outbox)


@pytest.fixture
def author():
    return make.member("PA", email="autrice@cass.example", language="en")


READERS = {
    "member of the body": lambda: make.member("PA"),
    "member of another": lambda: make.member("LO"),
    "consultant": lambda: make.member("PA", role=MandateRole.CONSULTANT),
    "without mandate": people.member,
    "referent of another": lambda: referent("LO"),
    "editor": people.editor,
    "editor without second factor": lambda: people.editor(second_factor=False),
}


def referent(code: str):
    user = make.member(code)
    Mandate.objects.filter(user=user).update(is_referent=True)
    return user


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@pytest.mark.parametrize("state", ["draft", "proposed", "returned"])
def test_nobody_is_told_of_the_unaccepted_thing_of_another(author, reader, state):
    made = make.reference("Étude abricot", state=state, created_by=author, audiences=("body:PA",))
    user = reader()
    for kind in TOLD.values():
        notice(user, kind, f"library.reference:{made.pk}")
    said = written_to(user)
    assert "abricot" not in said
    assert made.mark_slug not in said


def test_the_referent_is_told_what_to_accept_and_the_author_what_to_mend(author):
    make.reference("Étude abricot", state="proposed", created_by=author, audiences=("body:PA",))
    make.reference("Étude dahlia", state="returned", created_by=author, audiences=("body:PA",), state_reason="the year")
    to_referent, to_author = written_to(referent("PA")), written_to(author)
    assert ("abricot" in to_referent, "dahlia" in to_referent) == (True, False)
    assert ("abricot" in to_author, "dahlia" in to_author) == (False, True)
    assert "the year" in to_author


def test_an_editor_is_told_how_many_wait_but_not_which(author):
    make.reference("Étude abricot", state="proposed", created_by=author, audiences=("body:PA",))
    said = written_to(people.editor(language="en"))
    assert "(1)" in said
    assert "abricot" not in said


def test_what_was_accepted_is_told_to_its_author(author):
    made = make.reference("Étude abricot", created_by=author, audiences=("body:PA",))
    notice(author, "library.accepted", f"library.reference:{made.pk}")
    assert "abricot" in written_to(author)


@pytest.mark.parametrize(
    "since",
    [{"state": ReferenceState.WITHDRAWN}, {"audiences": ["body:LO"]}, None],
    ids=["withdrawn", "closed to them", "deleted"],
)
def test_what_was_withdrawn_closed_or_deleted_since_is_not_named(since):
    reader = make.member("PA")
    made = make.reference("Étude abricot", audiences=("body:PA",))
    notice(reader, "library.accepted", f"library.reference:{made.pk}")
    rows = Reference.objects.filter(pk=made.pk)
    if since is None:
        made.delete()
    else:
        rows.update(**since)
    assert written_to(reader) == ""


def test_whoever_lost_the_mandate_since_is_told_nothing_of_the_body():
    reader = make.member("PA")
    made = make.reference("Étude abricot", audiences=("body:PA",))
    notice(reader, "library.accepted", f"library.reference:{made.pk}")
    Mandate.objects.filter(user=reader).update(is_suspended=True)
    assert written_to(reader) == ""
