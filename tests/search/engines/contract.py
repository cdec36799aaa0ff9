"""What every engine must do (search.engines.base):
an engine's test module defines the fixture `engine` and subclasses EngineContract.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from search.engines.base import Engine
from search.engines.preparing import fingerprint
from search.entries import Entry, Filters, Query, Results, Section, Title
from search.query import parse

PUBLIC = frozenset({"public"})
MEMBER = frozenset({"public", "members"})
NOTHING = Results(total=0, total_all=0)


def entry(number: int, title: str, *pages: str, language: str = "fr", **more) -> Entry:
    """A public document with one section a page, numbered from 1."""
    values = {"kind": "library.reference", "audiences": PUBLIC, "languages": (language,), "url": f"/r/{number}"} | more
    sections = tuple(Section(f"1.1/{place}", place, f"p. {place}", text) for place, text in enumerate(pages, 1))
    return Entry(subject=f"library.reference:{number}", titles=(Title(language, title),), sections=sections, **values)


def fill(engine: Engine, *entries: Entry) -> None:
    subjects: dict[str, list[Entry]] = {}
    for one in entries:
        subjects.setdefault(one.subject, []).append(one)
    engine.replace(subjects.items())


def ask(engine: Engine, raw: str, language: str = "fr", *, audiences: frozenset[str] = PUBLIC, **more) -> Results:
    return engine.search(parse(raw, language), audiences=audiences, **more)


def found(engine: Engine, raw: str, language: str = "fr", *, audiences: frozenset[str] = PUBLIC, **more) -> list[int]:
    return numbers(ask(engine, raw, language, audiences=audiences, **more))


def numbers(results: Results) -> list[int]:
    return [int(hit.subject.rpartition(":")[2]) for hit in results.hits]


def counts(results: Results, facet: str) -> dict[str, int]:
    return {value.value: value.count for value in results.facets[facet]}


def layers(number: int = 1) -> Sequence[Entry]:
    """A public notice whose file, with its own words, is for members."""
    poor = entry(
        number, "Convention sur le logement", covered_by=frozenset({"members"}), year=2012, themes=("housing",)
    )
    rich = entry(
        number,
        "Convention sur le logement",
        "clause confidentielle",
        layer="1",
        audiences=frozenset({"members"}),
        year=2012,
        themes=("housing",),
    )
    return poor, rich


class EngineContract:
    # matching

    @pytest.mark.parametrize(
        ("language", "stored", "asked"),
        [
            ("fr", "Les primo-arrivants cherchent des logements", "logement"),
            ("nl", "De nieuwkomers zoeken woningen", "woning"),
            ("en", "Newcomers are looking for houses", "house newcomer"),
            ("fr", "Une réunion sur la santé", "reunion sante"),
            ("fr", "L'œuvre de l'hôpital", "oeuvre hopital"),
            ("fr", "Les familles endettées", "endettees"),
            ("fr", "Le C.P.A.S. de Schaerbeek", "cpas"),
            ("nl", "De huurwaarborglening van het OCMW", "huurwaarborg"),
            ("nl", "Een lening voor de waarborg", "waarborglening"),
        ],
        ids=[
            "forms fr",
            "forms nl",
            "forms en",
            "no accents",
            "ligature and elision",
            "no accent at the end",
            "acronym",
            "inside a compound",
            "parts of a compound",
        ],
    )
    def test_words_are_found_in_their_other_forms(self, engine, language, stored, asked):
        fill(engine, entry(1, "Un", stored, language=language), entry(2, "Deux", "autre chose", language=language))
        assert found(engine, asked, language) == [1]

    @pytest.mark.parametrize("interface", ["fr", "nl", "en"])
    def test_the_same_word_is_found_in_documents_of_all_languages(self, engine, interface):
        fill(
            engine,
            *(
                entry(number, "x", f"Schaerbeek {word}", language=code)
                for number, code, word in [(1, "fr", "un"), (2, "nl", "een"), (3, "en", "one")]
            ),
        )
        assert sorted(found(engine, "schaerbeek", interface)) == [1, 2, 3]

    @pytest.mark.parametrize(
        ("interface", "typed"),
        [
            ("fr", "comment trouver un logement ?"),
            ("nl", "hoe vind ik een logement?"),
            ("en", "how do I find a logement?"),
        ],
        ids=["fr", "nl", "en"],
    )
    def test_words_of_courtesy_are_not_looked_for(self, engine, interface, typed):
        fill(
            engine,
            entry(1, "x", "le logement", language=interface),
            entry(2, "y", "comment trouver, hoe vinden, how to find", language=interface),
        )
        assert 1 in found(engine, typed, interface)
        assert ask(engine, typed, interface).total_all >= 1

    def test_function_words_alone_are_looked_for_as_written(self, engine):
        fill(engine, entry(1, "x", "être ou ne pas être"), entry(2, "y", "un chat"))
        assert found(engine, "ou ne pas") == [1]

    def test_totals_tell_some_from_all_words_wherever_they_stand(self, engine):
        fill(
            engine,
            entry(1, "x", "logement", "emploi"),
            entry(2, "y", "logement"),
            entry(3, "z", "emploi"),
            entry(4, "w", "santé"),
        )
        results = ask(engine, "logement emploi")
        assert (results.total, results.total_all, results.total_passages) == (3, 1, 4)
        assert numbers(results)[0] == 1

    def test_one_word_has_one_total(self, engine):
        fill(engine, entry(1, "x", "logement"), entry(2, "y", "logement"))
        results = ask(engine, "logement")
        assert (results.total, results.total_all) == (2, 2)

    def test_keywords_and_titles_find_in_every_language(self, engine):
        fill(engine, entry(1, "Rapport", "texte", keywords=("huisvesting", "Observatoire de la Santé", "PA 2012/147")))
        for words, language in [
            ("huisvesting", "nl"),
            ("observatoire sante", "fr"),
            ("2012/147", "en"),
            ("rapports", "fr"),
        ]:
            assert found(engine, words, language) == [1], words

    def test_translated_titles_find(self, engine):
        one = replace(entry(1, "Logement", "texte"), titles=(Title("fr", "Le logement"), Title("nl", "De huisvesting")))
        fill(engine, one)
        assert found(engine, "huisvesting", "nl") == [1]

    def test_pieces_of_words_never_match(self, engine):
        fill(engine, entry(1, "x", "les locataires"), entry(2, "y", "la location"))
        results = ask(engine, "locatif")
        assert results.total == len(results.hits)
        assert all(hit.subject not in {h.subject for h in results.hits} for hit in results.similar)

    def test_a_misspelt_word_gives_similar_documents_outside_the_totals(self, engine):
        fill(engine, entry(1, "x", "les commerçants"), entry(2, "y", "la piscine"))
        results = ask(engine, "commerçqnts")
        assert (results.total, results.hits) == (0, ())
        assert [hit.subject for hit in results.similar] == ["library.reference:1"]

    def test_what_resembles_nothing_gives_nothing(self, engine):
        fill(engine, entry(1, "x", "les commerçants"))
        assert ask(engine, "zzyzx").similar == ()

    # phrases and exclusions

    def test_a_phrase_stands_on_one_page_as_typed(self, engine):
        fill(
            engine,
            entry(1, "x", "le titre de séjour"),
            entry(2, "y", "le séjour et son titre"),
            entry(3, "z", "finit par titre de", "séjour commence"),
            entry(4, "Titre de séjour"),
        )
        results = ask(engine, '"titre de sejour"')
        assert sorted(numbers(results)) == [1, 4]
        assert (results.total, results.total_all) == (2, 2)
        assert sum(counts(results, "kinds").values()) == 2
        assert counts(results, "languages") == {"fr": 2}

    def test_documents_with_the_words_of_a_missing_phrase_are_similar(self, engine):
        fill(engine, entry(1, "x", "un séjour dont le titre"), entry(2, "y", "la piscine"))
        results = ask(engine, '"titre de séjour"')
        assert results.total == 0
        assert [hit.subject for hit in results.similar] == ["library.reference:1"]

    @pytest.mark.parametrize(
        "typed", ["logement -location", 'logement -"location sociale"', "-location -rien logement"]
    )
    def test_excluded_words_and_phrases_leave_totals_and_facets(self, engine, typed):
        fill(engine, entry(1, "x", "logement", year=2001), entry(2, "y", "logement et location sociale", year=2002))
        results = ask(engine, typed)
        assert numbers(results) == [1]
        assert (results.total, results.total_all) == (1, 1)
        assert counts(results, "years") == {"2001": 1}
        assert not results.similar

    def test_an_excluded_word_leaves_with_its_forms(self, engine):
        fill(engine, entry(1, "x", "logement"), entry(2, "y", "logement et locations"))
        assert found(engine, "logement -location") == [1]

    # rights

    def test_a_closed_layer_is_never_found_counted_nor_named_by_its_words(self, engine):
        fill(engine, *layers())
        closed = ask(engine, "confidentielle")
        assert (closed.total, closed.total_all, closed.hits, closed.similar) == (0, 0, (), ())
        assert all(not values for values in closed.facets.values())
        assert not closed.total_passages
        opened = ask(engine, "confidentielle", audiences=MEMBER)
        assert [(hit.layer, [section.anchor for section in hit.sections]) for hit in opened.hits] == [("1", ["1.1/1"])]
        assert opened.total_passages == 1

    def test_everyone_finds_a_layered_reference_once(self, engine):
        fill(engine, *layers())
        for audiences, layer in [(PUBLIC, ""), (MEMBER, "1")]:
            results = ask(engine, "convention logement", audiences=audiences)
            assert [(hit.subject, hit.layer) for hit in results.hits] == [("library.reference:1", layer)]
            assert (results.total, results.total_all, counts(results, "themes"), counts(results, "years")) == (
                1,
                1,
                {"housing": 1},
                {"2012": 1},
            )

    def test_pages_of_a_closed_layer_are_not_told(self, engine):
        fill(engine, *layers())
        question = parse("confidentielle", "fr")
        assert engine.section_hits(question, "library.reference:1", "1", audiences=PUBLIC) == {}
        assert engine.section_hits(question, "library.reference:1", "", audiences=MEMBER) == {}
        assert list(engine.section_hits(question, "library.reference:1", "1", audiences=MEMBER)) == ["1.1/1"]
        keys = ["library.reference:1/", "library.reference:1/1"]
        assert engine.section_counts(question, keys, audiences=PUBLIC) == {}
        assert engine.section_counts(question, keys, audiences=MEMBER) == {"library.reference:1/1": 1}

    def test_subjects_left_out_are_in_nothing(self, engine):
        fill(engine, *layers(), entry(2, "Convention", "logement", "logement", themes=("housing",)))
        without = frozenset({"library.reference:2", "library.reference:9"})
        for audiences in (PUBLIC, MEMBER):
            results = ask(engine, "convention logement", audiences=audiences, without=without)
            assert (numbers(results), results.total, results.total_all, counts(results, "themes")) == (
                [1],
                1,
                1,
                {"housing": 1},
            )
            assert results.total_passages == 1
            assert found(engine, "", audiences=audiences, without=without) == [1]
            assert found(engine, "logement", sort="date", audiences=audiences, without=without) == [1]
            assert engine.suggest("conv", audiences=audiences, language="fr", without=without) == [
                "library.reference:1"
            ]
            assert not engine.section_hits(
                parse("logement", "fr"), "library.reference:2", "", audiences=audiences, without=without
            )
            assert not engine.section_counts(
                parse("logement", "fr"), ["library.reference:2/"], audiences=audiences, without=without
            )
            assert not ask(engine, "logemant", audiences=audiences, without=without | {"library.reference:1"}).similar

    def test_suggestions_keep_to_what_a_reader_may_see(self, engine):
        fill(engine, entry(1, "Logement social"), entry(2, "Logement secret", audiences=frozenset({"members"})))
        assert engine.suggest("log", audiences=PUBLIC, language="fr") == ["library.reference:1"]
        assert sorted(engine.suggest("log", audiences=MEMBER, language="fr")) == [
            "library.reference:1",
            "library.reference:2",
        ]

    def test_a_reader_without_audiences_sees_nothing(self, engine):
        fill(engine, entry(1, "Logement"))
        results = ask(engine, "logement", audiences=frozenset())
        assert (results.total, results.hits, results.similar) == (0, (), ())
        assert engine.suggest("log", audiences=frozenset(), language="fr") == []

    def test_a_list_shows_only_what_a_reader_may_see(self, engine):
        fill(engine, entry(1, "x"), entry(2, "y", audiences=frozenset({"body:gt"})))
        assert found(engine, "") == [1]
        assert sorted(found(engine, "", audiences=frozenset({"body:gt", "public"}))) == [1, 2]

    def test_excluding_tells_nothing_of_closed_documents(self, engine):
        fill(engine, entry(1, "x", "logement"), entry(2, "y", "secret", audiences=frozenset({"members"})))
        assert (ask(engine, "-logement").total, ask(engine, "-secret").total) == (0, 1)

    # filters, facets, order

    def test_each_filter_narrows_and_values_of_one_add_up(self, engine):
        fill(
            engine,
            entry(1, "x", "logement", type="report", themes=("housing", "poverty"), groups=("gt",), year=2008),
            entry(2, "y", "logement", type="book", themes=("poverty",), year=2010, language="nl"),
            entry(3, "z", "logement", kind="home.article"),
        )
        cases = [
            (Filters(types=("report",)), {1}),
            (Filters(types=("report", "book")), {1, 2}),
            (Filters(themes=("poverty",)), {1, 2}),
            (Filters(themes=("poverty",), languages=("nl",)), {2}),
            (Filters(groups=("gt",)), {1}),
            (Filters(kinds=("home.article",)), {3}),
            (Filters(years=((2008, 2009),)), {1}),
            (Filters(years=((None, 2008), (2010, None))), {1, 2}),
            (Filters(years=((2011, None),)), set()),
            (Filters(themes=("nothing",)), set()),
        ]
        for filters, expected in cases:
            for words in [("logement",), ()]:
                results = engine.search(Query(raw="", words=words, filters=filters), audiences=PUBLIC)
                assert set(numbers(results)) == expected, (filters, words)
                assert results.total == len(expected)

    def test_a_facet_counts_as_if_it_did_not_narrow_and_the_others_as_they_do(self, engine):
        fill(
            engine,
            entry(1, "x", "logement", type="report", year=2008),
            entry(2, "y", "logement", type="book", year=2008),
            entry(3, "z", "logement", type="book", year=2009),
        )
        results = ask(engine, "logement", audiences=PUBLIC)
        assert counts(results, "types") == {"book": 2, "report": 1}
        assert [value.value for value in results.facets["types"]] == ["book", "report"]
        narrowed = engine.search(Query("logement", ("logement",), filters=Filters(types=("report",))), audiences=PUBLIC)
        assert narrowed.total == 1
        assert counts(narrowed, "types") == {"book": 2, "report": 1}
        assert counts(narrowed, "years") == {"2008": 1}

    def test_pages_are_counted_in_narrowed_searches_too(self, engine):
        fill(engine, entry(1, "x", "logement", "logement", year=2008), entry(2, "y", "logement", year=2009))
        assert ask(engine, "logement").total_passages == 3
        assert ask(engine, "logement year:2008").total_passages == 2

    def test_facets_can_be_left_out(self, engine):
        fill(engine, entry(1, "x", "logement"))
        assert ask(engine, "logement", facets=False).facets == {}

    def test_by_date_puts_the_latest_first_and_undated_last(self, engine):
        fill(
            engine,
            entry(1, "x", "logement", published=date(2010, 1, 1)),
            entry(2, "y", "logement"),
            entry(3, "z", "logement", published=date(2012, 5, 6)),
        )
        assert found(engine, "logement", sort="date") == [3, 1, 2]
        assert found(engine, "") == [3, 1, 2]
        assert found(engine, "logement", sort="date", first=1, count=1) == [1]

    def test_pages_of_results_follow_one_another(self, engine):
        fill(engine, *(entry(number, "x", "logement") for number in range(1, 64)))
        for sort in ("relevance", "date"):
            seen = [
                number for first in range(0, 70, 10) for number in found(engine, "logement", first=first, sort=sort)
            ]
            assert sorted(seen) == list(range(1, 64)), sort
            assert found(engine, "logement", sort=sort) == seen[:10]
        assert found(engine, "logement", first=100) == []
        assert ask(engine, "logement", count=0).total == 63

    def test_a_title_outweighs_a_text(self, engine):
        filler = "des mots sans rapport avec le sujet " * 5
        fill(engine, entry(1, "Divers", f"{filler} logement"), entry(2, "Le logement", filler))
        assert found(engine, "logement") == [2, 1]

    # pages

    def test_a_hit_names_its_best_pages(self, engine):
        fill(
            engine,
            entry(
                1,
                "x",
                "rien",
                "logement social logement",
                "logement",
                "rien",
                "un logement parmi beaucoup d'autres mots qui ne disent rien",
                "logement",
            ),
        )
        (hit,) = ask(engine, "logement social").hits
        assert hit.sections[0].anchor == "1.1/2"
        assert hit.sections[0].page_number == 2
        assert len(hit.sections) == 3
        assert list(hit.sections) == sorted(hit.sections, key=lambda section: -section.score)

    def test_a_title_is_found_on_the_notice(self, engine):
        notice = Section("", 0, "", "un résumé")
        one = entry(1, "Logement", "texte")
        fill(engine, replace(one, sections=(notice, *one.sections)))
        (hit,) = ask(engine, "logement").hits
        assert [section.anchor for section in hit.sections] == [""]

    def test_section_hits_name_every_page_that_holds_some_of_the_words(self, engine):
        fill(engine, entry(1, "x", "logement", "emploi", "santé", "logement emploi"), entry(2, "y", "logement"))
        hits = engine.section_hits(parse("logement emploi", "fr"), "library.reference:1", "", audiences=PUBLIC)
        assert set(hits) == {"1.1/1", "1.1/2", "1.1/4"}
        assert max(hits, key=hits.__getitem__) == "1.1/4"
        assert engine.section_hits(parse("", "fr"), "library.reference:1", "", audiences=PUBLIC) == {}

    def test_section_hits_of_a_phrase_are_the_pages_that_hold_it(self, engine):
        fill(engine, entry(1, "x", "titre de séjour", "séjour titre"))
        assert set(
            engine.section_hits(parse('"titre de séjour"', "fr"), "library.reference:1", "", audiences=PUBLIC)
        ) == {"1.1/1"}

    def test_section_counts_are_of_the_pages_that_hold_some_of_the_words_for_several_entries_at_once(self, engine):
        fill(
            engine,
            entry(1, "x", "logement", "emploi", "santé", "logement emploi"),
            entry(2, "y", "logement"),
            entry(3, "z", "santé"),
        )
        keys = [f"library.reference:{number}/" for number in (1, 2, 3, 4)]
        question = parse("logement emploi", "fr")
        assert engine.section_counts(question, keys, audiences=PUBLIC) == {keys[0]: 3, keys[1]: 1}
        for key in keys:
            subject, _, layer = key.rpartition("/")
            hits = engine.section_hits(question, subject, layer, audiences=PUBLIC)
            assert engine.section_counts(question, keys, audiences=PUBLIC).get(key, 0) == len(hits)
        assert engine.section_counts(question, [], audiences=PUBLIC) == {}
        assert engine.section_counts(parse("", "fr"), keys, audiences=PUBLIC) == {}

    # suggestions

    def test_suggestions_have_all_words_the_last_one_begun(self, engine):
        fill(engine, entry(1, "Le logement social à Schaerbeek"), entry(2, "Logement privé"), entry(3, "Santé sociale"))
        assert engine.suggest("logement soc", audiences=PUBLIC, language="fr") == ["library.reference:1"]
        assert set(engine.suggest("logem", audiences=PUBLIC, language="fr")) == {
            "library.reference:1",
            "library.reference:2",
        }
        assert engine.suggest("le logement à scha", audiences=PUBLIC, language="fr") == ["library.reference:1"]
        assert engine.suggest("sante soc", audiences=PUBLIC, language="fr") == ["library.reference:3"]
        assert engine.suggest("piscine", audiences=PUBLIC, language="fr") == []
        assert engine.suggest('  "(', audiences=PUBLIC, language="fr") == []

    def test_suggestions_are_as_many_as_asked_and_once_each(self, engine):
        fill(engine, *(entry(number, "Logement") for number in range(1, 20)), *layers(30))
        assert len(engine.suggest("logement", audiences=MEMBER, language="fr", count=4)) == 4
        assert engine.suggest("convention", audiences=MEMBER, language="fr") == ["library.reference:30"]

    # what is kept

    def test_replacing_takes_out_all_layers_of_a_subject(self, engine):
        fill(engine, *layers(), entry(2, "autre", "logement"))
        engine.replace([("library.reference:1", [entry(1, "Nouveau titre", "emploi")])])
        assert engine.count() == 2
        assert found(engine, "convention", audiences=MEMBER) == []
        assert found(engine, "nouveau", audiences=MEMBER) == [1]
        engine.replace([("library.reference:1", []), ("library.reference:9", [])])
        assert engine.count() == 1
        assert found(engine, "emploi", audiences=MEMBER) == []
        assert engine.section_hits(parse("emploi", "fr"), "library.reference:1", "", audiences=MEMBER) == {}

    def test_replacing_twice_changes_nothing(self, engine):
        for _ in range(2):
            fill(engine, *layers())
        assert engine.count() == 2
        assert ask(engine, "confidentielle", audiences=MEMBER).total_passages == 1

    def test_a_subject_that_begins_like_another_stays(self, engine):
        fill(engine, entry(1, "x"), entry(11, "y"))
        engine.replace([("library.reference:1", [])])
        assert found(engine, "") == [11]

    def test_nothing_is_written_when_an_entry_cannot_be_made(self, engine):
        fill(engine, entry(1, "Logement"))

        def changes():
            yield "library.reference:1", []
            yield "library.reference:2", [entry(2, "Emploi")]
            raise RuntimeError("the database went away")

        with pytest.raises(RuntimeError):
            engine.replace(changes())
        assert found(engine, "logement emploi") == [1]
        fill(engine, entry(3, "Santé"))
        assert engine.count() == 2

    def test_stored_tells_every_key_and_fingerprint(self, engine):
        kept = [*layers(), *(entry(number, f"titre {number}") for number in range(2, 300))]
        fill(engine, *kept)
        assert dict(engine.stored()) == {one.key: fingerprint(one) for one in kept}
        assert engine.count() == len(kept) == len(list(engine.stored()))

    def test_an_empty_index_answers(self, engine):
        assert (ask(engine, "logement").total, engine.count(), list(engine.stored())) == (0, 0, [])
        assert set(ask(engine, "logement").facets) == {"languages", "kinds", "types", "themes", "groups", "years"}
        assert engine.suggest("log", audiences=PUBLIC, language="fr") == []
        assert engine.section_hits(parse("x", "fr"), "library.reference:1", "", audiences=PUBLIC) == {}
        assert engine.section_counts(parse("x", "fr"), ["library.reference:1/"], audiences=PUBLIC) == {}

    def test_an_entry_without_text_is_kept_and_listed(self, engine):
        fill(engine, Entry("library.reference:1", "library.reference", "", (), PUBLIC))
        assert found(engine, "") == [1]

    @pytest.mark.parametrize(
        "typed",
        [
            '"',
            "-",
            '""',
            ":",
            "theme:",
            "year:9",
            "\x00",
            "🙂",
            "ß",
            "x" * 5000,
            "a " * 3000,
            "*?[](){}^~\\/+|&",
            "İ",
            "ﬁ",
            "-\"'",
        ],
    )
    def test_no_question_breaks_it(self, engine, typed):
        fill(engine, entry(1, "Logement", "texte"))
        assert ask(engine, typed).total in {0, 1}
        assert isinstance(engine.suggest(typed, audiences=PUBLIC, language="fr"), list)

    def test_a_rebuild_takes_the_place_of_what_was_there(self, engine):
        fill(engine, entry(1, "Logement"))
        with engine.rebuild() as new:
            new.add([entry(2, "Emploi")])
            new.add([entry(3, "Santé")])
            assert found(engine, "logement emploi santé") == [1]
        assert sorted(found(engine, "logement emploi santé")) == [2, 3]
        assert engine.is_current()

    def test_a_rebuild_that_fails_leaves_what_was_there(self, engine):
        fill(engine, entry(1, "Logement"))
        with pytest.raises(RuntimeError), engine.rebuild() as new:
            new.add([entry(2, "Emploi")])
            raise RuntimeError("the database went away")
        assert found(engine, "logement emploi") == [1]
        fill(engine, entry(3, "Emploi"))
        assert sorted(found(engine, "logement emploi")) == [1, 3]
