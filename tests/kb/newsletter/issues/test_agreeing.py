"""Issues that the Steering Committee agrees to, where the site says so: exactly the version it was asked about."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from kb.accounts.personal_data.edited_kinds import erase_histories
from kb.accounts.personal_data.scrubbing import Identity
from kb.decisions.choices import AmendmentKind
from kb.decisions.deciding import amending, closing
from kb.decisions.deciding.casting import cast
from kb.decisions.deciding.disputing import dispute, looked_by_editor, looked_by_seat
from kb.decisions.errors import Refused
from kb.decisions.models import Decision
from kb.groups.choices import MandateRole
from kb.newsletter.issues import agreeing
from kb.newsletter.models import Issue
from kb.pages.agreements import KINDS, digest_of
from tests.kb.accounts.builders import editor, log_in, member
from tests.kb.decisions.builders import asked, ballot, committee
from tests.kb.groups.builders import body, mandate
from tests.kb.library.builders import reference
from tests.kb.newsletter.builders import approve, issue, item, workflow

pytestmark = pytest.mark.django_db
BY_EDITORS = "kb.newsletter.models.approval.by_workflow"
EVERYBODY = ("cpas1", "cpas2", "asso1", "asso2")
WORDS = {"fr": "L’accueil change de porte", "nl": "Het onthaal verhuist", "source": "fr"}


@pytest.fixture(autouse=True)
def by_committee(settings):
    settings.NEWSLETTER_APPROVAL = agreeing.BY_COMMITTEE


def draft(**values) -> Issue:
    return issue(14, title=WORDS, items=[item("Un relais à Helmet")], **values)


def small():
    return committee(cpas=2, associations=2, seats=2)


def put(made: Issue, of=None) -> Decision:
    return asked(of or small(), subject=made.search_subject(), parts=[agreeing.WHOLE])


def voted(decision: Decision, choice: str = "for") -> Decision:
    for name in EVERYBODY:
        cast(ballot(decision, name).pk, choice)
    closing.close(decision.pk, at=timezone.now() + timedelta(hours=100))
    return Decision.objects.get(pk=decision.pk)


def changed(made: Issue, title: str = "Tout autre chose") -> Issue:
    """A later draft."""
    newest = Issue.objects.get(pk=made.pk).get_latest_revision_as_object()
    newest.title = {"fr": title, "source": "fr"}
    newest.save_revision()
    return newest


def page(client: Client | None = None, language: str = "fr"):
    return (client or Client()).get(f"/{language}/echos/14/")


def test_a_vote_makes_exactly_that_version_public_whatever_was_drafted_since():
    made = draft()
    decision = put(made)
    changed(made)
    assert page().status_code == 404
    decision = voted(decision)
    assert decision.is_public
    assert "L’accueil change de porte" in page().content.decode()
    assert "Het onthaal verhuist" in page(language="nl").content.decode()
    assert "Tout autre chose" not in page().content.decode()
    made.refresh_from_db()
    assert made.has_unpublished_changes
    assert digest_of(agreeing.shown(made.pk)) == decision.manifest.digest


@pytest.mark.parametrize("choice", ["against", "abstention"])
def test_without_an_agreement_nothing_is_public_whatever_the_editors_approve(choice):
    made = draft()
    voted(put(made), choice)
    assert page().status_code == 404
    with pytest.raises(ValidationError):
        approve(Issue.objects.get(pk=made.pk))
    newest = Issue.objects.get(pk=made.pk)
    with pytest.raises(ValidationError):
        newest.latest_revision.publish()
    assert page().status_code == 404


def test_a_change_of_what_is_public_is_a_new_question_and_the_agreed_text_stays():
    made = draft()
    of = small()
    first = voted(put(made, of))
    changed(made)
    with pytest.raises(ValidationError):
        Issue.objects.get(pk=made.pk).latest_revision.publish()
    assert "L’accueil change de porte" in page().content.decode()
    second = voted(put(Issue.objects.get(pk=made.pk), of))
    assert "Tout autre chose" in page().content.decode()
    first.refresh_from_db()
    assert second.is_public and not first.is_public


def test_the_same_text_is_not_asked_about_twice_and_a_later_question_takes_the_open_one_back():
    made, of = draft(), small()
    open_one = put(made, of)
    changed(made)
    later = put(made, of)
    open_one.refresh_from_db()
    assert not open_one.is_running and later.is_running
    voted(later)
    with pytest.raises(Refused) as refused:
        put(Issue.objects.get(pk=made.pk), of)
    assert refused.value.code == "same-text"


def test_a_doubt_takes_it_off_and_both_looks_give_it_back():
    made = draft()
    decision = voted(put(made))
    dispute(decision.votes.get(ballot=ballot(decision, "cpas1")).pk)
    answer = page()
    assert answer.status_code == 410 and decision.code in answer.content.decode()
    assert WORDS["fr"] not in answer.content.decode()
    looked_by_editor(decision.pk)
    looked_by_seat(ballot(decision, "asso1").pk)
    assert page().status_code == 200


def test_a_later_decision_takes_it_off_and_its_address_says_so():
    made, of = draft(), small()
    decision = voted(put(made, of))
    later = voted(asked(of, subject="", withdraws=decision))
    assert page().status_code == 410
    assert later.code in page().content.decode()
    assert "L’accueil change de porte" not in Client().get("/fr/echos/").content.decode()


def test_what_an_editor_takes_off_is_named_by_no_page_of_its_decision():
    made = draft()
    decision = voted(put(made))
    Issue.objects.get(pk=made.pk).unpublish()
    decision.refresh_from_db()
    assert not decision.is_public
    assert Client().get(f"/fr/decisions/{decision.code}/").status_code == 404
    assert page().status_code == 404


def test_a_row_that_says_it_is_public_without_an_agreement_is_taken_off_by_the_clock(settings):
    made = draft()
    kept = issue(13, title="Avant")
    settings.NEWSLETTER_APPROVAL = BY_EDITORS
    approve(kept)
    settings.NEWSLETTER_APPROVAL = agreeing.BY_COMMITTEE
    QuerySet(Issue).filter(pk=made.pk).update(live=True, live_revision=made.latest_revision)
    assert agreeing.compare() == "1 taken off: not what was agreed to"
    assert page().status_code == 404
    assert Issue.objects.get(pk=kept.pk).live, "the editors agreed to it before the committee was asked"
    assert agreeing.compare() is None


@pytest.mark.parametrize("reader", ["anyone", "member", "consultant", "seat", "editor"])
def test_who_reads_what_the_committee_is_asked_about(reader):
    made = draft()
    decision = put(made)
    client = Client()
    if reader == "seat":
        log_in(client, ballot(decision, "cpas1").user)
    elif reader == "editor":
        log_in(client, editor())
    elif reader != "anyone":
        user = member(f"{reader}@cass.example")
        role = MandateRole.CONSULTANT if reader == "consultant" else MandateRole.MEMBER
        mandate(user, body("PA"), role=role)
        log_in(client, user)
    rows = [client.get(f"/fr/decisions/vote/{decision.pk}/objet/{number}/") for number in (1, 2, 3)]
    assert [row.status_code == 200 for row in rows] == [reader == "seat"] * 3
    if reader == "seat":
        assert WORDS["fr"] in rows[0].content.decode() and "Un relais à Helmet" in rows[0].content.decode()
        assert WORDS["nl"] in rows[1].content.decode()
    assert page(client).status_code == 404


def test_what_is_closed_since_it_was_asked_about_is_not_read_by_voters_either():
    thing = reference("Guide des permanences")
    made = issue(14, title=WORDS, items=[item("Guide des permanences", subject=thing.search_subject())])
    decision = put(made)
    client = Client()
    log_in(client, ballot(decision, "cpas1").user)
    address = f"/fr/decisions/vote/{decision.pk}/objet/1/"
    assert "Guide des permanences" in client.get(address).content.decode()
    thing.audiences = ["staff"]
    thing.save()
    assert "Guide des permanences" not in client.get(address).content.decode()


def test_editors_ask_from_the_menu_of_the_issue_and_read_where_it_stands():
    made, of = draft(), small()
    workflow()
    client = Client()
    log_in(client, editor(), language="fr")
    address = reverse(Issue.snippet_viewset.get_url_name("edit"), args=[made.pk])
    asking = f"{reverse('decision:ask')}?subject={made.search_subject()}"
    shown = client.get(address).content.decode()
    assert asking in shown and "action-submit" not in shown
    form = client.get(asking)
    assert form.status_code == 200 and "14. L’accueil change de porte" in form.content.decode()
    decision = put(made, of)
    assert reverse("decision:page", args=[decision.pk]) in client.get(address).content.decode()
    voted(decision)
    deleting = reverse(Issue.snippet_viewset.get_url_name("delete"), args=[made.pk])
    client.post(deleting)
    assert Issue.objects.filter(pk=made.pk).exists()


def test_where_the_editors_agree_by_themselves_the_committee_is_not_asked(settings):
    settings.NEWSLETTER_APPROVAL = BY_EDITORS
    made, of = draft(), small()
    client = Client()
    log_in(client, editor())
    address = reverse(Issue.snippet_viewset.get_url_name("edit"), args=[made.pk])
    assert f"{reverse('decision:ask')}?subject" not in client.get(address).content.decode()
    asking = f"{reverse('decision:ask')}?subject={made.search_subject()}"
    assert client.get(asking, follow=True).status_code == 404
    with pytest.raises(LookupError):
        KINDS["newsletter.issue"].shown(made.pk)
    with pytest.raises(Refused):
        put(made, of)
    assert approve(made).live


def test_no_difference_names_what_was_closed_since():
    thing = reference("Guide des permanences")
    of = small()
    made = issue(14, title=WORDS, items=[item("Guide des permanences", text="Mardi", subject=thing.search_subject())])
    voted(put(made, of))
    newest = Issue.objects.get(pk=made.pk).get_latest_revision_as_object()
    newest.items = [item("Un relais à Helmet")]
    newest.save_revision()
    decision = put(made, of)
    client = Client()
    log_in(client, ballot(decision, "cpas1").user)
    address = f"/fr/decisions/vote/{decision.pk}/objet/1/"
    assert "<del>" in client.get(address).content.decode()
    thing.audiences = ["staff"]
    thing.save()
    content = client.get(address).content.decode()
    assert "Guide des permanences" not in content and "Mardi" not in content


@pytest.mark.parametrize("way", ["withdrawn", "in doubt"])
def test_after_an_erasure_what_was_agreed_to_still_ends_and_the_clock_takes_nothing_off(way):
    made, of = issue(14, title=WORDS, items=[item("Écrire à sortie@cass.example")]), small()
    decision = voted(put(made, of))
    user = member("sortie@cass.example")
    erase_histories(user, Identity(user.pk, (user.email,)))
    Issue.objects.get(pk=made.pk)
    assert agreeing.compare() is None and page().status_code == 200
    if way == "withdrawn":
        voted(asked(of, subject="", withdraws=decision))
    else:
        dispute(decision.votes.get(ballot=ballot(decision, "cpas1")).pk)
    assert page().status_code == 410


SLIP = (
    "Le groupe a visité les permanances du quartier et propose de les ouvrir aussi le soir, pour que les personnes qui "
    "travaillent puissent y aller sans prendre congé."
)


def test_a_correction_of_form_is_public_without_a_vote_and_called_back_at_once():
    made = issue(14, title=WORDS, items=[item("Un relais à Helmet", text=SLIP)])
    decision = voted(put(made))
    newest = Issue.objects.get(pk=made.pk).get_latest_revision_as_object()
    newest.items = [item("Un relais à Helmet", text=SLIP.replace("permanances", "permanences"))]
    newest.save_revision()
    first, second = editor(), editor("autre@cass.example")
    proposed = amending.propose(made.search_subject(), AmendmentKind.FORM, by=first)
    assert "permanances" in page().content.decode()
    amending.confirm(proposed.pk, by=second, is_staff=True)
    assert "permanences" in page().content.decode()
    decision.refresh_from_db()
    assert decision.is_public and agreeing.compare() is None
    amending.call_back(proposed.pk, by=ballot(decision, "asso1").user)
    assert "permanances" in page().content.decode() and agreeing.compare() is None
