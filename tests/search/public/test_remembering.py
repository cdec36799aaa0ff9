from datetime import timedelta

import pytest
from django.utils import timezone

from search.models import QueryLog
from search.public import remembering
from search.public.remembering import log_question, logged_words, thin_query_log


@pytest.mark.parametrize(
    "words",
    [
        "850730",
        "850730-033.28",
        "85.07.30-033.28",
        "appelez le 0475 12 34 56",
        "02/345.67.89",
        "jeanne@exemple.be",
        "dossier 123456789",
    ],
)
def test_what_may_be_somebody_is_not_logged(db, words):
    log_question(words, language="fr", results=1)
    assert not QueryLog.objects.exists()


@pytest.mark.parametrize("words", ["logement 2008-2012", "PA 2012/147", "article 60 § 7", "2008 2009 2010"])
def test_years_and_shelf_marks_are_logged(words):
    assert logged_words(words) == words.lower()


def test_the_same_question_of_a_day_is_one_row_with_a_count(db):
    for words in ("Logement  social", "logement social"):
        log_question(words, language="fr", results=12)
    log_question("logement social", language="nl", results=12)
    assert {(row.words, row.language, row.results, row.asked) for row in QueryLog.objects.all()} == {
        ("logement social", "fr", 12, 2),
        ("logement social", "nl", 12, 1),
    }


def test_of_a_day_a_fixed_number_of_different_questions_is_noted_and_those_are_counted_on(db, monkeypatch):
    monkeypatch.setattr(remembering, "MOST_A_DAY", 3)
    yesterday = timezone.localdate() - timedelta(days=1)
    QueryLog.objects.create(words="hier", language="fr", results=1, day=yesterday)
    for words in ("un", "deux", "trois", "quatre", "cinq", "deux"):
        log_question(words, language="fr", results=1)
    of_today = QueryLog.objects.exclude(day=yesterday).values_list("words", "asked")
    assert set(of_today) == {("un", 1), ("deux", 2), ("trois", 1)}


def test_a_long_question_is_cut(db):
    log_question("mot " * 200, language="fr", results=0)
    assert len(QueryLog.objects.get().words) <= 200


def test_the_log_is_thinned_after_twelve_months(db):
    today = timezone.localdate()
    for days in (1, 364, 366, 800):
        QueryLog.objects.create(words=f"mot {days}", language="fr", results=1, day=today - timedelta(days=days))
    assert "2" in thin_query_log()
    assert {row.words for row in QueryLog.objects.all()} == {"mot 1", "mot 364"}
    assert thin_query_log() is None
