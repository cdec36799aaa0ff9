"""Making the tree of the site's own pages: idempotent,
so that a new database and the demonstration use the same steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import transaction
from wagtail.models import Locale, Page, Site

from home.models import ContentPage, HomePage
from kb.accounts.audiences import PUBLIC
from kb.groups.models import Body
from kb.languages import CODES

SOURCE = "fr"


@dataclass(frozen=True, slots=True)
class PageText:
    """A page in one language. body: StreamField data, [("text", "<p>…</p>"), …]; intro and slug may be empty."""

    title: str
    slug: str
    intro: str = ""
    body: Sequence[tuple[str, Any]] = ()
    search_description: str = ""


@dataclass(frozen=True, slots=True)
class PagePlan:
    """A page in the languages it is written in, the first being the source; pages below it follow.

    own_production: the code of the body whose work it is: such a page is a draft, until the committee agrees to it.
    """

    texts: Mapping[str, PageText]
    place: str = ""
    date: date | None = None
    audiences: Sequence[str] = (PUBLIC,)
    own_production: str = ""
    below: Sequence[PagePlan] = field(default_factory=tuple)


@transaction.atomic
@transaction.atomic
def build_site(home: Mapping[str, PageText], pages: Sequence[PagePlan] = ()) -> dict[str, HomePage]:
    """Home pages in the languages given, and pages under them. What is there already (by slug) is left as editors made
    it.

    home must have the source language, French. Gives the home pages by language.
    """
    locales = {code: Locale.objects.get_or_create(language_code=code)[0] for code in CODES}
    homes = _homes(home, locales)
    for plan in pages:
        _build(plan, homes, locales)
    # Read again: the pages below were counted since, and saving an older copy would undo that.
    return {code: HomePage.objects.get(pk=page.pk) for code, page in homes.items()}


def _homes(texts: Mapping[str, PageText], locales: Mapping[str, Locale]) -> dict[str, HomePage]:
    root = Page.get_first_root_node()
    found = {page.locale.language_code: page for page in HomePage.objects.child_of(root).select_related("locale")}
    for code in sorted(texts, key=lambda code: code != SOURCE):
        if code in found:
            continue
        text = texts[code]
        page = HomePage(
            title=text.title,
            slug=f"{code}-home",
            intro=text.intro,
            body=list(text.body),
            locale=locales[code],
            audiences=[PUBLIC],
        )
        if code != SOURCE:
            page.translation_key = found[SOURCE].translation_key
        root.add_child(instance=page)
        page.save_revision().publish()
        found[code] = page
        root.refresh_from_db()
    Site.objects.update_or_create(is_default_site=True, defaults={"root_page": found[SOURCE], "site_name": "CASS"})
    Site.clear_site_root_paths_cache()
    return {code: HomePage.objects.get(pk=page.pk) for code, page in found.items()}


def _build(plan: PagePlan, parents: Mapping[str, Page], locales: Mapping[str, Locale]) -> None:
    made: dict[str, Page] = {}
    source = next(iter(plan.texts))
    for code, text in plan.texts.items():
        parent = Page.objects.get(pk=parents[code].pk)
        page = ContentPage.objects.child_of(parent).filter(slug=text.slug).first()
        if page is None:
            page = ContentPage(
                title=text.title,
                slug=text.slug,
                intro=text.intro,
                body=list(text.body),
                search_description=text.search_description,
                date=plan.date,
                place=plan.place,
                audiences=list(plan.audiences),
                locale=locales[code],
                own_production=Body.objects.filter(code=plan.own_production).first(),
            )
            page.live = not page.is_for_everyone()
            if code != source:
                page.translation_key = made[source].translation_key
            parent.add_child(instance=page)
            revision = page.save_revision()
            if page.live:
                revision.publish()
        made[code] = page
    for child in plan.below:
        _build(child, {**parents, **made}, locales)
