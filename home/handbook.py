"""The handbook: a page of help for each task, in the language of its reader, for those whose task it is.

The texts are templates, `handbook/<language>/<name>.html`, so that buttons and lists have in them the names they have
on the site, and links lead where the thing is done.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kb.accounts.audiences import STAFF, audiences_of
from kb.languages import CODES, current_language, word
from kb.pages.addressing import addresses
from kb.pages.translations.echoes import Echo


@dataclass(frozen=True, slots=True)
class Task:
    """name: of its template and its route; word: of its address, in `PATH_WORDS`; title: what one does."""

    name: str
    word: str
    title: str | Promise
    is_for_editors: bool

    @property
    def url(self) -> str:
        return reverse(f"handbook:{self.name}")


TASKS = (
    Task("contribute", "add", _("Put a document in the library"), is_for_editors=False),
    Task("vote", "vote", _("Vote for a seat of the committee"), is_for_editors=False),
    Task("decide", "decisions", _("Have the committee decide, in writing or in a meeting"), is_for_editors=True),
    Task("verify", "verify", _("Bring in a folder of documents, then verify the notices"), is_for_editors=True),
    Task("newsletter", "newsletter", _("Write, approve and send an issue of L'Échos-CASS"), is_for_editors=True),
    Task("seats", "seats", _("Keep the seats of a committee: mandates, sides, renewal"), is_for_editors=True),
    Task("erase", "take-away", _("Erase a person, then decide on the texts that may name them"), is_for_editors=True),
)


def tasks_of(request: HttpRequest) -> list[Task]:
    """Those of whoever asks; an editor's only in a session that passed the second factor."""
    is_editor = STAFF in audiences_of(request)
    return [task for task in TASKS if is_editor or not task.is_for_editors]


@login_required
@never_cache
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    words = {"tasks": tasks_of(request), "echoes": _echoes(request, _("Handbook"))}
    return render(request, "handbook/index.html", words)


@login_required
@never_cache
@require_safe
def page(request: HttpRequest, name: str) -> HttpResponse:
    """404 for whoever has no such task."""
    task = next((one for one in tasks_of(request) if one.name == name), None)
    if task is None:
        raise Http404
    text = f"handbook/{current_language()}/{name}.html"
    return render(request, "handbook/page.html", {"task": task, "text": text, "echoes": _echoes(request, task.title)})


def _echoes(request: HttpRequest, title: str | Promise) -> list[Echo]:
    found = []
    for code in CODES:
        if code != current_language():
            with override(code):
                found.append(Echo(code, str(title), addresses.elsewhere(request.path, code)))
    return found


urlpatterns = [
    path("", index, name="index"),
    *(path(format_lazy("{}/", word(task.word)), page, {"name": task.name}, name=task.name) for task in TASKS),
]
