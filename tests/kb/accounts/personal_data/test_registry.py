"""What we keep about a person: shown to that person, handed over whole, to nobody else;
and the register that everybody may read.
"""

from __future__ import annotations

import json

import pytest
from django.apps import apps
from django.test import Client
from wagtail.models import ModelLogEntry

from kb.accounts.models import User
from kb.accounts.personal_data import registry, retaining
from tests.axe import assert_no_axe_findings
from tests.kb.accounts import builders as people
from tests.kb.accounts import full_person as full
from tests.kb.groups import builders as groups

pytestmark = pytest.mark.django_db

LANGUAGES = pytest.mark.parametrize("language", ["fr", "nl", "en"])
OWN_PAGES = ("account_my_data", "account_my_data_file", "account_my_data_erase")
WORDS = dict.fromkeys(("label", "what", "people", "purpose", "basis_words", "kept_words", "seen_by"), "x")


def read(response) -> str:
    return (b"".join(response.streaming_content) if response.streaming else response.content).decode()


def follow_up(client: Client, name: str, password: str = people.PASSWORD, **kwargs):
    """Asks for a page, confirms by password or code as it is asked to, and gives the last answer."""
    answer = client.get(people.url(name, **kwargs))
    if answer.status_code == 302 and people.url("account_reauthenticate") in answer["Location"]:
        answer = client.post(
            people.url("account_reauthenticate"), {"password": password, "next": people.url(name, **kwargs)}
        )
        if answer.status_code == 302:
            answer = client.get(answer["Location"])
    return answer


def opened(user: User) -> Client:
    client = Client()
    answer = people.log_in(client, user)
    assert answer.status_code == 302
    return client


@pytest.fixture
def the_person():
    return full.person()


# The registry


@registry.KINDS.temporarily()
def test_works_with_an_empty_registry(client):
    client = opened(people.member())
    assert client.get(people.url("account_my_data")).status_code == 200
    assert client.get(people.url("processing_register")).status_code == 200
    assert json.loads("".join(registry.exported(people.member("x@cass.example"))))["data"] == []


def test_a_name_without_its_domain_is_refused():
    with pytest.raises(ValueError, match=r"<domain>\.<what>"):
        registry.register_personal(registry.PersonalData(name="account", **WORDS, basis=registry.Basis.CONSENT))


def test_every_model_that_leads_to_a_person_is_looked_after(the_person):
    """A new foreign key to a person needs a kind of personal data: here is every one there is, and the kind that
    exports or erases it.
    """
    known = {
        *(
            "accounts.invitation",
            "accounts.namedplace",
            "accounts.knownplace",
            "account.emailaddress",
            "mfa.authenticator",
            "accounts.user_groups",
        ),
        *(
            "accounts.user_user_permissions",
            "clock.outgoingmail",
            "clock.notice",
            "clock.digestmark",
            "directory.employment",
        ),
        *(
            "sheets.sheetimport",
            "groups.mandate",
            "decisions.amendment",
            "decisions.ballot",
            "decisions.decision",
            "decisions.vote",
            "files.fileversion",
            "library.reference",
            "library.contributionstep",
        ),
        "library.takenversion",
        *("wagtailcore.modellogentry", "wagtailcore.pagelogentry", "wagtailcore.revision", "wagtailcore.comment"),
        *("wagtailcore.commentreply", "wagtailcore.pagesubscription", "wagtailcore.page", "wagtailcore.uploadedfile"),
        *("wagtailcore.taskstate", "wagtailcore.workflowstate", "wagtailimages.image", "wagtaildocs.document"),
        *(
            "wagtailusers.userprofile",
            "wagtailadmin.editingsession",
            "wagtailadmin.formstate",
            "wagtail_localize.stringtranslation",
        ),
        *(
            "wagtail_localize.segmentoverride",
            "newsletter.consent",
            "newsletter.sending",
            "newsletter.issue",
            "newsletter.reminder",
        ),
    }
    found = {
        model._meta.label_lower
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.local_fields
        if field.is_relation and field.related_model is User
    }
    assert found == known


@LANGUAGES
def test_every_kind_says_everything_in_the_language_of_the_page(client, language):
    page = client.get(people.url("processing_register", language)).content.decode()
    for kind in registry.KINDS:
        assert f'id="{kind.name.replace(".", "")}"' in page, kind.name
    assert page.count('<dl class="facts ') == len(registry.KINDS) + 1


# Export


def test_the_export_is_one_json_document_with_every_kind_and_every_row(the_person):
    data = json.loads("".join(registry.exported(the_person)))
    rows = {kind["kind"]: kind["rows"] for kind in data["data"]}
    assert list(rows) == [kind.name for kind in registry.KINDS]
    account = rows["accounts.account"][0]
    assert {address["email"] for address in account["addresses"]} == {full.ADDRESS, full.OTHER_ADDRESS}
    assert (account["name"], account["phone"]) == (full.NAME, full.PHONE)
    assert [row["body__code"] for row in rows["groups.mandates"]] == ["PA", "LO", "LO"]
    assert {row["address"] for row in rows["clock.mail"]} == {full.ADDRESS, full.OTHER_ADDRESS, full.FORMER_ADDRESS}
    assert {row.get("title") for row in rows["library.contributions"]} >= {
        "Étude acceptée",
        "Brouillon jamais confirmé",
    }
    empty = {name for name, found in rows.items() if not found}
    assert empty == {
        "accounts.attempts",
        "accounts.requests",
        "accounts.places_named",
        "library.creators",
        "files.kept",
        "newsletter.erased",
        "search.questions",
        "decisions.votes",
        "home.server_log",
        "home.site_log",
        "home.backups",
    }


def test_the_export_holds_no_secret(the_person):
    text = "".join(registry.exported(the_person))
    for secret in (people.SECRET, the_person.password, "a" * 64, "pbkdf2", "md5$"):
        assert secret not in text


def test_counts_are_those_of_the_export(the_person):
    exported = {kind["kind"]: len(kind["rows"]) for kind in json.loads("".join(registry.exported(the_person)))["data"]}
    assert {held.kind.name: held.rows for held in registry.kinds_about(the_person)} == exported


def test_the_file_is_only_one_s_own_and_kept_nowhere():
    user, other = people.member(name="Éva Essai"), people.member("autre@cass.example", name="Une Autre")
    groups.mandate(other, groups.body("PA"))
    answer = opened(user).get(people.url("account_my_data_file"))
    text = read(answer)
    assert answer.streaming and answer["Content-Type"] == "application/json; charset=utf-8"
    assert {"private", "no-store"} <= set(answer["Cache-Control"].split(", "))
    assert answer["Content-Disposition"].startswith('attachment; filename="cass-')
    assert "Éva Essai" in text and other.email not in text and other.name not in text


# Who comes in


@pytest.mark.parametrize("name", OWN_PAGES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_is_led_to_the_log_in(client, name, method):
    answer = getattr(client, method)(people.url(name), {"confirmed": "on"})
    assert answer.status_code == 302
    assert people.url("account_login") in answer["Location"]


@pytest.mark.parametrize("name", OWN_PAGES[1:])
def test_an_old_session_confirms_who_it_is_first(name):
    user = people.member()
    client = Client()
    people.open_session_without_second_factor(client, user)
    assert people.url("account_reauthenticate") in client.get(people.url(name))["Location"]
    assert follow_up(client, name, password="pas la bonne phrase").status_code == 200
    assert people.url("account_reauthenticate") in client.get(people.url(name))["Location"]
    answer = follow_up(client, name)
    assert answer.status_code == 200
    assert User.objects.get(pk=user.pk).erased_at is None


def test_a_post_of_an_old_session_erases_nothing_before_it_confirmed():
    user = people.member()
    client = Client()
    people.open_session_without_second_factor(client, user)
    answer = client.post(people.url("account_my_data_erase"), {"confirmed": "on"})
    assert people.url("account_reauthenticate") in answer["Location"]
    assert User.objects.get(pk=user.pk).erased_at is None


def test_the_page_shows_one_s_own_counts_and_nobody_else_s():
    user, other = people.member(), people.member("autre@cass.example", name="Une Autre")
    groups.mandate(other, groups.body("PA"))
    page = opened(user).get(people.url("account_my_data")).content.decode()
    assert other.name not in page and other.email not in page
    mandates = {held.kind.name: held.rows for held in registry.kinds_about(user)}["groups.mandates"]
    assert mandates == 0


def test_the_page_says_what_is_there_now_in_words_and_stops_after_twenty_lines():
    user = people.member(name="Éva Essai", phone="02 555 01 23")
    for number in range(25):
        groups.mandate(user, groups.body("A" + chr(65 + number)))
    held = {one.kind.name: one for one in registry.kinds_about(user)}
    assert held["accounts.account"].shown == ("Éva Essai", user.email, "02 555 01 23", "Français")
    assert (len(held["groups.mandates"].shown), held["groups.mandates"].rows) == (registry.SHOWN, 25)
    page = opened(user).get(people.url("account_my_data")).content.decode()
    assert "02 555 01 23" in page


# Erasing oneself


def test_looking_at_the_page_erases_nothing_and_an_unticked_box_neither():
    user = people.member()
    client = opened(user)
    assert client.get(people.url("account_my_data_erase")).status_code == 200
    answer = client.post(people.url("account_my_data_erase"), {})
    assert answer.status_code == 400
    assert 'role="alert"' in answer.content.decode() or "field__error" in answer.content.decode()
    assert User.objects.get(pk=user.pk).erased_at is None


@LANGUAGES
def test_who_erases_their_account_is_logged_out_with_a_sentence(language):
    user = people.member(name="Quelqu’un d’ici")
    client = opened(user)
    answer = client.post(people.url("account_my_data_erase", language), {"confirmed": "on"}, follow=True)
    assert answer.redirect_chain == [(f"/{language}/", 302)]
    assert [message.level_tag for message in answer.context["messages"]] == ["success"]
    assert "_auth_user_id" not in client.session
    assert User.objects.get(pk=user.pk).erased_at is not None
    assert full.found_in_database((user.email, user.name)) == {}


def test_without_a_csrf_token_nothing_is_erased():
    user = people.member()
    client = Client(enforce_csrf_checks=True)
    people.open_session_without_second_factor(client, user)
    assert client.post(people.url("account_my_data_erase"), {"confirmed": "on"}).status_code == 403
    assert User.objects.get(pk=user.pk).erased_at is None


def test_the_last_editor_in_chief_reads_why_not():
    chief = people.editor("chef@cass.example", is_superuser=True)
    client = opened(chief)
    assert 'name="confirmed"' not in client.get(people.url("account_my_data_erase")).content.decode()
    client.post(people.url("account_my_data_erase"), {"confirmed": "on"})
    assert User.objects.get(pk=chief.pk).erased_at is None


# Editors who are asked to

ADMIN_PAGES = ("account_person_data", "account_export_person", "account_erase_person")
# who asks -> whom they may answer for
MAY = {
    "anyone": set(),
    "member": set(),
    "consultant": set(),
    "half": set(),
    "editor": {"member", "consultant"},
    "chief": {"member", "consultant", "editor", "half", "chief"},
}


@pytest.fixture
def everyone():
    found = {
        "member": people.member(),
        "consultant": people.member("consultante@cass.example"),
        "half": people.editor("half@cass.example", second_factor=False),
        "editor": people.editor(),
        "chief": people.editor("chef@cass.example", is_superuser=True),
    }
    groups.mandate(found["member"], groups.body("PA"))
    groups.mandate(found["consultant"], groups.body("LO"), role="consultant")
    return found


@pytest.mark.parametrize("reader", MAY)
def test_who_answers_for_whom(everyone, reader):
    client = opened(everyone[reader]) if reader in everyone else Client()
    for whom, user in everyone.items():
        for name in ADMIN_PAGES:
            answer = client.get(people.url(name, pk=user.pk))
            text = read(answer) if answer.status_code == 200 else ""
            assert (answer.status_code == 200) is (whom in MAY[reader]), (
                f"{name} of {whom} for {reader}: {answer.status_code}"
            )
            assert whom in MAY[reader] or user.email not in text
        client.post(people.url("account_erase_person", pk=user.pk), {})
        assert User.objects.get(pk=user.pk).erased_at is None


@pytest.mark.parametrize("reader", ["anyone", "member", "consultant", "half", "editor"])
def test_nobody_erases_whom_they_may_not_answer_for(everyone, reader):
    client = opened(everyone[reader]) if reader in everyone else Client()
    for whom, user in everyone.items():
        if whom not in MAY[reader]:
            client.post(people.url("account_erase_person", pk=user.pk), {"confirmed": "on"})
            assert User.objects.get(pk=user.pk).erased_at is None, f"{reader} erased {whom}"


def test_an_editor_hands_over_and_erases_and_both_are_written_down_without_a_name(everyone):
    user, client = everyone["member"], opened(everyone["editor"])
    assert user.email in read(client.get(people.url("account_export_person", pk=user.pk)))
    answer = client.post(people.url("account_erase_person", pk=user.pk), {"confirmed": "on"})
    assert answer["Location"] == "/admin/"
    entries = ModelLogEntry.objects.filter(object_id=str(user.pk), action__startswith="accounts.").order_by("pk")
    assert [(entry.action, entry.user_id) for entry in entries] == [
        ("accounts.export", everyone["editor"].pk),
        ("accounts.erase", everyone["editor"].pk),
    ]
    assert full.found_in_database((user.email,)) == {}
    assert client.get(people.url("account_person_data", pk=user.pk), follow=True).status_code == 404


def test_the_last_editor_in_chief_is_not_erased_from_the_admin_either(everyone):
    chief = everyone["chief"]
    opened(chief).post(people.url("account_erase_person", pk=chief.pk), {"confirmed": "on"})
    assert User.objects.get(pk=chief.pk).erased_at is None


def test_deleting_an_account_in_the_admin_leads_to_erasing_it(everyone):
    user, client = everyone["member"], opened(everyone["chief"])
    for method in (client.get, client.post):
        answer = method(f"/admin/users/delete/{user.pk}/")
        assert answer["Location"] == people.url("account_erase_person", pk=user.pk)
    assert User.objects.get(pk=user.pk).erased_at is None


def test_accounts_are_not_deleted_in_bulk(everyone):
    client = opened(everyone["chief"])
    answer = client.post(
        f"/admin/bulk/accounts/user/delete/?id={everyone['member'].pk}&next=/admin/users/", {"confirmed": "on"}
    )
    assert answer["Location"] == "/admin/users/"
    assert User.objects.filter(pk=everyone["member"].pk).exists()


def test_the_page_of_a_person_leads_to_their_data(everyone):
    user, client = everyone["member"], opened(everyone["editor"])
    assert (
        people.url("account_person_data", pk=user.pk)
        in client.get(people.url("people:edit", pk=user.pk)).content.decode()
    )


# The register


@LANGUAGES
@pytest.mark.parametrize("reader", ["anyone", "member", "editor"])
def test_everybody_reads_the_register_and_it_names_nobody(everyone, language, reader):
    client = opened(everyone[reader]) if reader in everyone else Client()
    page = client.get(people.url("processing_register", language)).content.decode()
    main = page.split("<main")[1].split("</main>")[0]
    for user in everyone.values():
        assert user.email not in main
    assert f"{people.url('processing_register', language)}" in page.split("<footer")[1]


def test_the_register_is_at_the_words_of_each_language():
    assert [people.url("processing_register", language) for language in ("fr", "nl", "en")] == [
        "/fr/registre-des-traitements/",
        "/nl/verwerkingsregister/",
        "/en/processing-register/",
    ]


def test_the_register_follows_the_registry(client):
    kind = registry.PersonalData(name="x.y", **{**WORDS, "label": "Une nouvelle donnée"}, basis=registry.Basis.CONSENT)
    with registry.KINDS.temporarily(*registry.KINDS.names()):
        registry.register_personal(kind)
        assert "Une nouvelle donnée" in client.get(people.url("processing_register")).content.decode()


def test_the_pages_take_as_many_queries_for_much_as_for_little(django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    user = people.member()

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            registry.kinds_about(user)
        return len(captured)

    queries()
    groups.mandate(user, groups.body("PA"))
    few = queries()
    for code in ("AA", "BB", "CC", "DD", "EE", "FF"):
        groups.mandate(user, groups.body(code))
    assert queries() == few


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("language", "width", "scheme"),
    [("fr", 390, "light"), ("fr", 1280, "dark"), ("nl", 390, "dark"), ("nl", 1280, "light")],
)
def test_the_pages_have_no_findings_and_fit(live_server, browser, width, scheme, language):
    user = people.member()
    client = opened(user)
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, locale=f"{language}-BE"
    )
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    page = context.new_page()
    for name in ("processing_register", "account_my_data", "account_my_data_erase"):
        page.goto(live_server.url + people.url(name, language), wait_until="load")
        assert page.locator("h1").count() == 1
        assert_no_axe_findings(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
            f"{name} at {width} scrolls sideways"
        )
    context.close()


def test_the_period_of_idle_accounts_is_the_one_of_the_registry():
    kind = next(kind for kind in registry.KINDS if kind.name == "accounts.account")
    assert kind.kept == retaining.IDLE_AFTER
