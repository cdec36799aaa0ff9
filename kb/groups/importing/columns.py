"""The sheets of a workbook of people and their columns, as people head them in the three languages."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from kb.sheets.kinds import Column, Sheet

_CODE = {"fr": "Code de l’organisation", "nl": "Code van de organisatie", "en": "Organisation code"}
_ADDRESS = {"fr": "Adresse électronique", "nl": "E-mailadres", "en": "E-mail address"}
_ADDRESS_TOO = ("e-mail", "email", "mail", "courriel", "adresse mail", "adresse e-mail", "mailadres", "adresse")
_SINCE = {"fr": "Depuis le", "nl": "Sinds", "en": "Since"}
_ORGANISATION = {"fr": "Organisation", "nl": "Organisatie", "en": "Organisation"}

ORGANISATIONS = Sheet(
    "organisations",
    {"fr": "Organisations", "nl": "Organisaties", "en": "Organisations"},
    (
        Column(
            "code",
            _CODE,
            required=True,
            help=_("Small letters and hyphens; it never changes: planning-familial"),
            also=("code",),
        ),
        Column(
            "name",
            {"fr": "Nom de l’organisation", "nl": "Naam van de organisatie", "en": "Organisation name"},
            required=True,
            also=("nom", "naam", "name", "dénomination", "benaming"),
        ),
        Column(
            "kind",
            {"fr": "Type", "nl": "Soort", "en": "Kind"},
            help=_("CPAS, commune, association, other"),
            also=("nature",),
        ),
    ),
)

PEOPLE = Sheet(
    "people",
    {"fr": "Personnes", "nl": "Personen", "en": "People"},
    (
        Column(
            "email",
            _ADDRESS,
            required=True,
            help=_("Whoever already logs in with it is recognised."),
            also=_ADDRESS_TOO,
        ),
        Column(
            "first_name",
            {"fr": "Prénom", "nl": "Voornaam", "en": "First name"},
            help=_("Empty where “Name” holds the whole name."),
        ),
        Column(
            "name",
            {"fr": "Nom", "nl": "Naam", "en": "Name"},
            also=("nom complet", "nom et prénom", "full name", "volledige naam"),
        ),
        Column(
            "language",
            {"fr": "Langue", "nl": "Taal", "en": "Language"},
            help=_("fr, nl or en: of the messages and of the site."),
        ),
        Column("phone", {"fr": "Téléphone", "nl": "Telefoon", "en": "Phone"}, also=("tél", "tel", "gsm")),
        Column(
            "organisation",
            {"fr": "Employeur", "nl": "Werkgever", "en": "Employer"},
            help=_("Code or name of an organisation."),
            also=(*_ORGANISATION.values(), *_CODE.values(), "institution"),
        ),
        Column("function", {"fr": "Fonction", "nl": "Functie", "en": "Function"}),
        Column(
            "since",
            _SINCE,
            help=_("First day with this employer; empty: today."),
            also=("en fonction depuis", "in dienst sinds", "employed since"),
        ),
        Column(
            "other_addresses",
            {"fr": "Autres adresses", "nl": "Andere adressen", "en": "Other addresses"},
            help=_("Divided by commas. The person proves them later, in their account."),
        ),
    ),
)

MANDATES = Sheet(
    "mandates",
    {"fr": "Mandats", "nl": "Mandaten", "en": "Mandates"},
    (
        Column("email", _ADDRESS, required=True, help=_("One of the person's addresses."), also=_ADDRESS_TOO),
        Column(
            "body",
            {"fr": "Groupe ou comité", "nl": "Groep of comité", "en": "Group or committee"},
            required=True,
            help=_("Its code (PA) or its name."),
            also=("groupe", "groep", "group", "gt", "wg", "body", "organe", "instance", "code du groupe", "code"),
        ),
        Column(
            "organisation", _ORGANISATION, help=_("For which organisation; code or name."), also=tuple(_CODE.values())
        ),
        Column(
            "role",
            {"fr": "Qualité", "nl": "Hoedanigheid", "en": "Role"},
            help=_("Needed for a new mandate: chair, vice-chair, member, coordinator, consultant or invited."),
            also=("rôle", "rol"),
        ),
        Column("since", _SINCE, also=("début", "begin", "from", "van")),
        Column("until", {"fr": "Jusqu’au", "nl": "Tot en met", "en": "Until"}, also=("fin", "einde", "tot")),
        Column(
            "is_referent",
            {"fr": "Personne référente", "nl": "Referent", "en": "Follows the contributions"},
            help=_("Yes or no: accepts what members of the body contribute."),
            also=("référent", "référente", "referentiepersoon", "referent"),
        ),
        Column(
            "voice",
            {"fr": "Voix", "nl": "Stem", "en": "Voice"},
            help=_("Deliberative or consultative; empty: as the role has it."),
        ),
        Column(
            "standing",
            {"fr": "Effectif ou suppléant", "nl": "Effectief of plaatsvervanger", "en": "Holder or substitute"},
            also=("effectif/suppléant", "suppléance"),
        ),
        Column(
            "side",
            {"fr": "Côté", "nl": "Kant", "en": "Side"},
            help=_("CPAS, municipality or associations; empty: that of the organisation."),
            also=("zijde",),
        ),
        Column(
            "service",
            {"fr": "Service", "nl": "Dienst", "en": "Service"},
            help=_("A service of the organisation, where the person sits for it alone."),
        ),
    ),
)
