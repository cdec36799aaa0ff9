"""A block of a page as a manifest keeps it, shown with the site's own templates; the state of a page for its editor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from home.articles.asking import ASK, asking_url, state_of
from home.articles.telling import PICTURE
from home.models import ContentPage
from kb.pages.blocks import BodyBlock

register = template.Library()

_BLOCKS = BodyBlock().child_blocks
_TOLD: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "text": lambda told: told["html"],
    "quotation": lambda told: {"text": told["text"], "source": told["source"]},
    "table": lambda told: {
        "caption": told["caption"],
        "columns": [{"type": one["kind"], "heading": one["heading"]} for one in told["columns"]],
        "rows": [{"values": values} for values in told["rows"]],
    },
    "callout": lambda told: {"title": told["title"], "text": told["html"]},
}


@register.simple_tag(takes_context=True)
def agreed_block(context: Any, told: Mapping[str, Any]) -> SafeString | str:
    """`{% agreed_block block %}`; a picture comes from where the page says (`file_urls`: the row's subject -> url)."""
    if told["type"] == "image":
        url = context.get("file_urls", {}).get(f"{PICTURE}:{told['picture']}", "")
        return render_to_string("home/_agreed_picture.html", {"url": url, "told": told})
    if told["type"] == "reference":
        return render_to_string("home/_agreed_reference.html", {"told": told})
    block = _BLOCKS[told["type"]]
    return block.render(block.to_python(_TOLD[told["type"]](told)), context={"request": context.get("request")})


@register.simple_tag
def agreement_state(page: ContentPage, user: Any) -> dict[str, Any]:
    """`{% agreement_state page user as state %}`: lines, where this person asks, the words of that link."""
    return {"lines": state_of(page), "ask_url": asking_url(page, user), "ask": ASK}
