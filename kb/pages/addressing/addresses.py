"""Where the same thing is in each language, and which words a page may not take as its address.

A page's translations have addresses of their own; a page without one is shown at the same path under the other
language's prefix, by `BasePage.serve`. Routes are translated word by word (`kb.languages`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import translate_url
from django.utils.encoding import escape_uri_path
from django.utils.http import escape_leading_slashes
from django.utils.translation import override
from wagtail.models import Page

from kb.languages import CODES, FORMER_WORDS, LANGUAGES, PATH_WORDS, current_language


@dataclass(frozen=True, slots=True)
class Tab:
    """A language tab.

    `exists` says whether the thing is written in that language (else the address shows it in another, and says so).
    """

    language: str
    name: str
    url: str
    current: bool
    exists: bool


@dataclass(frozen=True, slots=True)
class Addresses:
    """canonical is absolute; "" where there is none.

    alternates: language -> absolute address, existing translations only.
    """

    tabs: tuple[Tab, ...]
    canonical: str
    alternates: Mapping[str, str]


def of(request: HttpRequest | None, page: Page | None = None, *, others: Sequence[Page] | None = None) -> Addresses:
    """The addresses of what a request shows: a page of the tree when there is one, else the view at its path.

    others: its `translations`, where somebody asked already.
    """
    if request is None:
        return Addresses(_tabs({code: f"/{code}/" for code in CODES}, frozenset(CODES)), "", {})
    if isinstance(page, Page) and page.pk:
        return _of_page(request, page, translations(page) if others is None else others)
    # A path that begins with two slashes would be read as the name of another site.
    urls = {code: translate_url(escape_leading_slashes(request.get_full_path()), code) for code in CODES}
    # Where no view is, nothing is translated: the words of the path are.
    urls = {
        code: url if url.startswith(f"/{code}/") else elsewhere(request.path, code) or url for code, url in urls.items()
    }
    absolute = {
        code: request.build_absolute_uri(translate_url(escape_leading_slashes(request.path), code)) for code in CODES
    }
    return Addresses(_tabs(urls, frozenset(CODES)), absolute[current_language()], absolute)


def _of_page(request: HttpRequest, page: Page, others: Sequence[Page]) -> Addresses:
    written = {other.locale.language_code: other for other in others}
    written[page.locale.language_code] = page
    urls = {code: other.get_url(request) for code, other in written.items()}
    for code in CODES:
        if not urls.get(code):
            urls[code] = under(code, page.get_url(request) or request.path)
    # By the host that was asked for, not the one of Wagtail's site record, which nobody thinks of changing on a new
    # machine.
    absolute = {code: request.build_absolute_uri(urls[code]) for code, other in written.items() if other.live}
    return Addresses(_tabs(urls, frozenset(written)), absolute.get(page.locale.language_code, ""), absolute)


def _tabs(urls: Mapping[str, str], written: frozenset[str]) -> tuple[Tab, ...]:
    here = current_language()
    return tuple(Tab(code, LANGUAGES[code], urls[code], code == here, code in written) for code in CODES)


def group(page: Page) -> list[Page]:
    """Every page that says the same, live or not, the eldest first; this one among them as it is saved. One query."""
    return list(type(page).objects.filter(translation_key=page.translation_key).select_related("locale").order_by("pk"))


def translations(page: Page) -> list[Page]:
    """The live pages that say the same in other languages."""
    return list(page.get_translations().live().select_related("locale"))


def under(language: str, path: str) -> str:
    """The path with another language's prefix: "/fr/contact/" under nl is "/nl/contact/"."""
    _empty, _code, rest = path.split("/", 2) if path.count("/") >= 2 else ("", "", "")
    return f"/{language}/{rest}"


def elsewhere(path: str, language: str) -> str:
    """The address of the same thing in another language, each word of a route in that language; "" for a path without a
    language.

    Also for a path at which nothing is: "/nl/bibliotheek/nothing/" under fr is "/fr/bibliotheque/nothing/".
    """
    _empty, here, rest = [*path.split("/", 2), "", ""][:3]
    if path[:1] != "/" or here not in CODES:
        return ""
    quoted = escape_uri_path(path)
    with override(here):  # the path is read with its own language's words
        moved = translate_url(quoted, language)
    if moved.startswith(f"/{language}/"):
        return moved
    first, slash, after = rest.partition("/")
    name = next(
        (
            name
            for name, words in PATH_WORDS.items()
            if first == words[here] or first in FORMER_WORDS.get(name, {}).get(here, ())
        ),
        "",
    )
    return escape_uri_path(f"/{language}/{PATH_WORDS[name][language] if name else first}{slash}{after}")


def ancestors(page: Page, is_shown: Callable[[Page], bool]) -> list[Page]:
    """The pages between home and this one that are shown to the reader,
    each in the language of the request where it is live there.
    """
    above = page.get_ancestors().live().filter(depth__gt=2).select_related("locale").specific()
    steps = [step for step in above if is_shown(step)]
    if page.locale.language_code == current_language():
        return steps
    found = Page.objects.live().filter(
        translation_key__in=[step.translation_key for step in steps], locale__language_code=current_language()
    )
    mine = {step.translation_key: step for step in found.select_related("locale").specific() if is_shown(step)}
    return [mine.get(step.translation_key, step) for step in steps]


def reserved_words() -> frozenset[str]:
    """Every path word of a route, present and former, in any language: no page at the top of the tree may take one."""
    present = {word for words in PATH_WORDS.values() for word in words.values()}
    former = {word for words in FORMER_WORDS.values() for group in words.values() for word in group}
    return frozenset(present | former)
