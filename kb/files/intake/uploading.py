"""Uploads as they arrive, before a byte is written: where, from whom and how much is kept, so that nothing fills the
disk.

    the address takes no file (FILES_UPLOAD_ROUTES) ─► the request is refused, its body is not read; so is one whose text is too long there
    nobody answers for it                           ─► read to its end, not kept; so is what is too large, too many or too much at once
Such a file still reaches its form, as a `RefusedUpload` without content, so that its field can say a sentence and the
other files of the same request are kept; a form that knows nothing of this (pictures, sheets) says it too as soon as it
looks into the file. First in the setting
FILE_UPLOAD_HANDLERS; the form field is in `forms`.
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import NoReturn

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopFutureHandlers
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.multipartparser import MultiPartParser
from django.template.defaultfilters import filesizeformat
from django.urls import Resolver404, resolve
from django.utils.translation import gettext

from kb.clock.health import free_bytes
from kb.files.intake.keeping import kept_bytes
from kb.files.intake.storing import check_size, limit_words
from search.registries import Providers

TOO_MANY = "too_many"
TOGETHER = "together"
STRANGER = "stranger"
FULL = "full"
QUOTA = "quota"
_LOOKED_AGAIN_BYTES = 4 << 20  # the free space is asked for each time that much more came

HolderOf = Callable[[QueryDict], int | None]
HOLDERS: Providers[HolderOf] = Providers()


def register_holder(holder_of: HolderOf) -> None:
    """holder_of(fields before the file) gives the id of the person who answers for a file that came without a session;
    None for nobody.
    """
    HOLDERS.add(holder_of)


UnfinishedBytes = Callable[[int], int]
UNFINISHED: Providers[UnfinishedBytes] = Providers()


def register_unfinished(bytes_of: UnfinishedBytes) -> None:
    """bytes_of(id of a person) gives the weight of what they put in and nobody accepted yet:
    it counts in FILES_PERSON_MAX_BYTES.
    """
    UNFINISHED.add(bytes_of)


def left_for(person: int, *, has_session: bool) -> int:
    """How many bytes more are kept of this person; without a session, for whom a ticket speaks alone, one form's at
    most. Never under 0.
    """
    parked = kept_bytes(person)
    left = settings.FILES_PERSON_MAX_BYTES - parked - sum(bytes_of(person) for bytes_of in UNFINISHED)
    return max(0, left if has_session else min(left, settings.FILES_REQUEST_MAX_BYTES - parked))


class NoUploadHere(SuspiciousOperation):
    """A file was sent to an address that takes none: answered with status 400."""


class FileNotKept(ValidationError, SuspiciousOperation):
    """What is wrong with a file that was not kept: said by the form that looks into it,
    else by a page with status 400.
    """


class _Nothing(BytesIO):
    """In the place of a content that was not kept: whoever looks into it learns why. Raises FileNotKept."""

    def __init__(self, upload: RefusedUpload) -> None:
        super().__init__()
        self._upload = upload

    def read(self, *_arguments: object) -> NoReturn:
        raise FileNotKept(self._upload.sentence, code=self._upload.refusal or "too_large")

    seek = read


class RefusedUpload(UploadedFile):
    """A file that was not kept. size is what arrived, in bytes; refusal is a code of this module, or "" for one that is
    too large by itself.
    """

    def __init__(self, name: str, size: int, refusal: str, left_bytes: int = 0) -> None:
        super().__init__(_Nothing(self), name, "application/octet-stream", size)
        self.refusal = refusal
        self.left_bytes = left_bytes  # that the person had before this form, for QUOTA

    @property
    def sentence(self) -> str:
        """Why it was not kept, and what to do."""
        try:
            check_size(self.size or 0)
        except ValidationError as error:
            return " ".join(error.messages)
        return _refusal_sentence(self.refusal, self.left_bytes)


def _refusal_sentence(refusal: str, left_bytes: int) -> str:
    if refusal == STRANGER:
        return gettext("This file was not kept. Log in, and choose it again.")
    if refusal == FULL:
        return gettext(
            "There is no room for documents at this moment, so this one was not kept. What you "
            "typed is; tell the coordination."
        )
    if refusal == QUOTA:
        return gettext(
            "What you gave and nobody accepted yet may weigh %(limit)s together; %(left)s are "
            "left, so this one was not kept. "
            "Wait until something is accepted, or delete drafts under “My contributions”."
        ) % {"limit": limit_words(settings.FILES_PERSON_MAX_BYTES), "left": filesizeformat(left_bytes)}
    if refusal == TOO_MANY:
        return gettext("At most %(count)s documents at once. Put this one in afterwards.") % {
            "count": settings.FILES_MAX_AT_ONCE
        }
    limit = limit_words(settings.FILES_REQUEST_MAX_BYTES)
    return gettext("Together the documents weigh more than %(limit)s. Put this one in afterwards.") % {"limit": limit}


class _Parser(MultiPartParser):
    """Lets a handler see the fields that stand before a file."""

    _post: QueryDict  # Django's, filled as the parts arrive

    @property
    def fields(self) -> QueryDict:
        return self._post


class LimitedUploads(FileUploadHandler):
    """Lets a file through to the next handlers as long as it, its number and the whole request are within the settings'
    limits.

    FILES_MAX_BYTES a file, FILES_MAX_AT_ONCE files, FILES_REQUEST_MAX_BYTES kept in one request. A request whose
    Content-Length says from the start that it is four times as heavy keeps none of its files.
    """

    request: HttpRequest  # set by whoever makes the handler, before anything is read

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.number = 0
        self.kept_bytes = self.file_kept_bytes = 0
        self.seen_bytes = 0
        self.is_hopeless = self.is_strangers = False
        self.left_bytes: int | None = None
        self.refusal: str | None = None
        self.parser: _Parser | None = None

    def handle_raw_input(self, input_data, META, content_length, boundary, encoding=None):
        if self.parser is not None:
            return None
        self.is_hopeless = content_length > 4 * settings.FILES_REQUEST_MAX_BYTES
        self.parser = _Parser(META, input_data, self.request.upload_handlers, encoding)
        return self.parser.parse()

    def new_file(self, *args, **options) -> None:
        if not takes_uploads(self.request):
            raise NoUploadHere(f"{self.request.path_info} takes no file")
        super().new_file(*args, **options)
        self.number += 1
        self.seen_bytes = self.file_kept_bytes = 0
        self.refusal = None
        if self.number == 1:
            self.is_strangers = not self.is_answered_for()
        if self.is_strangers:
            self.refusal = STRANGER
        elif self.is_hopeless:
            self.refusal = TOGETHER
        elif self.number > settings.FILES_MAX_AT_ONCE:
            self.refusal = TOO_MANY
        elif is_full():
            self.refusal = FULL
        if self.refusal is not None:
            raise StopFutureHandlers

    def is_answered_for(self) -> bool:
        """Whether somebody who may send files to this address is known: by their session, or by a field that stands
        before the file.
        """
        user = getattr(self.request, "user", None)
        if self.request.path_info.startswith("/admin/"):
            return user is not None and user.has_perm("wagtailadmin.access_admin")
        has_session = user is not None and user.is_authenticated
        fields = self.parser.fields if self.parser is not None else QueryDict()
        holder = next((found for holder_of in HOLDERS if (found := holder_of(fields)) is not None), None)
        person = holder or (user.pk if user is not None and has_session else None)
        if person is not None:
            self.left_bytes = left_for(person, has_session=has_session)
        return has_session or holder is not None

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        self.seen_bytes += len(raw_data)
        if self.refusal is None:
            self.kept_bytes += len(raw_data)
            self.file_kept_bytes += len(raw_data)
            if self.seen_bytes > settings.FILES_MAX_BYTES:
                self.refusal = ""
            elif self.kept_bytes > settings.FILES_REQUEST_MAX_BYTES:
                self.refusal = TOGETHER
            elif self.left_bytes is not None and self.kept_bytes > self.left_bytes:
                self.refusal = QUOTA
            elif self.seen_bytes % _LOOKED_AGAIN_BYTES < len(raw_data) and is_full():
                self.refusal = FULL
        return raw_data if self.refusal is None else None

    def file_complete(self, file_size: int) -> RefusedUpload | None:
        if self.refusal is None:
            return None
        self.kept_bytes -= self.file_kept_bytes
        return RefusedUpload(
            self.file_name or "",
            self.seen_bytes,
            "" if self.seen_bytes > settings.FILES_MAX_BYTES else self.refusal,
            self.left_bytes or 0,
        )


def is_full() -> bool:
    """Whether less is free than /health watches for: nothing more is taken then."""
    return free_bytes() < settings.CLOCK_DISK_FREE_BYTES


def most_text(request: HttpRequest) -> int:
    """How many bytes of text this address takes: long texts are written in the admin and beside documents,
    by who is known.
    """
    return settings.DATA_UPLOAD_MAX_MEMORY_SIZE if _takes_much(request) else settings.FILES_ELSEWHERE_MAX_BYTES


class WeightMiddleware:
    """Refuses what is too long for its address before anything looks into it.

    A body without a Content-Length is not read by Django at all.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or ""
        if (
            length.isdecimal()
            and (len(length) > 15 or int(length) > settings.FILES_ELSEWHERE_MAX_BYTES)
            and not _takes_much(request)
        ):
            raise RequestDataTooBig(f"{request.path_info} takes no text of {length[:16]} bytes")
        return self.get_response(request)


def _takes_much(request: HttpRequest) -> bool:
    return request.path_info.startswith("/admin/") or takes_uploads(request)


def takes_uploads(request: HttpRequest) -> bool:
    """Whether the address is one of FILES_UPLOAD_ROUTES, names of routes."""
    try:
        match = request.resolver_match or resolve(request.path_info)
    except Resolver404:
        return False
    return match.view_name in settings.FILES_UPLOAD_ROUTES
