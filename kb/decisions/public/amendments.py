"""The page of one amendment: its second person reads it and makes it public or sends it back; the body reads what
changed, and any of its voices calls it back.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from kb.accounts import audiences
from kb.accounts.audiences import STAFF, audiences_of
from kb.decisions.choices import AmendmentState
from kb.decisions.deciding import amending
from kb.decisions.deciding.comparing import CAME, Difference, differences
from kb.decisions.errors import Refused
from kb.decisions.models import Amendment, Decision
from kb.pages.agreements import kind_of


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def amendment(request: HttpRequest, pk: int) -> HttpResponse:
    """What a reader may not see answers as what does not exist. GET shows, POST acts: do=confirm, back or call."""
    held, user = audiences_of(request), request.user
    found = Amendment.objects.filter(pk=pk).select_related("manifest", "asked_by", "reader", "decided_by").first()
    decision = _decision(found)
    is_staff = STAFF in held
    if found is None or decision is None or not _may_read(found, decision, held, user):
        raise Http404
    refused = ""
    if request.method == "POST":
        try:
            return _act(request.POST.get("do", ""), found, user, is_staff)
        except Refused as why:
            refused = why.sentence
            found.refresh_from_db()
    shown = {
        "amendment": found,
        "decision": decision,
        "changes": (changes := _changes(found, held)),
        **_texts(request, found, changes),
        "may_confirm": amending.may_confirm(found, user, is_staff=is_staff),
        "may_call_back": amending.may_call_back(found, decision, user),
        "refused": refused,
    }
    return render(request, "decisions/amendment.html", shown, status=409 if refused else 200)


def _act(do: str, amendment: Amendment, user, is_staff: bool) -> HttpResponse:
    if do == "confirm":
        amending.confirm(amendment.pk, by=user, is_staff=is_staff)
    elif do == "back":
        amending.send_back(amendment.pk, by=user, is_staff=is_staff)
    elif do == "call":
        amending.call_back(amendment.pk, by=user)
    return HttpResponseRedirect(reverse("decisions:amendment", args=(amendment.pk,)))


def _decision(amendment: Amendment | None) -> Decision | None:
    try:
        return amending.decision_of(amendment.manifest) if amendment is not None else None
    except Refused:
        return None


def _may_read(amendment: Amendment, decision: Decision, held: frozenset[str], user) -> bool:
    """The editors; who is named to read it, as long as a mandate of theirs runs; once it is public also the body. All
    but the editors only while what was agreed to is read.
    """
    if STAFF in held:
        return True
    if not decision.is_public:
        return False
    was_public = amendment.state in (AmendmentState.STANDING, AmendmentState.CALLED_BACK)
    of_body = was_public and audiences.may_see(held, {audiences.body(decision.body.code)})
    return of_body or (user.pk == amendment.reader_id and amending.sits(user))


def _texts(request: HttpRequest, amendment: Amendment, changes: tuple[Difference, ...]) -> dict[str, Any]:
    """A text that came, to be read, with the agreed ones of the same kind after it; {} where none came."""
    came = [change.row for change in changes if change.how == CAME]
    if not came or amendment.state != AmendmentState.PROPOSED:
        return {}
    kind = kind_of(amendment.manifest.subject)[0]
    held, name = audiences_of(request), came[0].subject.rpartition(":")[0]
    beside = [row for row in amendment.manifest.shown() if row.subject.rpartition(":")[0] == name]
    rows = [*came, *(kind.readable(row, held) for row in beside)]
    return {**kind.page(request, rows), "row_template": kind.template}


def _changes(amendment: Amendment, held: frozenset[str]) -> tuple[Difference, ...]:
    """What it changes, or changed, as far as the reader may read it; () for what was sent back, or where the draft is
    another by now.
    """
    manifest = amendment.manifest
    if amendment.state == AmendmentState.STANDING:
        before, after = amendment.former_rows(), manifest.shown()
    elif amendment.state == AmendmentState.PROPOSED:
        try:
            draft = amending.draft_to_show(manifest.subject, amendment)
        except Refused:
            return ()
        if not draft.is_still(amendment):
            return ()
        before, after = manifest.shown(), draft.rows[amendment.kind]
    else:
        return ()
    kind = kind_of(manifest.subject)[0]
    return differences([kind.readable(one, held) for one in before], [kind.readable(one, held) for one in after])
