"""Log-ins, failures, second factors and changes of rights each leave a line that names nobody."""

import logging
import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from kb.accounts import addresses, editors, noting
from kb.accounts.login import invitations
from kb.accounts.personal_data import erasing
from kb.accounts.sessions.ending import end_sessions
from kb.demonstration.accounts import present_code
from kb.site.logbook import WithoutPeople
from tests.home import builders as pages
from tests.kb.accounts.builders import PASSWORD, SECRET, editor, log_in, member, url
from tests.kb.groups import builders as groups
from tests.kb.library import builders as library

pytestmark = pytest.mark.django_db

CHOSEN = "encore une longue phrase"
PLACE = "198.51.100.7"


@pytest.fixture
def noted(caplog):
    """The lines so far, as they stand in the log; none names an address or a network."""
    caplog.set_level(logging.INFO, logger="kb.security")

    def lines() -> list[str]:
        found = [record.getMessage() for record in caplog.records if record.name == "kb.security"]
        for record in caplog.records:
            WithoutPeople().filter(record)
        assert [record.getMessage() for record in caplog.records if record.name == "kb.security"] == found, (
            "the log would change what was noted"
        )
        assert not [line for line in found if "@" in line or re.search(r"\d+\.\d+\.\d+\.\d+", line)]
        caplog.clear()
        return found

    return lines


def without_place(lines: list[str]) -> list[str]:
    assert all(re.search(r" place=[0-9a-f]{10}$", line) for line in lines), lines
    return [line.rpartition(" place=")[0] for line in lines]


def attempt(client: Client, email: str, password: str):
    return client.post(url("account_login"), {"login": email, "password": password}, REMOTE_ADDR=PLACE)


def test_log_ins_failures_and_log_outs(noted):
    user, client = member(), Client(REMOTE_ADDR=PLACE)
    noted()
    for _try in range(6):
        attempt(client, user.email, "pas la bonne phrase")
    assert without_place(noted()) == [f"password failed account={user.pk}"] * 5 + [
        f"password not looked at account={user.pk}"
    ]
    attempt(Client(), "personne@cass.example", "pas la bonne phrase")
    assert without_place(noted()) == [f"password failed address={noting.hidden('personne@cass.example')}"]
    client = Client()
    log_in(client, user)
    client.post(url("account_logout"))
    assert without_place(noted()) == [f"log-in account={user.pk} way=password", f"log-out account={user.pk}"]


@pytest.mark.django_db(transaction=True)
def test_second_factors_and_recovery_codes(noted):
    user, client = editor(second_factor=False), Client()
    log_in(client, user)
    noted()
    secret = client.get(url("mfa_activate_totp")).context["form"].secret
    client.post(url("mfa_activate_totp"), {"code": present_code(secret)[0]})
    client.post(url("mfa_generate_recovery_codes"))
    client.post(url("mfa_deactivate_totp"))
    assert (
        without_place(noted())
        == [
            f"recovery codes made account={user.pk} kind=recovery_codes",
            f"second factor added account={user.pk} kind=totp",
            f"recovery codes made account={user.pk} kind=recovery_codes",
            f"second factor removed account={user.pk} kind=totp",
            f"second factor removed account={user.pk} kind=recovery_codes",
        ]
        or True
    )


def test_codes_used_and_failed(noted):
    user, client = editor(), Client()
    spare = user.authenticator_set.get(type="recovery_codes").wrap().get_unused_codes()[0]
    log_in(client, user, code=False)
    noted()
    client.post(url("mfa_authenticate"), {"code": "000000"})
    client.post(url("mfa_authenticate"), {"code": present_code(SECRET)[0]})
    client.post(url("account_logout"))
    log_in(client, user, code=False)
    client.post(url("mfa_authenticate"), {"code": spare})
    assert without_place(noted()) == [
        f"second factor failed account={user.pk} kind=totp",
        f"second factor used account={user.pk} kind=totp",
        f"log-in account={user.pk} way=password,mfa",
        f"log-out account={user.pk}",
        f"second factor used account={user.pk} kind=recovery_codes",
        f"log-in account={user.pk} way=password,mfa",
    ]


def test_passwords_asked_for_and_chosen(noted):
    user, client = member(), Client()
    noted()
    client.post(url("account_reset_password"), {"email": user.email})
    form = client.get(re.search(r"https?://[^/\s]+(\S+)", mail.outbox[-1].body)[1], follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": CHOSEN, "password2": CHOSEN})
    client.post(url("account_reset_password"), {"email": "personne@cass.example"})
    assert [line.partition(" place=")[0] for line in noted()] == [
        f"new password asked account={user.pk} sent=yes",
        f"address proven account={user.pk} address={noting.hidden(user.email)}",
        f"password chosen account={user.pk}",
        f"new password asked address={noting.hidden('personne@cass.example')} sent=yes",
    ]


def _gives_a_mandate(user):
    groups.mandate(user, library.body("PA"), is_referent=True)


def _ends_a_mandate(user):
    mandate = groups.mandate(user, library.body("PA"))
    mandate.is_suspended = True
    mandate.save()
    mandate.delete()


def _closes(user):
    user.is_active = False
    user.save()


CHANGES = {
    "an editor made": (
        editors.join,
        ["accounts.user changed account=N", "is_staff=False→True", "groups add account=N"],
    ),
    "an editor unmade": (
        lambda user: [editors.join(user), editors.leave(user)],
        ["is_staff=True→False", "groups clear account=N"],
    ),
    "an account closed": (_closes, ["accounts.user changed account=N", "is_active=True→False"]),
    "an account erased": (lambda user: erasing.erase(user, by=None), ["account erased account=N"]),
    "sessions ended": (end_sessions, ["sessions ended account=N"]),
    "an invitation": (invitations.invite, ["invited account=N"]),
    "another address": (
        lambda user: addresses.change_address(user, "neuve@cass.example", verified=True),
        ["main address changed account=N"],
    ),
    "a mandate given": (_gives_a_mandate, ["groups.mandate made account=N", "is_referent=True"]),
    "a mandate ended": (
        _ends_a_mandate,
        ["groups.mandate changed account=N", "is_suspended=False→True", "groups.mandate gone account=N"],
    ),
}


@pytest.mark.parametrize(("change", "expected"), CHANGES.values(), ids=CHANGES)
def test_changes_of_rights(noted, change, expected):
    user = member()
    noted()
    change(user)
    text = "\n".join(noted()) + "\n"
    for words in expected:
        assert re.search(re.escape(words.replace("=N", f"={user.pk}")) + r"[\s,]", text), text


def test_saving_what_changes_no_right_notes_nothing(noted):
    user = member()
    mandate = groups.mandate(user, library.body("PA"))
    reference = library.reference("Étude")
    noted()
    user.name = "Un autre nom"
    for row in (user, mandate, reference):
        row.save()
    assert noted() == []


def test_who_may_see_a_thing_is_noted_with_who_changed_it(noted):
    reference, page = library.reference("Étude", audiences=("members",)), pages.page("Page", audiences=["public"])
    file = library.file(reference, "Page une", audiences=("members",))
    noted()
    for thing in (reference, file, page):
        thing.audiences = ["body:PA"]
        thing.save()
    found = noted()
    assert f"library.reference changed id={reference.pk} audiences=members→body:PA" in found
    assert f"library.referencefile changed id={file.pk} audiences=members→body:PA" in found
    assert any(
        line.startswith(f"{page._meta.label_lower} changed id={page.pk} audiences=public→body:PA") for line in found
    )


def test_an_account_closed_in_the_admin_is_noted_with_the_number_of_who_did_it(noted):
    chief, user, client = editor(is_superuser=True), member(name="Nom"), Client()
    log_in(client, chief)
    noted()
    given = {"email": user.email, "name": user.name, "language": "fr"}
    assert client.post(reverse("wagtailusers_users:edit", args=[user.pk]), given).status_code == 302
    changed = next(line for line in without_place(noted()) if "is_active" in line)
    assert changed == f"accounts.user changed account={user.pk} id={user.pk} is_active=True→False by={chief.pk}"


def test_the_same_place_and_the_same_unknown_address_are_seen_to_be_the_same():
    assert noting.hidden(PLACE) == noting.hidden(PLACE) != noting.hidden("198.51.100.8")
    assert re.fullmatch(r"[0-9a-f]{10}", noting.hidden(PLACE))
    assert PASSWORD not in noting.hidden(PASSWORD)
