"""Tags of the results page."""

from __future__ import annotations

from collections.abc import Mapping

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from search.highlight import Highlighted, Html
from search.public.forms import read_years

register = template.Library()

NOTE_ICONS: Mapping[str, str] = {"scan": "frame", "waiting": "clock", "encrypted": "lock"}
LEGENDS: Mapping[str, str | Promise] = {
    "languages": _("Language of the document"),
    "kinds": _("Where to search"),
    "types": _("Type"),
    "themes": _("Theme"),
    "groups": _("Group"),
    "years": _("Year"),
}


@register.filter
def marked(highlighted: Highlighted) -> Html:
    """Text with the words found in `<mark>`."""
    return highlighted.to_html()


@register.filter
def note_icon(kind: str) -> str:
    return NOTE_ICONS.get(kind, "triangle")


@register.filter
def legend(facet_name: str) -> str | Promise:
    return LEGENDS[facet_name]


@register.filter
def years(value: str) -> str:
    """A range of years in words: "2012", "2010 – 2011", "2009 and before"."""
    first, last = read_years(value) or (None, None)
    if first is None and last is None:
        return value
    if first is None:
        return _("%(year)s and before") % {"year": last}
    if last is None:
        return _("%(year)s and after") % {"year": first}
    return str(first) if first == last else f"{first} – {last}"
