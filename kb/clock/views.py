"""/health, for whatever watches the site."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kb.accounts import audiences
from kb.clock.health import conditions

_LOOPBACK = {"127.0.0.1", "::1"}
# Any of them says that a proxy passed the request on; in production a proxy sets the first two, or the site does not
# take it for https.
_PASSED_ON = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded", "X-Real-IP", "Via")


@require_safe
@never_cache
def health(request: HttpRequest) -> JsonResponse:
    """200 when all is well, else 503. Everyone gets a word a part; editors, and the machine itself, also its detail."""
    found = conditions()
    well = all(condition.ok for condition in found.values())
    parts = {name: "ok" if condition.ok else "fail" for name, condition in found.items()}
    answer: dict[str, object] = {"status": "ok" if well else "fail", **parts}
    if found["database"].ok and _may_see_detail(request):
        answer["detail"] = {name: condition.detail for name, condition in found.items()}
    return JsonResponse(answer, status=200 if well else 503)


def _may_see_detail(request: HttpRequest) -> bool:
    """A request that a proxy on this machine passed on is not the machine's own."""
    passed_on = any(name in request.headers for name in _PASSED_ON)
    own = request.META.get("REMOTE_ADDR") in _LOOPBACK and not passed_on
    return own or audiences.STAFF in audiences.audiences_of(request)
