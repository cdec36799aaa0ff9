"""Messages to those who decide: words in templates/decisions/email/<name>_subject.txt and _message.txt.

A message to a ballot carries a link of its own, of which only the hash is kept; those sent before stay good, unless
they were taken back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import override

from kb.accounts.models import User
from kb.decisions.choices import Weight
from kb.decisions.models import Ballot, Decision, Link, Vote
from kb.decisions.models.votes import hash_of, new_token
from kb.groups.models import Mandate

_quiet: ContextVar[bool] = ContextVar("decisions_quietly", default=False)


@contextmanager
def quietly() -> Iterator[None]:
    """Inside it nobody is written to: for the demonstration, and for what is entered long after it was decided."""
    token = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(token)


def send_link(ballot: Ballot, name: str, *, alone: bool = False, **context: Any) -> None:
    """Sends the ballot's person a link; alone: the former ones are good no longer. Call it inside the transaction of
    its reason.
    """
    if ballot.user is None:
        return
    if alone:
        ballot.links.all().delete()
    token = new_token()
    Link.objects.create(ballot=ballot, token_hash=hash_of(token))
    link = address_of("decisions:vote-by-link", token, language=ballot.user.language)
    write(ballot, name, {"link": link, **context})


def send_receipt(vote: Vote) -> None:
    """Tells the person of the seat what was noted, with the link that says "this was not me"."""
    ballot = vote.ballot
    if ballot is None or ballot.user is None:
        return
    token = new_token()
    vote.undo_hash = hash_of(token)
    vote.save(update_fields=["undo_hash"])
    link = address_of("decisions:undo-by-link", token, language=ballot.user.language)
    write(ballot, "receipt", {"link": link, "vote": vote}, in_bulk=ballot.votes.filter(weight=Weight.PAST).exists())


def write(ballot: Ballot, name: str, context: Mapping[str, Any], *, in_bulk: bool = False) -> None:
    """Sends one message to the person of a ballot, in their language; its kind is "decisions.<name>". in_bulk: what can
    come many times over, and keeps nobody's log-in link waiting.
    """
    if ballot.user is not None:
        _write(ballot.user, ballot.decision, name, {"ballot": ballot, **context}, in_bulk=in_bulk)


def tell_body(decision: Decision, name: str, **context: Any) -> None:
    """One message to each person with a running mandate in the body, whether they were asked or came since. One query
    more than a message costs.
    """
    sitting = Mandate.objects.running().filter(body=decision.body_id).values("user")
    for user in User.objects.filter(pk__in=sitting).order_by("pk"):
        _write(user, decision, name, context)


def _write(user: User, decision: Decision, name: str, context: Mapping[str, Any], *, in_bulk: bool = False) -> None:
    if _quiet.get() or not user.is_active:
        return
    words = {"site_name": settings.SITE_NAME, "decision": decision, **context}
    language = user.language
    with override(language):
        words["question"] = one_line(decision)
        words["page"] = address_of("decisions:decision", decision.code, language=language) if decision.number else ""
        if "amendment" in words:
            words["amendment_page"] = address_of("decisions:amendment", words["amendment"].pk, language=language)
        subject = " ".join(render_to_string(f"decisions/email/{name}_subject.txt", words).split())
        body = render_to_string(f"decisions/email/{name}_message.txt", words).strip()
    headers = {"Content-Language": language}
    message = EmailMessage(subject, body, to=[user.email], headers=headers)
    message.kind, message.user = f"decisions.{name}", user  # type: ignore[attr-defined]
    message.in_bulk = in_bulk  # type: ignore[attr-defined]
    message.send()


def asked_now(decision: Decision) -> Iterable[Ballot]:
    """The ballots whose person still sits as the ballot was given, and did not decline. One query."""
    ballots = decision.ballots.answering().filter(declined_at=None)
    return ballots.select_related("user", "mandate", "decision__body").order_by("pk")


def tell_all(decision: Decision, name: str, **context: Any) -> None:
    """One message to each of `asked_now`. One query more than a message costs."""
    for ballot in asked_now(decision):
        write(ballot, name, context)


def one_line(decision: Decision) -> str:
    """The question in the language of the moment, on one line."""
    return " ".join(str(decision.question).split())


def address_of(name: str, *arguments: Any, language: str) -> str:
    """The whole address of a page, in this language, as it stands in a message."""
    with override(language):
        return f"{settings.WAGTAILADMIN_BASE_URL.rstrip('/')}{reverse(name, args=arguments)}"
