"""A refusal is a sentence where the person stands, and what they wrote is kept as a draft.

publish in the editor, copy ─► judged before: the draft is saved, then the sentence        bulk publish ─► page by page, the others go on
a translation's publication, once its draft is kept (`translating`) ─► noted here, said with the answer
anything else of the admin that raises NotAgreed ─► back to where they were, with the sentence
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextvars import ContextVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from wagtail.admin.views.pages.bulk_actions.publish import PublishBulkAction
from wagtail.models import Page

from home.articles.guarding import refusal_of
from home.models import NEEDS_AGREEMENT, NO_ALIAS, ContentPage, gates
from kb.pages.agreements import NotAgreed

_noted: ContextVar[list[str] | None] = ContextVar("refusals to be said with the answer", default=None)


def note_refusal(why: ValidationError) -> None:
    """Has it said with the answer to the request of the moment; outside one, the log of who calls has it."""
    noted = _noted.get()
    if noted is not None:
        noted += [sentence for sentence in why.messages if sentence not in noted]


class NotAgreedMiddleware:
    """For the admin: nothing that was not agreed to ends in a page of errors."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _noted.set([])
        try:
            response = self.get_response(request)
            _say(request, _noted.get() or ())
        finally:
            _noted.reset(token)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, NotAgreed) or not request.path.startswith(reverse("wagtailadmin_home")):
            return None
        sentence = " ".join(exception.messages)
        if not request.accepts("text/html"):
            return JsonResponse(
                {"success": False, "error_code": "not_agreed", "error_message": sentence, "error": sentence}, status=409
            )
        _say(request, [sentence])
        return HttpResponseRedirect(_where_they_were(request))


def refuse_publishing(request: HttpRequest, page: Page) -> HttpResponse | None:
    """For the hook before publishing: the draft is saved by then."""
    sentence = refusal_of(page) if isinstance(page, ContentPage) else ""
    if not sentence:
        return None
    messages.error(request, sentence)
    return redirect("wagtailadmin_pages:edit", page.pk)


def refuse_copying(request: HttpRequest, page: Page) -> HttpResponse | None:
    """For the hook before copying, before anything of a branch is copied."""
    if request.method != "POST" or not gates():
        return None
    branch = page.get_descendants(inclusive=True) if request.POST.get("copy_subpages") else [page]
    ours = ContentPage.objects.filter(pk__in=[one.pk for one in branch], own_production__isnull=False)
    if request.POST.get("alias") and ours.exists():
        sentence = NO_ALIAS
    elif request.POST.get("publish_copies") and any(one.is_for_everyone() for one in ours):
        sentence = NEEDS_AGREEMENT
    else:
        return None
    messages.error(request, sentence)
    return redirect("wagtailadmin_pages:copy", page.pk)


class PublishAgreed(PublishBulkAction):
    """Wagtail's, which one refusal would end."""

    @classmethod
    def execute_action(cls, objects, include_descendants=False, user=None, **kwargs):
        parents = children = 0
        for page in objects:
            parents += _publish(page.specific, user)
            if include_descendants:
                for below in page.get_descendants().not_live().defer_streamfields().specific().iterator():
                    if user is None or below.permissions_for_user(user).can_publish():
                        children += _publish(below, user)
        return parents, children


def _publish(page: Page, user) -> bool:
    """Whether it was published; a refusal is said with the answer."""
    revision = page.get_latest_revision() or page.save_revision(user=user)
    try:
        revision.publish(user=user)
    except NotAgreed as why:
        note_refusal(NotAgreed([f"{page.get_admin_display_title()}: {sentence}" for sentence in why.messages]))
        return False
    return True


def _say(request: HttpRequest, sentences: Iterable[str]) -> None:
    """In place of what the request says was done: that was not."""
    sentences = list(sentences)
    if sentences:
        before = [one for one in messages.get_messages(request) if one.level != messages.SUCCESS]
        for one in before:
            messages.add_message(request, one.level, one.message, extra_tags=one.extra_tags)
        for sentence in sentences:
            messages.error(request, sentence)


def _where_they_were(request: HttpRequest) -> str:
    before = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(before, {request.get_host()}, require_https=request.is_secure()):
        return before
    return reverse("wagtailadmin_home")
