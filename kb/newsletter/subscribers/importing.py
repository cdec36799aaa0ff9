"""Subscribers brought in by a list: each line with a day and a proof of consent. Nobody who left, or was erased, is
brought back by one.

What a line would do is looked at first and again when it is written; the steps around it are in
`kb.sheets.bringing_in`.
Each person who is
brought in gets one message, on the long queue: that they are on the list, since when, and how to leave.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kb.languages import LANGUAGES
from kb.newsletter.choices import SubscriberState
from kb.newsletter.message import addresses
from kb.newsletter.models import Subscriber
from kb.newsletter.subscribers import erased, subscribing
from kb.sheets.choices import Verdict
from kb.sheets.kinds import Column, Context, Looked, NotUnderstood, Sheet, SheetKind, day_of, folded

LANGUAGE_WORDS = {
    **{folded(word): "fr" for word in ("f", "français", "frans", "french", "francophone")},
    **{folded(word): "nl" for word in ("n", "néerlandais", "nederlands", "dutch", "néerlandophone")},
    **{folded(word): "en" for word in ("e", "anglais", "engels", "english")},
    **{code: code for code in LANGUAGES},
}


def look(context: Context, sheet: Sheet, values: Mapping[str, str]) -> Looked:
    """Two queries per line. Raises NotUnderstood or ValidationError with a sentence."""
    email = _address(values)
    language, given_on, _proof = _language(values), _day(values), _proven(values)
    _once(context, email)
    if erased.was_erased(email):
        remark = _(
            "This address asked to be erased: it is not brought back, and this report does not "
            "keep it. Its owner may sign up again."
        )
        return Looked(Verdict.SAME, remark, kept={})
    row = Subscriber.objects.filter(email_key=addresses.folded(email)).first()
    if row is None:
        return Looked(Verdict.NEW, _("Consent of %(day)s.") % {"day": date_format(given_on, "SHORT_DATE_FORMAT")})
    return _known(row, language)


def _known(row: Subscriber, language: str) -> Looked:
    if row.state == SubscriberState.PENDING:
        return Looked(Verdict.CHANGED, _("Signed up without confirming yet: becomes subscribed, with this proof."))
    if row.state == SubscriberState.UNSUBSCRIBED:
        left = date_format(timezone.localdate(row.state_at), "SHORT_DATE_FORMAT")
        return Looked(
            Verdict.SAME, _("Unsubscribed on %(day)s: not brought back. Its owner may sign up again.") % {"day": left}
        )
    if row.state == SubscriberState.NOT_NOW:
        return Looked(Verdict.SAME, _("Subscribed, but the mailbox refuses our messages: its owner lifts that."))
    if row.language != language:
        return Looked(Verdict.SAME, _("Subscribed already, in another language: its owner chose it, so it stays."))
    return Looked(Verdict.SAME)


def write(context: Context, sheet: Sheet, values: Mapping[str, str]) -> None:
    """After a look that said new or changed; a message of welcome leaves with the transaction."""
    subscribing.bring_in(
        _address(values), _language(values), given_on=_day(values), proof=_proven(values), by=context.user
    )


def _address(values: Mapping[str, str]) -> str:
    text = values["email"].strip()
    if text.lower().startswith("mailto:"):
        text = text[len("mailto:") :]
    if not text:
        raise NotUnderstood(_("There is no address in this line."))
    try:
        return addresses.clean_address(text)
    except ValidationError as refused:
        raise NotUnderstood(" ".join(refused.messages)) from refused


def _once(context: Context, email: str) -> None:
    """Each address counts in the first line that is understood.

    When writing, the memory is empty and the database knows.
    """
    seen = context.memory.setdefault("addresses", {})
    first = seen.setdefault(addresses.folded(email), context.line)
    if first != context.line:
        raise NotUnderstood(_("This address stands in line %(line)s already: only that line counts.") % {"line": first})


def _language(values: Mapping[str, str]) -> str:
    text = values["language"]
    try:
        return LANGUAGE_WORDS[folded(text)]
    except KeyError:
        raise NotUnderstood(
            _("“%(text)s” is none of the languages of the newsletter: write fr, nl or en.") % {"text": text[:80]}
        ) from None


def _day(values: Mapping[str, str]) -> date:
    found = day_of(values["given_on"])
    if found is None:
        raise NotUnderstood(_("Without the day of the consent nobody is brought in: write it as 31/12/2026."))
    if found > timezone.localdate():
        raise NotUnderstood(_("The day of the consent is still to come."))
    return found


def _proven(values: Mapping[str, str]) -> str:
    if not values["proof"]:
        raise NotUnderstood(
            _("Without a proof of consent nobody is brought in: write what shows it, and where it is kept.")
        )
    return values["proof"]


SUBSCRIBERS = SheetKind(
    code="subscribers",
    label=gettext_lazy("Subscribers of L'Échos-CASS"),
    help=gettext_lazy(
        "Only people who agreed to receive L'Échos-CASS. Who unsubscribed or asked to be erased is not brought back. "
        "When the lines are written, each new subscriber gets one message that says so, with a link to leave."
    ),
    order=60,
    sheets=(
        Sheet(
            "subscribers",
            {"fr": "Abonnés", "nl": "Abonnees", "en": "Subscribers"},
            (
                Column(
                    "email",
                    {"fr": "Adresse électronique", "nl": "E-mailadres", "en": "E-mail address"},
                    required=True,
                    help=gettext_lazy("One address, without a name around it."),
                    also=("E-mail", "Email", "Courriel", "Adresse e-mail", "Adresse", "Address"),
                ),
                Column(
                    "language",
                    {"fr": "Langue", "nl": "Taal", "en": "Language"},
                    required=True,
                    help=gettext_lazy("fr, nl or en."),
                ),
                Column(
                    "given_on",
                    {"fr": "Accord du", "nl": "Akkoord van", "en": "Consent of"},
                    required=True,
                    help=gettext_lazy("The day on which the person agreed: 31/12/2026."),
                    also=("Date", "Datum", "Date de l'accord", "Datum akkoord", "Jour"),
                ),
                Column(
                    "proof",
                    {"fr": "Preuve de l’accord", "nl": "Bewijs van akkoord", "en": "Proof of consent"},
                    required=True,
                    help=gettext_lazy(
                        "What shows it and where it is kept: “list signed at the meeting of 3 March, binder 12”."
                    ),
                    also=("Preuve", "Bewijs", "Proof"),
                ),
            ),
        ),
    ),
    look=look,
    write=write,
)
