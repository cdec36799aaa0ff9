"""A form that was sent after its session ended: kept for the person it was made for, and there again after they log in.

form      <input name="ticket"> signed for the person; without a good one nothing of a stranger is stored
kept      private storage incoming/<uuid>.form.<person>: {"user", "path", "data"}, the last FORMS_KEPT of each person;
          its uploads beside it
          (`kb.files.intake.keeping`); for a day
address   …/ajouter/?resume=<signed token>, which opens for that person alone
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.contrib.auth import get_user_model
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, QueryDict

from kb.files.intake.forms import Refused
from kb.files.intake.keeping import KEPT_FOR, keep, keep_last, kept
from kb.files.intake.storing import check_size
from kb.files.intake.uploading import RefusedUpload, is_full, left_for
from kb.files.names import clean_name

SALT = "kb.library.resuming"
FORM_MAX_BYTES = 200_000  # several times the longest summary with all its other lines
FORMS_KEPT = 20


class Obstacle(StrEnum):
    """Why nothing of a form is kept: it is too long, the disk is full, or the person has no room left."""

    TOO_LONG = "too long"
    FULL = "full"
    QUOTA = "quota"


class NotKept(Exception):
    """Raised when nothing of the form could be kept; says what stood in the way."""

    def __init__(self, why: Obstacle) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Parked:
    """The token that brings a form back, and which of its documents are not kept with it."""

    token: str
    refused: tuple[Refused, ...] = ()


def ticket_for(user: Any) -> str:
    """A token for the form, good for a day."""
    return signing.dumps(user.pk, salt=SALT)


def ticket_holder(ticket: str) -> int | None:
    """The id of the active person a form was made for; None for a forged or old ticket."""
    try:
        pk = signing.loads(ticket, salt=SALT, max_age=KEPT_FOR)
    except signing.BadSignature:
        return None
    return pk if get_user_model().objects.filter(pk=pk, is_active=True).exists() else None


def owner_of_kept(user_id: int) -> str:
    """Under which the uploads of this person's forms are kept."""
    return f".{user_id}"


def _owner_of_form(user_id: int) -> str:
    """The owner of kept forms, another than that of kept uploads: a token from an address opens no upload."""
    return f".form.{user_id}"


def park(request: HttpRequest, user_id: int, *, fields: frozenset[str]) -> Parked:
    """Keeps what was typed and dropped in those fields for that person; a document that cannot be taken stops none of
    the others.

    Whoever has the ticket needs no session, so typed text is held to what files are held to. Raises NotKept before
    anything is written.
    """
    data = {name: request.POST.getlist(name) for name in request.POST if name in fields}
    if obstacle := _obstacle(len(_written(request, user_id, data)), user_id):
        raise NotKept(obstacle)
    refused: list[Refused] = []
    for name in sorted(request.FILES.keys() & fields):
        uploads = request.FILES.getlist(name)
        said = {one: _refusal(one) for one in uploads}
        words = [keep(one, one.name or "", whose=owner_of_kept(user_id)) for one in uploads if not said[one]]
        data["kept"] = [*data.get("kept", []), *words]
        refused += [Refused(clean_name(one.name or ""), sentence) for one, sentence in said.items() if sentence]
    token = keep(ContentFile(_written(request, user_id, data)), "form.json", whose=_owner_of_form(user_id))
    keep_last(FORMS_KEPT, whose=_owner_of_form(user_id))
    return Parked(token, tuple(refused))


def _refusal(upload: UploadedFile) -> str:
    """Why a file cannot be kept; "" for one that can. What its kind is, its field says when the form is sent again."""
    if isinstance(upload, RefusedUpload):
        return upload.sentence
    try:
        check_size(upload.size or 0)
    except ValidationError as error:
        return " ".join(error.messages)
    return ""


def _obstacle(typed_bytes: int, user_id: int) -> Obstacle | None:
    if typed_bytes > FORM_MAX_BYTES:
        return Obstacle.TOO_LONG
    if is_full():
        return Obstacle.FULL
    return None if left_for(user_id, has_session=True) else Obstacle.QUOTA


def _written(request: HttpRequest, user_id: int, data: dict[str, list[str]]) -> bytes:
    form = {"user": user_id, "path": request.path, "data": data}
    # Half a pair of surrogates, which a strange encoding can bring, is no reason for an error: json reads it back.
    return json.dumps(form, ensure_ascii=False).encode(errors="surrogatepass")


def resumed(token: str, user: Any, path: str) -> QueryDict | None:
    """What was kept for this person at this address; None for anyone else, a forged token,
    or one that is more than a day old.
    """
    try:
        content, _name = kept(token, whose=_owner_of_form(user.pk))
    except (signing.BadSignature, FileNotFoundError):
        return None
    with content:
        try:
            form = json.loads(content.read())
        except ValueError:
            return None
    if not isinstance(form, dict) or form.get("user") != user.pk or form.get("path") != path:
        return None
    data = QueryDict(mutable=True)
    for name, values in form["data"].items():
        data.setlist(name, values)
    return data
