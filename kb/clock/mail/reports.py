"""What machines write back about a message: reports in their standard form (RFC 3464, 5965, 8098), and the prose of
those that keep to none.

`receiving` decides whether a message is a report at all; here is only what it says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from kb.clock.mail.fields import addresses_in
from kb.clock.mail.parts import fields_of

_MAX_RECIPIENTS = 1000
_MAX_PROSE = 100_000
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
# "550 5.1.1", "550-5.7.1", "#5.1.1": a status where a server's answer is quoted.
_QUOTED_STATUS = re.compile(r"(?:\b[45]\d\d[ -]|#)\s{0,3}([45]\.\d{1,3}\.\d{1,3})(?!\d)")
_REPLY = re.compile(r"(?<![\w.:/-])([45])[0-5]\d(?=[ -][^\s\d])")
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\x80-\U0010ffff-]{1,200}@[A-Za-z0-9\x80-\U0010ffff][A-Za-z0-9.\x80-\U0010ffff-]{0,250}"
)
_ON_ITS_OWN = re.compile(
    (
        r"^[ \t]{0,20}(?:<([^<>\s@]{1,300}@[^<>\s@]{1,300})>"
        r"(?:\s{0,5}[:(.]|\s{0,20}$)|([^\s<>:;,()\"'@]{1,300}@[^\s<>:;,()\"'@]{1,300}?)(?:\s{0,20}$|:\s|\.\.\.\s|\s\())"
    ),
    re.MULTILINE,
)
# Where the message that came back begins: what stands after it was written by us, not by the machine.
_RETURNED = re.compile(
    r"^[ \t>]{0,5}(?:-{2,}\s{0,3})?(?:below this line is a copy of the message|this is a copy of (?:the|your) message|"
    r"(?:the )?original message(?: follows| headers)?\b|unsent message "
    r"(?:below|follows)|returned message|message d'origine|"
    r"en-têtes du message d'origine|"
    r"oorspronkelijk bericht|oorspronkelijke berichtkoppen|berichtkoppen van oorspronkelijk "
    r"bericht|message (?:header|text) follows)",
    re.MULTILINE | re.IGNORECASE,
)
_WORDS_OF_FAILURE = re.compile(
    r"undeliver(?:ed|able)|non[- "
    r"]?deliver|deliver(?:y|ed)[^.\n]{0,60}(?:fail|unsuccessful|impossible)|delivery "
    r"(?:error|problem)|"
    r"fail(?:ed|ure)[^.\n]{0,40}deliver|"
    r"returned (?:mail|to sender|message)|returning message to "
    r"sender|(?:mail|message)[^.\n]{0,30}(?:system error|returned|bounced)|"
    r"(?:could|can|was|were)(?: ?n[o']t| not)(?: able to)?(?: be)? deliver|unable to deliver|did not reach|"
    r"permanent (?:fatal )?error|unrecoverable error|"
    r"user unknown|unknown user|no such user|mailbox (?:unavailable|not found|is "
    r"full|full)|recipient (?:address )?rejected|"
    r"non[ -]remis|n[’']a (?:pas pu|pu) être (?:remis|distribué|livré|envoyé)|échec de "
    r"(?:la )?(?:remise|distribution|livraison)|"
    r"(?:remise|distribution|livraison)[^.\n]{0,40}(?:échou|échec|impossible)|"
    r"onbestelbaar|niet (?:worden "
    r")?(?:afgeleverd|bezorgd|besteld)|(?:bezorging|aflevering)[^.\n]{0,30}mislukt|unzustellbar|nicht zugestellt",
    re.IGNORECASE,
)
_WORDS_OF_DELAY = re.compile(
    r"delayed|delay(?: |\))|warning: (?:could not send|message)|still (?:being "
    r")?(?:retr|try)|will (?:continue to )?(?:be )?(?:retr|try)|"
    r"not yet been delivered|"
    r"warning message "
    r"only|temporar(?:y|ily)[^.\n]{0,40}(?:deferred|failure)|(?:remise|distribution|livraison)[^.\n]{0,40}(?:retard|différée)|"
    r"retardé|"
    r"vertraagd|vertraging|opnieuw geprobeerd",
    re.IGNORECASE,
)
_MESSAGE_ID = re.compile(r"^[ \t>]{0,5}message-id:\s{0,5}(<[^<>\s]{1,400}>)", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is said of one recipient.

    action: "failed", "delayed", "delivered", "relayed", "expanded"; status: "5.1.1" (RFC 3463); "" unknown.
    """

    address: str
    action: str = ""
    status: str = ""
    words: str = ""


def recipients_of_status(content: bytes) -> list[Refusal]:
    """From a message/delivery-status: one per group of fields that names a recipient; the original recipient stands
    before the final one.
    """
    found: list[Refusal] = []
    for group in re.split(rb"(?:\r?\n[ \t]*){2,}", content.strip(), maxsplit=_MAX_RECIPIENTS)[:_MAX_RECIPIENTS]:
        said = dict(reversed(fields_of(group)))
        address = _typed_address(said.get("original-recipient", "")) or _typed_address(said.get("final-recipient", ""))
        if address:
            words = " ".join(said.get("diagnostic-code", "").split())
            action = said.get("action", "").partition(" ")[0].strip().lower()
            found.append(
                Refusal(
                    address=address,
                    action=action,
                    status=_status_in(said.get("status", "")) or status_of_prose(words),
                    words=words[:500],
                )
            )
    return found


def addresses_of_feedback(content: bytes) -> tuple[list[str], list[str]]:
    """From a message/feedback-report: who complained, and the envelope sender of what they complain about."""
    fields = fields_of(content.lstrip(b"\r\n"))
    said = lambda *names: [address for name, value in fields if name in names for address in addresses_in(value)]  # noqa: E731
    return said("original-rcpt-to") or said("removal-recipient"), said("original-mail-from")


def recipient_of_notification(content: bytes) -> str:
    """From a message/disposition-notification: whose mailbox writes it."""
    said = dict(reversed(fields_of(content.lstrip(b"\r\n"))))
    return _typed_address(said.get("original-recipient", "")) or _typed_address(said.get("final-recipient", ""))


def says_failed(prose: str) -> bool:
    return bool(_WORDS_OF_FAILURE.search(prose))


def says_delayed(prose: str) -> bool:
    return bool(_WORDS_OF_DELAY.search(prose))


def notice_in(text: str) -> str:
    """What the machine itself wrote, without the copy of our message below it."""
    text = text[:_MAX_PROSE]
    returned = _RETURNED.search(text)
    return text[: returned.start()] if returned and returned.start() else text


def addresses_of_prose(notice: str, *, besides: frozenset[str]) -> list[str]:
    """Addresses on lines of their own or that begin a line; else all that are named; never those in `besides` (lower
    case) or of mail systems.
    """
    alone = [match[1] or match[2] for match in _ON_ITS_OWN.finditer(notice)]
    for named in (alone, _ADDRESS.findall(notice)):
        kept = {
            address.lower(): address
            for each in named[:_MAX_RECIPIENTS]
            if (address := each.strip(".<>'\"")) and _is_a_person(address, besides)
        }
        if kept:
            return list(kept.values())
    return []


def status_of_prose(notice: str) -> str:
    """The status a server's quoted answer carries, else one named anywhere, else the class of its reply code: "5.0.0";
    "" when none is said.
    """
    if quoted := _QUOTED_STATUS.search(notice):
        return quoted[1]
    if named := next((match for match in _STATUS.finditer(notice) if match[1] != "2"), None):
        return named[0]
    return f"{reply[1]}.0.0" if (reply := _REPLY.search(notice)) else ""


def message_ids_of_prose(text: str) -> list[str]:
    return _MESSAGE_ID.findall(text)[:10]


def without_addresses(words: str) -> str:
    """For notes that outlive the person."""
    return _ADDRESS.sub("…", words)


def is_mail_system(address: str) -> bool:
    local = address.partition("@")[0].lower()
    return local in ("mailer-daemon", "postmaster", "mail-daemon", "mailerdaemon", "mdaemon") or local.startswith(
        ("mailer-daemon", "microsoftexchange")
    )


def _is_a_person(address: str, besides: frozenset[str]) -> bool:
    local, _, host = address.lower().partition("@")
    return (
        bool(local and "." in host and "@" not in host)
        and address.lower() not in besides
        and not is_mail_system(address)
    )


def _status_in(value: str) -> str:
    match = _STATUS.search(value)
    return match[0] if match else ""


def _typed_address(value: str) -> str:
    """ "rfc822; <u@ci.example> (comment)" -> "u@ci.example"; "x400; …" -> "" (no address of ours looks like that)."""
    kind, found, address = value.partition(";")
    kind, address = (kind.strip().lower(), address) if found else ("rfc822", value)
    if kind not in ("rfc822", "utf-8", "smtp", "dns", "unknown", ""):
        return ""
    address = next(iter(addresses_in(address.strip())), "")
    # RFC 3461 writes a plus in an original recipient as +2B, and an equals sign as +3D.
    return address.replace("+2B", "+").replace("+3D", "=")
