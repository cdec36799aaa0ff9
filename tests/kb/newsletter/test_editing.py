"""Two coordinators make an issue in the admin: drafted from what is new, changed, previewed, approved.

Nothing is public before.
"""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.models import TaskState, Workflow, WorkflowState
from wagtail.users.models import UserProfile

from kb.accounts.audiences import STAFF
from kb.library.models import Reference
from kb.newsletter.choices import OwnHeading
from kb.newsletter.issues import composing, waiting
from kb.newsletter.models import Issue, NewsletterSettings, Sending
from kb.newsletter.models.approval import WORKFLOW
from tests.kb.accounts import builders as people
from tests.kb.library.builders import reference
from tests.kb.newsletter.builders import approve, issue, item

pytestmark = pytest.mark.django_db

LANGUAGES = ["fr", "nl", "en"]


@pytest.fixture(autouse=True)
def english(settings):
    settings.LANGUAGE_CODE = "en"


def admin(name: str, *args) -> str:
    return reverse(Issue.snippet_viewset.get_url_name(name), args=args)


def editor_client(email: str = "redaction@cass.example", **values) -> Client:
    cache.clear()  # a code typed by another test counts for nothing here
    client = Client()
    editor = people.editor(email, **values)
    people.log_in(client, editor, language="en")
    client.user = editor
    profile = UserProfile.get_for_user(editor)
    profile.preferred_language = "en"
    profile.save()
    return client


@pytest.fixture
def client():
    return editor_client()


def public(title: str) -> None:
    """A reference that everyone may see, since a moment after the last gathering."""
    made = reference(title)
    Reference.objects.filter(pk=made.pk).update(first_public_at=timezone.now())


def texts(name: str, value) -> dict[str, str]:
    return {f"{name}_{code}": (value or {}).get(code, "") for code in LANGUAGES}


def form_of(made: Issue, **changes) -> dict[str, str]:
    """What the form posts for the newest version, with changes of top-level fields or "items-0-…"."""
    made = Issue.objects.get(pk=made.pk)
    newest = made.get_latest_revision_as_object()
    items = list(newest.items.all())
    data = {
        "number": newest.number,
        "date": newest.date.isoformat(),
        **texts("title", newest.title),
        **texts("lead", newest.lead),
        **texts("lead_link_words", newest.lead_link_words),
        "lead_subject": newest.lead_subject,
        "lead_url": newest.lead_url,
        "loaded_revision_id": made.latest_revision_id,
        "loaded_revision_created_at": made.latest_revision.created_at.isoformat(),
        "items-TOTAL_FORMS": len(items),
        "items-INITIAL_FORMS": len(items),
        "items-MIN_NUM_FORMS": 0,
        "items-MAX_NUM_FORMS": 1000,
    }
    for number, one in enumerate(items):
        data |= item_form(number, one)
    return {**data, **changes}


def item_form(number: int, one, **changes) -> dict[str, str]:
    start = f"items-{number}-"
    data = {
        f"{start}id": one.pk or "",
        f"{start}ORDER": number + 1,
        f"{start}DELETE": "",
        f"{start}heading": one.heading,
        f"{start}subject": one.subject,
        f"{start}url": one.url,
        **texts(f"{start}title", one.title),
        **texts(f"{start}text", one.text),
    }
    return {**data, **{f"{start}{name}": value for name, value in changes.items()}}


def post(client, made, action: str = "", **changes):
    data = form_of(made, **changes)
    if action:
        data[f"action-{action}"] = action
    return client.post(admin("edit", made.pk), data, follow=True)


def approve_in_form(client, made, **changes):
    return post(
        client,
        made,
        "workflow-action",
        **{"workflow-action-name": "approve", "workflow-action-extra-data": "{}", **changes},
    )


def said(response) -> str:
    return " ".join(str(message) for message in response.context["messages"]) if response.context else ""


def newest(made: Issue) -> Issue:
    return Issue.objects.get(pk=made.pk).get_latest_revision_as_object()


# The list


def test_the_list_shows_number_lead_date_and_state(client):
    issue(12, title="Paru", live=True)
    issue(13, title="Attend")
    Workflow.objects.get(name=WORKFLOW).start(Issue.objects.get(number=13), None)
    issue(14, title="En cours")
    content = client.get(admin("list")).content.decode()
    rows = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in re.findall(r"<tr.*?</tr>", content, re.S)]
    for number, title, state in [
        ("14", "En cours", "draft"),
        ("13", "Attend", "waiting for approval"),
        ("12", "Paru", "approved"),
    ]:
        assert any(number in row and title in row and state in row for row in rows), rows


def test_a_change_of_a_public_issue_shows_in_the_list(client):
    made = issue(12, title="Paru", live=True)
    made.title = {"fr": "Changé depuis"}
    made.save_revision()
    content = client.get(admin("list")).content.decode()
    assert "Changé depuis" in content
    assert "approved, changed since" in content


def test_the_list_takes_as_many_queries_for_thirty_issues_as_for_three(
    client, django_assert_max_num_queries, django_assert_num_queries
):
    for number in range(1, 4):
        issue(number)
    client.get(admin("list"))
    with django_assert_max_num_queries(60) as few:
        client.get(admin("list"))
    for number in range(4, 31):
        issue(number, items=[item("Un")])
    with django_assert_num_queries(len(few)):
        client.get(admin("list"))


# Writing the next one


def test_the_next_issue_is_one_button_away_and_says_what_was_gathered(client):
    issue(13, live=True)
    public("Le guide")
    public("Le rapport")
    response = client.post(admin("next"), follow=True)
    made = Issue.objects.get(number=14)
    assert response.redirect_chain[-1][0] == admin("edit", made.pk)
    assert "No. 14 is drafted from what became public" in said(response)
    assert ": 2." in said(response)
    assert not made.live
    assert "is being written already" in said(client.post(admin("next"), follow=True))
    assert Issue.objects.count() == 2


def test_with_nothing_new_it_says_so(client):
    issue(13, live=True)
    assert "nothing became public since no. 13" in said(client.post(admin("next"), follow=True))


def test_opening_the_address_of_the_button_writes_nothing(client):
    assert client.get(admin("next")).status_code == 405
    assert not Issue.objects.exists()


def test_a_new_issue_by_hand_gets_the_next_number(client):
    issue(13)
    assert 'name="number" value="14"' in client.get(admin("add")).content.decode()


# Changing it


def test_the_editor_rewords_reorders_drops_and_adds(client):
    made = issue(14, items=[item("Un", subject="library.reference:1"), item("Deux"), item("Trois")])
    one, two, three = made.items.all()
    added = item("Tour de table", heading=OwnHeading.ROUND)
    changes = {
        **item_form(0, one, ORDER=3, title_fr="Un, autrement"),
        **item_form(1, two, DELETE="on"),
        **item_form(2, three, ORDER=1),
        **item_form(3, added, ORDER=2),
        "items-TOTAL_FORMS": 4,
    }
    response = post(client, made, **changes)
    assert response.status_code == 200
    kept = list(newest(made).items.all())
    assert [one.title["fr"] for one in kept] == ["Trois", "Tour de table", "Un, autrement"]
    assert [one.subject for one in kept] == ["", "", "library.reference:1"]
    assert kept[1].heading == OwnHeading.ROUND


def test_the_language_a_text_was_written_in_first_stays_known(client):
    made = issue(14, items=[item({"nl": "Gids", "source": "nl"})])
    post(client, made, **{"items-0-title_fr": "Guide"})
    title = newest(made).items.get().title
    assert (title["fr"], title["nl"], title.source) == ("Guide", "Gids", "nl")


def test_what_an_item_is_drawn_from_survives_a_draft_without_rows(client):
    made = issue(14, live=True)
    made.items = [item("Un", subject="library.reference:1")]
    made.save_revision()  # the item has no row of its own before the approval
    post(client, made, **{"items-0-title_fr": "Un, autrement"})
    kept = newest(made).items.get()
    assert (kept.title["fr"], kept.subject) == ("Un, autrement", "library.reference:1")


def test_the_form_carries_what_each_item_is_drawn_from_and_names_it(client):
    public("Le guide du locataire")
    subject = Reference.subject_of(Reference.objects.get().pk)
    made = issue(14, items=[item("Un", subject=subject), item("Deux", subject="library.reference:999"), item("Trois")])
    content = client.get(admin("edit", made.pk)).content.decode()
    carried = {}
    for field in re.findall(r"<input[^>]*items-\d-subject[^>]*>", content):
        carried[re.search(r'name="([^"]+)"', field)[1]] = (
            re.search(r'value="([^"]*)"', field)[1] if "value=" in field else ""
        )
    assert carried == {"items-0-subject": subject, "items-1-subject": "library.reference:999", "items-2-subject": ""}
    assert re.search(r"Drawn from the site:.*?Le guide du locataire</a>", content, re.DOTALL)
    assert content.count("No longer public: this item is left out everywhere.") == 1


def test_a_drawn_item_with_an_address_of_its_own_is_refused_with_a_sentence(client):
    made = issue(14, items=[item("Un", subject="library.reference:1")])
    response = post(client, made, **{"items-0-url": "https://example.org/", "items-0-title_fr": "Ce que je tapais"})
    content = response.content.decode()
    assert "leave the address empty" in content
    assert '<details class="folded" open>' in content[: content.index("leave the address empty")]
    assert "Ce que je tapais" in content


def test_gathering_again_keeps_what_was_typed_and_says_how_many_came(client):
    made = composing.compose()
    made.title = {"fr": "L’accueil"}
    made.items = [item("Tour de table", heading=OwnHeading.ROUND)]
    made.save()
    made.save_revision()
    public("Le guide")
    response = post(client, made, "gather", **{"items-0-title_fr": "Tour de table, autrement"})
    assert "1 item was added" in said(response)
    assert [(str(one.title), one.heading) for one in newest(made).items.all()] == [
        ("Tour de table, autrement", OwnHeading.ROUND),
        ("Le guide", "library.references"),
    ]
    assert all(one.pk for one in newest(made).items.all())
    assert "Nothing more became public" in said(post(client, made, "gather"))


def test_gathering_is_not_offered_for_a_public_issue(client):
    made = issue(14, live=True)
    assert 'name="action-gather"' not in client.get(admin("edit", made.pk)).content.decode()


def test_an_issue_of_sixty_items_opens_and_saves(client):
    made = issue(14, items=[item(f"Nouvelle {number}") for number in range(60)])
    content = client.get(admin("edit", made.pk)).content.decode()
    assert "Nouvelle 59" in content
    post(client, made, **{"items-59-title_fr": "La dernière"})
    assert [one.title["fr"] for one in newest(made).items.all()][59] == "La dernière"


def test_the_form_takes_as_many_queries_for_thirty_items_as_for_three(
    client, django_assert_num_queries, django_assert_max_num_queries
):
    few = issue(14, items=[item(f"N {number}") for number in range(3)])
    many = issue(15, items=[item(f"N {number}") for number in range(30)])
    client.get(admin("edit", few.pk))
    with django_assert_max_num_queries(120) as counted:
        client.get(admin("edit", few.pk))
    with django_assert_num_queries(len(counted)):
        client.get(admin("edit", many.pk))


def test_editors_see_beforehand_what_falls_back_and_what_is_no_longer_public(client):
    made = issue(
        14,
        title={"fr": "L’accueil", "nl": "Het onthaal", "en": "The front desk"},
        items=[
            item({"fr": "Seulement en français"}),
            item({"fr": "Fermé", "nl": "Gesloten", "en": "Closed"}, subject="library.reference:999"),
        ],
    )
    content = client.get(admin("edit", made.pk)).content.decode()
    plain = " ".join(re.sub(r"<[^>]+>", " ", content).split())
    assert "Nederlands · 1 of 2 falls back Seulement en français" in plain
    assert "Français · everything is written in it" in plain
    assert "No longer public, and left out of page, mail and feed: Closed" in plain


# Previews


@pytest.mark.parametrize("mode", [f"{kind}-{code}" for kind in ("web", "mail", "text") for code in LANGUAGES])
def test_a_draft_is_previewed_per_language_and_as_text_from_the_unsaved_form(client, mode):
    made = issue(14, items=[item({"fr": "Le guide", "nl": "De gids", "en": "The guide"})])
    address = admin("preview_on_edit", made.pk)
    answer = client.post(address, form_of(made, **{"items-0-title_nl": "De gids, herzien"}))
    assert answer.json() == {"is_valid": True, "is_available": True}
    response = client.get(address, {"mode": mode})
    content = response.content.decode()
    assert response.status_code == 200
    assert {"fr": "Le guide", "nl": "De gids, herzien", "en": "The guide"}[mode[-2:]] in content
    assert f'lang="{mode[-2:]}"' in content
    assert "frame-ancestors 'self'" in response["Content-Security-Policy"]
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert Issue.objects.get(pk=made.pk).items.get().title["nl"] == "De gids"


def test_an_unknown_preview_is_the_page(client):
    made = issue(14, title="L’accueil")
    response = client.get(admin("revisions_view", made.pk, made.latest_revision_id), {"mode": "web-de"})
    assert (response.status_code, "L’accueil" in response.content.decode()) == (200, True)


# Approving


def test_an_issue_is_public_once_another_editor_approved_it(client):
    made = issue(14, title="L’accueil")
    assert "The approval of no. 14 is asked for." in said(post(client, made, "submit"))
    assert not Issue.objects.get(number=14).live
    other = editor_client("autre@cass.example")
    assert "No. 14 is approved" in said(approve_in_form(other, made))
    public = Issue.objects.get(number=14)
    assert public.live
    assert public.live_revision_id == public.latest_revision_id


def test_what_the_approver_changed_in_the_form_is_what_becomes_public(client):
    made = issue(14, title="L’accueil")
    post(client, made, "submit")
    approve_in_form(client, made, title_fr="L’accueil, relu")
    assert Issue.objects.get(number=14).title["fr"] == "L’accueil, relu"
    assert Issue.objects.get(number=14).live


def test_a_version_saved_while_the_approver_was_reading_does_not_become_public(client):
    made = issue(14, title="Ce qui fut lu")
    post(client, made, "submit")
    other = editor_client("autre@cass.example")
    read = form_of(
        made,
        **{"action-workflow-action": "true", "workflow-action-name": "approve", "workflow-action-extra-data": "{}"},
    )
    post(client, made, title_fr="Changé pendant la lecture")
    for _twice in range(2):
        response = other.post(admin("edit", made.pk), read, follow=True)
        assert "Somebody saved another version" in response.content.decode()
    assert not Issue.objects.get(number=14).live
    assert newest(made).title["fr"] == "Changé pendant la lecture"


def test_approving_from_a_list_refuses_what_was_changed_since_it_was_asked_for(client):
    made = issue(14)
    post(client, made, "submit")
    state = TaskState.objects.get()
    post(client, made, title_fr="Changé depuis la demande")
    address = admin("workflow_action", made.pk, "approve", state.pk)
    response = client.post(address, {"comment": ""}, follow=True)
    assert "changed after its approval was asked for" in said(response)
    assert not Issue.objects.get(number=14).live


def test_approving_from_a_list_approves_what_was_asked_for(client):
    made = issue(14)
    post(client, made, "submit")
    client.post(admin("workflow_action", made.pk, "approve", TaskState.objects.get().pk), {"comment": ""}, follow=True)
    assert Issue.objects.get(number=14).live


def nobody_agrees(made, revision_id):
    return False


def test_an_approval_that_does_not_count_is_a_sentence_and_loses_nothing(client, settings):
    made = issue(14)
    post(client, made, "submit")
    settings.NEWSLETTER_APPROVAL = f"{__name__}.nobody_agrees"
    response = approve_in_form(client, made, title_fr="Ce que je tapais")
    assert "was not approved" in said(response)
    assert not Issue.objects.get(number=14).live
    assert newest(made).title["fr"] == "Ce que je tapais"
    assert WorkflowState.objects.get().status == WorkflowState.STATUS_IN_PROGRESS


@pytest.mark.parametrize("values", [{}, {"is_superuser": True}], ids=["editor", "superuser"])
def test_nobody_publishes_without_an_approval(values):
    client = editor_client(**values)
    made = issue(14)
    assert 'name="action-publish"' not in client.get(admin("edit", made.pk)).content.decode()
    response = post(client, made, "publish", title_fr="Ce que je tapais")
    content = response.content.decode()
    assert response.status_code == 200
    assert "was not approved" in content
    assert "Ce que je tapais" in content
    assert not Issue.objects.get(number=14).live


def test_nobody_publishes_a_new_issue_by_hand(client):
    made = issue(14)
    data = {
        **form_of(made),
        "number": 15,
        "action-publish": "action-publish",
        "items-TOTAL_FORMS": 0,
        "items-INITIAL_FORMS": 0,
    }
    response = client.post(admin("add"), data, follow=True)
    assert "was not approved" in response.content.decode()
    assert not Issue.objects.filter(number=15).exists()


def test_nobody_publishes_an_earlier_version(client):
    made = issue(14, title="Premier")
    first = made.latest_revision_id
    data = form_of(made, **{"action-publish": "action-publish"})
    response = client.post(admin("revisions_revert", made.pk, first), data, follow=True)
    assert response.status_code == 200
    assert not Issue.objects.get(number=14).live


def test_a_change_of_a_public_issue_is_a_draft_until_it_is_approved(client):
    made = issue(14, title="Approuvé", live=True)
    post(client, made, title_fr="Changé")
    assert Issue.objects.get(number=14).title["fr"] == "Approuvé"
    post(client, made, "submit")
    approve_in_form(client, made)
    assert Issue.objects.get(number=14).title["fr"] == "Changé"


def test_a_refusal_tells_its_comment_to_who_asked_and_the_issue_can_be_asked_for_again(client):
    made = issue(14)
    post(client, made, "submit")
    other = editor_client("autre@cass.example")
    post(
        other,
        made,
        "workflow-action",
        **{"workflow-action-name": "reject", "workflow-action-extra-data": '{"comment": "La date est passée"}'},
    )
    content = client.get(admin("edit", made.pk)).content.decode()
    assert "La date est passée" in content
    assert not Issue.objects.get(number=14).live
    post(client, made, "submit")
    approve_in_form(other, made)
    assert Issue.objects.get(number=14).live


def test_mail_about_an_approval_names_neither_the_draft_nor_the_comment(client):
    made = issue(14, title="Titre encore secret")
    editor_client("autre@cass.example")
    post(client, made, "submit")
    assert [(message.to, "14" in message.subject) for message in mail.outbox] == [(["autre@cass.example"], True)]
    assert admin("edit", made.pk) in mail.outbox[0].body
    other = editor_client("encore@cass.example")
    post(
        other,
        made,
        "workflow-action",
        **{"workflow-action-name": "reject", "workflow-action-extra-data": '{"comment": "secret aussi"}'},
    )
    assert mail.outbox[-1].to == [client.user.email]
    assert not [message for message in mail.outbox if "secret" in message.subject + message.body]


def test_what_waits_for_an_approval_is_on_the_list_of_what_waits(client):
    made = issue(14, title="L’accueil")
    post(client, made, "submit")
    named = waiting.to_approve(client.user, frozenset({STAFF}))
    unnamed = waiting.to_approve(client.user, frozenset())
    assert (named.total, [one.title for one in named.things], named.things[0].url) == (
        1,
        ["14. L’accueil"],
        admin("edit", made.pk),
    )
    assert (unnamed.total, unnamed.things) == (1, ())
    assert waiting.to_approve(people.member("quelquun@cass.example"), frozenset()).total == 0


def test_without_a_course_the_form_says_who_can_help(client):
    Workflow.objects.get(name=WORKFLOW).deactivate()
    made = issue(14)
    assert "Nobody can approve issues" in client.get(admin("edit", made.pk)).content.decode()


# Taking away


def test_a_public_issue_can_be_taken_off_the_site(client):
    made = issue(14, live=True)
    client.post(admin("unpublish", made.pk), follow=True)
    assert not Issue.objects.get(number=14).live


@pytest.mark.parametrize("way", ["one", "bulk"])
def test_an_issue_with_a_sending_is_kept_and_says_so(client, way):
    made = issue(14, live=True)
    Sending.objects.create(issue=made, revision=made.live_revision, starts_at=made.created_at)
    bulk = reverse("wagtail_bulk_action", args=["newsletter", "issue", "delete"]) + f"?id={made.pk}"
    response = client.post(admin("delete", made.pk) if way == "one" else bulk, follow=True)
    assert "has a sending, so it cannot be deleted" in response.content.decode()
    assert Issue.objects.filter(number=14).exists()


def test_a_draft_can_be_deleted(client):
    made = issue(14)
    client.post(admin("delete", made.pk), follow=True)
    assert not Issue.objects.exists()


@pytest.mark.parametrize("name", ["history", "usage", "copy", "delete", "workflow_history"])
def test_the_other_pages_of_an_issue_open(client, name):
    made = approve(issue(14, items=[item("Un")]))
    assert client.get(admin(name, made.pk)).status_code == 200


def test_versions_are_compared_and_looked_at(client):
    made = issue(14, title="Avant", items=[item("Un")])
    first = made.latest_revision_id
    made.title = {"fr": "Après"}
    second = made.save_revision().pk
    assert client.get(admin("revisions_compare", made.pk, first, second)).status_code == 200
    assert "Avant" in client.get(admin("revisions_view", made.pk, first), {"mode": "web-fr"}).content.decode()


# Rights


def addresses(made: Issue) -> list[str]:
    return [
        admin("list"),
        admin("add"),
        admin("edit", made.pk),
        admin("preview_on_edit", made.pk),
        admin("history", made.pk),
        admin("revisions_view", made.pk, made.latest_revision_id),
        admin("delete", made.pk),
        reverse("wagtailsettings:edit", args=["newsletter", "newslettersettings"]),
    ]


@pytest.mark.parametrize("who", ["nobody", "member", "editor without second factor", "editor before the code"])
def test_nobody_else_reaches_a_draft_in_the_admin(who):
    cache.clear()
    made = issue(14, title="Titre encore secret")
    client = Client()
    if who == "member":
        people.log_in(client, people.member())
    elif who == "editor without second factor":
        people.open_session_without_second_factor(client, people.editor(second_factor=False))
    elif who == "editor before the code":
        people.log_in(client, people.editor(), code=False)
    for address in addresses(made):
        response = client.get(address, follow=True)
        assert "secret" not in response.content.decode(), address
        assert response.redirect_chain or response.status_code in (302, 403, 404), address
    client.post(admin("next"))
    client.post(admin("delete", made.pk))
    assert [one.number for one in Issue.objects.all()] == [14]


def test_the_rhythm_is_set_by_editors(client):
    address = reverse("wagtailsettings:edit", args=["newsletter", "newslettersettings"])
    page = client.get(address, follow=True)
    assert page.status_code == 200
    client.post(page.redirect_chain[-1][0], {"every_weeks": "6", "remind_days": "5"})
    assert NewsletterSettings.load().every_weeks == 6
