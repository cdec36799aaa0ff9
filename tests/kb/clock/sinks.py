"""A real mail server in a thread, that takes, refuses or hangs up as the test says."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller


class Sink:
    """What came in, oldest first.

    `answers` are given to the DATA command one after the other ("451 later", "hang up"), then it takes all.
    """

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.raw: list[bytes] = []
        self.recipients: list[list[str]] = []

    async def handle_RCPT(self, server, session, envelope, address, options) -> str:
        if self.answers and self.answers[0].startswith("RCPT "):
            return self.answers.pop(0).removeprefix("RCPT ")
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope) -> str:
        answer = self.answers.pop(0) if self.answers else ""
        if answer == "hang up":
            server.transport.abort()
            return "421 bye"
        if answer:
            return answer
        self.raw.append(envelope.content)
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 taken"

    @property
    def messages(self) -> list[EmailMessage]:
        return [message_from_bytes(content, policy=policy.default) for content in self.raw]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextmanager
def mail_server(settings, *answers: str, sink: Sink | None = None) -> Iterator[Sink]:
    """The site posts its mail, and its transport is SMTP to this server;
    `sink` for one that answers in a way of its own.
    """
    sink = sink or Sink(*answers)
    controller = Controller(sink, hostname="127.0.0.1", port=free_port())
    settings.EMAIL_BACKEND = "kb.clock.mail.posting.Backend"
    settings.MAIL_TRANSPORT = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", controller.port, 5
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()
