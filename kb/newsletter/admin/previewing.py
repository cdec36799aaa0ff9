"""How an issue that is being written will look: its page, its mail and the mail as text, each in the three languages.

The model asks here by the name of a mode ("mail-nl"); `register_all` fills it, because pages and mail are made from
models.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import resolve
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from kb.languages import LANGUAGES
from kb.newsletter.message import content as mailing
from kb.newsletter.models import Issue
from kb.newsletter.models.issues import register_preview
from kb.newsletter.public import views
from kb.newsletter.public.shown import issue_path

# A message is shown as a mail programme would: nothing is fetched, nothing runs.
MAIL_POLICY = {
    "default-src": ["'none'"],
    "style-src": ["'unsafe-inline'"],
    "img-src": ["data:"],
    "frame-ancestors": ["'self'"],
    "form-action": ["'none'"],
    "base-uri": ["'none'"],
}


def page(request: HttpRequest, issue: Issue, language: str) -> HttpResponse:
    with override(language):
        request.LANGUAGE_CODE = language  # type: ignore[attr-defined]
        request.path = request.path_info = issue_path(issue.number or 1, language)
        request.resolver_match = resolve(request.path_info)
        response = views.page(request, issue)
    response._csp_config = {  # type: ignore[attr-defined]  # read by django-csp
        **settings.CONTENT_SECURITY_POLICY["DIRECTIVES"],
        "frame-ancestors": ["'self'"],
    }
    return response


def mail(request: HttpRequest, issue: Issue, language: str) -> HttpResponse:
    html, _text = mailing.preview(issue, language)
    return _as_mail(html)


def mail_as_text(request: HttpRequest, issue: Issue, language: str) -> HttpResponse:
    _html, text = mailing.preview(issue, language)
    return _as_mail(
        format_html(
            '<!doctype html><html lang="{}"><head><meta charset="utf-8"><title>{}</title>'
            "<style>body{{margin:1.5rem;font:1rem/1.5 "
            "monospace;white-space:pre-wrap;overflow-wrap:anywhere}}</style></head><body>{}</body></html>",
            language,
            issue,
            text,
        )
    )


def _as_mail(html: str) -> HttpResponse:
    response = HttpResponse(html)
    response._csp_config = MAIL_POLICY  # type: ignore[attr-defined]
    return response


KINDS: dict[str, tuple[str | Promise, Callable[[HttpRequest, Issue, str], HttpResponse]]] = {
    "web": (_("Page, in %(language)s"), page),
    "mail": (_("Mail, in %(language)s"), mail),
    "text": (_("Mail as text, in %(language)s"), mail_as_text),
}
IN = {"fr": _("French"), "nl": _("Dutch"), "en": _("English")}


def register_all() -> None:
    for kind, (label, make) in KINDS.items():
        for language in LANGUAGES:
            register_preview(
                f"{kind}-{language}",
                label,
                IN[language],
                lambda request, issue, make=make, code=language: make(request, issue, code),
            )
