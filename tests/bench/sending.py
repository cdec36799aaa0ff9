"""An issue sent to all its subscribers over SMTP, beside plain smtplib feeding ready-made messages of the same size to the same server."""

from __future__ import annotations

import resource
import smtplib
import time
from collections.abc import Callable

from django.conf import settings
from django.core.management import call_command
from django.db import transaction

from kb.newsletter import delivering, sending, signing
from kb.newsletter.choices import SendingState
from kb.newsletter.models import Consent, Delivery, Issue, Sending, Subscriber
from tests.bench.sink import served
from tests.bench.table import Row
from tests.kb.newsletter import builders as make

Progress = Callable[[str], None]
LANGUAGES = ("fr", "nl", "en")
READY = 60  # ready-made messages, fed round and round
WARM_UP = 300  # messages before memory is looked at


def rows(subscribers: int, progress: Progress) -> list[Row]:
    _fill(subscribers)
    progress(f"sending: {subscribers} subscribers, an approved issue")
    with served() as server:
        settings.MAIL_TRANSPORT = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 60
        issue = Issue.objects.get()
        ready = _ready(issue)
        some = max(READY, subscribers // 4)
        before = _by_smtplib(server.port, ready, some)
        progress(f"sending: {some} ready-made messages by smtplib, {before:.0f}/s")
        ours, memory = _by_the_site(issue)
        progress(f"sending: {subscribers} messages by the site, {ours:.0f}/s")
        after = _by_smtplib(server.port, ready, some)
        progress(f"sending: {some} ready-made messages again, {after:.0f}/s")
    assert server.taken == subscribers + 2 * some, f"the server took {server.taken}"
    reference = 2 / (1 / before + 1 / after)
    size = sum(len(content) for _address, content in ready) / len(ready) / 1000
    return [
        Row(
            f"newsletter, {subscribers} subscribers in 3 languages to a local SMTP sink, {size:.0f} kB a message",
            f"{ours:.0f} messages/s; memory {memory[0]:.0f} -> {memory[1]:.0f} MB",
            f"smtplib, ready-made: {reference:.0f} messages/s",
            f"{ours / reference:.0%}",
            "≥ 60 %, memory flat",
        )
    ]


def _fill(subscribers: int) -> None:
    call_command("migrate", verbosity=0)
    Sending.objects.all().delete()
    for model in (Consent, Subscriber):
        model.objects.all().delete()
    Issue.objects.all().delete()
    with transaction.atomic():
        Subscriber.objects.bulk_create(
            Subscriber(email=(address := f"a{number}@cass.example"), email_key=address, language=LANGUAGES[number % 3], state="active")
            for number in range(subscribers)
        )
        words = "Le service d’accueil change de porte et d’horaire : voici où aller, quand, et avec quels papiers. " * 3
        items = [make.item({code: f"{code} {number}" for code in LANGUAGES} | {"source": "fr"}, text=words) for number in range(12)]
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


def _by_smtplib(port: int, ready: list[tuple[str, bytes]], count: int) -> float:
    """Messages a second over one connection."""
    with smtplib.SMTP("127.0.0.1", port) as server:
        start = time.perf_counter()
        for number in range(count):
            address, content = ready[number % len(ready)]
            server.sendmail("echos@cass.example", [address], content)
        return count / (time.perf_counter() - start)


def _by_the_site(issue: Issue) -> tuple[float, tuple[float, float]]:
    """Messages a second, the rows prepared and each noted; peak memory in MB once it is under way and at the end."""
    settings.NEWSLETTER_RATE = 0
    start = time.perf_counter()
    sent = sending.begin(issue, by=None)
    early = 0.0
    done = 0
    while sent.state == SendingState.SENDING:
        done += delivering.deliver_batch(sent.pk).sent
        early = early or (_peak_mb() if done >= WARM_UP else 0.0)
        sent.refresh_from_db()
    taken = time.perf_counter() - start
    assert not Delivery.objects.exclude(state="sent").exists()
    return done / taken, (early or _peak_mb(), _peak_mb())


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
