"""The work of one of our bodies, as what the Steering Committee agrees to: its pages, each language one that may be
chosen, as they stand in the newest draft; making exactly that public, taking it off.

    source page, translations ─ telling ─► a row each, a row for each picture
Drafting goes on beside what is public: a question is about the draft, and a yes publishes the very revision that said
so. That nothing else is ever public is kept by `guarding`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _
from wagtail.actions.publish_page_revision import PublishPageRevisionAction
from wagtail.images import get_image_model
from wagtail.models import Revision

from home.articles.telling import Drawn, drawn_in, rows_of, sha256_of
from home.models import KIND, NO_ALIAS, ContentPage
from kb.accounts.audiences import PUBLIC
from kb.accounts.fields import note_public
from kb.accounts.noting import note
from kb.decisions.answering import rests_on
from kb.decisions.choices import ManifestState
from kb.decisions.models import Manifest, ManifestRow
from kb.languages import LANGUAGES
from kb.pages import references
from kb.pages.agreements import GatedKind, NotAgreed, Part, Shown, agreement_for, digest_of
from kb.pages.pictures import served
from kb.pages.texts import Texts
from search.recording import checked_together, record_since
from search.registry import open_to

OTHER_BY_NOW = _(
    "This is no longer what the Steering Committee agreed to: it was changed since. Ask again for what it is now."
)


# What is shown


def shown(page_id: int, keys: Collection[str] | None = None) -> tuple[Shown, ...]:
    """The rows of the drafts in these languages, the keys; None: of what says it is for everyone, as it is live now, ()
    where nothing does. A query or two for each language and picture.

    Raises LookupError for what is not the work of one of our bodies, and for a translation: its source is asked about.
    """
    pages = _ours(page_id)
    if keys is None:
        live = [page for page in pages if page.is_for_everyone()]
        named = next((page.agreement_id for page in live if page.agreement_id), None)
        return rows_of(live, drawn=drawn_of(named))
    return rows_of([draft_of(page) for page in pages if page.locale.language_code in keys and not page.alias_of_id])


def draft_of(page: ContentPage) -> ContentPage:
    """As its newest revision says; the page itself where it has none. One query."""
    draft = page.get_latest_revision_as_object()
    draft.locale, draft.own_production_id = page.locale, draft.own_production_id or page.own_production_id
    return draft


def drawn_of(agreement: int | None) -> Drawn | None:
    """The words of records as this agreement has them; None where it has no rows yet. Two queries."""
    rows = Manifest.objects.get(pk=agreement).shown() if agreement is not None else ()
    return drawn_in(rows) if rows else None


def group_of(page_id: int) -> list[ContentPage]:
    """A page and its translations, the source first. Two queries."""
    key = ContentPage.objects.filter(pk=page_id).values("translation_key")[:1]
    return list(ContentPage.objects.filter(translation_key__in=key).select_related("locale").order_by("pk"))


def _ours(page_id: int) -> list[ContentPage]:
    """All rows know whose work they are, also where only the draft of the source says so."""
    pages = group_of(page_id)
    if not pages or pages[0].pk != page_id:
        raise LookupError(page_id)
    whose = draft_of(pages[0]).own_production_id
    if whose is None:
        raise LookupError(page_id)
    for page in pages:
        page.own_production_id = page.own_production_id or whose
    return pages


# What may be chosen, and how it is called


def parts(page_id: int) -> tuple[Part, ...]:
    """One for each language."""
    return tuple(
        Part(
            page.locale.language_code,
            f"{LANGUAGES.get(page.locale.language_code, page.locale.language_code)}: {draft_of(page).title}",
            page.is_public(),
            NO_ALIAS if page.alias_of_id else "",
        )
        for page in _ours(page_id)
    )


def titles(page_id: int) -> Texts:
    pages = _ours(page_id)
    return Texts(
        {**{page.locale.language_code: draft_of(page).title for page in pages}, "source": pages[0].locale.language_code}
    )


def body(page_id: int) -> str:
    """The code of the group whose work it is."""
    whose = _ours(page_id)[0].own_production
    assert whose is not None
    return whose.code


def url(page_id: int) -> str:
    return _ours(page_id)[0].get_url() or ""


# Making it public, taking it off


@transaction.atomic
def open_agreed(page_id: int, agreement: int, keys: Collection[str]) -> None:
    """Makes these languages public with the revisions that this agreement names, the others no longer.

    Raises NotAgreed, with nothing changed, where one of them is something else by now.
    """
    pages = _locked(page_id)
    subjects = [page.search_subject() for page in pages]
    before = open_to(subjects)
    wanted = dict(
        ManifestRow.objects.filter(manifest=agreement, subject__startswith=f"{KIND}:").values_list("subject", "digest")
    )
    _rows_of(pages).update(audiences=[PUBLIC])
    drawn = drawn_of(agreement)
    try:
        with checked_together():
            for page in pages:
                if page.locale.language_code in keys and page.search_subject() in wanted:
                    publish(page, revision_saying(page, wanted[page.search_subject()], drawn))
                elif page.live:
                    page.refresh_from_db()
                    page.unpublish()
    except NotAgreed:
        raise
    except ValidationError as why:  # an address that another page took meanwhile
        raise NotAgreed(why.messages) from why
    rows = rows_of([page for page in group_of(page_id) if page.is_for_everyone()], drawn=drawn)
    if not rows or agreement_for(subjects[0], digest_of(rows)) != agreement:
        raise NotAgreed(OTHER_BY_NOW)
    bind(group_of(page_id), agreement)
    record_since(before, subjects)
    note("home.page opened", id=page_id, agreement=agreement)


def revision_saying(page: ContentPage, digest: str, drawn: Drawn | None) -> Revision:
    """The newest revision that says what a row with this digest says. A query for each that is newer.

    Raises NotAgreed where none does.
    """
    if page.latest_revision_id is None:
        page.save_revision(clean=False)
    for revision in page.revisions.order_by("-created_at", "-pk").iterator(chunk_size=20):
        said = revision.as_object()
        said.own_production_id = said.own_production_id or page.own_production_id
        if rows_of([said], drawn=drawn)[0].digest == digest:
            return revision
    raise NotAgreed(OTHER_BY_NOW)


def publish(page: ContentPage, revision: Revision) -> None:
    """This very text, for everyone, today."""
    content = {**revision.content, "audiences": [PUBLIC], "go_live_at": None, "own_production": page.own_production_id}
    revision.content = content  # of this object only: what is stored stays as it was
    PublishPageRevisionAction(revision).execute(skip_permission_checks=True)


def names(agreement: int, subject: str, pages: Collection[ContentPage]) -> bool:
    """Whether this agreement is in force and names each of these as it stands here. Three queries, and one for each
    picture.
    """
    manifest = Manifest.objects.filter(pk=agreement, subject=subject, state=ManifestState.AGREED).first()
    if manifest is None or agreement_for(subject, manifest.digest) is None:
        return False
    if not manifest.digest:  # public before the gate, not bound yet
        return True
    agreed = manifest.shown()
    rows = rows_of(pages, drawn=drawn_in(agreed))
    return {row.identity for row in rows} <= {row.identity for row in agreed}


def agreement_naming(subject: str, pages: Collection[ContentPage], *, named: int | None = None) -> int | None:
    """The agreement in force that names all of these, and maybe more; the one that is named already before any other,
    else the newest. The queries of `names` for each that is in force, of which there is one as a rule.
    """
    agreed = Manifest.objects.filter(subject=subject, state=ManifestState.AGREED).order_by("-pk")
    found = sorted(agreed.values_list("pk", flat=True), key=lambda pk: pk != named)
    return next((pk for pk in found if names(pk, subject, pages)), None)


def bind(pages: Collection[ContentPage], agreement: int) -> None:
    """Those of these that everyone sees name the agreement by which they do; their first day of being so is noted.
    Five queries.
    """
    live = [page for page in pages if page.is_for_everyone()]
    rows = _rows_of(live)
    rows.update(agreement=agreement)
    rests_on(pages_subject(group_of(live[0].pk)), agreement)
    note_public(rows)


def pages_subject(pages: Collection[ContentPage]) -> str:
    """What the agreement about these calls them: by their source."""
    return f"{KIND}:{min(page.pk for page in pages)}"


def reopen_agreed(page_id: int, agreement: int) -> None:
    """The pages name the agreement again that was in doubt. Raises NotAgreed where an editor took them off or something
    changed meanwhile.
    """
    pages = _locked(page_id)
    live = [page for page in pages if page.is_for_everyone()]
    subjects = [page.search_subject() for page in pages]
    if not live or not names(agreement, subjects[0], live):
        raise NotAgreed(OTHER_BY_NOW)
    before = open_to(subjects)
    bind(pages, agreement)
    record_since(before, subjects)
    note("home.page opened", id=page_id, agreement=agreement)


def standing(page_id: int, keys: Collection[str] = ()) -> dict[str, Any]:
    """Which languages are live and for whom, as rows and drafts say now. A query for each language."""
    pages = group_of(page_id)
    if not pages:
        raise LookupError(page_id)
    return {
        "live": sorted(page.locale.language_code for page in pages if page.live),
        "audiences": sorted(pages[0].audiences or ()),
        "drafted": sorted(draft_of(pages[0]).audiences or ()),
    }


@transaction.atomic
def close_agreed(page_id: int, agreement: int, for_good: bool) -> None:
    """Takes off what rests on this agreement: for good, it is a draft again; else editors alone see it, until it is
    opened again. Nothing where it rests on another by now.
    """
    pages = _locked(page_id)
    held = [page for page in pages if page.agreement_id in (agreement, None) and page.is_for_everyone()]
    if not held:
        return
    subjects = [page.search_subject() for page in pages]
    before = open_to(subjects)
    unbind(held)
    rests_on(subjects[0], None)
    if for_good:
        for page in held:
            ContentPage.objects.get(pk=page.pk).unpublish()
    record_since(before, subjects)
    note("home.page taken off", id=page_id, agreement=agreement)


def unbind(pages: Collection[ContentPage]) -> None:
    """They name no agreement any more. One query; who calls it records it and tells the decisions."""
    _rows_of(pages).update(agreement=None)


def _locked(page_id: int) -> list[ContentPage]:
    """The pages of the group, held until the transaction ends."""
    pages = _ours(page_id)
    list(_rows_of(pages).order_by("pk").select_for_update().values_list("pk", flat=True))
    return _ours(page_id)


def _rows_of(pages: Collection[ContentPage]) -> models.QuerySet[ContentPage]:
    """The rows themselves, past what records and checks their changes: who writes by this does both."""
    rows: models.QuerySet[ContentPage] = models.QuerySet(ContentPage)
    return rows.filter(pk__in=[page.pk for page in pages])


# On the page of who votes


def page(request: HttpRequest, rows: Collection[Shown]) -> Mapping[str, Any]:
    """What the template shows, from the values of the rows alone."""
    return {"agreed_pages": [_told(row) for row in rows]}


def _told(row: Shown) -> dict[str, Any]:
    """The values, the date as a date, as (name, words) what stands in no text of the page: its address, what search
    engines are told.
    """
    values = row.values
    facts = [
        (_("Address"), values.get("slug", "")),
        (_("Title for search engines"), values.get("seo_title", "")),
        (_("Words for search engines"), values.get("search_description", "")),
    ]
    return {
        **values,
        "label": values.get("title", row.label),
        "language": row.language,
        "day": parse_date(values.get("date", "")),
        "facts": [(name, words) for name, words in facts if words],
    }


def readable(row: Shown, held: Collection[str]) -> Shown:
    """Without the references that this reader may not see, as on the page itself. The queries of the library where
    there are any.
    """
    blocks = row.values.get("body", ())
    marks = [block["mark"] for block in blocks if block["type"] == "reference" and block["mark"]]
    if not marks:
        return row
    seen = references.found(marks, audiences=frozenset({PUBLIC, *held}), language=row.language or "fr")
    kept = [
        block
        if block["type"] != "reference" or block["mark"] in seen
        else {**block, "mark": "", "note": "", "record": {}}
        for block in blocks
    ]
    return replace(row, values={**row.values, "body": kept})


def file_of(values: Mapping[str, Any]) -> Callable[[HttpRequest], HttpResponseBase] | None:
    """What serves the picture of a row; None for the row of a page. It raises Http404 where it is another by now."""
    pk = values.get("picture")
    if not pk:
        return None

    def serve(request: HttpRequest) -> HttpResponseBase:
        image = get_image_model().objects.filter(pk=pk).first()
        if image is None or not values["sha256"] or sha256_of(image) != values["sha256"]:
            raise Http404("not what was asked about")
        return served(request, image, image.file.name, is_public=False)

    return serve


GATED = GatedKind(
    name=KIND,
    label=_("Articles of our groups"),
    titles=titles,
    body=body,
    parts=parts,
    shown=shown,
    open=open_agreed,
    close=close_agreed,
    reopen=reopen_agreed,
    standing=standing,
    url=url,
    page=page,
    template="home/_agreed_page.html",
    file=file_of,
    readable=readable,
)
