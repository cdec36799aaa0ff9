"""Addresses of subscribers: what counts as one, by what two are the same, what is shown of one on a page that was
reached by a link.

Of the addresses that mail allows we take those that every mail server takes: letters of the English alphabet, digits
and signs before the @; any alphabet after it, which is kept in the ASCII form of domain names (RFC 5890).
"""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from kb.site.signs import INVISIBLE

LONGEST = 254  # characters; RFC 5321
LONGEST_LOCAL = 64

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_DOTS = str.maketrans({"。": ".", "．": ".", "｡": "."})

NO_ADDRESS = _("This is no e-mail address. Write it like name@organisation.be.")
SEVERAL = _("Write one address only, without a name around it, like name@organisation.be.")
TOO_LONG = _(
    "This address is longer than addresses can be (254 characters, 64 before the @). Look "
    "whether something else was pasted with it."
)
QUOTED = _("Addresses with quotation marks or with a comment are not supported. Give another address.")
LETTERS = _(
    "Before the @, this newsletter supports letters without accents, digits and signs only. Give another address."
)
DOMAIN = _("What stands after the @ is no name of a mail server. Write it like organisation.be.")


def clean_address(text: str) -> str:
    """The address as it is kept: without spaces or a full stop around it, its domain small and in ASCII.

    Raises ValidationError with a sentence.
    """
    text = text.strip(" \t\u00a0\u3000")
    if len(text) > 4 * LONGEST:
        raise ValidationError(TOO_LONG, code="long")
    if _CONTROL.search(text):
        raise ValidationError(INVISIBLE, code="invisible")
    if '"' in text or "(" in text:
        raise ValidationError(QUOTED, code="quoted")
    if text.count("@") > 1 or any(sign in text for sign in "<>,;"):
        raise ValidationError(SEVERAL, code="several")
    local, at, domain = text.partition("@")
    if not at or not local or not domain or any(sign.isspace() for sign in text):
        raise ValidationError(NO_ADDRESS, code="invalid")
    if not local.isascii():
        raise ValidationError(LETTERS, code="letters")
    if not _LOCAL.fullmatch(local):
        raise ValidationError(NO_ADDRESS, code="invalid")
    address = f"{local}@{_domain(domain)}"
    if len(local) > LONGEST_LOCAL or len(address) > LONGEST:
        raise ValidationError(TOO_LONG, code="long")
    return address


def folded(address: str) -> str:
    """The form in which two addresses are compared, in small letters throughout. Give it a cleaned address."""
    return address.lower()


def masked(address: str) -> str:
    """What is shown on a page that a forwarded message leads to: "m•••@cpas.example"."""
    local, _at, domain = address.partition("@")
    return f"{local[:1] if len(local) > 1 else ''}•••@{domain}"


def _domain(text: str) -> str:
    """Raises ValidationError. A host of one word, a number (192.0.2.1)
    and an address in brackets are nobody's mailbox.
    """
    name = text.translate(_DOTS).rstrip(".")
    try:
        name = name.encode("idna").decode("ascii").lower()
    except UnicodeError as wrong:
        raise ValidationError(DOMAIN, code="domain") from wrong
    labels = name.split(".")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        raise ValidationError(DOMAIN, code="domain")
    return name
