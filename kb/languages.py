"""The three languages of the site and the words of its addresses.

Path words are permanent: they are a table here, not gettext. A word that is replaced moves to `FORMER_WORDS` and goes
on redirecting.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import lazy
from django.utils.translation import get_language

LANGUAGES: Mapping[str, str] = {"fr": "Français", "nl": "Nederlands", "en": "English"}
CODES: tuple[str, ...] = tuple(LANGUAGES)

PATH_WORDS: Mapping[str, Mapping[str, str]] = {
    "library": {"fr": "bibliotheque", "nl": "bibliotheek", "en": "library"},
    "search": {"fr": "chercher", "nl": "zoeken", "en": "search"},
    "suggestions": {"fr": "suggestions", "nl": "suggesties", "en": "suggestions"},
    "read": {"fr": "lire", "nl": "lezen", "en": "read"},
    "file": {"fr": "fichier", "nl": "bestand", "en": "file"},
    "page-image": {"fr": "image", "nl": "beeld", "en": "image"},
    "theme": {"fr": "theme", "nl": "thema", "en": "theme"},
    "account": {"fr": "compte", "nl": "account", "en": "account"},
    "log-in": {"fr": "connexion", "nl": "aanmelden", "en": "log-in"},
    "log-out": {"fr": "deconnexion", "nl": "afmelden", "en": "log-out"},
    "inactive": {"fr": "ferme", "nl": "gesloten", "en": "closed"},
    "new-account": {"fr": "nouveau", "nl": "nieuw", "en": "new"},
    "confirm": {"fr": "confirmer", "nl": "bevestigen", "en": "confirm"},
    "password": {"fr": "mot-de-passe", "nl": "wachtwoord", "en": "password"},
    "new": {"fr": "nouveau", "nl": "nieuw", "en": "new"},
    "forgotten": {"fr": "oublie", "nl": "vergeten", "en": "forgotten"},
    "sent": {"fr": "envoye", "nl": "verzonden", "en": "sent"},
    "done": {"fr": "fait", "nl": "klaar", "en": "done"},
    "second-factor": {"fr": "deuxieme-facteur", "nl": "tweede-factor", "en": "second-factor"},
    "set-up": {"fr": "activer", "nl": "instellen", "en": "set-up"},
    "take-away": {"fr": "retirer", "nl": "verwijderen", "en": "take-away"},
    "recovery-codes": {"fr": "codes-de-secours", "nl": "herstelcodes", "en": "recovery-codes"},
    "members": {"fr": "membres", "nl": "leden", "en": "members"},
    "people": {"fr": "personnes", "nl": "personen", "en": "people"},
    "add": {"fr": "ajouter", "nl": "toevoegen", "en": "add"},
    "contributions": {"fr": "contributions", "nl": "bijdragen", "en": "contributions"},
    "organisations": {"fr": "organisations", "nl": "organisaties", "en": "organisations"},
    "invitation": {"fr": "invitation", "nl": "uitnodiging", "en": "invitation"},
    "address": {"fr": "adresse", "nl": "adres", "en": "address"},
    "passkeys": {"fr": "cles-d-acces", "nl": "toegangssleutels", "en": "passkeys"},
    "sessions": {"fr": "sessions", "nl": "sessies", "en": "sessions"},
    "my-data": {"fr": "mes-donnees", "nl": "mijn-gegevens", "en": "my-data"},
    "processing": {"fr": "registre-des-traitements", "nl": "verwerkingsregister", "en": "processing-register"},
    "newsletter": {"fr": "echos", "nl": "echos", "en": "echos"},
    "subscription": {"fr": "abonnement", "nl": "abonnement", "en": "subscription"},
    "unsubscribe": {"fr": "desabonnement", "nl": "uitschrijven", "en": "unsubscribe"},
    "change": {"fr": "modifier", "nl": "wijzigen", "en": "change"},
    "feed": {"fr": "fil.atom", "nl": "feed.atom", "en": "feed.atom"},
    "display": {"fr": "affichage", "nl": "weergave", "en": "display"},
    "handbook": {"fr": "mode-d-emploi", "nl": "handleiding", "en": "handbook"},
    "verify": {"fr": "verifier", "nl": "nakijken", "en": "verify"},
    "seats": {"fr": "sieges", "nl": "zetels", "en": "seats"},
    "decisions": {"fr": "decisions", "nl": "beslissingen", "en": "decisions"},
    "vote": {"fr": "vote", "nl": "stemmen", "en": "vote"},
    "about": {"fr": "objet", "nl": "onderwerp", "en": "about"},
    "amendment": {"fr": "modification", "nl": "wijziging", "en": "amendment"},
    "undo": {"fr": "annuler", "nl": "intrekken", "en": "undo"},
    "sitemap": {"fr": "plan", "nl": "sitemap", "en": "site-map"},
}

FORMER_WORDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "library": {"fr": ("bibliotheque-virtuelle",), "nl": ("virtuele-bibliotheek",), "en": ("virtual-library",)},
    "search": {"fr": ("recherche",), "nl": ("zoek",), "en": ("find",)},
}


def current_language() -> str:
    """The language of the request: "fr", "nl" or "en"."""
    code = (get_language() or "fr")[:2]
    return code if code in LANGUAGES else "fr"


def word(name: str) -> str:
    """The path word of a route in the language of the request; lazy, so that `path(word("library"), …)` follows it."""
    return _word(name)


def word_in(name: str, language: str) -> str:
    return PATH_WORDS[name][language]


_word = lazy(lambda name: PATH_WORDS[name][current_language()], str)
