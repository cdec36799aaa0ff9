"""Messages as the network brings them: a test says only what matters to it."""

from __future__ import annotations


def mail(
    *heads: str,
    body: str = "Bonjour",
    sender: str = "Une lectrice <lectrice@example.org>",
    to: str = "bounces@cass.example",
) -> bytes:
    """A plain message; heads are whole lines, before the usual ones."""
    lines = [
        *heads,
        f"From: {sender}",
        f"To: {to}",
        "Subject: Une question" if not any(head.startswith("Subject:") for head in heads) else "",
    ]
    return ("\r\n".join([*filter(None, lines), "", *body.split("\n")]) + "\r\n").encode()


def report(
    *groups: str,
    returned: str = "Message-ID: <returned-0123456789@cass.example>\nSubject: 14",
    to: str = "bounces@cass.example",
    message_id: str = "<report-1@relay.example>",
    kind: str = "delivery-status",
    sender: str = "MAILER-DAEMON@relay.example",
    notice: str = "Your message could not be delivered.",
) -> bytes:
    """A report in its standard form: a notice, then groups of fields, one a recipient,
    then the head of what came back.
    """
    fields = "\n\n".join(["Reporting-MTA: dns; relay.example", *groups] if kind == "delivery-status" else groups)
    text = f"""Return-Path: <>
From: {sender}
To: {to}
Subject: Undelivered Mail Returned to Sender
Message-ID: {message_id}
MIME-Version: 1.0
Content-Type: multipart/report; report-type={kind}; boundary="=_report"

--=_report
Content-Type: text/plain; charset=utf-8

{notice}

--=_report
Content-Type: message/{kind}

{fields}

--=_report
Content-Type: message/rfc822

{returned}

--=_report--
"""
    return text.replace("\n", "\r\n").encode()


def refusal(
    address: str = "lectrice@example.org",
    *,
    action: str = "failed",
    status: str = "5.1.1",
    words: str = "smtp; 550 5.1.1 no such user",
) -> str:
    return f"Final-Recipient: rfc822; {address}\nAction: {action}\nStatus: {status}\nDiagnostic-Code: {words}"
