"""One table per language: stemmer, function words, words of questions, elisions.

Here are the facts of each language; cutting text into words is in `tokens`, telling languages apart in `detection`.
"""

from __future__ import annotations

from dataclasses import dataclass


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class Language:
    """What the analysis knows of one language.

    tag             prefix of its stems in the index ("f" gives "f:logement").
    stemmer         Snowball algorithm.
    stop_words      function words as written in lower case, accents kept: never indexed as stems, never asked.
    query_words     what people wrap a question in: interrogatives, politeness. Dropped from questions only.
    content_words   function words here that are words of content in another of our languages ("car", "die", "but"): no
                    proof of the language.
    elisions        letters that lean on the next word with an apostrophe ("l'", "qu'").
    inversions      what follows a "-t-" that is only there for the sound, as a regular expression.
    enclitics       letters that lean on the word before ("it's", "foto's").
    compounds       True where words are written together, so that a word is also found inside a longer one.
    endings         (as typed without accents, as written): endings whose accent decides what the stemmer takes off;
                    longest first.
    """

    code: str
    tag: str
    stemmer: str
    stop_words: frozenset[str]
    query_words: frozenset[str]
    content_words: frozenset[str]
    elisions: frozenset[str]
    enclitics: frozenset[str]
    inversions: str = ""
    compounds: bool = False
    endings: tuple[tuple[str, str], ...] = ()


# Articles, pronouns, prepositions, conjunctions and auxiliaries, written for this table. "été", "est" (east), "ou"/"où"
# and numbers were weighed one by one: "été" stays out (also the summer), "est" is in (nearly always the verb).
FRENCH = Language(
    code="fr",
    tag="f",
    stemmer="french",
    endings=(("ees", "ées"), ("ee", "ée"), ("es", "és"), ("e", "é")),
    stop_words=_words(
        """
        le la les un une des de du au aux à et ou où ni mais donc or car que qui quoi dont ce cet cette ces ça cela ceci celui celle
        ceux celles je tu il elle on nous vous ils elles me te se y en lui leur leurs eux moi toi soi mon ma mes ton ta tes son sa
        ses notre nos votre vos dans par pour sur sous avec sans entre vers chez dès si comme est sont es suis sommes êtes était étaient
        étant être sera seront serait soit soient fut ai as a avons avez ont avait avaient avoir ayant aura auront aurait ait aient eu ne
        pas plus très aussi ainsi alors afin lorsque puis puisque quand jusque quoique tout toute tous toutes même mêmes autre autres
        encore déjà depuis lors non oui etc
        """  # noqa: E501
    ),
    query_words=_words(
        """
        comment pourquoi quel quelle quels quelles combien lequel laquelle lesquels lesquelles bonjour bonsoir merci svp stp plaît accord
        peut peux puis pouvez pouvons peuvent faut faire fait fais font dois doit doivent savoir sais veux voudrais
        aimerais cherche chercher trouve trouver existe existent maintenant
        """  # noqa: E501
    ),
    content_words=_words(
        "car son on pour sur dans ton mes tu me as dont or sont des ni es plus par fut te puis si son a en de se he is"
    ),
    elisions=_words("c d j l m n s t qu jusqu lorsqu puisqu quoiqu"),
    enclitics=frozenset(),
    inversions="(?:ils?|elles?|on)",
)

DUTCH = Language(
    code="nl",
    tag="n",
    stemmer="dutch",
    stop_words=_words(
        """
        de het een en of maar want dus dat die dit deze er hier daar ik jij je hij zij ze wij we jullie u hen hun hem haar mij me jou ons
        onze mijn uw zijn z'n m'n zich van in op aan bij met voor door over naar uit tot te om tegen tussen onder na als dan toen nu ook nog
        al alle andere niet geen wel is was waren ben bent wees geweest wordt worden werd werden heb hebt heeft hebben had hadden zal
        zullen zou zouden kan kunnen kon konden moet moeten moest mag mogen men omdat zodat terwijl indien hetzelfde zo zelf reeds één
        ter ten zoals enz
        """  # noqa: E501
    ),
    query_words=_words(
        """
        hoe wat wie waar wanneer waarom welk welke hoeveel waarvoor waarmee waarvan goedendag goeiedag hallo dag bedankt dank alstublieft
        aub graag wil wilt willen vind vindt vinden zoek zoekt zoeken bestaat bestaan kunt weet weten doe doen
        """  # noqa: E501
    ),
    content_words=_words(
        "die over men me was had on in is al bent hier na want dit of we are en de me tot door kan mag den dan son"
    ),
    elisions=frozenset(),
    enclitics=_words("s t n"),
    compounds=True,
)

ENGLISH = Language(
    code="en",
    tag="e",
    stemmer="english",
    stop_words=_words(
        """
        the a an and or but if then so of to in on at by for from with without into onto as is are was were be been being am has have had
        do does did will would shall should can could may might must not no nor this that these those it its he she they them their his her
        him i me my we us our you your who whom whose which than too very there here also such about all any other only just
        out up down over each few more most own same again yet don doesn didn isn aren wasn weren won wouldn couldn shouldn hasn haven hadn ain
        cannot
        """  # noqa: E501
    ),
    query_words=_words(
        """
        how what when where why which who whom whose hello hi please thanks thank find does do need want know look looking search now there any get
        """  # noqa: E501
    ),
    content_words=_words(
        "on in is was of we me as or but he had an been so of at a who if it her for at does will to do me can must"
    ),
    elisions=frozenset(),
    enclitics=_words("s t d m ll re ve"),
)

LANGUAGES: dict[str, Language] = {language.code: language for language in (FRENCH, DUTCH, ENGLISH)}
TAGS: dict[str, str] = {language.tag: language.code for language in LANGUAGES.values()}


def own_first(code: str) -> tuple[Language, ...]:
    """All languages, the given one first; an unknown code leaves the order of the table."""
    return tuple(sorted(LANGUAGES.values(), key=lambda language: language.code != code))
