"""Links of a subscription that need no log-in: what a subscriber's key becomes in an address, and back.

    /fr/echos/desabonnement/<key>:<signature>/      one purpose a token: the one that unsubscribes does not open the page
                                                    of changes
                            └─ Subscriber.key       HMAC-SHA256 of purpose and key with SECRET_KEY (SECRET_KEY_FALLBACKS are still read)

Nothing is stored, so a link of an old issue works as long as the subscriber keeps that key; the key changes with the
address. Who has read the database alone cannot make a link. Links that confirm are another thing: their words are
random, hashed and expire (`subscribing`).
"""  # noqa: E501

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import NoReverseMatch, reverse
from django.utils.translation import override

from kb.languages import CODES
from kb.newsletter.models import Subscriber

LONGEST = 120  # characters of a token that is looked at; a true one has 66
_PLACE = "0:0"


class Purpose(StrEnum):
    """What a token may do."""

    UNSUBSCRIBE = "unsubscribe"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class SignedLinks:
    """Absolute addresses that stand in a message to one subscriber. one_click takes the POST of RFC 8058; it is the
    page's own address.

    web and other_languages ({language: address}) are the issue's web pages; "" and {} without an issue.
    """

    unsubscribe_page: str
    one_click: str
    change: str
    web: str = ""
    other_languages: dict[str, str] = field(default_factory=dict)


def token_of(key: str, purpose: Purpose) -> str:
    """The token of a link: the key of a subscriber, signed."""
    return _signer(purpose).sign(key)


def key_of(token: str, purpose: Purpose) -> str | None:
    """The key in a token of this purpose; None for one that we did not make."""
    if len(token) > LONGEST or not token.isascii():
        return None
    try:
        return _signer(purpose).unsign(token)
    except BadSignature:
        return None


def subscriber_of(token: str, purpose: Purpose = Purpose.CHANGE) -> Subscriber | None:
    """The subscriber whose link this is; None for a token that is not ours, or whose address was changed or erased.

    One query at most.
    """
    key = key_of(token, purpose)
    return Subscriber.objects.filter(key=key).first() if key else None


def unsubscribe_url(key: str, language: str) -> str:
    """The page with the button, and the address of the one-click POST."""
    return _absolute("newsletter:unsubscribe", token_of(key, Purpose.UNSUBSCRIBE), language)


def change_url(key: str, language: str) -> str:
    """The page on which language and address are changed."""
    return _absolute("newsletter:change_link", token_of(key, Purpose.CHANGE), language)


def links_of(key: str, language: str, *, issue_number: int | None = None) -> SignedLinks:
    """All links of a message to the subscriber with this key. No query; some 50 microseconds."""
    page = unsubscribe_url(key, language)
    web = {code: _issue_url(issue_number, code) for code in CODES} if issue_number is not None else {}
    others = {code: url for code, url in web.items() if code != language and url}
    return SignedLinks(page, page, change_url(key, language), web.get(language, ""), others)


@lru_cache(maxsize=8)
def _signer_of(key: str, fallbacks: tuple[str, ...], purpose: Purpose) -> Signer:
    return Signer(key=key, fallback_keys=list(fallbacks), salt=f"kb.newsletter.{purpose}")


def _signer(purpose: Purpose) -> Signer:
    return _signer_of(settings.SECRET_KEY, tuple(settings.SECRET_KEY_FALLBACKS), purpose)


@lru_cache(maxsize=16)
def _around(name: str, language: str) -> tuple[str, str]:
    """What stands before and after the token in the path of a page."""
    with override(language):
        before, _place, after = reverse(name, args=[_PLACE]).rpartition(_PLACE)
    return before, after


def _absolute(name: str, token: str, language: str) -> str:
    before, after = _around(name, language)
    return f"{_site()}{before}{token}{after}"


def _issue_url(number: int, language: str) -> str:
    with override(language):
        try:
            return f"{_site()}{reverse('newsletter:issue', args=[number])}"
        except NoReverseMatch:
            return ""


def _site() -> str:
    return settings.WAGTAILADMIN_BASE_URL.rstrip("/")
