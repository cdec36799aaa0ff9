"""A folder of documents becomes references: one document at a time, each in a transaction of its own, each remembered
by path and content.

    hidden, data of programs ─► left out          known path and content ─► there already          known path, new content ─► a new version
    any other document ─► reference (accepted) + file; a file that cannot be read keeps its state and is named in the summary
    a folder that cannot be opened ─► named in the summary; the others go on
A name that is not UTF-8 is opened as it is and kept in signs that can be stored.

A run that was stopped is taken up by running it again.
"""  # noqa: E501

from __future__ import annotations

import hashlib
import json
import os
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from kb.accounts.audiences import MEMBERS, PUBLIC
from kb.files.choices import State
from kb.files.models import FileVersion
from kb.files.reading import Reading, read_path
from kb.files.storing import Received, check_size, receiving, store
from kb.files.tasks import read_here
from kb.groups.models import Body
from kb.languages import CODES
from kb.library.catalogue.adding import add_file, add_reference
from kb.library.catalogue.versions import drop_replaced
from kb.library.choices import ReferenceState, ReferenceType
from kb.library.models import ImportedDocument, Reference, ReferenceFile, open_versions
from search.extraction import Extraction, Limits

Outcome = Literal["added", "new version", "there already", "left out"]

# What a folder of documents may hold although it is not read here: kept as a file with the state "unsupported".
_DOCUMENT_ENDINGS = re.compile(
    r"\.(pdf|docx?|od[tps]|rtf|pptx?|xlsx?|csv|epub|x?html?|mht|txt|md|eml|msg|pages|djvu|ps|tiff?)$",
    re.IGNORECASE,
)
_NOT_DOCUMENTS = frozenset({"thumbs.db", "desktop.ini", "index.jsonl"})
_TEXT_TYPES = frozenset({"text/plain", "text/csv", ""})
_SECONDS_FOR_TITLE = 60.0
_BLOCK = 1 << 20

# Names that programs put where a title should be.
_NO_TITLE = re.compile(
    r"^(untitled|sans titre|zonder titel|doc?kument\s?\d*|document\s?\d*|microsoft (word|powerpoint|excel)\b.*"
    r"|.*\.(docx?|odt|pdf|indd|qxd|pptx?|xlsx?|rtf)|présentation( powerpoint)?|powerpoint[- "
    r"]presentat\w*|presentation\d*)$",
    re.IGNORECASE,
)
_LETTERS = re.compile(r"[^\W\d_]")
_LONGEST_HEADING = 160


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one document. state is that of its file ("" when it was left out or known);
    reason a short sentence.
    """

    path: str
    outcome: Outcome
    state: str = ""
    reason: str = ""
    mark: str = ""


def documents(folder: Path, *, unopened: Callable[[Path, OSError], None] | None = None) -> Iterator[Path]:
    """Every file below a folder that is not hidden, in the order of names; links to folders are not followed. One
    folder at a time in memory.

    A folder that cannot be opened is given to `unopened`, with why, and the walk goes on.
    """
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        if unopened:
            unopened(folder, error)
        return
    for entry in entries:
        if entry.name.startswith((".", "~$")):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from documents(Path(entry.path), unopened=unopened)
        elif _may_be_file(entry):
            yield Path(entry.path)


def _may_be_file(entry: os.DirEntry[str]) -> bool:
    """True also for what cannot be looked at (a link in a circle): opening it says why."""
    try:
        return entry.is_file()
    except OSError:
        return True


def path_key(path: Path, *, folder: Path) -> str:
    """The path below the folder as it is remembered and printed; bytes that are not UTF-8 are spelt out (caf\\xe9.txt),
    so that no two become one.
    """
    return os.fsencode(path.relative_to(folder).as_posix()).decode("utf-8", "backslashreplace")


def shown_name(path: Path) -> str:
    """The name of a file as people read it.

    One that is not UTF-8 comes from an old Windows: café.txt in the code page 1252.
    """
    name = os.fsencode(path.name)
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return name.decode("cp1252", "replace")


def import_document(path: Path, *, folder: Path, body: Body, audiences: list[str], read: bool = False) -> Imported:
    """One document, in one transaction; never raises for what the document is.

    `read`: its text is read now, not by the worker.
    """
    name = path_key(path, folder=folder)
    try:
        check_size(path.stat().st_size)
        sha256 = _sha256(path)
    except ValidationError as refused:
        return Imported(name, "left out", reason=" ".join(refused.messages))
    except OSError as error:
        return Imported(name, "left out", reason=error.strerror or "cannot be opened")
    if (
        known := ImportedDocument.objects.filter(body=body, path=name, sha256=sha256)
        .select_related("reference__body")
        .first()
    ):
        return Imported(name, "there already", mark=known.reference.mark if known.reference else "")
    look = read_path(path, limits=Limits(ocr=False, seconds=_SECONDS_FOR_TITLE, file_bytes=settings.FILES_MAX_BYTES))
    if reason := _why_left_out(path, look):
        return Imported(name, "left out", reason=reason)
    try:
        with receiving(path, original_name=shown_name(path)) as received:
            outcome, reference, version = _keep(path, name, received, look, body=body, audiences=audiences)
    except ValidationError as refused:
        return Imported(name, "left out", reason=" ".join(refused.messages))
    state, reason = look.state, look.reason
    if read:
        read_here(version.pk, claim=f"import {uuid.uuid4().hex}")
        state, reason = FileVersion.objects.values_list("state", "reason").get(pk=version.pk)
    return Imported(name, outcome, state, "" if state == State.READ else reason, reference.mark)


def _keep(
    path: Path, name: str, received: Received, look: Reading, *, body: Body, audiences: list[str]
) -> tuple[Literal["added", "new version"], Reference, FileVersion]:
    with transaction.atomic():
        before = ImportedDocument.objects.filter(body=body, path=name, reference__isnull=False).order_by("-pk").first()
        file = (
            ReferenceFile.objects.filter(reference=before.reference_id, number=before.file_number).first()
            if before
            else None
        )
        if file is not None:
            outcome: Literal["added", "new version"] = "new version"
            version = store(received, stored_file=file.stored_file)
            drop_replaced(file, version)
            open_versions([file.reference_id])
        else:
            outcome = "added"
            reference = _new_reference(path, look, body, audiences)
            file = add_file(reference, received, audiences=_of_file(audiences))
            version = file.stored_file.versions.get()
        ImportedDocument.objects.create(
            body=body, path=name, sha256=received.sha256, reference=file.reference, file_number=file.number
        )
    return outcome, file.reference, version


def _of_file(audiences: list[str]) -> list[str]:
    """Why we may publish it is not known: a file of a public notice is for members."""
    return [MEMBERS] if PUBLIC in audiences else audiences


def _new_reference(path: Path, look: Reading, body: Body, audiences: list[str]) -> Reference:
    return add_reference(
        Reference(
            body=body,
            type=ReferenceType.DOCUMENT,
            title=title_of(path, look.extraction)[:500],
            language=next((code for code in look.languages if code in CODES), "fr"),
            state=ReferenceState.ACCEPTED,
            audiences=audiences,
            source=shown_name(path)[:255],
        )
    )


def title_of(path: Path, extraction: Extraction | None) -> str:
    """The title the document gives itself, else its first heading, else its name without ending and signs."""
    if extraction is not None:
        own = _one_line(extraction.title)
        if is_title(own):
            return own
        heading = _first_heading(extraction)
        if is_title(heading):
            return heading
    return _one_line(re.sub(r"[_+]+|(?<=\w)-(?=\w)|%20", " ", PurePosixPath(shown_name(path)).stem)) or shown_name(path)


def is_title(text: str) -> bool:
    """Whether words could be a title: some letters, not too long, no name that a program puts there."""
    return (
        4 <= len(text) <= _LONGEST_HEADING and len(_LETTERS.findall(text)) * 2 > len(text) and not _NO_TITLE.match(text)
    )


def _first_heading(extraction: Extraction) -> str:
    """Of a format with parts, the heading of the first; of one with pages,
    the first lines of the first that has text.
    """
    first = next((page for page in extraction.pages if page.text.strip()), None)
    if first is None:
        return ""
    if not extraction.paged and first.label:
        return _one_line(first.label)
    return _one_line(re.split(r"\n\s*\n", first.text.strip(), maxsplit=1)[0])


def _one_line(text: str) -> str:
    return " ".join(text.replace("\x00", " ").split())


def _why_left_out(path: Path, look: Reading) -> str:
    """A reason for what is no document: lists of programs, formats that nobody files."""
    media_type = look.extraction.media_type if look.extraction else ""
    if path.name.lower() in _NOT_DOCUMENTS:
        return "a file of a program, not a document"
    if media_type in _TEXT_TYPES and _is_json(path):
        return "data of a program (JSON), not a document"
    if look.state == State.UNSUPPORTED and not _DOCUMENT_ENDINGS.search(path.name):
        return "not a format of documents"
    return ""


def _is_json(path: Path) -> bool:
    """Whether the first line, or the whole of a small file, is a JSON object or list."""
    with path.open("rb") as file:
        start = file.read(1 << 16)
    if start.lstrip()[:1] not in (b"{", b"["):
        return False
    for text in (start.lstrip().split(b"\n", 1)[0], start):
        try:
            return isinstance(json.loads(text), (dict, list))
        except (ValueError, RecursionError):
            continue
    return False


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
