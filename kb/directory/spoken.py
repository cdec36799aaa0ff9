"""The languages that people are received in: their ISO 639 codes, with names in the three languages of the site.

A table of our own, because the languages spoken in the services of Brussels are a few dozen and no code list names them
in Dutch. Two signs where ISO 639-1 has them, else three of ISO 639-3; "sgn" codes of the Belgian sign languages are
their ISO 639-3 ones.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from kb.languages import CODES, current_language

# code: (French, Dutch, English)
_NAMES: Mapping[str, tuple[str, str, str]] = {
    "fr": ("français", "Frans", "French"),
    "nl": ("néerlandais", "Nederlands", "Dutch"),
    "de": ("allemand", "Duits", "German"),
    "en": ("anglais", "Engels", "English"),
    "sfb": ("langue des signes (LSFB)", "gebarentaal (LSFB)", "sign language (LSFB)"),
    "vgt": ("langue des signes flamande (VGT)", "Vlaamse Gebarentaal (VGT)", "Flemish Sign Language (VGT)"),
    "sq": ("albanais", "Albanees", "Albanian"),
    "am": ("amharique", "Amhaars", "Amharic"),
    "ar": ("arabe", "Arabisch", "Arabic"),
    "ary": ("arabe marocain", "Marokkaans Arabisch", "Moroccan Arabic"),
    "hy": ("arménien", "Armeens", "Armenian"),
    "aii": ("araméen", "Aramees", "Aramaic"),
    "az": ("azéri", "Azerbeidzjaans", "Azerbaijani"),
    "bm": ("bambara", "Bambara", "Bambara"),
    "bn": ("bengali", "Bengaals", "Bengali"),
    "ber": ("berbère", "Berbers", "Berber"),
    "bs": ("bosnien", "Bosnisch", "Bosnian"),
    "bg": ("bulgare", "Bulgaars", "Bulgarian"),
    "ca": ("catalan", "Catalaans", "Catalan"),
    "zh": ("chinois", "Chinees", "Chinese"),
    "hr": ("croate", "Kroatisch", "Croatian"),
    "prs": ("dari", "Dari", "Dari"),
    "es": ("espagnol", "Spaans", "Spanish"),
    "et": ("estonien", "Ests", "Estonian"),
    "ee": ("éwé", "Ewe", "Ewe"),
    "fi": ("finnois", "Fins", "Finnish"),
    "ka": ("géorgien", "Georgisch", "Georgian"),
    "el": ("grec", "Grieks", "Greek"),
    "gu": ("gujarati", "Gujarati", "Gujarati"),
    "ha": ("haoussa", "Hausa", "Hausa"),
    "he": ("hébreu", "Hebreeuws", "Hebrew"),
    "hi": ("hindi", "Hindi", "Hindi"),
    "hu": ("hongrois", "Hongaars", "Hungarian"),
    "id": ("indonésien", "Indonesisch", "Indonesian"),
    "it": ("italien", "Italiaans", "Italian"),
    "ja": ("japonais", "Japans", "Japanese"),
    "kab": ("kabyle", "Kabylisch", "Kabyle"),
    "rw": ("kinyarwanda", "Kinyarwanda", "Kinyarwanda"),
    "rn": ("kirundi", "Kirundi", "Kirundi"),
    "ku": ("kurde", "Koerdisch", "Kurdish"),
    "lv": ("letton", "Lets", "Latvian"),
    "ln": ("lingala", "Lingala", "Lingala"),
    "lt": ("lituanien", "Litouws", "Lithuanian"),
    "mk": ("macédonien", "Macedonisch", "Macedonian"),
    "mnk": ("mandingue", "Mandinka", "Mandinka"),
    "mn": ("mongol", "Mongools", "Mongolian"),
    "ne": ("népalais", "Nepalees", "Nepali"),
    "ur": ("ourdou", "Urdu", "Urdu"),
    "uz": ("ouzbek", "Oezbeeks", "Uzbek"),
    "ps": ("pachto", "Pasjtoe", "Pashto"),
    "fa": ("persan", "Perzisch", "Persian"),
    "ff": ("peul", "Fula", "Fula"),
    "pl": ("polonais", "Pools", "Polish"),
    "pt": ("portugais", "Portugees", "Portuguese"),
    "pa": ("pendjabi", "Punjabi", "Punjabi"),
    "rif": ("tarifit (rifain)", "Tarifit (Riffijns)", "Tarifit (Riffian)"),
    "ro": ("roumain", "Roemeens", "Romanian"),
    "rom": ("romani", "Romani", "Romani"),
    "ru": ("russe", "Russisch", "Russian"),
    "sr": ("serbe", "Servisch", "Serbian"),
    "sk": ("slovaque", "Slowaaks", "Slovak"),
    "sl": ("slovène", "Sloveens", "Slovene"),
    "so": ("somali", "Somali", "Somali"),
    "sus": ("soussou", "Soussou", "Susu"),
    "sv": ("suédois", "Zweeds", "Swedish"),
    "sw": ("swahili", "Swahili", "Swahili"),
    "syr": ("syriaque", "Syrisch-Aramees", "Syriac"),
    "shi": ("tachelhit", "Tasjelhiet", "Tachelhit"),
    "tl": ("tagalog", "Tagalog", "Tagalog"),
    "zgh": ("tamazight", "Tamazight", "Tamazight"),
    "ta": ("tamoul", "Tamil", "Tamil"),
    "cs": ("tchèque", "Tsjechisch", "Czech"),
    "ce": ("tchétchène", "Tsjetsjeens", "Chechen"),
    "th": ("thaï", "Thai", "Thai"),
    "bo": ("tibétain", "Tibetaans", "Tibetan"),
    "ti": ("tigrigna", "Tigrinya", "Tigrinya"),
    "lua": ("tshiluba", "Tshiluba", "Tshiluba"),
    "tr": ("turc", "Turks", "Turkish"),
    "uk": ("ukrainien", "Oekraïens", "Ukrainian"),
    "vi": ("vietnamien", "Vietnamees", "Vietnamese"),
    "wo": ("wolof", "Wolof", "Wolof"),
    "yo": ("yoruba", "Yoruba", "Yoruba"),
}


_ACCENTS = re.compile("[\u0300-\u036f]+")


def folded(text: str) -> str:
    """Without case, accents and spaces at the ends, for comparing and sorting alike in every database."""
    return _ACCENTS.sub("", unicodedata.normalize("NFD", text.strip().casefold()))


_CODES: Mapping[str, str] = {folded(word): code for code, names in _NAMES.items() for word in (code, *names)}


def name_of(code: str, language: str = "") -> str:
    """The language's name in the language asked for, else that of the request;
    the code itself when the table does not know it.
    """
    names = _NAMES.get(code)
    return names[CODES.index(language or current_language())] if names else code


def names_of(codes: Iterable[str], language: str = "") -> list[str]:
    return [name_of(code, language) for code in codes]


def all_names(language: str = "") -> list[str]:
    """Every name of the table in one language, sorted without accents."""
    return sorted(names_of(_NAMES, language), key=folded)


def read_spoken(text: str) -> list[str]:
    """The codes of languages written by name (in any of the three languages) or by code, separated by commas, in the
    order written, each once.

    Raises ValidationError with a sentence that names what was not recognised, and what may have been meant.
    """
    codes: list[str] = []
    unknown: list[str] = []
    for word in text.replace(";", ",").replace("\n", ",").split(","):
        if word.strip():
            code = _CODES.get(folded(word))
            (codes if code else unknown).append(code or word.strip())
    if unknown:
        raise ValidationError(_refusal(unknown[0]), code="unknown_language")
    return list(dict.fromkeys(codes))


def write_spoken(codes: Iterable[str], language: str = "") -> str:
    """What `read_spoken` reads."""
    return ", ".join(names_of(codes, language))


def refuse_unknown(codes: Iterable[str]) -> None:
    """Raises ValidationError when one of the codes is not in the table."""
    for code in codes:
        if code not in _NAMES:
            raise ValidationError(_refusal(str(code)), code="unknown_language")


def _refusal(word: str) -> str:
    near = get_close_matches(folded(word), _CODES, n=1, cutoff=0.7)
    if near:
        return _("“%(word)s” is not among the languages. Did you mean “%(name)s”?") % {
            "word": word,
            "name": name_of(_CODES[near[0]]),
        }
    return _("“%(word)s” is not among the languages. Write their names, separated by commas: %(examples)s.") % {
        "word": word,
        "examples": write_spoken(("fr", "nl", "tr", "ar")),
    }
