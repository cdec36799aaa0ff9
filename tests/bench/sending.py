"""An issue sent to all its subscribers over SMTP, beside plain smtplib feeding ready-made messages of the same size to
the same server.
"""

from __future__ import annotations

import resource
import smtplib
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.core.management import call_command
from django.db import transaction

from kb.newsletter.choices import SendingState
from kb.newsletter.message import links as signing
from kb.newsletter.models import Consent, Delivery, Issue, Sending, Subscriber
from kb.newsletter.sending import delivering
from kb.newsletter.sending import steps as sending
from tests.bench.sink import served
from tests.bench.table import Row
from tests.kb.newsletter import builders as make

Progress = Callable[[str], None]
LANGUAGES = ("fr", "nl", "en")
READY = 60  # ready-made messages, fed round and round
SLICES = 10  # ours and the reference take turns, so that both meet the same machine


@dataclass
class Feeding:
    """Messages handed over, and the seconds it took."""

    messages: int = 0
    seconds: float = 0.0

    def add(self, messages: int, seconds: float) -> None:
        self.messages += messages
        self.seconds += seconds

    @property
    def rate(self) -> float:
        return self.messages / self.seconds if self.seconds else 0.0


def rows(subscribers: int, progress: Progress) -> list[Row]:
    _fill(subscribers)
    progress(f"sending: {subscribers} subscribers, an approved issue")
    settings.NEWSLETTER_RATE = 0
    with served() as server:
        settings.MAIL_TRANSPORT = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 60
        issue = Issue.objects.get()
        ready = _ready(issue)
        ours, reference = Feeding(), Feeding()
        sent, early_mb = sending.begin(issue, by=None), 0.0
        while sent.state == SendingState.SENDING:
            _by_smtplib(server.port, ready, max(1, subscribers // SLICES // 4), reference)
            _by_the_site(sent, -(-subscribers // SLICES), ours)
            early_mb = early_mb or _peak_mb()
            progress(
                f"sending: {ours.messages} messages, {ours.rate:.0f}/s; ready-made by smtplib {reference.rate:.0f}/s"
            )
    assert server.taken == ours.messages + reference.messages, f"the server took {server.taken}"
    assert Delivery.objects.filter(state="sent").count() == subscribers
    size = sum(len(content) for _address, content in ready) / len(ready) / 1000
    return [
        Row(
            f"newsletter, {subscribers} subscribers in 3 languages to a local SMTP sink, {size:.0f} kB a message",
            f"{ours.rate:.0f} messages/s; memory {early_mb:.0f} -> {_peak_mb():.0f} MB",
            f"smtplib, ready-made: {reference.rate:.0f} messages/s",
            f"{ours.rate / reference.rate:.0%}",
            "≥ 60 %, memory flat",
        )
    ]


def _fill(subscribers: int) -> None:
    settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
    call_command("migrate", verbosity=0)
    Sending.objects.all().delete()
    for model in (Consent, Subscriber):
        model.objects.all().delete()
    Issue.objects.all().delete()
    with transaction.atomic():
        Subscriber.objects.bulk_create(
            Subscriber(
                email=(address := f"a{number}@cass.example"),
                email_key=address,
                language=LANGUAGES[number % 3],
                state="active",
            )
            for number in range(subscribers)
        )
        words = "Le service d’accueil change de porte et d’horaire : voici où aller, quand, et avec quels papiers. " * 3
        items = [
            make.item({code: f"{code} {number}" for code in LANGUAGES} | {"source": "fr"}, text=words)
            for number in range(12)
        ]
        make.issue(14, live=True, items=items, lead=words)


def _ready(issue: Issue) -> list[tuple[str, bytes]]:
    """(address, bytes) of messages as the site makes them."""
    content, found = issue.live_revision.as_object(), []
    templates = {code: delivering.mailing.template_of(content, code) for code in LANGUAGES}
    for one in Subscriber.objects.order_by("pk")[:READY]:
        links = signing.links_of(one.key, one.language, issue_number=issue.number)
        message = templates[one.language].message(to=one.email, key=one.key, links=links)
        found.append((one.email, message.message().as_bytes(linesep="\r\n")))
    return found


def _by_smtplib(port: int, ready: list[tuple[str, bytes]], count: int, fed: Feeding) -> None:
    """Over one connection."""
    start = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", port) as server:
        for number in range(count):
            address, content = ready[number % len(ready)]
            server.sendmail("echos@cass.example", [address], content)
    fed.add(count, time.perf_counter() - start)


def _by_the_site(sent: Sending, count: int, fed: Feeding) -> None:
    """That many messages at least, or to the end; rows prepared, each message claimed and noted."""
    start, done = time.perf_counter(), 0
    while done < count and sent.state == SendingState.SENDING:
        done += delivering.deliver_batch(sent.pk).sent
        sent.refresh_from_db()
    fed.add(done, time.perf_counter() - start)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
