"""The gate with other models than the issues it was first made for (these: `tests/kb/newsletter/models`)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from home.models import ContentPage
from kb.newsletter.models import Issue, IssueItem
from kb.pages.gate import NOT_APPROVED, Gate, is_writing, writing
from tests.home.builders import page as make_page
from tests.kb.newsletter.builders import issue, item

AT_AN_HOUR, ONE_BY_ONE = "Not at an hour.", "One by one."


def gate_of(*content: str, agreed: Any = (), parts: dict[str, tuple[str, ...]] | None = None) -> Gate:
    """Agreed to are the revisions with these ids."""
    return Gate(
        content=content,
        parts=parts or {},
        is_approved=lambda thing, revision_id: revision_id in agreed,
        not_scheduled=AT_AN_HOUR,
        one_by_one=ONE_BY_ONE,
    )


@pytest.fixture
def page(db) -> ContentPage:
    """A live page, public by its first revision."""
    made = make_page("Une glycine")
    made.save_revision().publish()
    return ContentPage.objects.get(pk=made.pk)


def refusal(check, *args) -> str:
    with pytest.raises(ValidationError) as refused:
        check(*args)
    return refused.value.messages[0]


def test_a_page_whose_revision_was_agreed_to_is_saved_and_any_other_is_refused(page):
    gate_of("title", "intro", agreed=[page.live_revision_id]).check_saved(page, None)
    assert refusal(gate_of("title", "intro").check_saved, page, None) == str(NOT_APPROVED)


def test_what_is_not_content_may_change_and_content_may_not(page):
    gate = gate_of("title", agreed=[page.live_revision_id])
    page.intro = "Autre chose"
    gate.check_saved(page, None)
    page.title = "Un lilas"
    assert refusal(gate.check_saved, page, None) == str(NOT_APPROVED)
    assert refusal(gate.check_saved, page, ["title"]) == str(NOT_APPROVED)
    gate.check_saved(page, ["slug"])


def test_a_draft_is_saved_as_it_is(page):
    page.live = False
    page.title = "Un lilas"
    gate_of("title").check_saved(page, None)


def test_nothing_becomes_public_at_an_hour(page):
    page.go_live_at = timezone.now()
    assert refusal(gate_of("title", agreed=[page.live_revision_id]).check_saved, page, None) == AT_AN_HOUR


def test_only_a_revision_of_its_own_that_was_agreed_to_is_published(page):
    other = make_page("Un lilas", slug="lilas").save_revision()
    gate = gate_of("title", agreed=[page.live_revision_id, other.pk])
    gate.check_published(page, page.live_revision)
    assert refusal(gate.check_published, page, other) == str(NOT_APPROVED)
    assert refusal(gate.check_published, page, page.save_revision()) == str(NOT_APPROVED)


def test_many_at_once_become_drafts_and_never_public(page):
    gate, rows = gate_of("title"), ContentPage.objects.filter(pk=page.pk)
    gate.check_updated(rows, {"live": False})
    gate.check_updated(rows, {"intro": "Autre chose"})
    for values in ({"live": True}, {"title": "Un lilas"}):
        assert refusal(gate.check_updated, rows, values) == ONE_BY_ONE


@pytest.mark.parametrize(
    ("mine", "same"),
    [
        ({}, True),
        ({"note": "autre"}, True),
        ({"chapters": [{"title": "Deux", "sort_order": 2}, {"title": "Un", "sort_order": 1, "note": "x"}]}, True),
        ({"chapters": [{"title": "Un", "sort_order": 2}, {"title": "Deux", "sort_order": 1}]}, False),
        ({"chapters": [{"title": "Un", "sort_order": 1}]}, False),
        ({"proofs": [{"page": 13}]}, False),
        ({"title": "Autre"}, False),
    ],
)
def test_the_rows_of_every_relation_that_is_agreed_to_are_compared_in_their_order(mine, same):
    agreed = {
        "title": "Le logement",
        "note": "",
        "chapters": [{"title": "Un", "sort_order": 1}, {"title": "Deux", "sort_order": 2}],
        "proofs": [{"page": 12}],
    }
    gate = gate_of("title", "came_later", parts={"chapters": ("title",), "proofs": ("page",)})
    thing = SimpleNamespace(serializable_data=lambda: {**agreed, **mine})
    assert gate.says_the_same(thing, SimpleNamespace(content=agreed)) is same


def test_what_is_written_lets_the_parts_of_its_own_model_pass_alone():
    with writing(Issue), writing(Issue):
        assert is_writing(Issue)
        assert not is_writing(ContentPage)
    assert not is_writing(Issue)


@pytest.mark.django_db
@pytest.mark.parametrize("way", ["saved", "updated", "updated in bulk"])
@pytest.mark.parametrize("of_what_is_public", [True, False], ids=["out of it", "into it"])
def test_no_part_moves_out_of_what_is_public_nor_into_it(way, of_what_is_public):
    public, draft = issue(14, items=[item("Un")], live=True), issue(15, items=[item("Deux")])
    start, end = (public, draft) if of_what_is_public else (draft, public)
    part = IssueItem.objects.create(issue=draft, title={"fr": "Trois", "source": "fr"}) if start is draft else None
    part = part or IssueItem.objects.get(issue=public)
    part.issue = end
    with pytest.raises(ValidationError):
        match way:
            case "saved":
                part.save()
            case "updated":
                IssueItem.objects.filter(pk=part.pk).update(issue=end)
            case "updated in bulk":
                IssueItem.objects.bulk_update([part], ["issue"])
