"""The page of one amendment: its second person reads it and makes it public or sends it back; the body reads what
changed, and any of its voices calls it back.
"""

from __future__ import annotations

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
from kb.decisions.deciding.comparing import Difference, differences
from kb.decisions.errors import Refused
from kb.decisions.models import Amendment, Decision


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
        "changes": _changes(found),
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
    """Before it is public: who proposed it, who is to read it, the editors. Then also the body, as long as what was
    agreed to is read.
    """
    if STAFF in held or user.pk in (amendment.asked_by_id, amendment.reader_id):
        return True
    was_public = amendment.state in (AmendmentState.STANDING, AmendmentState.CALLED_BACK)
    return was_public and decision.is_public and audiences.may_see(held, {audiences.body(decision.body.code)})


def _changes(amendment: Amendment) -> tuple[Difference, ...]:
    """What it changes, or changed; () for what was sent back, or where the draft is another by now."""
    if amendment.state == AmendmentState.STANDING:
        return differences(amendment.former_rows(), amendment.manifest.shown())
    if amendment.state != AmendmentState.PROPOSED:
        return ()
    try:
        draft = amending.draft_to_show(amendment.manifest.subject, amendment)
    except Refused:
        return ()
    return draft.changes[amendment.kind] if draft.is_still(amendment) else ()
