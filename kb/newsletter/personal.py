"""The personal data of the newsletter: subscriptions and what was agreed to, what was sent to whom, hashes of erased
addresses, and who handled them.

pending ──14 days──► gone          unsubscribed ──a year──► erased (a keyed hash stays, so that no list brings the person back)
not_now ──a year──► gone           delivery ──a year after its sending──► nobody's          a new address that nobody confirmed ──7 days──► gone
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kb.accounts.personal_data.places import list_places
from kb.accounts.personal_data.registry import (
    ACCOUNTABILITY,
    COORDINATION,
    Basis,
    PersonalData,
    Row,
    register_personal,
    rows_of,
)
from kb.accounts.personal_data.scrubbing import Identity, naming, scrub
from kb.newsletter.choices import SubscriberState
from kb.newsletter.message.addresses import folded
from kb.newsletter.models import Consent, Delivery, Issue, IssueItem, Sending, Subscriber
from kb.newsletter.models.gatherings import Reminder
from kb.newsletter.subscribers import erased, subscribing

UNCONFIRMED_KEPT = timedelta(days=14)
LEFT_KEPT = timedelta(days=365)
DELIVERIES_KEPT = timedelta(days=365)
MOST_A_DAY = 500  # each erasure looks through messages and lists

SUBSCRIBERS = _("Whoever subscribed to L'Échos-CASS, with or without an account")


def subscription_rows(user: Any) -> Iterator[Row]:
    """The subscriptions of the person's proven addresses, each with its consents in their order."""
    for one in subscribing.own_subscriptions(user):
        consents = one.consents.values("event", "source", "language", "wording", "proof", "given_on", "at")
        yield {
            **{
                name: getattr(one, name)
                for name in ("email", "language", "state", "created_at", "state_at", "new_email")
            },
            "refusals": one.refusals,
            "last_refusal": one.refused_words,
            "consents": list(consents),
        }


def subscriptions_in_words(user: Any) -> Iterator[str]:
    for one in subscribing.own_subscriptions(user):
        yield f"{one.email}, {one.get_state_display()}, {one.get_language_display()}"


def erase_subscriptions(user: Any, identity: Identity) -> int:
    """Erases the subscriptions of the addresses that the person has proven; those of other people's addresses are not
    theirs to end.
    """
    found = list(Subscriber.objects.filter(email_key__in=[folded(address) for address in identity.proven]))
    for one in found:
        subscribing.erase(one)
    return len(found)


def thin_subscriptions() -> str | None:
    """What is said above, each part safe to be done twice."""
    now = timezone.now()
    open_link = Q(confirm_expires_at__gt=now)
    pending = Subscriber.objects.filter(state=SubscriberState.PENDING, created_at__lt=now - UNCONFIRMED_KEPT).exclude(
        open_link
    )
    refusing = Subscriber.objects.filter(state=SubscriberState.NOT_NOW, state_at__lt=now - LEFT_KEPT).exclude(open_link)
    left = Subscriber.objects.filter(state=SubscriberState.UNSUBSCRIBED, state_at__lt=now - LEFT_KEPT).exclude(
        open_link
    )
    counts = {
        "subscriptions never confirmed removed": _delete(pending),
        "subscriptions of mailboxes that refuse removed": _delete(refusing),
        "addresses that left a year ago erased": _erase(left),
        "open links ended": Subscriber.objects.filter(confirm_expires_at__lt=now).update(
            confirm_hash="", confirm_expires_at=None, new_email=""
        ),
        "addresses erased again after a restore": erased.erase_again(subscribing.erase),
        "unsubscribed again after a restore": sum(subscribing.unsubscribe(one) for one in erased.left_since()),
    }
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count) or None


def _delete(rows: QuerySet[Subscriber]) -> int:
    return rows.delete()[1].get("newsletter.Subscriber", 0)


def _erase(rows: QuerySet[Subscriber]) -> int:
    found = list(rows.order_by("pk")[:MOST_A_DAY])
    for one in found:
        subscribing.erase(one)
    return len(found)


def deliveries_of(user: Any) -> QuerySet[Delivery]:
    return Delivery.objects.filter(subscriber__in=[one.pk for one in subscribing.own_subscriptions(user)]).order_by(
        "pk"
    )


def thin_deliveries() -> str | None:
    """Who received an issue is forgotten, how many did stays."""
    old = Delivery.objects.filter(sending__finished_at__lt=timezone.now() - DELIVERIES_KEPT)
    gone = old.exclude(subscriber=None, error="").update(subscriber=None, error="")
    return f"{gone} deliveries older than a year are nobody's now" if gone else None


def handled_rows(user: Any) -> Iterator[Row]:
    """What an editor did: consents written down for others (without saying whose), reminders, sendings begun."""
    for consent in Consent.objects.filter(recorded_by=user).order_by("pk").values("event", "source", "at").iterator():
        yield {"what": "consent written down", **consent}
    for reminder in Reminder.objects.filter(user=user).order_by("pk").values("due_on", "sent_at").iterator():
        yield {"what": "reminded of an issue", **reminder}
    sendings = Sending.objects.filter(created_by=user).order_by("pk").values("issue__number", "created_at")
    for sending in sendings.iterator():
        yield {"what": "sending begun", **sending}


def erase_handled(user: Any, identity: Identity) -> int:
    """The number of the account stays with what it did; proofs of consent lose the words that name the person."""
    opened = Issue.objects.filter(locked_by=user).update(locked=False, locked_by=None, locked_at=None)
    opened += Reminder.objects.filter(user=user).delete()[0]
    mine, begun = Q(recorded_by=user), Q(created_by=user)
    changed = scrub(Consent.objects.all(), ("proof",), identity, own=mine) + scrub(
        Subscriber.objects.all(), ("refused_words",), identity
    )
    list_places(Consent.objects.exclude(mine), ("proof",), identity)
    list_places(Sending.objects.exclude(begun), ("note",), identity)
    return (
        opened
        + changed
        + scrub(Delivery.objects.all(), ("error",), identity)
        + scrub(Sending.objects.all(), ("note",), identity, own=begun)
    )


def issues_that_name(identity: Identity) -> Iterable[Issue]:
    words = identity.anywhere
    found = naming(Issue.objects.all(), ("title", "lead"), words) | Issue.objects.filter(
        pk__in=naming(IssueItem.objects.all(), ("title", "text"), words).order_by().values("issue")
    )
    return found.order_by("-number").distinct()


def register_all() -> None:
    register_personal(
        PersonalData(
            name="newsletter.subscriptions",
            label=_("Subscriptions to L'Échos-CASS"),
            what=_(
                "Address, language, state, and each consent: day, words that were read, how it came, "
                "proof; refusals of the mailbox"
            ),
            people=SUBSCRIBERS,
            purpose=_("Sending the newsletter to those who asked for it, and being able to show that they did"),
            basis=Basis.CONSENT,
            basis_words=_(
                "The person signs up and confirms, or gave a consent that can be shown; leaving takes one click"
            ),
            kept_words=_(
                "As long as subscribed; 14 days if never confirmed; one year after leaving or after the mailbox refused"
            ),
            kept=LEFT_KEPT,
            thin=thin_subscriptions,
            seen_by=_("The person and the editors"),
            after_erasure=_("A keyed hash, from which the address cannot be read, so that no list brings it back"),
            order=104,
            export=subscription_rows,
            count=lambda user: len(subscribing.own_subscriptions(user)),
            shown=subscriptions_in_words,
            erase=erase_subscriptions,
        )
    )
    register_personal(
        PersonalData(
            name="newsletter.deliveries",
            label=_("Issues sent"),
            what=_(
                "Which issue was handed over for which subscription, when, and what the mail server "
                "answered; never whether it was opened"
            ),
            people=SUBSCRIBERS,
            purpose=_("Sending each issue once, and ending what does not arrive"),
            basis=Basis.CONSENT,
            basis_words=_("Part of the subscription"),
            kept_words=_("One year after the issue was sent; then only how many received it"),
            kept=DELIVERIES_KEPT,
            thin=thin_deliveries,
            seen_by=_("Editors: how many, and what failed"),
            after_erasure=_("That a message was sent, to nobody in particular"),
            order=105,
            **rows_of(deliveries_of, "sending__issue__number", "language", "state", "sent_at", "error"),
        )
    )
    register_personal(
        PersonalData(
            name="newsletter.erased",
            label=_("Addresses that asked to be erased"),
            what=_("A keyed hash and the day; not the address"),
            people=SUBSCRIBERS,
            purpose=_("Not writing again to who asked to be erased, when a list is brought in later"),
            basis=Basis.LEGAL_OBLIGATION,
            basis_words=_("Right to object and to be erased (GDPR, articles 17 and 21)"),
            kept_words=_("As long as the newsletter appears"),
            seen_by=_("Nobody: the site alone compares"),
            after_erasure=_("The hash"),
            order=106,
        )
    )
    register_personal(
        PersonalData(
            name="newsletter.handled",
            label=_("What editors did for the newsletter"),
            what=_(
                "Which editor wrote down a consent or a departure, was reminded of an issue, is "
                "writing one, began a sending"
            ),
            people=_("Editors"),
            purpose=COORDINATION,
            basis=Basis.LEGAL_OBLIGATION,
            basis_words=ACCOUNTABILITY,
            kept_words=_("As long as the subscription or the issue"),
            seen_by=_("Editors"),
            after_erasure=_("A number in the place of the editor"),
            order=107,
            export=handled_rows,
            erase=erase_handled,
            looks_through_texts=True,
            still_named=issues_that_name,
        )
    )
