"""Public pages of the issues: archive, one issue, feed. The subscription has its own in `subscription_views`."""

from __future__ import annotations

import hashlib

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from kb.languages import current_language, word
from kb.newsletter.models import Issue, NewsletterSettings
from kb.newsletter.public import archive as listing
from kb.newsletter.public import feeds, linking
from kb.newsletter.public.shown import shown
from kb.pages.agreements import last_word

SECTION = "newsletter"


@require_safe
def archive(request: HttpRequest) -> HttpResponse:
    found = listing.archive(request.GET, current_language())
    context = {
        "archive": found,
        "noindex": found.narrows,
        "section": SECTION,
        "every_weeks": NewsletterSettings.load(request).every_weeks,
    }
    return render(request, "newsletter/archive.html", context)


@require_safe
def issue(request: HttpRequest, number: int) -> HttpResponse:
    record = Issue.objects.filter(number=number).first()
    if record is None:
        raise Http404("no such issue")
    if record.live:
        return page(request, record)
    word = last_word(record.search_subject())
    if not word:
        raise Http404("no such issue")
    gone = {"number": number, "word": word, "section": SECTION, "noindex": True}
    return render(request, "newsletter/agreement_over.html", gone, status=410)


def page(request: HttpRequest, record: Issue) -> HttpResponse:
    """The page of an issue in the language of the moment; also of one that is being written (previews)."""
    one = shown(record, current_language())
    context = {
        "shown": one,
        "around": listing.neighbours(one.number or 0, one.language),
        "addresses": linking.addresses_of(request, one),
        "shown_elsewhere": one.language not in one.written,
        "page_language": one.written[0],
        "section": SECTION,
        "every_weeks": NewsletterSettings.load(request).every_weeks,
    }
    return render(request, "newsletter/issue.html", context)


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    document = feeds.feed(
        feeds.latest_issues(),
        current_language(),
        path=reverse("newsletter:feed"),
        archive_path=reverse("newsletter:archive"),
        absolute=request.build_absolute_uri,
    )
    # No Last-Modified: something that was closed since leaves the feed without a new date of it.
    etag = f'"{hashlib.sha256(document).hexdigest()[:32]}"'
    response = HttpResponse(
        document,
        content_type="application/atom+xml; charset=utf-8",
        headers={"Cache-Control": "no-cache", "ETag": etag},
    )
    return get_conditional_response(request, etag=etag, response=response) or response


urlpatterns = [
    path("", archive, name="archive"),
    path(word("feed"), feed, name="feed"),
    path("<int:number>/", issue, name="issue"),
]
