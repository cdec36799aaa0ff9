"""New articles for the newsletter: translations told as one, nothing that not everyone may see."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.models import Locale

from home.models import ContentPage
from home.news import ArticleNews
from kb.pages.news import news_sources
from tests.home import builders as make

pytestmark = pytest.mark.django_db

source = ArticleNews()
NOW = timezone.now()
DAY = date(2026, 11, 2)


def newest(start=None, limit=20):
    return source.newest(start, NOW + timedelta(days=1), limit)


def article(title: str, **values) -> ContentPage:
    return make.page(title, **{"date": DAY, **values})


def at(page: ContentPage, **before) -> ContentPage:
    ContentPage.objects.filter(pk=page.pk).update(first_public_at=NOW - timedelta(**before))
    return page


def test_articles_are_the_first_heading_of_the_newsletter():
    assert next(one.code for one in news_sources()) == "home.articles"


def test_an_article_is_told_in_the_languages_it_was_written_in():
    page = article("L’accueil", intro="Une porte ouverte.", slug="accueil")
    article("Het onthaal", language="nl", of=page, intro="Een open deur.", slug="onthaal")
    [news] = newest()

    assert news.subject == f"home.page:{page.pk}"
    assert (news.titles.source, news.titles["fr"], news.titles["nl"], news.titles.get("en")) == (
        "fr",
        "L’accueil",
        "Het onthaal",
        None,
    )
    assert (news.texts["fr"], news.texts["nl"]) == ("Une porte ouverte.", "Een open deur.")
    assert news.urls == {"fr": "/fr/accueil/", "nl": "/nl/onthaal/", "en": "/en/accueil/"}


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
def test_its_addresses_lead_to_it_in_each_language(client, language):
    article("L’accueil", slug="accueil")
    [news] = newest()

    answer = client.get(news.urls[language])

    assert answer.status_code == 200
    assert "L’accueil" in answer.content.decode()


def test_what_was_not_translated_yet_is_told_in_the_language_of_the_source():
    page = article("L’accueil", intro="Une porte ouverte.")
    article("L’accueil", language="nl", of=page, intro="Een open deur.", slug="l-accueil")
    [news] = newest()

    assert "nl" not in news.titles
    assert news.texts["nl"] == "Een open deur."


@pytest.mark.parametrize(
    "fields",
    [{"audiences": ["members"]}, {"audiences": ["body:PA"]}, {"live": False}, {"date": None}],
    ids=["members", "group", "draft", "no date"],
)
def test_what_not_everyone_may_see_or_is_no_article_is_no_news(fields):
    page = article("Pas une nouvelle", **fields)
    ContentPage.objects.filter(pk=page.pk).update(first_public_at=NOW)

    assert newest() == []
    assert source.count(None, NOW + timedelta(days=1)) == 0


def test_a_source_that_is_not_live_is_not_told_where_its_translation_is():
    page = article("Brouillon secret", live=False)
    dutch = article("Het onthaal", language="nl", of=page, slug="onthaal")
    [news] = newest()

    assert news.subject == f"home.page:{page.pk}"
    assert news.titles.source == "nl"
    assert "Brouillon secret" not in repr(news)
    assert news.urls["fr"] == "/fr/onthaal/"
    assert source.public([f"home.page:{dutch.pk}"])[f"home.page:{dutch.pk}"].titles["nl"] == "Het onthaal"


def test_a_translation_that_follows_is_not_news_again():
    page = at(article("L’accueil"), days=40)
    at(article("Het onthaal", language="nl", of=page, slug="onthaal"), days=1)

    assert newest(NOW - timedelta(days=30)) == []
    assert source.count(NOW - timedelta(days=30), NOW) == 0
    assert source.count(None, NOW) == 1


def test_two_languages_published_at_the_same_moment_are_one():
    page = article("L’accueil")
    article("Het onthaal", language="nl", of=page, slug="onthaal")
    ContentPage.objects.update(first_public_at=NOW)

    assert len(newest()) == source.count(None, NOW) == 1


def test_newest_come_first():
    old, new = at(article("Hier"), days=9), at(article("Demain"), days=1)

    assert [one.subject for one in newest()] == [f"home.page:{new.pk}", f"home.page:{old.pk}"]
    assert [one.subject for one in newest(limit=1)] == [f"home.page:{new.pk}"]


def test_unpublished_after_it_was_told_it_is_public_no_more():
    page, other = article("L’accueil"), article("Resté")
    subjects = [
        f"home.page:{page.pk}",
        f"home.page:{other.pk}",
        "library.reference:1",
        "home.page:x",
        "home.page:999999",
    ]
    assert set(source.public(subjects)) == set(subjects[:2])

    page.unpublish()

    assert set(source.public(subjects)) == {subjects[1]}


def test_a_translation_made_in_the_admin_and_not_published_is_not_told():
    page = article("L’accueil")
    page.copy_for_translation(Locale.objects.get(language_code="nl"))

    [news] = newest()

    assert news.urls["nl"].startswith("/nl/")
    assert set(news.titles) == {"fr", "source"}


def test_five_take_as_many_queries_as_two():
    def queries(times: int) -> list[int]:
        for number in range(ContentPage.objects.count() // 2, times):
            page = article(f"Article {number}")
            article(f"Artikel {number}", language="nl", of=page)
        subjects = [f"home.page:{pk}" for pk in ContentPage.objects.values_list("pk", flat=True)]
        newest()  # the roots of the site are remembered
        counts = []
        for ask in (newest, lambda: source.count(None, NOW), lambda: source.public(subjects)):
            with CaptureQueriesContext(connection) as captured:
                ask()
            counts.append(len(captured))
        assert source.count(None, timezone.now()) == times
        return counts

    assert queries(2) == queries(5) == [2, 1, 2]
