"""A message of the newsletter as bytes: encoded once per language; per subscriber only the links are joined in.

What it says is in `content`, how it leaves in `sending.delivering`.

    multipart/alternative
      ├ text/plain                     quoted-printable: every line under 77 signs, ASCII whatever the script, so that no relay has to
      └ multipart/related              recode it and break a DKIM signature
          ├ text/html
          └ image/png, inline          the mark; nothing is loaded from anywhere
Where a link of the subscriber stands, the template has an address that nobody can guess; the encoded parts are cut
there, and each link fills lines of its own between two soft line breaks.
"""  # noqa: E501

from __future__ import annotations

import re
import secrets
from base64 import encodebytes
from collections.abc import Mapping
from dataclasses import dataclass
from email.header import Header
from email.message import Message
from email.mime.image import MIMEImage
from email.utils import formatdate
from functools import cached_property
from html import escape
from typing import Protocol

from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import sanitize_address

from kb.newsletter.message.addresses import clean_address
from kb.newsletter.message.quoting import CRLF, cut, encoded, filled, quoted_link

LONGEST_LINK = 500
LINKS = ("unsubscribe_page", "change")  # of a subscriber, in the text of the message
MARK_FILE = "cass.png"
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_KEY = re.compile(r"[A-Za-z0-9_-]{8,40}")
_OWN_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,40}@[A-Za-z0-9.:\[\]-]{1,200}")
_LINK = re.compile(rf"https?://[!-~]{{1,{LONGEST_LINK - 8}}}")


class Links(Protocol):
    """Absolute addresses of one subscriber, as `signing.links_of` makes them. one_click takes the POST of RFC 8058."""

    @property
    def unsubscribe_page(self) -> str: ...

    @property
    def one_click(self) -> str: ...

    @property
    def change(self) -> str: ...


@dataclass(frozen=True)
class Sender:
    """Who writes. address and reply_to may have a name, in any script; bounces is a bare address, "" for none.
    Properties raise ValueError for what is no address.
    """

    address: str
    reply_to: str = ""
    bounces: str = ""

    @cached_property
    def header(self) -> str:
        """The address as the header From has it."""
        return _mailbox(self.address)

    @cached_property
    def reply_header(self) -> str:
        return _mailbox(self.reply_to) if self.reply_to else ""

    @cached_property
    def domain(self) -> str:
        """The domain of the address, as Message-ID and List-Id have it."""
        return _bare(self.header).rpartition("@")[2]

    @cached_property
    def answer_to(self) -> str:
        """The bare address that a person reads."""
        return _bare(self.reply_header or self.header)

    @cached_property
    def _box(self) -> tuple[str, str]:
        local, _at, host = _bare(_mailbox(self.bounces)).rpartition("@")
        return local, host

    def envelope(self, key: str) -> str:
        """Whom a server tells that a message did not arrive: bounces+<key>@host, so that it is known which; the sender
        where there is no such box.
        """
        if not self.bounces:
            return self.address
        local, host = self._box
        return f"{local}+{key}@{host}"


def new_places() -> dict[str, str]:
    """{name of a link: what stands in its place}. Nobody who writes an issue can guess it."""
    nonce = secrets.token_hex(12)
    return {name: f"https://{nonce}.invalid/{name}" for name in LINKS}


@dataclass(frozen=True)
class MailTemplate:
    """What all subscribers of a language get; `message` makes it one person's. html and text hold `places` where the
    links of a person go.

    archive: address of the list of issues. mark: the bytes of a PNG, shown where html says cid:<mark_id>.
    """

    language: str
    subject: str
    html: str
    text: str
    places: Mapping[str, str]
    sender: Sender
    archive: str
    mark: bytes
    mark_id: str

    def message(self, *, to: str, key: str, links: Links) -> ReadyMessage:
        """The message of one delivery; key is the delivery's.

        Raises BadAddress; ValueError for a key or a link that no part of the site makes.
        """
        return ReadyMessage(self, to=address_of(to), key=_key(key), links=links)

    def prepared(self) -> MailTemplate:
        """Itself, all that is the same for everyone made.

        Raises ValueError for what concerns everyone: settings, a subject of two lines.
        """
        self.sender.envelope("")
        _ = self.constant_headers, self.subject_header, self.sender.reply_header, self.content, self.mark_part
        return self

    # Made once.

    @cached_property
    def constant_headers(self) -> dict[str, str]:
        """Headers that say the same to all, folded. They have no Auto-Submitted: people wrote this, and people read the
        answers (RFC 3834); it is List-Id and Precedence that keep holiday notices away.
        """
        return {
            "List-Id": f"{_words('List-Id', 'L’Échos-CASS')} <echos.{self.sender.domain}>",
            "List-Archive": f"<{link_of(self.archive)}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Precedence": "bulk",
        }

    @cached_property
    def subject_header(self) -> str:
        return _words("Subject", self.subject)

    @cached_property
    def mark_part(self) -> MIMEImage:
        part = MIMEImage(self.mark, "png")
        part["Content-ID"] = f"<{self.mark_id}>"
        part["Content-Disposition"] = f'inline; filename="{MARK_FILE}"'
        return part

    @cached_property
    def html_pieces(self) -> tuple[str, ...]:
        return tuple(cut(self.html, {escape(place): name for name, place in self.places.items()}))

    @cached_property
    def text_pieces(self) -> tuple[str, ...]:
        return tuple(cut(self.text, {place: name for name, place in self.places.items()}))

    @cached_property
    def boundary(self) -> str:
        """Cannot stand in what it parts: quoted-printable never has "=_"."""
        return f"=_{secrets.token_hex(10)}"

    @cached_property
    def content(self) -> tuple[bytes, ...]:
        """The body of the message, encoded, in the pieces between which the links of a person go."""
        whole, related = f"--{self.boundary}", f"--{self.boundary}r"
        quoted = f"; charset=utf-8{CRLF}Content-Transfer-Encoding: quoted-printable{CRLF}{CRLF}"
        text, html = encoded(self.text_pieces), encoded(self.html_pieces)
        text[0] = f"{whole}{CRLF}Content-Type: text/plain{quoted}{text[0]}"
        between = (
            f"{CRLF}{whole}{CRLF}"
            f'Content-Type: multipart/related; type="text/html";{CRLF} boundary="{related[2:]}"{CRLF}{CRLF}'
            f"{related}{CRLF}Content-Type: text/html{quoted}"
        )
        image = encodebytes(self.mark).decode("ascii").replace("\n", CRLF)
        after = (
            f"{CRLF}{related}{CRLF}Content-Type: image/png{CRLF}Content-Transfer-Encoding: "
            f"base64{CRLF}Content-ID: <{self.mark_id}>{CRLF}"
            f"Content-Disposition: inline; "
            f'filename="{MARK_FILE}"{CRLF}{CRLF}{image}{related}--{CRLF}{CRLF}{whole}--{CRLF}'
        )
        joined = [*text[:-1], text[-1] + between + html[0], *html[1:]]
        joined[-1] += after
        return tuple(piece.encode("ascii") for piece in joined)


class ReadyMessage(EmailMultiAlternatives):
    """A message to one subscriber. SMTP gets ready-made bytes from `message()`; an API, the memory and the like get its
    attributes.

    from_email is the envelope sender and the header From stands in extra_headers where the two differ, as Django and
    anymail both read them.
    """

    def __init__(self, template: MailTemplate, *, to: str, key: str, links: Links) -> None:
        sender = template.sender
        urls = {name: link_of(getattr(links, name)) for name in LINKS}
        headers = {
            "Message-ID": f"<{key}@{sender.domain}>",
            "List-Unsubscribe": f"<{link_of(links.one_click)}>",
            **template.constant_headers,
        }
        super().__init__(
            subject=template.subject,
            body=filled(template.text_pieces, urls),
            from_email=sender.envelope(key),
            to=[to],
            reply_to=[sender.reply_to] if sender.reply_header else None,
            headers={"From": sender.address, **headers} if sender.bounces else headers,
            alternatives=[
                (filled(template.html_pieces, {name: escape(url) for name, url in urls.items()}), "text/html")
            ],
            attachments=[template.mark_part],
        )
        self._template, self._urls, self._list_headers = template, urls, headers

    def message(self) -> Message:
        """The whole as it goes over the wire. Its date is the hour of this call."""
        made, template = _Whole(self._template, self._urls), self._template
        made.set_raw("From", template.sender.header)
        if template.sender.reply_to:
            made.set_raw("Reply-To", template.sender.reply_header)
        made.set_raw("To", self.to[0])
        made.set_raw("Subject", template.subject_header)
        made.set_raw("Date", formatdate())
        for name, value in self._list_headers.items():
            made.set_raw(name, value)
        made.set_raw("MIME-Version", "1.0")
        made.set_raw("Content-Type", f'multipart/alternative;{CRLF} boundary="{template.boundary}"')
        return made


class _Whole(Message):
    """Headers of its own before bytes that were ready. All of it is ASCII."""

    def __init__(self, template: MailTemplate, urls: Mapping[str, str]) -> None:
        super().__init__()
        self._ready = template, urls

    def as_bytes(self, unixfrom: bool = False, linesep: str = "\n", **ignored: object) -> bytes:
        template, urls = self._ready
        head = "".join([f"{name}: {value}{CRLF}" for name, value in self.raw_items()]) + CRLF
        in_text = {name: quoted_link(url) for name, url in urls.items()}
        in_html = {name: quoted_link(escape(url)) for name, url in urls.items()}
        links = [in_text[name] for name in template.text_pieces[1::2]] + [
            in_html[name] for name in template.html_pieces[1::2]
        ]
        pieces = [head.encode("ascii"), *template.content]
        for number, link in enumerate(links, start=1):
            pieces.insert(2 * number, link)
        whole = b"".join(pieces)
        return whole if linesep == CRLF else whole.replace(b"\r\n", linesep.encode("ascii"))

    def as_string(self, unixfrom: bool = False, linesep: str = "\n", **ignored: object) -> str:
        return self.as_bytes(linesep=linesep).decode("ascii")


class BadAddress(ValueError):
    """The words are for people: why nobody can be written to there."""


def address_of(email: str) -> str:
    """The address as it stands in To and RCPT, its domain in ASCII.

    Raises BadAddress for one that no server would take.
    """
    try:
        return clean_address(email)
    except ValidationError as error:
        raise BadAddress(error.message) from error


def _mailbox(address: str) -> str:
    """A name and an address as a header holds them; the host may be one of an own network.

    Raises ValueError for what is no address.
    """
    header = sanitize_address(address, "utf-8")
    if not _OWN_ADDRESS.fullmatch(_bare(header)) or "=?" in _bare(
        header
    ):  # an accent before the @, which few servers take
        raise ValueError(f"Not an address to send from: {address!r}.")
    return header


def _bare(header: str) -> str:
    return header.rpartition("<")[2].removesuffix(">")


def _key(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise ValueError("The key of a delivery is 8 to 40 letters, digits, - and _.")
    return key


def link_of(url: str) -> str:
    """The address, which may stand in a header. Raises ValueError for what is none."""
    if not _LINK.fullmatch(url) or "<" in url or ">" in url:
        raise ValueError(f"A link of a message is an absolute address in ASCII of {LONGEST_LINK} signs at most.")
    return url


def _words(header: str, text: str) -> str:
    """Words of any script as a header holds them, folded.

    Raises ValueError when they have a line break or another control character.
    """
    if _CONTROL.search(text):
        raise ValueError(f"{header} is one line of words.")
    is_plain = text.isascii() and "=?" not in text  # which would be read as something encoded
    return Header(text, "us-ascii" if is_plain else "utf-8", header_name=header, maxlinelen=76).encode(linesep=CRLF)
