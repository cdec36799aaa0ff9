"""What every engine must not do: let entries that a reader may not see change anything of the reader's answers.

An engine's test module defines the fixture `new_engine` (a function that opens an empty engine) and subclasses
HiddenContract. Random corpora are written twice, once with the readable entries alone, once among hidden ones that are
added, changed and deleted in many commits; every answer must be the same, order and scores included.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search.engines.base import Engine
from search.entries import Entry, Filters, LanguageSpan, Section, Title
from search.query import parse

HELD = frozenset({"public", "members", "person:1"})
OTHERS = ("body:other", "person:2", "staff")  # audiences the reader does not hold

# Words that meet: forms of one another, Dutch compounds and their parts, names, function words, words of two languages.
WORDS = [
    "logement",
    "logements",
    "location",
    "locatif",
    "opvang",
    "opvangcentrum",
    "opvangplaats",
    "nachtopvang",
    "huur",
    "huurwaarborg",
    "huurwaarborglening",
    "waarborg",
    "waarborgen",
    "woning",
    "woningen",
    "huisvesting",
    "sociale",
    "woningnood",
    "vandenbulcke",
    "vandenbulckewoning",
    "schaerbeek",
    "santé",
    "gezondheid",
    "gezondheidszorg",
    "health",
    "housing",
    "de",
    "la",
    "het",
    "une",
    "report",
    "rapport",
    "2012",
    "titre",
    "séjour",
    "verblijf",
    "verblijfstitel",
]
QUESTIONS = st.one_of(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join),
    st.lists(st.sampled_from(WORDS), min_size=2, max_size=3).map(lambda words: f'"{" ".join(words)}"'),
    st.tuples(st.sampled_from(WORDS), st.sampled_from(WORDS)).map(lambda words: f"{words[0]} -{words[1]}"),
    st.sampled_from(["", "huurwaarbor", "logemant", "opvangg", "vandenbulck"]),
)
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join)
LANGUAGES = st.sampled_from(["fr", "nl", "en"])


@st.composite
def entries(
    draw, number: int, audiences: Sequence[frozenset[str]], covered: Sequence[frozenset[str]] = (frozenset(),)
) -> Entry:
    language = draw(LANGUAGES)
    pages = draw(st.lists(TEXTS, min_size=0, max_size=3))
    return Entry(
        subject=f"library.reference:{number}",
        kind=draw(st.sampled_from(["library.reference", "home.article"])),
        url="",
        titles=(Title(language, draw(TEXTS)),),
        audiences=draw(st.sampled_from(list(audiences))),
        covered_by=draw(st.sampled_from(list(covered))),
        languages=(language,),
        themes=tuple(draw(st.lists(st.sampled_from(["housing", "health"]), max_size=2, unique=True))),
        year=draw(st.sampled_from([None, 2008, 2012])),
        published=draw(st.sampled_from([None, date(2012, 1, 1), date(2013, 5, 6)])),
        keywords=tuple(draw(st.lists(st.sampled_from(WORDS), max_size=1))),
        sections=tuple(
            Section(f"1.1/{place}", place, "", text, (LanguageSpan(0, len(text), language),))
            for place, text in enumerate(pages, 1)
        ),
    )


@st.composite
def corpora(draw) -> tuple[list[Entry], list[list[Entry]]]:
    """(what the reader may see, batches of what the reader may not: closed to all audiences held,
    or covered by a richer layer).
    """
    readable = [
        draw(
            entries(
                number,
                [
                    frozenset({"public"}),
                    frozenset({"members"}),
                    frozenset({"public", "staff"}),
                    frozenset({"person:1"}),
                ],
            )
        )
        for number in range(draw(st.integers(1, 8)))
    ]
    closed = [frozenset({audience}) for audience in OTHERS]
    batches = [
        [
            draw(
                entries(
                    1000 + draw(st.integers(0, 9)),
                    [*closed, HELD],
                    [frozenset({"members"}), frozenset({"person:1", "staff"})],
                )
            )
            for _ in range(4)
        ]
        for _ in range(draw(st.integers(1, 3)))
    ]
    hidden = [
        [one if one.audiences & HELD else replace(one, covered_by=frozenset()) for one in batch] for batch in batches
    ]
    return readable, hidden


def answers(engine: Engine, raw: str, language: str, *, without: frozenset[str] = frozenset()) -> dict[str, object]:
    """Everything the engine says to the reader of one question."""
    query = parse(raw, language)
    reader = {"audiences": HELD, "without": without}
    said: dict[str, object] = {
        "relevance": engine.search(query, count=100, **reader),
        "second part": engine.search(query, first=2, count=3, **reader),
        "date": engine.search(query, count=100, sort="date", **reader),
        "narrowed": engine.search(
            replace(query, filters=Filters(themes=("housing",), years=((2008, 2010),))), count=100, **reader
        ),
        "suggestions": engine.suggest(raw, language=language, count=20, **reader),
        "beginnings": [engine.suggest(raw[:length], language=language, count=20, **reader) for length in (1, 3)],
    }
    keys = [hit.key for hit in said["relevance"].hits]  # type: ignore[attr-defined]
    said["counts"] = engine.section_counts(query, [*keys, "library.reference:1001/"], **reader)
    said["pages"] = [list(engine.section_hits(query, key[:-1], "", **reader).items()) for key in keys]
    return said


class HiddenContract:
    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(corpus=corpora(), asked=st.lists(st.tuples(QUESTIONS, LANGUAGES), min_size=3, max_size=3))
    def test_entries_hidden_from_a_reader_change_nothing_of_any_answer(
        self, new_engine: Callable[[], Engine], corpus, asked
    ):
        readable, hidden = corpus
        alone, among = new_engine(), new_engine()
        alone.replace([(one.subject, [one]) for one in readable])
        half = len(readable) // 2
        among.replace([(one.subject, [one]) for one in readable[:half]])
        for batch in hidden:
            among.replace([(one.subject, [one]) for one in batch])
        among.replace([(one.subject, [one]) for one in reversed(readable[half:])])
        among.replace([(one.subject, ()) for one in hidden[0]])
        for raw, language in asked:
            assert answers(among, raw, language) == answers(alone, raw, language)

    @settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
    @given(corpus=corpora(), asked=st.tuples(QUESTIONS, LANGUAGES))
    def test_a_rebuild_among_hidden_entries_answers_alike(self, new_engine: Callable[[], Engine], corpus, asked):
        readable, hidden = corpus
        alone, among = new_engine(), new_engine()
        with alone.rebuild() as new:
            new.add(readable)
        with among.rebuild() as new:
            new.add([*{one.subject: one for batch in hidden for one in batch}.values(), *readable])
        assert answers(among, *asked) == answers(alone, *asked)

    @settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
    @given(corpus=corpora(), asked=st.tuples(QUESTIONS, LANGUAGES))
    def test_subjects_left_out_might_as_well_not_be_stored(self, new_engine: Callable[[], Engine], corpus, asked):
        readable, _ = corpus
        alone, among = new_engine(), new_engine()
        kept, left_out = readable[::2], readable[1::2]
        alone.replace([(one.subject, [one]) for one in kept])
        among.replace([(one.subject, [one]) for one in readable])
        without = frozenset(one.subject for one in left_out)
        assert answers(among, *asked, without=without) == answers(alone, *asked)

    def test_a_private_draft_answers_nobody_whether_its_words_exist(self, new_engine: Callable[[], Engine]):
        """A compound asked is taken apart into words that stand somewhere: nowhere but where the reader may look."""
        engine = new_engine()
        public = Entry(
            "library.reference:1",
            "library.reference",
            "",
            (Title("nl", "De woning"),),
            frozenset({"public"}),
            languages=("nl",),
        )
        engine.replace([(public.subject, [public])])
        before = answers(engine, "vandenbulckewoning", "nl")
        draft = replace(
            public,
            subject="library.reference:2",
            titles=(Title("nl", "Dossier Vandenbulcke"),),
            audiences=frozenset({"person:9"}),
        )
        engine.replace([(draft.subject, [draft])])
        assert answers(engine, "vandenbulckewoning", "nl") == before
        assert before["relevance"].total == 0  # type: ignore[attr-defined]

    def test_a_private_draft_hides_nothing_from_others(self, new_engine: Callable[[], Engine]):
        """A French draft with a Dutch word does not make it a French word for everybody,
        which would lose its compounds.
        """
        engine = new_engine()
        titles = ["Opvang", "Opvangcentrum", "Nachtopvang", "Opvangplaats"]
        public = [
            Entry(
                f"library.reference:{number}",
                "library.reference",
                "",
                (Title("nl", title),),
                frozenset({"public"}),
                languages=("nl",),
            )
            for number, title in enumerate(titles)
        ]
        engine.replace([(one.subject, [one]) for one in public])
        before = answers(engine, "opvang", "fr")
        drafts = [
            replace(
                public[0],
                subject=f"library.reference:9{place}",
                titles=(Title("fr", "Le mot opvang"),),
                languages=("fr",),
                audiences=held,
            )
            for place, held in enumerate([frozenset({"person:9"}), frozenset({"body:other"})])
        ]
        engine.replace([(one.subject, [one]) for one in drafts])
        assert answers(engine, "opvang", "fr") == before
        assert before["relevance"].total == 4  # type: ignore[attr-defined]
