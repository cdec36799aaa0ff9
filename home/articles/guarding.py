"""Nothing of our bodies' articles is public but what the Steering Committee agreed to.

a change ─► `check`, in its transaction: each live row is named by one agreement ─► the pages name it        else ─► NotAgreed, nothing changed
a page that says it is for everyone and names no agreement (loaddata, SQL, suspended) ─► editors alone (`home.models`)
each hour ─► `compare`: what differs from its agreement loses it, is seen by editors alone and named in the log
"""  # noqa: E501

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db import models, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from wagtail.images.models import AbstractImage
from wagtail.models import Page

from home.articles.agreeing import agreement_naming, bind, drawn_of, group_of, names, pages_subject, unbind
from home.articles.telling import rows_of
from home.indexing import number_of
from home.models import KIND, NEEDS_AGREEMENT, TAKEN_OFF_NOT_DELETED, ContentPage, gates
from kb.accounts.audiences import PUBLIC
from kb.decisions.answering import rests_on
from kb.decisions.models import Manifest
from kb.pages.agreements import NotAgreed
from kb.pages.pictures import pages_with
from search.recording import is_erasing, record_since
from search.registry import open_to

logger = logging.getLogger(__name__)
PICTURE_STAYS = _lazy(
    "This picture is part of an article that is public as the Steering Committee agreed to it: it stays. Put another "
    "picture into the draft of the article, and ask for a new agreement."
)
_PLAIN = ("live", "title", "slug", "seo_title", "search_description")


def check(subjects: Sequence[str]) -> None:
    """For `search.recording`: raises NotAgreed where one of these is a page of one of our bodies, or of a translation
    of it, for everyone as nobody agreed to it.

    Two queries where none of them is ours; ten for each that is for everyone.
    """
    ids = [number_of(subject) for subject in subjects if subject.startswith(f"{KIND}:")]
    if not ids or not gates():
        return
    keys = ContentPage.objects.filter(pk__in=ids).order_by().values_list("translation_key", flat=True).distinct()
    for key in keys:
        pages = list(ContentPage.objects.filter(translation_key=key).select_related("locale").order_by("pk"))
        if any(page.own_production_id or page.agreement_id for page in pages):
            _check(pages, frozenset(ids))


def _check(pages: list[ContentPage], changed_ids: Collection[int]) -> None:
    """Of what is held back already, only what changed is asked about: the others may be taken off one by one."""
    subject = pages_subject(pages)
    closed = [page for page in pages if page.agreement_id and not page.is_for_everyone()]
    live = [page for page in pages if page.is_for_everyone() and (page.agreement_id or page.pk in changed_ids)]
    if closed:
        unbind(closed)
    if not live:
        if closed:
            rests_on(subject, None)
        return
    named = next((page.agreement_id for page in live if page.agreement_id), None)
    agreement = agreement_naming(subject, live, named=named)
    if agreement is None and named is not None and is_erasing():
        manifest = Manifest.objects.get(pk=named)
        Manifest.objects.rewrite(manifest, rows_of(live, drawn=drawn_of(named)), manifest.parts)
        return
    if agreement is None:
        if is_erasing():  # held back already: nobody reads it, and nobody can refuse that
            return
        raise NotAgreed(NEEDS_AGREEMENT if named is None else changed(pages[0], named))
    if any(page.agreement_id != agreement for page in live):
        bind(live, agreement)


def changed(page: ContentPage, agreement: int) -> str:
    """The sentence for who would change what is public by this agreement."""
    number = decision_code(agreement)
    if not number:
        return _(
            "“%(title)s” is public as it was before the Steering Committee's agreement was needed, and stays so. The "
            "change is kept as a draft and needs its agreement: ask for it."
        ) % {"title": page.title}
    return _(
        "“%(title)s” is public as the Steering Committee agreed to it (%(number)s), and stays so. The change is kept "
        "as a draft and needs a new agreement: ask for it."
    ) % {"title": page.title, "number": number}


def decision_code(agreement: int) -> str:
    """ "CP-2026-004"; "" for what was public before the gate. One query."""
    return Manifest.objects.select_related("decision__body").get(pk=agreement).decision_code


def refusal_of(page: ContentPage) -> str:
    """Why this text, which is not saved or only as a draft, may not become public; "" where it may. The queries of
    `check`.
    """
    others = [one for one in group_of(page.pk) if one.pk != page.pk and one.live]
    source = min([page, *others], key=lambda one: one.pk)
    whose = page.own_production_id or source.own_production_id
    if not gates() or not whose or PUBLIC not in (page.audiences or ()):
        return ""
    page.own_production_id = whose
    subject = pages_subject([page, *group_of(page.pk)])
    if agreement_naming(subject, [*(one for one in others if one.is_for_everyone()), page]) is not None:
        return ""
    stored = ContentPage.objects.filter(pk=page.pk, agreement__isnull=False).first()
    return changed(stored, stored.agreement_id) if stored and stored.agreement_id else str(NEEDS_AGREEMENT)


# What does not come by the model of a page


def refuse_deleting(sender: type[ContentPage], instance: ContentPage, **ignored: Any) -> None:
    """Before a page goes, also with what it stands under. Raises NotAgreed for what is public by an agreement, and for
    the source of such a page: the agreement is about it.
    """
    if not gates():
        return
    group = group_of(instance.pk)
    is_source = bool(group) and group[0].pk == instance.pk
    if any(one.agreement_id and (is_source or one.pk == instance.pk) for one in group):
        raise NotAgreed(TAKEN_OFF_NOT_DELETED)


def refuse_plain(sender: type[Page], instance: Page, *, raw: bool = False, **ignored: Any) -> None:
    """Before the part that all pages have is saved alone. Raises NotAgreed where readers would see other words of our
    groups' work than they do. One query.
    """
    if raw or not instance.pk or not instance.live or not gates():
        return
    stored = ContentPage.objects.filter(pk=instance.pk, own_production__isnull=False).first()
    if stored is not None and any(getattr(stored, name) != getattr(instance, name) for name in _PLAIN):
        raise NotAgreed(NEEDS_AGREEMENT if stored.agreement_id is None else changed(stored, stored.agreement_id))


def refuse_other_picture(sender: type[AbstractImage], instance: AbstractImage, **ignored: Any) -> None:
    """Before a picture gets another file, or goes. Raises NotAgreed where it is part of what was agreed to. A query;
    four for another file.
    """
    stored = sender.objects.filter(pk=instance.pk).first() if instance.pk else None
    if stored is None or ("raw" in ignored and stored.file.name == instance.file.name):
        return
    if any(isinstance(page, ContentPage) and page.agreement_id for page in pages_with(stored)):
        raise NotAgreed(PICTURE_STAYS)


def note_unpublished(sender: type[Page], instance: Page, **ignored: Any) -> None:
    """What expires is unpublished as a plain page: it names no agreement any more either."""
    if isinstance(instance, ContentPage):
        with transaction.atomic():
            check([instance.search_subject()])


def compare() -> str | None:
    """Takes off what is public otherwise than it was agreed to, what names an agreement that is over, and what names
    one of our bodies as its author past all that saves a page. Ten queries for each article: there are few. For the
    clock.
    """
    named = sum(map(_name_whose_work, list(_nobodys()))) if gates() else 0
    keys: Iterable = ContentPage.objects.for_everyone().order_by().values_list("translation_key", flat=True).distinct()
    taken_off = named + sum(_take_off(key) for key in list(keys))
    return f"{taken_off} taken off: not what was agreed to" if taken_off else None


def _nobodys() -> models.QuerySet[ContentPage]:
    """The pages that name an author of ours and are nobody's work, but for translations, which follow their source."""
    elder = ContentPage.objects.filter(translation_key=OuterRef("translation_key"), pk__lt=OuterRef("pk"))
    return ContentPage.objects.filter(~Exists(elder), own_production=None, bodies__isnull=False).distinct()


@transaction.atomic
def _name_whose_work(page: ContentPage) -> int:
    """How many pages are taken off by it."""
    group = group_of(page.pk)
    subjects = [one.search_subject() for one in group]
    before = open_to(subjects)
    page.name_whose_work()
    rows: models.QuerySet[ContentPage] = models.QuerySet(ContentPage)
    rows.filter(pk__in=[one.pk for one in group]).update(own_production=page.own_production)
    record_since(before, subjects)
    logger.error("%s names one of our groups as its author: it is its work from now on", page.search_subject())
    return sum(one.is_for_everyone() for one in group_of(page.pk))


@transaction.atomic
def _take_off(translation_key) -> int:
    """How many of these pages are taken off."""
    pages = list(
        ContentPage.objects.filter(translation_key=translation_key)
        .select_related("locale")
        .order_by("pk")
        .select_for_update(of=("self",))
    )
    differing = [page for page in pages if page.agreement_id and not _is_agreed(page, pages)]
    if not differing:
        return 0
    subjects = [page.search_subject() for page in pages]
    before = open_to(subjects)
    unbind(differing)
    if not any(page.is_public() for page in ContentPage.objects.filter(translation_key=translation_key)):
        rests_on(pages_subject(pages), None)
    record_since(before, subjects)
    for page in differing:
        logger.error(
            "%s is not what was agreed to: editors alone see it until there is an agreement", page.search_subject()
        )
    return len(differing)


def _is_agreed(page: ContentPage, pages: Collection[ContentPage]) -> bool:
    assert page.agreement_id is not None
    return not page.is_for_everyone() or names(page.agreement_id, pages_subject(pages), [page])
