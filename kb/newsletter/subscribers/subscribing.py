"""What happens to a subscription: asking, confirming, changing, leaving, coming back, being erased; each with its
consent written down.

    ask() ──► pending ──confirm()──► active ──unsubscribe()──► unsubscribed ──ask(), confirm()──► active
                                       │ ▲
             note_refused(), twice     ▼ │  lift(), or ask() and confirm()                  erase() from any state: the row goes, a keyed hash stays
                                    not_now

Who asks learns nothing: `ask` gives nothing back, and does the same statements and posts one message whether the
address is new, known or was erased. Pages are in `subscription_views`, messages in `writing`, lists that are brought in
in `importing`.
"""  # noqa: E501

from __future__ import annotations

import hashlib
import secrets
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext, override

from kb.accounts.addresses import own_addresses
from kb.accounts.personal_data.scrubbing import Identity, scrub
from kb.accounts.writing import address_of
from kb.clock.choices import MailState
from kb.clock.models import OutgoingMail
from kb.newsletter.choices import ConsentEvent, ConsentSource, SubscriberState
from kb.newsletter.message.addresses import folded, masked
from kb.newsletter.message.links import change_url
from kb.newsletter.models import Consent, Delivery, Sending, Subscriber
from kb.newsletter.models.subscribers import new_key
from kb.newsletter.subscribers import erased
from kb.newsletter.subscribers.messages import written
from kb.sheets.personal import erase_sheets
from kb.site.limiting import may_write

LINK_DAYS = 7  # that a link which confirms works
MOST_REFUSALS = 2  # of different messages, for good
NOBODY = "erased@erased.invalid"
RECEIVING = (SubscriberState.ACTIVE, SubscriberState.NOT_NOW)  # they subscribed and did not leave


class AddressTaken(Exception):
    """Raised when the new address of a subscription is subscribed by itself meanwhile."""


def wording(language: str) -> str:
    """What a person agrees to, as the form shows it and as the consent keeps it."""
    with override(language):
        return gettext(
            "I agree that the CASS keeps this address in order to send me its newsletter, L'Échos-CASS. "
            "I can leave at any time with one click in each issue, and have the address erased."
        )


# Asking and confirming


@transaction.atomic
def ask(email: str, language: str, *, wording: str, source: str = ConsentSource.FORM) -> None:
    """Somebody typed this address into the form: writes to it, what depends on its state; changes nothing that its
    owner decided.

    email: as `clean_address` gives it. Past three messages per hour to one address nothing happens, and nobody is told.
    """
    may = may_write(folded(email), "newsletter")
    Subscriber.objects.bulk_create(
        [Subscriber(email=email, email_key=folded(email), language=language)], ignore_conflicts=True
    )
    subscriber = Subscriber.objects.select_for_update().get(email_key=folded(email))
    token, values = _new_token()
    if subscriber.state == SubscriberState.ACTIVE or not may:
        values = {"email_key": subscriber.email_key}  # the same statement, without effect
    Subscriber.objects.filter(pk=subscriber.pk).update(**values)
    message = _answer(subscriber, token, language)
    if may:
        Consent.objects.create(
            subscriber=subscriber, event=ConsentEvent.ASKED, source=source, language=language, wording=wording
        )
        message.send()


def row_of(token: str) -> Subscriber | None:
    """The subscriber whose confirming link holds this token; None when it was used or revoked, is too old, or never
    was. One query.
    """
    if not token:
        return None
    return Subscriber.objects.filter(confirm_hash=_hashed(token), confirm_expires_at__gt=timezone.now()).first()


@transaction.atomic
def confirm(token: str, *, wording: str = "") -> Subscriber | None:
    """Does what the link of this token was sent for: subscribes, resumes, or changes the address. None as `row_of`; a
    token counts once.

    wording: what the page of the link showed, else what the form had.

    Raises AddressTaken, and does nothing, when the new address is a subscriber's own meanwhile.
    """
    if not token:
        return None
    found = (
        Subscriber.objects.select_for_update()
        .filter(confirm_hash=_hashed(token), confirm_expires_at__gt=timezone.now())
        .first()
    )
    if found is None:
        return None
    if found.new_email:
        _take_new_address(found)
    elif found.state != SubscriberState.ACTIVE:
        asked = found.consents.filter(event=ConsentEvent.ASKED).last()
        event = ConsentEvent.RESUMED if found.state == SubscriberState.NOT_NOW else ConsentEvent.GIVEN
        found.language = asked.language if asked else found.language
        _activate(found)
        _note(found, event, ConsentSource.LINK, wording=wording or (asked.wording if asked else ""))
        erased.forget(found.email)
    found.confirm_hash, found.confirm_expires_at, found.new_email = "", None, ""
    found.save()
    return found


def _answer(subscriber: Subscriber, token: str, language: str):
    """The one message that answers a form, by what the address is to us."""
    context: dict[str, str | int]
    if subscriber.state == SubscriberState.ACTIVE:
        context = {"link": change_url(subscriber.key, subscriber.language)}
        return written(subscriber.email, "already", context, language=subscriber.language)
    name = "resume" if subscriber.state == SubscriberState.NOT_NOW else "confirm"
    context = {"link": address_of("newsletter:confirm_link", token, language=language), "days": LINK_DAYS}
    return written(subscriber.email, name, context, language=language)


# Changing


@transaction.atomic
def change_language(subscriber: Subscriber, language: str, *, source: str = ConsentSource.LINK) -> None:
    if subscriber.language != language:
        subscriber.language = language
        subscriber.save(update_fields=["language"])
        _note(subscriber, ConsentEvent.CHANGED, source)


@transaction.atomic
def ask_new_address(subscriber: Subscriber, email: str) -> None:
    """Writes to the new address; nothing changes before its link is used. An address that is subscribed already is told
    so, and nobody else.

    The row keeps the same either way: an earlier link stops working whatever this address is to us. Does nothing for
    who left.
    """
    may = may_write(folded(email), f"newsletter of {subscriber.pk}")
    here = Subscriber.objects.select_for_update().filter(pk=subscriber.pk, state__in=RECEIVING).first()
    if here is None or not may:
        return
    other = Subscriber.objects.filter(email_key=folded(email)).exclude(pk=here.pk).first()
    token, values = _new_token()
    Subscriber.objects.filter(pk=here.pk).update(**{**values, "new_email": email})
    if other is not None and other.state == SubscriberState.ACTIVE:
        message = _answer(other, token, other.language)
    else:
        link = address_of("newsletter:confirm_link", token, language=here.language)
        context = {"link": link, "days": LINK_DAYS, "former": masked(here.email)}
        message = written(email, "address", context, language=here.language)
    message.send()


def _take_new_address(subscriber: Subscriber) -> None:
    """The caller saves. A row that the new address left behind (never confirmed, or unsubscribed) makes room: its
    reader agrees anew here.

    Of the former address only the message that tells it stays, as long as messages are kept.
    """
    former, new = subscriber.email, subscriber.new_email
    other = Subscriber.objects.select_for_update().filter(email_key=folded(new)).exclude(pk=subscriber.pk).first()
    if other is not None:
        if other.state in (SubscriberState.ACTIVE, SubscriberState.NOT_NOW):
            raise AddressTaken(masked(new))
        other.delete()
    subscriber.email, subscriber.email_key = new, folded(new)
    subscriber.key = new_key()
    _activate(subscriber)
    _note(subscriber, ConsentEvent.CHANGED, ConsentSource.LINK)
    erased.forget(new)
    _forget(former, Q(address__iexact=former, kind__startswith="newsletter."))
    written(former, "changed", {"new": masked(new)}, language=subscriber.language).send()


# Leaving and coming back


@transaction.atomic
def unsubscribe(subscriber: Subscriber, source: str = ConsentSource.LINK, *, by: Any = None) -> bool:
    """Ends the subscription: nothing is sent from now on, and confirming links stop working. False if it had ended
    already."""
    locked = (
        Subscriber.objects.select_for_update()
        .filter(pk=subscriber.pk)
        .exclude(state=SubscriberState.UNSUBSCRIBED)
        .first()
    )
    if locked is None:
        return False
    locked.state, locked.state_at = SubscriberState.UNSUBSCRIBED, timezone.now()
    locked.confirm_hash, locked.confirm_expires_at, locked.new_email = "", None, ""
    locked.save()
    _note(locked, ConsentEvent.WITHDRAWN, source, by=by)
    erased.note_left(locked.email)
    subscriber.refresh_from_db()
    return True


@transaction.atomic
def lift(subscriber: Subscriber, source: str = ConsentSource.LINK) -> bool:
    """The mailbox takes messages again, says its owner; False when it was not "not now"."""
    locked = Subscriber.objects.select_for_update().filter(pk=subscriber.pk, state=SubscriberState.NOT_NOW).first()
    if locked is None:
        return False
    _activate(locked)
    locked.save()
    _note(locked, ConsentEvent.RESUMED, source)
    subscriber.refresh_from_db()
    return True


@transaction.atomic
def erase(subscriber: Subscriber) -> None:
    """Takes the address away wherever we keep it, but for a keyed hash. Deliveries stay without anybody, so that counts
    stay true.

    Also lines of lists that were brought in, and our messages to the address: what waits is dropped, of what was sent
    kind and day stay. Of a new address that was typed and never confirmed, which may be anybody's, only the messages
    that asked for its confirmation.
    """
    erased.remember(subscriber.email)
    Delivery.objects.filter(subscriber=subscriber.pk).exclude(error="").update(error="")
    Subscriber.objects.filter(pk=subscriber.pk).delete()
    written_to = Q(address__iexact=subscriber.email, kind__startswith="newsletter.")
    if subscriber.new_email:
        written_to |= Q(address__iexact=subscriber.new_email, kind="newsletter.address")
    OutgoingMail.objects.filter(written_to, state=MailState.WAITING).delete()
    _forget(subscriber.email, written_to)
    erase_sheets(None, Identity(0, (subscriber.email,)))


def _forget(address: str, written_to: Q) -> None:
    """Takes an address out of the messages that were sent to it and of what servers said about a sending."""
    mail = OutgoingMail.objects.filter(written_to).exclude(state=MailState.WAITING)
    mail.update(address=NOBODY, subject="", sealed=b"", message_id="", error="")
    scrub(Sending.objects.all(), ("note",), Identity(0, (address,)))


# What mail servers answer


@transaction.atomic
def note_refused(subscriber: Subscriber, words: str) -> None:
    """A message was refused for good, at once or later; once per message.

    At the second the mailbox is left alone until its owner lifts that.
    """
    locked = Subscriber.objects.select_for_update().filter(pk=subscriber.pk).first()
    if locked is None:
        return
    locked.refusals += 1
    locked.refused_at, locked.refused_words = timezone.now(), words[:255]
    if locked.refusals >= MOST_REFUSALS and locked.state == SubscriberState.ACTIVE:
        locked.state, locked.state_at = SubscriberState.NOT_NOW, timezone.now()
    locked.save(update_fields=["refusals", "refused_at", "refused_words", "state", "state_at"])


def note_accepted(subscriber: Subscriber) -> None:
    """A message arrived: earlier refusals no longer count. No query where there were none."""
    if subscriber.refusals:
        Subscriber.objects.filter(pk=subscriber.pk).update(refusals=0, refused_at=None, refused_words="")
        subscriber.refusals = 0


# Members, and lists


def own_subscriptions(user: Any) -> list[Subscriber]:
    """The subscriptions of the proven addresses of a person, that of the main address first. Two queries."""
    order = [folded(row.email) for row in own_addresses(user) if row.verified]
    return sorted(Subscriber.objects.filter(email_key__in=order), key=lambda one: order.index(one.email_key))


@transaction.atomic
def subscribe_own(user: Any, language: str, *, wording: str) -> Subscriber | None:
    """A member subscribes their own main address; None while that address is not proven.

    No message: who asks is who reads.
    """
    if not any(row.verified and row.email == user.email for row in own_addresses(user)):
        return None
    return _begin(user.email, language, ConsentSource.ACCOUNT, wording=wording)


@transaction.atomic
def bring_in(email: str, language: str, *, given_on: date, proof: str, by: Any) -> Subscriber:
    """An address of a list with a proof of consent; the caller has looked that it neither left nor was erased.

    Writes a word of welcome.
    """
    subscriber = _begin(email, language, ConsentSource.IMPORT, proof=proof[:500], given_on=given_on, by=by)
    link = change_url(subscriber.key, language)
    written(email, "welcome", {"link": link, "given_on": given_on}, language=language, in_bulk=True).send()
    return subscriber


def _begin(email: str, language: str, source: str, **consent: Any) -> Subscriber:
    """Makes the address active, whatever it was."""
    Subscriber.objects.bulk_create(
        [Subscriber(email=email, email_key=folded(email), language=language)], ignore_conflicts=True
    )
    subscriber = Subscriber.objects.select_for_update().get(email_key=folded(email))
    if subscriber.state != SubscriberState.ACTIVE:
        subscriber.language = language
        subscriber.confirm_hash, subscriber.confirm_expires_at = "", None
        _activate(subscriber)
        subscriber.save()
        _note(subscriber, ConsentEvent.GIVEN, source, **consent)
        erased.forget(email)
    return subscriber


# Shared steps


def _activate(subscriber: Subscriber) -> None:
    """The caller saves."""
    if subscriber.state != SubscriberState.ACTIVE:
        subscriber.state, subscriber.state_at = SubscriberState.ACTIVE, timezone.now()
    subscriber.refusals, subscriber.refused_at, subscriber.refused_words = 0, None, ""


def _note(subscriber: Subscriber, event: str, source: str, *, by: Any = None, **values: Any) -> None:
    """`by`: the editor who did it for a person who asked."""
    Consent.objects.create(
        subscriber=subscriber, event=event, source=source, language=subscriber.language, recorded_by=by, **values
    )


def _new_token() -> tuple[str, dict[str, Any]]:
    """A token of 192 random bits, and the columns that keep its hash;
    an older link of the same subscriber stops working.
    """
    token = secrets.token_urlsafe(24)
    return token, {
        "confirm_hash": _hashed(token),
        "confirm_expires_at": timezone.now() + timedelta(days=LINK_DAYS),
        "new_email": "",
    }


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
