"""Measures of finding, and the command that prints them."""

import json
import math
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from search.engines import get_engine
from search.engines.evaluation import NotACollection, evaluate, ndcg, questions, recall, reciprocal_rank

CORPORA = Path(__file__).parents[4] / "shared" / "corpora" / "ir"


def test_measures():
    gains = {"a": 1, "b": 1}
    best = 1 + 1 / math.log2(3)
    assert ndcg(["a", "b"], gains) == 1
    assert ndcg(["x", "a"], gains) == pytest.approx((1 / math.log2(3)) / best)
    assert ndcg(["a", "x", "b"], {"a": 2, "b": 1}) == pytest.approx((2 + 1 / 2) / (2 + 1 / math.log2(3)))
    assert ndcg(["x"] * 10 + ["a"], gains) == 0
    assert recall(["a", "x"], gains) == 0.5
    assert recall(["x"] * 100 + ["a"], gains) == 0
    assert reciprocal_rank(["x", "b"], gains) == 0.5
    assert reciprocal_rank(["x"] * 10 + ["a"], gains) == 0


@pytest.fixture
def collection(tmp_path):
    documents = [
        ("d1", "Logement social", "Les logements sociaux"),
        ("d2", "Emploi", "Trouver un emploi"),
        ("d3", "", "La santé"),
    ]
    (tmp_path / "docs.jsonl").write_text(
        "\n".join(json.dumps({"id": i, "title": t, "text": x, "lang": "fr"}) for i, t, x in documents)
    )
    asked = [("q1", "logement"), ("q2", "emploi"), ("q3", "piscine"), ("q4", "jamais jugé")]
    (tmp_path / "queries.jsonl").write_text("\n".join(json.dumps({"id": i, "text": t, "lang": "fr"}) for i, t in asked))
    (tmp_path / "qrels.tsv").write_text("q1\td1\t1\nq2\td2\t1\nq3\td3\t1\nq4\td1\t0\n")
    return tmp_path


def test_only_judged_questions_count(collection):
    assert [question.id for question in questions(collection)] == ["q1", "q2", "q3"]
    found = evaluate(get_engine(), collection)
    assert (found.queries, round(found.hit_at_1, 3), round(found.ndcg_at_10, 3), round(found.recall_at_100, 3)) == (
        3,
        0.667,
        0.667,
        0.667,
    )


def test_the_command_prints_one_line_of_json(collection):
    out = StringIO()
    call_command("evaluate_search", str(collection), "--json", stdout=out)
    (line,) = out.getvalue().splitlines()
    assert list(json.loads(line)) == [
        "queries",
        "ndcg_at_10",
        "recall_at_100",
        "mrr_at_10",
        "hit_at_1",
        "ms_per_query",
        "index_seconds",
    ]
    assert json.loads(line)["queries"] == 3


def test_the_command_takes_questions_from_elsewhere_and_speaks_to_people(collection, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "queries.jsonl").write_text(json.dumps({"id": "n1", "text": "emploi", "lang": "nl"}))
    (other / "qrels.tsv").write_text("n1\td2\t1\n")
    out = StringIO()
    call_command("evaluate_search", str(collection), "--queries", str(other), stdout=out)
    assert out.getvalue().startswith("1 questions: nDCG@10 1.000")


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("qrels.tsv", "a b", "line 1"),
        ("docs.jsonl", "{", "line 1"),
        ("queries.jsonl", None, "queries.jsonl"),
        ("qrels.tsv", "", "judged"),
    ],
)
def test_what_is_no_collection_is_said(collection, file, content, message):
    if content is None:
        (collection / file).unlink()
    else:
        (collection / file).write_text(content)
    with pytest.raises(CommandError, match=message):
        call_command("evaluate_search", str(collection))
    with pytest.raises(NotACollection):
        evaluate(get_engine(), collection)


def test_an_unknown_engine_is_said(collection):
    with pytest.raises(CommandError, match="embedded"):
        call_command("evaluate_search", str(collection), "--engine", "nothing")


# Floors a little under what was measured, so that a change that loses quality is seen.
@pytest.mark.skipif(
    not CORPORA.is_dir(), reason="the development collections are not beside the project (../shared/corpora)"
)
@pytest.mark.parametrize(
    ("name", "floor"), [("debian_faq_fr", 0.63), ("debian_faq_nl", 0.625), ("debian_faq_en", 0.635), ("cnil_fr", 0.67)]
)
def test_judged_collections_keep_their_quality(name, floor):
    found = evaluate(get_engine(), CORPORA / name)
    assert found.ndcg_at_10 >= floor
    assert found.recall_at_100 >= 0.95
