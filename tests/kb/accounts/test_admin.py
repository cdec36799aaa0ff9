"""Log-ins, bodies, mandates and organisations in Wagtail's admin."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kb.accounts.models import User
from kb.directory.models import Organisation
from tests.kb.accounts.builders import PASSWORD, editor, log_in, member
from tests.kb.groups.builders import body, mandate

pytestmark = pytest.mark.django_db


def test_the_editor_in_chief_makes_a_log_in_with_address_name_and_language(client):
    log_in(client, editor(is_superuser=True))
    given = {"email": "Nouvelle@cass.example", "name": "Coordination", "language": "nl", "is_staff": "on"}
    answer = client.post(reverse("wagtailusers_users:add"), given)
    assert answer.status_code == 302, answer.context["form"].errors
    made = User.objects.get(email="nouvelle@cass.example")
    assert (made.name, made.language, made.is_staff, made.has_usable_password()) == ("Coordination", "nl", True, False)
    assert made.groups.get().name == "Rédaction"
    assert made.wagtail_userprofile.preferred_language == "nl"
    assert client.get(reverse("wagtailusers_users:edit", args=[made.pk])).status_code == 200


def test_the_editor_in_chief_gives_nobody_a_password(client):
    log_in(client, editor(is_superuser=True))
    user, typed = member(), {"password1": "choisie par la cheffe", "password2": "choisie par la cheffe"}
    edit = reverse("wagtailusers_users:edit", args=[user.pk])
    for address in (edit, reverse("wagtailusers_users:add")):
        assert not [name for name in client.get(address).context["form"].fields if "password" in name]
    assert (
        client.post(
            edit, {"email": user.email, "name": "Membre", "language": "fr", "is_active": "on", **typed}
        ).status_code
        == 302
    )
    client.post(
        reverse("wagtailusers_users:add"), {"email": "autre@cass.example", "name": "Autre", "language": "fr", **typed}
    )
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert not User.objects.get(email="autre@cass.example").has_usable_password()


@pytest.mark.parametrize("rights", [{}, {"is_staff": "on"}])
def test_a_new_log_in_leads_to_the_page_where_the_person_is_invited(client, rights):
    log_in(client, editor(is_superuser=True, language="en"))
    given = {"email": "autre@cass.example", "name": "Autre", "language": "fr", **rights}
    page = client.post(reverse("wagtailusers_users:add"), given, follow=True).content.decode()
    invite = reverse("people:edit", args=[User.objects.get(email="autre@cass.example").pk])
    assert "Nothing has been sent to this person yet" in page and f'href="{invite}"' in page
    assert client.get(invite).context["may_invite"]


def test_an_address_is_used_once_whatever_its_capitals(client):
    log_in(client, editor(is_superuser=True))
    member("membre@cass.example")
    answer = client.post(reverse("wagtailusers_users:add"), {"email": "MEMBRE@cass.example", "language": "fr"})
    assert answer.status_code == 200
    assert "email" in answer.context["form"].errors


def test_an_editor_does_not_manage_log_ins(client):
    log_in(client, editor())
    assert client.get(reverse("wagtailusers_users:index")).status_code == 302


def test_an_editor_changes_name_and_language_and_the_admin_follows(client):
    user = editor()
    log_in(client, user)
    assert client.get("/admin/account/").status_code == 200
    profile = {
        "own-name": "Nouveau nom",
        "own-language": "nl",
        "theme-theme": "system",
        "theme-contrast": "system",
        "theme-density": "default",
    }
    assert client.post("/admin/account/", profile).status_code == 302
    user.refresh_from_db()
    assert (user.name, user.language) == ("Nouveau nom", "nl")
    assert User.objects.get(pk=user.pk).wagtail_userprofile.preferred_language == "nl"


@pytest.mark.parametrize("name", ["body", "mandate", "organisation"])
def test_the_lists_of_people_answer_and_search(client, name):
    log_in(client, editor())
    mandate(member(name="Fonction"), body("LOG"), organisation=Organisation.objects.create(code="setis", name="Setis"))
    for query in ("", "?q=LOG", "?q=Fonction"):
        assert client.get(reverse(f"{name}:index") + query).status_code == 200
    assert client.get(reverse(f"{name}:add")).status_code == 200


def test_a_longer_list_of_mandates_costs_no_more_queries(client):
    log_in(client, editor())
    of, employer = body("LOG"), Organisation.objects.create(code="setis", name="Setis")
    counts = []
    for _round in range(2):
        for number in range(len(counts) * 20 + 1):
            mandate(member(f"m{len(counts)}-{number}@cass.example"), of, organisation=employer)
        client.get(reverse("mandate:index"))
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse("mandate:index"))
        counts.append(len(asked))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("chooser", ["person_chooser", "organisation_chooser"])
def test_a_chooser_finds_by_a_piece_of_the_name(client, chooser):
    log_in(client, editor())
    member(name="Setis")
    member("autre@cass.example", name="Autre")
    Organisation.objects.create(code="setis", name="Setis")
    answer = client.get(reverse(f"{chooser}:choose_results"), {"q": "seti"})
    assert "Setis" in answer.content.decode()
    assert "Autre" not in answer.content.decode()
