"""Tags of the frame: icons, echoes, thirds, breadcrumbs, language tabs; filters that set spaces and hyphens."""

from __future__ import annotations

from collections.abc import Iterable

from django import template
from django.utils import formats
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeData, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from kb.accounts.audiences import PUBLIC, audiences_of
from kb.languages import CODES, LANGUAGES, current_language
from kb.pages import frame
from kb.pages.addressing import addresses
from kb.pages.appearance import themes, typography
from kb.pages.appearance.icons import ARCS, ICONS
from kb.pages.appearance.moments import moment_in_words
from kb.pages.translations.echoes import Echo, in_order

register = template.Library()

SAID: dict[tuple[str, ...], Promise] = {
    (): gettext_lazy("Language not known"),
    ("fr",): gettext_lazy("In French"),
    ("nl",): gettext_lazy("In Dutch"),
    ("en",): gettext_lazy("In English"),
    ("fr", "nl"): gettext_lazy("In French and Dutch"),
    ("fr", "en"): gettext_lazy("In French and English"),
    ("nl", "en"): gettext_lazy("In Dutch and English"),
    ("fr", "nl", "en"): gettext_lazy("In French, Dutch and English"),
}
NOT_YET: dict[str, Promise] = {
    "fr": gettext_lazy("not yet in French"),
    "nl": gettext_lazy("not yet in Dutch"),
    "en": gettext_lazy("not yet in English"),
}


@register.simple_tag
def icon(name: str) -> str:
    """`{% icon "search" %}`: always beside a word, or beside hidden text."""
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{}</svg>', mark_safe(ICONS[name])
    )


@register.simple_tag
def arcs(count: int) -> str:
    box, path = ARCS[count]
    return format_html('<svg viewBox="{}" aria-hidden="true" focusable="false"><path d="{}"/></svg>', box, path)


@register.inclusion_tag("parts/echo.html")
def echo(items: Iterable[Echo]) -> dict:
    """`{% echo items %}` with `Echo` values: the other two languages, one step further in each."""
    lines = [
        {"arcs": number, "echo": item, "code": item.language.upper(), "not_yet": NOT_YET[item.language]}
        for number, item in enumerate(in_order(items)[:2], start=1)
    ]
    return {"lines": lines}


@register.inclusion_tag("parts/thirds.html")
def thirds(languages: Iterable[str]) -> dict:
    """`{% thirds languages %}`: which languages a document is in, by position and in hidden words."""
    held = tuple(code for code in CODES if code in set(languages or ()))
    return {"said": SAID[held], "parts": [code.upper() if code in held else "" for code in CODES]}


@register.inclusion_tag("parts/crumbs.html")
def crumbs(*steps: str) -> dict:
    """`{% crumbs label url label url here %}`: home comes first by itself, the last label is where we are."""
    links = [{"label": label, "url": url} for label, url in zip(steps[:-1:2], steps[1::2], strict=False)]
    links.insert(0, {"label": _("Home"), "url": f"/{current_language()}/"})
    return {"links": links, "here": steps[-1] if len(steps) % 2 else ""}


@register.inclusion_tag("parts/crumbs.html", takes_context=True)
def page_crumbs(context, page) -> dict:
    """The breadcrumb of a page of the tree: the steps that its reader may see,
    each in the language of the reader where it exists.
    """
    request = context.get("request")
    audiences = audiences_of(request) if request is not None else frozenset({PUBLIC})
    steps = addresses.ancestors(page, lambda step: step.is_for(audiences))
    links = [{"label": _("Home"), "url": f"/{current_language()}/"}]
    links += [
        {"label": step.title, "url": step.get_url(request), "language": step.locale.language_code} for step in steps
    ]
    return {"links": links, "here": page.title, "here_language": page.locale.language_code}


@register.simple_tag(takes_context=True)
def page_addresses(context) -> addresses.Addresses:
    """The addresses of what is shown, in each language. A view may put its own under `addresses` in the context."""
    given = context.get("addresses")
    if given is not None:
        return given
    return addresses.of(context.get("request"), context.get("page"))


@register.simple_tag
def sections() -> list[frame.Section]:
    return list(frame.sections())


@register.simple_tag
def footer_links(column: frame.Column) -> list[frame.Link]:
    return frame.footer_links(column)


@register.simple_tag(takes_context=True)
def theme(context) -> str:
    """The reader's choice of light, dark or automatic: "light", "dark" or ""."""
    return themes.chosen(context.get("request"))


@register.simple_tag
def theme_choices() -> list[tuple[str, str]]:
    return themes.choices()


@register.filter
def moment(value) -> str:
    """`{{ decision.closes_at|moment }}`: "jeudi 28 février 2013 à 18 h"."""
    return moment_in_words(value)


@register.filter(is_safe=True)
def nbsp(value, language: str = "") -> str:
    """French no-break spaces, in French text only;
    `|nbsp:"fr"` for a title that is French on a page in another language.
    """
    text = value if isinstance(value, str) else "" if value is None else str(value)
    if (language or current_language()) != "fr":
        return text
    spaced = typography.french_spaces(text)
    return mark_safe(spaced) if isinstance(text, SafeData) else spaced


@register.filter(is_safe=True)
def hyphens(value, language: str = "") -> str:
    """Soft hyphens in long Dutch words of headings; plain text only."""
    text = value if isinstance(value, str) else "" if value is None else str(value)
    return typography.dutch_hyphens(text) if (language or current_language()) == "nl" else text


@register.filter
def language_name(code: str) -> str:
    return LANGUAGES.get(code, code)


# Django's own words for sizes, which in French are "Kio" and "Mio": translated anew, as people here say them.
SIZES = (gettext_noop("%s KB"), gettext_noop("%s MB"), gettext_noop("%s GB"))


@register.simple_tag
def filesize_words(size_bytes: int) -> str:
    """A size as people say it: "840 ko", "2,4 Mo" in French; "840 kB", "2.4 MB" in English."""
    if size_bytes < 1_000_000:
        return _("%(size)s kB") % {"size": formats.number_format(max(1, round(size_bytes / 1000)), 0)}
    return _("%(size)s MB") % {"size": formats.number_format(size_bytes / 1_000_000, 1)}
