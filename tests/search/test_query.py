"""What people type, understood; nothing is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.entries import Filters, Phrase, Query
from search.query import Names, parse, without_filters

NAMES = Names.of(
    types=[("Rapport", "report"), ("verslag", "report"), ("Report", "report")],
    themes=[("Logement social", "housing"), ("Sociale huisvesting", "housing")],
    groups=[("GT Logement", "gt-logement")],
)


def phrases(*texts):
    return tuple(Phrase(tuple(text.split())) for text in texts)


@pytest.mark.parametrize(
    ("typed", "words", "required", "excluded", "filters"),
    [
        ("  logement social ", ("logement", "social"), (), (), Filters()),
        ('accueil "titre de séjour"', ("accueil",), phrases("titre de séjour"), (), Filters()),
        ("“titre de séjour”", (), phrases("titre de séjour"), (), Filters()),
        ("« titre de séjour »", (), phrases("titre de séjour"), (), Filters()),
        ("logement -location", ("logement",), (), phrases("location"), Filters()),
        ('logement -"location sociale"', ("logement",), (), phrases("location sociale"), Filters()),
        ("logement - social", ("logement", "social"), (), (), Filters()),
        ("primo-arrivants", ("primo-arrivants",), (), (), Filters()),
        ('"titre de séjour', (), phrases("titre de séjour"), (), Filters()),
        ('5" logement', ('5"', "logement"), (), (), Filters()),
        ('""', (), (), (), Filters()),
        ("type:rapport", (), (), (), Filters(types=("report",))),
        ("soort:verslag type:report", (), (), (), Filters(types=("report",))),
        ('theme:"logement social"', (), (), (), Filters(themes=("housing",))),
        ('thème:"LOGEMENT SOCIAL"', (), (), (), Filters(themes=("housing",))),
        ('thema:"sociale huisvesting"', (), (), (), Filters(themes=("housing",))),
        ("theme:housing", (), (), (), Filters(themes=("housing",))),
        ("theme:inconnu", ("theme:inconnu",), (), (), Filters()),
        ('theme:"tout autre chose"', ('theme:"tout', "autre", 'chose"'), (), (), Filters()),
        ("auteur:cpas", ("auteur:cpas",), (), (), Filters()),
        ("groupe:gt-logement groep:gt-logement", (), (), (), Filters(groups=("gt-logement",))),
        ('group:"GT Logement"', (), (), (), Filters(groups=("gt-logement",))),
        ("lang:nl taal:frans langue:anglais", (), (), (), Filters(languages=("nl", "fr", "en"))),
        ("lang:de", ("lang:de",), (), (), Filters()),
        ("year:2010", (), (), (), Filters(years=((2010, 2010),))),
        ("annee:2008-2012", (), (), (), Filters(years=((2008, 2012),))),
        ("année:2012-2008", (), (), (), Filters(years=((2008, 2012),))),
        ("jaar:2008-", (), (), (), Filters(years=((2008, None),))),
        ("year:-2012", (), (), (), Filters(years=((None, 2012),))),
        ("year:2008–2012", (), (), (), Filters(years=((2008, 2012),))),
        ("year:201", ("year:201",), (), (), Filters()),
        ("year:abc year:", ("year:abc", "year:"), (), (), Filters()),
        ("https://example.org/a", ("https://example.org/a",), (), (), Filters()),
        ("-theme:housing logement", ("logement",), (), phrases("theme housing"), Filters()),
        ("--", (), (), (), Filters()),
        ("", (), (), (), Filters()),
    ],
)
def test_what_is_typed_is_understood(typed, words, required, excluded, filters):
    assert parse(typed, "fr", NAMES) == Query(typed.strip(), words, required, excluded, filters, "fr")


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
def test_the_language_is_kept_and_an_unknown_one_is_not(language):
    assert parse("x", language).language == language
    assert parse("x", "de").language == "fr"


def test_without_filters_opens_one_and_keeps_the_others():
    query = parse("logement year:2010 lang:nl", "fr")
    assert without_filters(query, "years").filters == Filters(languages=("nl",))


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(
        st.text(),
        st.lists(
            st.sampled_from(
                [
                    '"',
                    "-",
                    "theme:",
                    "year:",
                    "2010",
                    "lang:",
                    "nl",
                    "a",
                    " ",
                    "«",
                    "»",
                    "“",
                    "–",
                    "type:report",
                    ":",
                    "œ",
                    "\u0301",
                ]
            )
        ).map("".join),
    )
)
def test_nothing_typed_is_ever_refused(typed):
    query = parse(typed, "nl", NAMES)
    assert query.raw == typed.strip()
    hash(query)
    assert all(phrase.words for phrase in query.phrases + query.excluded)
    assert all(not word[0].isspace() for word in query.words)
