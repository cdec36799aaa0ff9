"""A folder of documents becomes references: one document at a time, each in a transaction of its own, each remembered
by path and content.

    hidden, data of programs ─► left out          known path and content ─► there already          known path, new content ─► a new version
    what somebody took back, holds back or gave other readers ─► left out, with the mark and why (`catalogue.returning`)
    any other document ─► reference (a draft) + file ─► read once, as every file ─► `drafting.fill`: filled, accepted, doubtful lines marked
    a file that cannot be read is accepted too, keeps its state and is named in the summary
    a folder that cannot be opened, a link (never followed) ─► named in the summary; the others go on
The command reads and fills by itself, or leaves both to the worker. Of a file it looks at the name and the first bytes:
the child that reads it does the rest. A name that is not UTF-8 is opened as it is and kept in signs that can be stored.

A run that was stopped is taken up by running it again; what it had stored and not read yet, the worker reads too.
"""  # noqa: E501

from __future__ import annotations

import errno
import logging
import os
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from django.core.exceptions import ValidationError
from django.db import transaction

from kb.files.choices import State
from kb.files.intake.storing import Received, check_size, receiving, sha256_of, store
from kb.files.models import FileVersion
from kb.files.tasks import read_here
from kb.groups.models import Body
from kb.library.catalogue.adding import add_file, add_reference, readers_of_file
from kb.library.catalogue.returning import (
    LeftOut,
    file_to_go_on,
    refuse_gone,
    refuse_other_readers,
    refuse_taken_back,
    root_of,
)
from kb.library.catalogue.verifying import EVERY_NOTICE, mark
from kb.library.catalogue.versions import drop_replaced
from kb.library.choices import Doubt, FoundIn, ReferenceState
from kb.library.drafting import fill, write
from kb.library.drafting.lines.junk import title_of_name
from kb.library.drafting.sources import newest_version
from kb.library.models import Contribution, ImportedDocument, Reference, ReferenceFile, open_versions
from search.extraction import HEAD_BYTES, Family, family_of
from search.recording import checked_together

logger = logging.getLogger(__name__)

Outcome = Literal["added", "new version", "there already", "left out"]

# What a folder of documents may hold although it is not read here: kept as a file with the state "unsupported".
_DOCUMENT_ENDINGS = re.compile(
    r"\.(pdf|docx?|od[tps]|rtf|pptx?|xlsx?|csv|epub|x?html?|mht|txt|md|eml|msg|pages|djvu|ps|tiff?)$",
    re.IGNORECASE,
)
LONGEST_PATH = 1_000  # signs, as `ImportedDocument` keeps it
_NOT_DOCUMENTS = frozenset({"thumbs.db", "desktop.ini", "index.jsonl"})
_DATA_ENDINGS = re.compile(r"\.(json|jsonl|ndjson|geojson|ipynb|har)$", re.IGNORECASE)
_DATA = re.compile(rb"(?:\xef\xbb\xbf)?\s*+(?:\{\s*+[\"}]|\[\s*+[\[{\"])")  # how JSON begins
_PARTS_OF_OFFICE = (b"[Content_Types].xml", b"mimetype", b"_rels/", b"word/", b"ppt/", b"xl/")  # near a zip's beginning


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
    """Every file below a folder that is not hidden, in the order of names; links too, whatever they lead to: none is
    followed, opening it says so. One folder at a time in memory.

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
    """True also for a link, and for what cannot be looked at: opening it says why."""
    try:
        return entry.is_symlink() or entry.is_file(follow_symlinks=False)
    except OSError:
        return True


def _open_itself(path: str | os.PathLike[str], flags: int) -> int:
    """A descriptor of the file of this name; OSError (ELOOP) where the name is a link. Who packed the folder could
    otherwise name any file of this server, and have it published.
    """
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)


@contextmanager
def _held(path: Path) -> Iterator[Path]:
    """A path to the open file itself, whatever comes under its name meanwhile, while the block lasts."""
    descriptor = _open_itself(path, os.O_RDONLY)
    try:
        yield Path(f"/dev/fd/{descriptor}")
    finally:
        os.close(descriptor)


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


def import_document(
    path: Path, *, folder: Path, body: Body, audiences: list[str], root: str = "", read: bool = True
) -> Imported:
    """One document, stored in one transaction; never raises for what the document is.

    `root`: of the folder (`returning.root_of`), by its path if it has no name. `read`: its text is read and its notice
    filled now; otherwise the worker does both.
    """
    name, root = path_key(path, folder=folder), root or root_of(folder)
    if len(name) > LONGEST_PATH:
        return Imported(name[:LONGEST_PATH], "left out", reason="its path is too long: shorten the names")
    try:
        with _held(path) as content:
            check_size(content.stat().st_size)
            sha256 = sha256_of(content)
        refuse_taken_back(sha256)
        known = (
            ImportedDocument.objects.filter(body=body, path=name, sha256=sha256)
            .select_related("reference__body")
            .first()
        )
        refuse_other_readers(sha256, audiences, known=known)
        if known:
            return _there_already(known, name, read=read)
        if reason := _why_left_out(path):
            return Imported(name, "left out", reason=reason)
        refuse_gone(body, root, name)
        with _held(path) as content, receiving(content, original_name=shown_name(path)) as received:
            outcome, reference, version = _keep(path, name, received, body=body, root=root, audiences=audiences)
    except LeftOut as left:
        return Imported(name, "left out", reason=left.reason, mark=left.mark)
    except ValidationError as refused:
        return Imported(name, "left out", reason=" ".join(refused.messages))
    except OSError as error:
        return Imported(name, "left out", reason=_why_not_opened(error))
    if read:
        _read(reference, version)
    return Imported(name, outcome, *_state(version), mark=reference.mark)


def _why_not_opened(error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return "a link to another place, which is not followed"
    return error.strerror or "cannot be opened"


def _there_already(known: ImportedDocument, name: str, *, read: bool) -> Imported:
    """What an earlier run put in; where that was stopped before the notice was filled, this one goes on."""
    reference = known.reference
    if reference is None:
        return Imported(name, "there already")
    if not read or reference.state != ReferenceState.DRAFT:
        return Imported(name, "there already", mark=reference.mark)
    version = newest_version(reference)
    if version is None:
        return Imported(name, "there already", mark=reference.mark)
    _read(reference, version)
    return Imported(name, "there already", *_state(version), mark=reference.mark)


def _read(reference: Reference, version: FileVersion) -> None:
    """Reads what waits, unless the worker is at it, and fills the notice; what breaks drafting comes in under the name
    of its file, all of it to verify. An editor's own draft is left alone.
    """
    read_here(version.pk, claim=uuid.uuid4().hex)
    contribution = Contribution.objects.select_related("reference").filter(reference=reference).first()
    if contribution is None or not contribution.accept_when_read or contribution.drafted_from is not None:
        return
    try:
        fill(contribution)
    except Exception:  # whatever is the matter with one document, the others go on
        logger.exception("The notice of %s could not be drafted", reference.mark)
        write(contribution, {}, FileVersion.objects.get(pk=version.pk))


def _state(version: FileVersion) -> tuple[str, str]:
    """The state of the file, and why where it is not plainly read or not open."""
    state, reason = FileVersion.objects.values_list("state", "reason").get(pk=version.pk)
    reason = "" if state == State.READ else reason
    file = ReferenceFile.objects.select_related("reference").get(stored_file=version.stored_file_id)
    if not reason and not file.opens(version.number):
        reason = "not open: an editor took a version of it away; whoever saves the reference opens this one"
    if not reason and version.number > 1 and file.reference.to_verify.filter(why=Doubt.UNLIKE).exists():
        reason = "reads quite differently from the version before: its notice stays as it was, its lines are to verify"
    return state, reason


def _keep(
    path: Path, name: str, received: Received, *, body: Body, root: str, audiences: list[str]
) -> tuple[Literal["added", "new version"], Reference, FileVersion]:
    """Raises LeftOut where it is no version that an import may put in."""
    with transaction.atomic(), checked_together():
        before = file_to_go_on(body, root, name, audiences)
        outcome: Literal["added", "new version"] = "new version" if before else "added"
        if before:
            file, may_open = before
            version = store(received, stored_file=file.stored_file)
            drop_replaced(file, version)
            if may_open:
                open_versions([file.reference_id], of=[file.pk])
            Contribution.objects.filter(reference=file.reference_id).update(drafted_from=None)  # to be compared
        else:
            reference = _new_reference(path, body, audiences)
            file = add_file(reference, received, audiences=readers_of_file(audiences))
            version = file.stored_file.versions.get()
        ImportedDocument.objects.create(
            body=body, root=root, path=name, sha256=received.sha256, reference=file.reference, file_number=file.number
        )
    return outcome, file.reference, version


def _new_reference(path: Path, body: Body, audiences: list[str]) -> Reference:
    """A draft that nobody has to confirm. It is called as its file; its language and its type nobody knows yet."""
    title = title_of_name(shown_name(path)) or shown_name(path)
    reference = add_reference(
        Reference(
            body=body,
            type="",
            title=title[:500],
            language="",
            state=ReferenceState.DRAFT,
            audiences=audiences,
            source=shown_name(path)[:255],
        )
    )
    named = {"title": {"value": reference.title, "where": FoundIn.NAME, "page": None}}
    Contribution.objects.create(reference=reference, accept_when_read=True, drafted=named)
    # Also where an editor accepts it before it was read.
    mark(reference, {**dict.fromkeys(EVERY_NOTICE, Doubt.UNREAD), "title": Doubt.NAME})
    return reference


def _why_left_out(path: Path) -> str:
    """A reason for what is no document: lists of programs, formats that nobody files. Raises OSError."""
    if path.name.lower() in _NOT_DOCUMENTS:
        return "a file of a program, not a document"
    with open(path, "rb", opener=_open_itself) as file:
        head = file.read(HEAD_BYTES)
    family = family_of(head, path.name)
    if _DATA_ENDINGS.search(path.name) or (family == Family.TEXT and _DATA.match(head)):
        return "data of a program (JSON), not a document"
    is_archive = family == Family.ZIP and not any(part in head for part in _PARTS_OF_OFFICE)
    if (family == Family.OTHER or is_archive) and not _DOCUMENT_ENDINGS.search(path.name):
        return "not a format of documents"
    return ""
