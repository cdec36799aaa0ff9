"""The demonstration goes through the site's own functions, into an empty database and only where DEBUG is on."""

from __future__ import annotations

import html

import pytest
from django.core import mail
from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from home.models import ContentPage
from kb.clock.models import OutgoingMail
from kb.decisions.choices import Outcome, State
from kb.decisions.models import Decision, Link
from kb.demonstration.loading import load, log_ins
from kb.demonstration.reading import read_data
from kb.files.models import FileVersion
from kb.groups.models import Mandate
from kb.library.models import Reference
from kb.newsletter.issues.composing import whats_new
from kb.newsletter.models import Issue, Subscriber
from kb.newsletter.models.approval import is_approved
from kb.vocabulary.models import Concept

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def loaded_once(django_db_setup, django_db_blocker):
    """The whole demonstration, written once for the tests of this module, which each go back to it;
    taken back at their end.
    """
    around = transaction.atomic()
    around._from_testcase = True  # as Django marks its own: to the site it is no transaction
    with django_db_blocker.unblock(), override_settings(DEBUG=True), around:
        load()
        yield
        transaction.set_rollback(True)


@pytest.fixture
def loaded(loaded_once, db, settings):
    settings.DEBUG = True


def test_four_questions_are_decided_and_one_is_open_and_nobody_was_written_to(loaded):
    decided = Decision.objects.filter(state=State.CLOSED).order_by("number")
    assert [(one.number, one.outcome) for one in decided] == [
        (1, Outcome.AGREEMENT),
        (2, Outcome.AGREEMENT),
        (3, Outcome.NO_AGREEMENT),
        (4, Outcome.AGREEMENT),
    ]
    assert decided[1].is_public and Reference.objects.public().filter(agreement=decided[1].manifest).count() == 1
    articles = ContentPage.objects.public().filter(own_production__isnull=False)
    assert decided[3].is_public and {page.agreement_id for page in articles} == {decided[3].manifest_id}
    assert {page.locale.language_code for page in articles} == {"fr", "nl", "en"}
    waiting = Decision.objects.get(state=State.OPEN)
    assert waiting.votes.count() == 3 and waiting.closes_at > timezone.now()
    assert not OutgoingMail.objects.filter(kind__startswith="decisions.").exists() and not Link.objects.exists()
    assert not [one for one in mail.outbox if getattr(one, "kind", "").startswith("decisions.")]


def test_everything_described_is_there(loaded):
    references = read_data("references.json")["references"]

    assert Reference.objects.count() == len(references) >= 30
    assert FileVersion.objects.count() == sum(len(file["versions"]) for item in references for file in item["files"])
    assert Concept.objects.count() == len(read_data("vocabulary.json")["concepts"]) >= 80
    assert set(Reference.objects.values_list("language", flat=True)) == {"fr", "nl", "en"}
    assert set(Reference.objects.values_list("state", flat=True)) == {
        "accepted",
        "draft",
        "proposed",
        "returned",
        "refused",
        "withdrawn",
    }
    assert Mandate.objects.filter(body__code="PA").exists() and Mandate.objects.filter(body__code="LOG").exists()


def test_pages_are_there_in_three_languages(loaded):
    pages = ContentPage.objects.live()

    assert {place: pages.filter(place=place).count() for place in ("contact", "privacy", "accessibility")} == {
        "contact": 3,
        "privacy": 3,
        "accessibility": 3,
    }


def test_every_public_page_answers_at_its_address(loaded, client):
    addresses = [page.get_url() for page in ContentPage.objects.live() if "public" in page.audiences]

    assert len(addresses) >= 15
    assert {address: client.get(address).status_code for address in addresses} == dict.fromkeys(addresses, 200)


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
def test_the_archive_of_the_newsletter_has_its_issues_each_approved_and_readable(loaded, client, language):
    described = read_data("newsletter.json")["issues"]
    issues = Issue.objects.public().order_by("number")

    assert [issue.number for issue in issues] == [item["number"] for item in described]
    for issue, item in zip(issues, described, strict=True):
        assert is_approved(issue, issue.live_revision_id)
        page = client.get(f"/{language}/echos/{issue.number}/")
        assert page.status_code == 200
        assert item["title"][language] in html.unescape(page.content.decode()).replace("\xad", "")
        assert issue.items.count() == len(item["items"])


def test_something_is_left_to_write_the_next_issue_with(loaded):
    assert 1 <= sum(count for _source, count in whats_new()) <= 10
    assert Subscriber.objects.filter(state="active").values("language").distinct().count() == 3


def test_a_public_notice_has_a_file_closed_to_all_but_one_group(loaded):
    closed = [
        (reference, file)
        for reference in Reference.objects.filter(state="accepted")
        for file in reference.files.all()
        if "public" in reference.audiences and file.effective_audiences == {"body:SAN"}
    ]

    assert len(closed) == 1


def test_what_members_put_in_has_the_history_of_its_state(loaded):
    put_in = Reference.objects.filter(created_by__is_staff=False)

    assert put_in.count() >= 4
    for reference in put_in:
        steps = list(reference.steps.values_list("handling", flat=True))
        assert steps[-1:] == ([] if reference.state == "draft" else [reference.state])
        assert all(step.word for step in reference.steps.filter(handling__in=["returned", "refused"]))


def test_log_ins_are_told_with_the_editors_second_factor(loaded):
    lines = "\n".join(log_ins())

    assert "membre.primo@demo.example" in lines and "membre.logement@demo.example" in lines
    assert "demo_code" in next(line for line in lines.splitlines() if "redaction@demo.example" in line)
