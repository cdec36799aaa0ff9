"""The invented library is the same each time and searchable."""

from search.engines import get_engine
from search.query import parse
from tests.search.synthetic import BODIES, library, questions


def test_a_library_is_the_same_each_time_and_has_its_pages():
    made = list(library(60))
    assert made == list(library(60))
    assert sum(len(entry.sections) for entry in made) == 60
    assert len({entry.subject for entry in made}) == len(made)


def test_its_questions_find_something():
    engine = get_engine()
    with engine.rebuild() as new:
        new.add(library(60))
    asked = [parse(text, language) for text, language in questions(10, words=4)]
    assert sum(engine.search(query, audiences=frozenset({"public", *BODIES})).total > 0 for query in asked) >= 8
