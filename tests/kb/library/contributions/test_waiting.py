"""One's own contributions after an acceptance: who may not read a reference any more reads no words of it here."""

import json
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from kb.accounts.audiences import held_by
from kb.accounts.personal_data import registry
from kb.clock.notices.noticing import notice, told
from kb.groups.models import Mandate
from kb.library.choices import ReferenceState
from kb.library.contributions.waiting import own
from kb.library.models import Reference
from tests.kb.library import builders as make

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
S = ReferenceState
TITLE, WORD = "Titre que la rédaction a écrit depuis", "Mot de la rédaction"


@pytest.fixture
def author():
    return make.member("PA", email="auteur@cass.example")


def put_in(author, state=S.ACCEPTED, audiences=("body:PA",), **values) -> Reference:
    accepted = timezone.now() if state in (S.ACCEPTED, S.WITHDRAWN) else None
    return make.reference(
        TITLE,
        state=state,
        created_by=author,
        audiences=audiences,
        state_reason=WORD,
        **{"accepted_at": accepted, **values},
    )


def shown_to(author) -> str:
    """Everything that pages, the message and the file say to the author."""
    client = Client()
    client.force_login(author, backend=BACKEND)
    with override("fr"):
        addresses = (reverse("library:contributions"), reverse("home:members"))
    pages = [client.get(address).content.decode() for address in addresses]
    assert all("Étude à moi" in page for page in pages)
    return "".join([*pages, *registry.exported(author)])


def loses_the_mandate(author, reference):
    Mandate.objects.filter(user=author).update(until=date(2012, 1, 1))


def is_narrowed(author, reference):
    reference.audiences = ["body:LO"]
    reference.save()


def becomes_the_editors_alone(author, reference):
    reference.audiences = []
    reference.save()


@pytest.mark.parametrize("state", [S.ACCEPTED, S.WITHDRAWN])
@pytest.mark.parametrize("happens", [loses_the_mandate, is_narrowed, becomes_the_editors_alone])
def test_of_what_its_author_may_read_no_more_only_mark_state_and_day_are_shown(author, state, happens):
    reference = put_in(author, state)
    make.reference("Étude à moi", state=S.DRAFT, created_by=author, audiences=("body:PA",))
    before = shown_to(author)
    assert (TITLE in before, WORD in before) == (True, True)
    happens(author, reference)
    after = shown_to(author)
    assert (TITLE in after, WORD in after, reference.mark_slug in after) == (False, False, False)
    assert reference.mark in after
    row = next(one for one in own(author, held_by(author, second_factor=False), 5) if one.mark == reference.mark)
    assert (row.title, row.word, row.url, row.state) == ("", "", "", state)
    kinds = {one["kind"]: one["rows"] for one in json.loads("".join(registry.exported(author)))["data"]}
    exported = next(one for one in kinds["library.contributions"] if one["mark"] == reference.mark)
    assert (exported["title"], exported["word_of_reason"], exported["state"]) == ("", "", state)


@pytest.mark.parametrize(
    ("state", "values"),
    [(S.DRAFT, {}), (S.PROPOSED, {}), (S.RETURNED, {}), (S.REFUSED, {}), (S.WITHDRAWN, {"accepted_at": None})],
)
def test_what_was_never_accepted_is_its_author_s_to_read_whatever_their_mandates(author, state, values):
    put_in(author, state, **values)
    loses_the_mandate(author, None)
    (row,) = own(author, held_by(author, second_factor=False), 5)
    assert (row.title, row.word, bool(row.url)) == (TITLE, WORD, True)


def test_a_withdrawal_is_told_by_the_mark_to_an_author_who_may_read_it_no_more(author):
    reference = put_in(author, S.WITHDRAWN, audiences=("body:LO",))
    notice(author, "library.withdrawn", f"library.reference:{reference.pk}")
    (one,) = told(list(author.notices.all()), held_by(author, second_factor=False)).values()
    assert reference.mark in one.sentence and TITLE not in one.sentence and WORD not in one.sentence
    assert one.url == ""
