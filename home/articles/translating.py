"""Translations made by wagtail-localize. It writes new words into the page itself, and publishes them once its own
transaction is over: what is public by an agreement keeps its words, the new ones are kept as a draft, and a refusal
keeps nobody else's work from being done.
"""

from __future__ import annotations

import logging
from functools import partial, wraps
from typing import Any

from django.db import transaction
from wagtail_localize.models import TranslationSource

from home.articles.refusing import note_refusal
from home.models import ContentPage, writing_drafts
from kb.pages.agreements import NotAgreed

logger = logging.getLogger(__name__)
_translate = TranslationSource.create_or_update_translation


@wraps(_translate)
def translate(self: TranslationSource, locale: Any, user: Any = None, publish: bool = True, **options: Any):
    """Wagtail-localize's own, but for pages that may need an agreement."""
    kind = self.specific_content_type.model_class()
    if kind is None or not issubclass(kind, ContentPage):
        return _translate(self, locale, user=user, publish=publish, **options)
    with writing_drafts():
        translation, created = _translate(self, locale, user=user, publish=False, **options)
    if publish:
        transaction.on_commit(partial(_publish, translation.pk, user))
    return translation, created


def watch_translations() -> None:
    """Called once, when the site starts."""
    TranslationSource.create_or_update_translation = translate


def _publish(page_id: int, user: Any) -> None:
    page = ContentPage.objects.get(pk=page_id)
    try:
        page.get_latest_revision().publish(user=user)
    except NotAgreed as why:
        logger.info("%s is kept as a draft: nobody agreed to it yet", page.search_subject())
        note_refusal(why)
