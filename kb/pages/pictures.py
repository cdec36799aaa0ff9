"""Pictures of articles: each is there for whoever may see a page that shows it, and for editors; for others there is
nothing at its address.

Wagtail keeps the pictures and says which pages use them (its reference index); files of the library go out through
`kb.files.serving`.
"""

from __future__ import annotations

import mimetypes

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase, HttpResponseNotModified
from django.utils.http import parse_etags
from wagtail.images import get_image_model
from wagtail.models import Page, ReferenceIndex

from kb.accounts.audiences import PUBLIC, STAFF, audiences_of
from kb.backoffice.counting import numbers_of
from kb.pages.models import BasePage

POLICY = "sandbox; default-src 'none'"


def picture(request: HttpRequest, name: str) -> HttpResponseBase:
    """The file of a picture or of one of its sizes. 404 for readers of no page that shows it. Three queries."""
    image = _image_of(name)
    if image is None:
        raise Http404
    held = audiences_of(request)
    shown_to = frozenset({STAFF}).union(*(page.effective_audiences for page in pages_with(image)))
    if held.isdisjoint(shown_to):
        raise Http404
    return served(request, image, name, is_public=PUBLIC in shown_to)


def served(request: HttpRequest, image, name: str, *, is_public: bool) -> HttpResponseBase:
    """The bytes of a picture or of one of its sizes, for who may see them. Raises Http404 where they are gone."""
    etag = f'"{image.file_hash}-{name.rpartition("/")[2]}"'
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        answer: HttpResponseBase = HttpResponseNotModified()
    else:
        try:
            content = default_storage.open(name)
        except FileNotFoundError as error:
            raise Http404 from error
        answer = FileResponse(content, content_type=mimetypes.guess_type(name)[0] or "application/octet-stream")
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["ETag"] = etag
    answer.headers["Cache-Control"] = "public, no-cache" if is_public else "private, no-store"
    return answer


def _image_of(name: str):
    images = get_image_model()
    found = images.get_rendition_model().objects.filter(file=name).select_related("image").first()
    return found.image if found else images.objects.filter(file=name).first()


def pages_with(image) -> list[BasePage]:
    """Live pages that show the picture."""
    used = ReferenceIndex.get_references_to(image).values_list("object_id", flat=True)
    pages = Page.objects.live().filter(pk__in=numbers_of(used)).specific()
    return [page for page in pages if isinstance(page, BasePage)]
