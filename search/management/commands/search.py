"""`manage.py search "words" [--as EMAIL] [--language fr] [--page 1] [--sort date] [--json]`: what that reader would
find.

With --json one line:
    {"query", "language", "page", "total", "total_all", "total_passages", "complete",
     "facets": {"languages": [{"value", "label", "count"}], …},
     "hits": [{"subject", "mark", "url", "title", "language", "languages", "meta", "notes",
               "sections": [{"page", "label", "anchor", "url", "language", "text", "spans": [[start, end], …]}]}],
     "similar": [as hits, outside the totals]}
`text` is the passage shown, spans are places in it; `page` is 0 for the notice. An editor is taken to have passed the
second factor.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from itertools import chain
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.signed_cookies import SessionStore  # kept in memory: nothing is written
from django.core.management.base import BaseCommand, CommandError
from django.http import HttpRequest, QueryDict
from django.utils import translation

from search.engines.base import EngineUnavailable
from search.opening import audiences_of, site_finder
from search.public.answering import Answer, Row, ask
from search.public.forms import SearchForm


class Command(BaseCommand):
    help = "Searches as a reader would; without --as, as the public."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "words", help='as typed in the search box: logement "titre de séjour" -social year:2008-2012'
        )
        parser.add_argument("--as", dest="email", default="", help="e-mail address of the reader")
        parser.add_argument(
            "--language", default=settings.LANGUAGE_CODE, choices=[code for code, _ in settings.LANGUAGES]
        )
        parser.add_argument("--page", type=int, default=1)
        parser.add_argument("--sort", choices=["relevance", "date"], default="relevance")
        parser.add_argument("--json", action="store_true", help="one JSON line")

    def handle(self, *args: Any, **options: Any) -> None:
        address = QueryDict(mutable=True)
        address.update({"q": options["words"], "page": str(options["page"]), "sort": options["sort"]})
        audiences = audiences_of(_request_of(options["email"]))
        with translation.override(options["language"]):
            try:
                answer = ask(site_finder(), SearchForm.read(address), audiences=audiences, language=options["language"])
            except EngineUnavailable as reason:
                raise CommandError(f"The search does not answer: {reason}") from reason
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(answer), ensure_ascii=False))
        else:
            self.stdout.write("\n".join(_as_text(answer)))


def _request_of(email: str) -> HttpRequest:
    """A request of that reader, in a session that passed the second factor.
    Raises CommandError for an unknown address.
    """
    request = HttpRequest()
    request.session = SessionStore()
    request.user = AnonymousUser()
    if email:
        users = get_user_model()._default_manager
        user = users.filter(**{f"{get_user_model().USERNAME_FIELD}__iexact": email}, is_active=True).first()
        if user is None:
            raise CommandError(f"Nobody logs in with {email}.")
        request.user = user
        record_authentication(request, user, "mfa")
    return request


def _as_json(answer: Answer) -> dict[str, Any]:
    results = answer.results
    return {
        "query": answer.form.words,
        "language": answer.query.language,
        "page": answer.form.page,
        "total": results.total,
        "total_all": results.total_all,
        "total_passages": results.total_passages,
        "complete": answer.complete,
        "facets": {
            facet.name: [
                {"value": row.value, "label": row.label, "count": row.count} for row in chain(facet.rows, facet.others)
            ]
            for facet in answer.facets
        },
        "hits": [_row_as_json(row) for row in answer.rows],
        "similar": [_row_as_json(row) for row in answer.similar],
    }


def _row_as_json(row: Row) -> dict[str, Any]:
    card = row.card
    return {
        "subject": card.subject,
        "mark": card.mark,
        "url": card.url,
        "title": card.title,
        "language": card.title_language,
        "languages": list(card.languages),
        "meta": card.meta,
        "notes": [note.text for note in card.notes],
        "sections": [
            {
                "page": shown.passage.page_number,
                "label": shown.passage.label,
                "anchor": shown.passage.anchor,
                "url": shown.url,
                "language": shown.passage.language,
                "text": shown.passage.text,
                "spans": [list(span) for span in shown.passage.spans],
            }
            for shown in row.passages
        ],
    }


def _as_text(answer: Answer) -> list[str]:
    results = answer.results
    lines = [
        (
            f"{results.total} documents ({results.total_all} with all the words), page "
            f"{answer.form.page} of {answer.last_page}"
        )
    ]
    if not answer.complete:
        lines.append("The index is not complete: run manage.py rebuild_index.")
    for row in answer.rows:
        lines += ["", f"{row.card.title}  [{' '.join(row.card.languages)}]", f"  {row.card.meta}", f"  {row.card.url}"]
        lines += [f"  {note.text}" for note in row.card.notes]
        lines += [f"  {shown.passage.label or '–'}: {shown.passage.text}" for shown in row.passages]
    return lines
