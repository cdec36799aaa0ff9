"""Thousands of people and organisations: every list and chooser costs the queries it costs with ten.

Counted, never timed.
"""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from kb.accounts.login.invitations import invite
from kb.accounts.models import User
from kb.clock.models import OutgoingMail
from kb.clock.notices.noticing import notice
from kb.groups.models import Body
from kb.library.models import Resemblance
from tests import crowd
from tests.kb.accounts import builders as people
from tests.kb.accounts.builders import fresh_limits
from tests.kb.library import builders as make

__all__ = ["fresh_limits"]
pytestmark = pytest.mark.django_db

MOST_STEPS = 5_000  # thousands; a question a person takes twenty times as many

OF_EDITORS = {
    "home of the admin": "/admin/",
    "people": "/admin/people/",
    "people, second page": "/admin/people/?p=2",
    "people found": "/admin/people/?q=personne+foule",
    "people who never came, of a body": "/admin/people/?state=never-came&mandate=true",
    "log-ins": "/admin/users/",
    "mandates": "/admin/mandate/",
    "mandates found": "/admin/mandate/?q=personne",
    "bodies": "/admin/body/",
    "organisations": "/admin/organisation/",
    "organisations found": "/admin/organisation/?q=org&is_member=true",
    "services": "/admin/service/",
    "places": "/admin/place/",
    "chooser of people": "/admin/person_chooser/",
    "chooser of people, found": "/admin/person_chooser/results/?q=personne",
    "chooser of organisations": "/admin/organisation_chooser/",
    "chooser of organisations, found": "/admin/organisation_chooser/results/?q=org",
    "chooser of services": "/admin/service_chooser/",
    "messages sent": "/admin/sent_messages/",
    "possible duplicates": "/admin/library/duplicates/",
    "names of creators": "/admin/library/names/creator/",
    "names of publishers that look alike": "/admin/library/names/publisher/?alike=1",
    "references": "/admin/snippets/library/reference/",
    "contributions to every body": "/fr/bibliotheque/contributions/",
    "a new reference": "/fr/bibliotheque/ajouter/",
    "members’ home of an editor": "/fr/membres/",
}
OF_MEMBERS = {
    "members’ home": "/fr/membres/",
    "people": "/fr/membres/personnes/",
    "people of a group": "/nl/leden/personen/?body=PA",
    "people found": "/en/members/people/?q=personne",
    "contributions": "/fr/bibliotheque/contributions/",
    "a new reference": "/fr/bibliotheque/ajouter/",
    "own data": "/fr/compte/mes-donnees/",
}
OF_EVERYONE = {
    "organisations": "/fr/organisations/",
    "organisations, second page": "/nl/organisaties/?page=2",
    "organisations found": "/en/organisations/?q=service+exemple&member=1",
    "an organisation where many work": "/fr/organisations/org-0/",
    "site map of organisations": "/sitemap-organisations.xml",
}


@pytest.fixture
def readers() -> dict[str, tuple[Client, dict[str, str]]]:
    """Ten people of five organisations; the member is one of them and follows the contributions of a group."""
    with override("fr"):
        first = crowd.crowd(10, 5)[0]
        busy(User.objects.all())
    editor, member = Client(), Client()
    people.log_in(editor, people.editor(is_superuser=True))
    member.force_login(first, backend="allauth.account.auth_backends.AuthenticationBackend")
    return {"editor": (editor, OF_EDITORS), "member": (member, OF_MEMBERS), "anyone": (Client(), OF_EVERYONE)}


def busy(some) -> None:
    """Each of these people was invited, was written to,
    and put in a document that waits and looks like the one before.
    """
    before, first = None, User.objects.order_by("pk")[0]
    for person in some:
        invite(person)
        made = make.reference(
            f"Étude {person.name}",
            state="proposed",
            created_by=person,
            creators=(person.email,),
            publisher=f"Éditeur {person.pk}",
        )
        notice(first, "library.returned", f"library.reference:{made.pk}")
        if before is not None:
            Resemblance.objects.create(reference=made, other=before, how="title")
        before = made
    OutgoingMail.objects.bulk_create(
        OutgoingMail(user=one, address=one.email, kind="clock.digest", subject="CASS", state="failed", sealed=b"x")
        for one in some
    )


def costs(readers) -> dict[str, int]:
    """Queries by reader and list; what is asked once a process is asked before it counts."""
    found = {}
    for reader, (client, lists) in readers.items():
        for name, address in lists.items():
            client.get(address)
            with CaptureQueriesContext(connection) as asked:
                answer = client.get(address)
                read = b"".join(answer.streaming_content) if answer.streaming else answer.content
            assert answer.status_code == 200 and read, f"{name} of {reader}: {answer.status_code}"
            found[f"{name} of {reader}"] = len(asked)
    return found


def steps(ask) -> int:
    """Thousands of steps that the database takes for an answer: the same on every machine, and many where each row asks
    a question of its own.
    """
    counted = []
    connection.connection.set_progress_handler(lambda: counted.append(1), 1000)
    try:
        assert ask().status_code == 200
    finally:
        connection.connection.set_progress_handler(None, 0)
    return len(counted)


def test_lists_and_choosers_cost_the_same_with_ten_people_and_with_thirty(readers):
    ten = costs(readers)
    busy(crowd.crowd(20, 25, prefix="plus-"))
    assert costs(readers) == ten


@pytest.mark.drill
def test_lists_and_choosers_cost_the_same_with_five_thousand_people_of_two_thousand_organisations(readers):
    ten = costs(readers)
    busy(crowd.crowd(50, 55, prefix="plus-"))
    crowd.crowd(4940, 1940, prefix="encore-")
    assert costs(readers) == ten

    (editor, _lists), (member, _lists) = readers["editor"], readers["member"]
    assert "Personne" in member.get("/fr/membres/personnes/?page=100").content.decode()
    group = Body.objects.get(code="PA").pk
    narrowed = {
        "people of a group": steps(lambda: member.get("/fr/membres/personnes/?body=PA")),
        "people of a group, for editors": steps(lambda: editor.get(f"/admin/people/?body={group}")),
        "people of an organisation, for editors": steps(lambda: editor.get("/admin/people/?organisation=org")),
    }
    assert {name: count for name, count in narrowed.items() if count > MOST_STEPS} == {}
