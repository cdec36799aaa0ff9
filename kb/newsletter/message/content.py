"""An issue as a message: what it says in each language, within its size. Its values come from `public.shown`, its bytes
are made in `encoding`.

Nothing in it is loaded from elsewhere, no link is counted: addresses are those of the site and of the items, as they
are.
"""

from __future__ import annotations

import re
from base64 import b64encode
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import css_inline
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import iri_to_uri
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from kb.languages import CODES
from kb.newsletter.message.encoding import LINKS, LONGEST_LINK, MailTemplate, Sender, new_places
from kb.newsletter.message.quoting import quoted_size
from kb.newsletter.message.shortening import cleaned, one_line, shortened, wrapped
from kb.newsletter.models import Issue
from kb.newsletter.public import shown
from kb.newsletter.public.shown import ShownIssue
from kb.pages.news import News
from kb.pages.texts import Shown

MOST_BYTES = 100_000  # of either part, as it travels; Gmail hides what comes after 102 kB
_LINKS_BYTES = 3 * LONGEST_LINK * len(LINKS)  # kept for the links of a person
TITLE_SIGNS, WORDS_SIGNS, SUBJECT_SIGNS = 200, 80, 120
MARK = Path(__file__).with_name("mark.png")
# Said in the language they lead to.
_IN_LANGUAGE: Mapping[str, str] = MappingProxyType({"fr": "en français", "nl": "in het Nederlands", "en": "in English"})


@dataclass(frozen=True, slots=True)
class Limits:
    """Signs of a text and number of items; None for all of them."""

    text: int | None
    items: int | None


# From everything down to what fits in any script (a sign takes 12 bytes at most), whatever the editors wrote.
_STEPS = (
    Limits(None, None),
    Limits(2000, None),
    Limits(1000, None),
    Limits(500, None),
    Limits(250, None),
    *(Limits(250, items) for items in (60, 40, 25, 15, 10)),
    Limits(150, 5),
)


@dataclass(frozen=True, slots=True)
class Brief:
    """The lead or an item as the message has it. is_cut: the site has more of its text. url is absolute,
    "" for none.
    """

    number: int
    title: Shown
    text: Shown
    url: str
    link_words: str
    said: str
    is_cut: bool
    is_story: bool = True


@dataclass(frozen=True, slots=True)
class BriefGroup:
    label: str
    items: tuple[Brief, ...]


def template_of(issue: Issue, language: str, *, public: Mapping[str, News] | None = None) -> MailTemplate:
    """The message of an issue in a language, for all its subscribers: some tens of milliseconds. public: as in
    `showing.shown`.

    Raises ValueError when no message can be made at all, by the settings of the newsletter (`checks` tells at the start
    of the site).
    """
    whole = shown.shown(issue, language, public=public)
    sender, places = sender_of_settings(), new_places()
    mark_id = f"mark@{sender.domain}"
    with override(language):
        html, text = _parts(whole, {**places, "mark": f"cid:{mark_id}", "write_to": sender.answer_to})
        made = MailTemplate(
            language=language,
            subject=_subject(whole),
            html=html,
            text=text,
            places=places,
            sender=sender,
            archive=_absolute(reverse("newsletter:archive")),
            mark=_mark(),
            mark_id=mark_id,
        )
    return made.prepared()


def preview(issue: Issue, language: str, *, public: Mapping[str, News] | None = None) -> tuple[str, str]:
    """(HTML, text) of the message, to be looked at in a browser: the mark is in it,
    the links of a subscriber lead nowhere.
    """
    template = template_of(issue, language, public=public)
    html = template.html.replace(
        f"cid:{template.mark_id}", f"data:image/png;base64,{b64encode(template.mark).decode('ascii')}"
    )
    text = template.text
    for place in template.places.values():
        html, text = html.replace(place, "#"), text.replace(place, "#")
    return html, text


def sender_of_settings() -> Sender:
    """Who writes the newsletter, by the settings."""
    return Sender(
        address=settings.NEWSLETTER_FROM or settings.DEFAULT_FROM_EMAIL,
        reply_to=settings.NEWSLETTER_REPLY_TO,
        bounces=settings.NEWSLETTER_BOUNCES,
    )


def _parts(whole: ShownIssue, addresses: Mapping[str, str]) -> tuple[str, str]:
    """HTML and text with as much of the issue as fits. The last step fits whatever the issue holds.

    Each step is smaller than the one before: what does not fit whole is looked for by halves.
    """
    if _fits(made := _at(_STEPS[0], whole, addresses)):
        return made
    found: dict[int, tuple[str, str]] = {}

    def fits(step: int) -> bool:
        found[step] = _at(_STEPS[step], whole, addresses)
        return _fits(found[step])

    step = min(bisect_left(range(1, len(_STEPS)), True, key=fits) + 1, len(_STEPS) - 1)
    return found.get(step) or _at(_STEPS[step], whole, addresses)


def _at(limits: Limits, whole: ShownIssue, addresses: Mapping[str, str]) -> tuple[str, str]:
    words = {**_words(whole, limits), **addresses}
    html = _inliner().inline(_squeezed(render_to_string("newsletter/email/issue.html", words)))
    return html, _text(words)


def _fits(parts: tuple[str, str]) -> bool:
    room = MOST_BYTES - _LINKS_BYTES
    return all(len(part.encode()) < room and quoted_size(part) < room for part in parts)  # quoted, it is no shorter


def _text(words: dict[str, object]) -> str:
    lines = wrapped(render_to_string("newsletter/email/issue.txt", words))
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"


def _words(whole: ShownIssue, limits: Limits) -> dict[str, object]:
    """What both templates are given, in the language of the moment."""
    kept = whole.items if limits.items is None else whole.items[: limits.items]
    numbers = {item.number for item in kept}
    groups = [
        BriefGroup(
            shortened(one_line(group.label), WORDS_SIGNS),
            tuple(_brief(item, limits) for item in group.items if item.number in numbers),
        )
        for group in whole.groups
    ]
    count, left = whole.has_lead + len(whole.items), len(whole.items) - len(kept)
    return {
        "language": whole.language,
        "subject": _subject(whole),
        "issue_line": whole.issue_line,
        "number": _("No. %(number)s") % {"number": whole.number or "–"},
        "month": date_format(whole.date, "F Y"),
        "briefs": ngettext("%(count)s brief.", "%(count)s briefs.", count) % {"count": count},
        "minutes": ngettext("%(count)s minute of reading.", "%(count)s minutes of reading.", whole.minutes)
        % {"count": whole.minutes},
        "web": _web(whole, whole.language),
        "others": [
            {"language": code, "url": _web(whole, code), "words": _IN_LANGUAGE[code]}
            for code in CODES
            if code != whole.language
        ],
        "lead": _lead(whole, limits),
        "groups": [group for group in groups if group.items],
        "rest": ngettext("%(count)s more brief has no room here.", "%(count)s more briefs have no room here.", left)
        % {"count": left}
        if left
        else "",
        "first_left_out": whole.items[len(kept)].number if left else 0,
    }


def _lead(whole: ShownIssue, limits: Limits) -> Brief:
    title, text, is_cut = _cut(whole.title, whole.lead, limits)
    title = title if title.text else Shown(whole.issue_line, whole.language)
    words = shortened(one_line(whole.lead_words), WORDS_SIGNS)
    return Brief(0, title, text, _absolute(whole.lead_url), words, whole.lead_said, is_cut, is_story=whole.has_lead)


def _brief(item: shown.ShownItem, limits: Limits) -> Brief:
    title, text, is_cut = _cut(item.title, item.text, limits)
    return Brief(
        item.number,
        title,
        text,
        _absolute(item.url),
        shortened(one_line(item.link_words), WORDS_SIGNS),
        item.said,
        is_cut,
    )


def _cut(title: Shown, text: Shown, limits: Limits) -> tuple[Shown, Shown, bool]:
    """The two within the limits, and whether any of it is left to be read on the site."""
    whole = one_line(title.text), cleaned(text.text)
    kept = shortened(whole[0], TITLE_SIGNS), shortened(whole[1], limits.text)
    return Shown(kept[0], title.language), Shown(kept[1], text.language), kept != whole


def _subject(whole: ShownIssue) -> str:
    if not whole.has_lead or whole.number is None:
        return one_line(whole.issue_line)
    title = shortened(one_line(whole.title.text), SUBJECT_SIGNS)
    return _("L'Échos-CASS no. %(number)s: %(title)s") % {"number": whole.number, "title": title}


def _web(whole: ShownIssue, language: str) -> str:
    return _absolute(shown.issue_path(whole.number, language)) or _absolute("/")


def _absolute(url: str) -> str:
    """A path of the site with its host; an address elsewhere as it is, in ASCII."""
    return iri_to_uri(f"{settings.WAGTAILADMIN_BASE_URL.rstrip('/')}{url}" if url.startswith("/") else url)


def _squeezed(html: str) -> str:
    """Without the indentation of the template, which would travel to everyone."""
    return re.sub(r"\n\s+", "\n", html)


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


@cache
def _mark() -> bytes:
    return MARK.read_bytes()
