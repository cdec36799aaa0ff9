"""What was to be published, or taken off, by now: page by page, so that one refusal stops no other."""

from __future__ import annotations

import logging

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from wagtail.models import Page, Revision

logger = logging.getLogger(__name__)


def publish_due() -> str | None:
    """Takes off the pages whose day is over, publishes the revisions whose day has come. What is refused stays a draft
    and is not tried again. For the clock.
    """
    now = timezone.now()
    expired, published, refused = 0, 0, 0
    for page in list(Page.objects.filter(live=True, expire_at__lt=now).order_by("expire_at", "pk")):
        with transaction.atomic():
            page.unpublish(set_expired=True, log_action="wagtail.unpublish.scheduled")
        expired += 1
    for revision in list(Revision.objects.filter(approved_go_live_at__lt=now).order_by("approved_go_live_at", "pk")):
        try:
            with transaction.atomic():
                revision.publish(log_action="wagtail.publish.scheduled")
            published += 1
        except ValidationError as why:
            Revision.objects.filter(pk=revision.pk).update(approved_go_live_at=None)
            logger.warning("Not published on its day: %s. %s", revision.object_str, " ".join(why.messages))
            refused += 1
    if not (expired or published or refused):
        return None
    return f"{expired} taken off, {published} published, {refused} refused"
