"""New references for the newsletter: what everyone may see, in a fixed number of queries."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override

from kb.library.choices import ReferenceState
from kb.library.models import Reference
from kb.library.news import ReferenceNews
from kb.pages.news import news_sources
from tests.kb.library import builders as make

pytestmark = pytest.mark.django_db

source = ReferenceNews()
NOW = timezone.now()


def at(reference: Reference, **before) -> Reference:
    Reference.objects.filter(pk=reference.pk).update(first_public_at=NOW - timedelta(**before))
    return reference


def newest(start=None, limit=20):
    return source.newest(start, NOW + timedelta(days=1), limit)


def test_the_library_has_a_heading_of_the_newsletter():
    assert "library.references" in [one.code for one in news_sources()]


@pytest.mark.parametrize(
    "fields",
    [
        {"audiences": ("members",)},
        {"audiences": ("body:PA",)},
        {"state": ReferenceState.PROPOSED},
        {"state": ReferenceState.WITHDRAWN},
        {"state": ReferenceState.DRAFT},
    ],
    ids=["members", "group", "proposed", "withdrawn", "draft"],
)
def test_what_not_everyone_may_see_is_no_news(fields):
    reference = make.reference("Pas pour tous", **fields)
    Reference.objects.filter(pk=reference.pk).update(first_public_at=NOW)

    assert newest() == []
    assert source.count(None, NOW + timedelta(days=1)) == 0
    assert source.public([Reference.subject_of(reference.pk)]) == {}


def test_the_start_is_left_out_and_the_end_is_in():
    first, last = at(make.reference("Premier"), days=2), at(make.reference("Dernier"), days=1)

    found = source.newest(NOW - timedelta(days=2), NOW - timedelta(days=1), 20)

    assert [one.subject for one in found] == [Reference.subject_of(last.pk)]
    assert source.count(NOW - timedelta(days=2), NOW - timedelta(days=1)) == 1
    assert source.count(None, NOW) == 2
    assert [one.subject for one in newest()] == [Reference.subject_of(last.pk), Reference.subject_of(first.pk)]
    assert [one.subject for one in newest(limit=1)] == [Reference.subject_of(last.pk)]


def test_a_reference_has_its_titles_its_summary_and_its_addresses():
    reference = make.reference(
        "L’accueil",
        subtitle="Une enquête",
        translated_titles={"nl": "Het onthaal"},
        abstract={"fr": "Ce que disent les gens.", "nl": "Wat men zegt."},
    )
    [news] = newest()

    assert {code: news.titles.get(code) for code in ("fr", "nl", "en")} == {
        "fr": "L’accueil",
        "nl": "Het onthaal",
        "en": None,
    }
    assert news.titles.source == "fr"
    assert news.texts.shown("nl").text == "Wat men zegt."
    assert news.texts.shown("en").text == "Ce que disent les gens."
    assert news.urls == {
        "fr": f"/fr/bibliotheque/{reference.mark_slug}/",
        "nl": f"/nl/bibliotheek/{reference.mark_slug}/",
        "en": f"/en/library/{reference.mark_slug}/",
    }
    assert news.public_since == Reference.objects.get().first_public_at


def test_a_reference_without_a_summary_says_who_made_it_when_and_what_it_is_in_each_language():
    make.reference("L’accueil", date_text="2012-05", creators=("CASS", "IRFAM"))
    [news] = newest()

    assert news.texts["fr"] == "CASS et IRFAM, 2012. Rapport"
    assert news.texts["nl"] == "CASS en IRFAM, 2012. Rapport"
    assert news.texts["en"] == "CASS and IRFAM, 2012. Report"


def test_the_title_of_a_file_is_never_told():
    closed = make.file(make.reference("Ouvert"), "secret", audiences=("members",), title="Titre d’un fichier fermé")

    assert closed.title not in repr(newest())


def test_closed_after_it_was_told_it_is_public_no_more():
    reference, other = make.reference("Ouvert"), make.reference("Resté ouvert")
    subjects = [
        Reference.subject_of(reference.pk),
        Reference.subject_of(other.pk),
        "home.page:1",
        "library.reference:0",
        "library.reference:x",
        f"{Reference.subject_of(other.pk)}/1",
    ]
    assert set(source.public(subjects)) == set(subjects[:2])

    reference.audiences = ["members"]
    reference.save()

    assert set(source.public(subjects)) == {subjects[1]}


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
def test_all_of_them_are_listed_by_date(client, index, language):
    make.reference("L’accueil")
    index()
    with override(language):
        answer = client.get(source.page_url())

    assert answer.status_code == 200
    assert "L’accueil" in answer.content.decode()


def test_sixty_take_as_many_queries_as_ten():
    def queries(times: int) -> list[int]:
        have = Reference.objects.count()
        Reference.objects.bulk_create(
            [
                Reference(
                    body=make.body(),
                    title=f"N° {number}",
                    state="accepted",
                    audiences=["public"],
                    mark_year=2012,
                    mark_number=number,
                )
                for number in range(have + 1, times + 1)
            ]
        )
        subjects = [Reference.subject_of(pk) for pk in Reference.objects.values_list("pk", flat=True)]
        counts = []
        for ask in (lambda: newest(limit=times), lambda: source.count(None, NOW), lambda: source.public(subjects)):
            with CaptureQueriesContext(connection) as captured:
                ask()
            counts.append(len(captured))
        assert len(newest(limit=times)) == len(source.public(subjects)) == times
        return counts

    assert queries(10) == queries(60) == [2, 1, 2]
