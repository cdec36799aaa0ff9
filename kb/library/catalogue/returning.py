"""Whether a document of a folder may come in, once more or anew: only where what an import knows leaves no doubt.

    same bytes     there, for the readers asked for ─► nothing to do          taken back, undecided, for fewer ─► left out
    same group, folder and name, other bytes
                   readers as asked for, newest version the import's own ─► a new version          else ─► left out
    same name in another folder ─► another document
How bytes are read and stored is in `library.importing`.
"""  # noqa: E501

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from django.db.models import Exists, OuterRef, Q, QuerySet

from kb.accounts.audiences import PUBLIC, narrowed
from kb.accounts.fields import holds
from kb.accounts.reopening import more_readers
from kb.files.models import FileVersion
from kb.groups.models import Body
from kb.library.catalogue.adding import readers_of_file
from kb.library.choices import ReferenceState
from kb.library.models import ImportedDocument, Reference, ReferenceFile, TakenVersion
from kb.library.models.references import GoneContent

_MORE, _FEWER = "open to more readers than", "not open to all the readers"
BY_HAND = "who wants it back puts it in by hand"
_AT_REST = (ReferenceState.WITHDRAWN, ReferenceState.REFUSED)
# Begun by a member who has not said that it is ready, or brought by an import and not read: nobody decided anything.
_BEGUN = Q(
    state=ReferenceState.DRAFT,
    accepted_at=None,
    contribution__isnull=False,
    contribution__confirmed_at=None,
    contribution__left_to_editors_at=None,
)


class LeftOut(Exception):
    """A document does not come in; mark of the reference it is about, "" where that is gone."""

    def __init__(self, reason: str, mark: str = "") -> None:
        super().__init__(reason)
        self.reason, self.mark = reason, mark


def root_of(folder: Path, name: str = "") -> str:
    """What tells this folder from others: the fingerprint of the name it was given, else of its whole path."""
    return hashlib.sha256(os.fsencode(name or folder.resolve())).hexdigest()


def refuse_taken_back(sha256: str) -> None:
    """Raises LeftOut where somebody took back, replaced or has still to decide on what the same bytes had become, under
    any name and for any group. Eleven queries at most.
    """
    for reason, found in (*_gone(sha256), *_undecided(sha256)):
        if found:
            raise LeftOut(reason, found[0].mark if found[0] else "")


def refuse_other_readers(sha256: str, audiences: list[str], *, known: ImportedDocument | None) -> None:
    """Raises LeftOut where the same bytes are there for fewer readers than are asked for now, under any name; under
    this one (`known`), also where they are there for more. Of the coordination's own work no second notice is made.
    """
    file = _file_of(known) if known else None
    if file is not None and _difference(file, audiences) == _MORE:
        raise LeftOut(f"it is there, {_MORE} asked for; whoever wants fewer chooses them by hand", file.reference.mark)
    given = Q(reference__state=ReferenceState.ACCEPTED) | Q(reference__contribution__accept_when_read=True)
    files = ReferenceFile.objects.filter(given, stored_file__versions__sha256=sha256).select_related("reference__body")
    # Of the coordination's own work no second notice is made.
    ours = Q(reference__state=ReferenceState.ACCEPTED, reference__own_production__isnull=False)
    of_another = ours & ~Q(pk=file.pk if file is not None else 0)
    found = files.filter(of_another | _lacks(audiences, using=files.db)).first()
    if found is not None and found.reference.own_production_id and (file is None or found.pk != file.pk):
        raise LeftOut(f"it is the coordination's own work; {BY_HAND}", found.reference.mark)
    if found is not None:
        said = f"it is there, {_FEWER} asked for; whoever wants more chooses them by hand"
        raise LeftOut(said, found.reference.mark)


def refuse_gone(body: Body, root: str, path: str) -> None:
    """Raises LeftOut where an editor deleted what the document of this name had become, or took its file off."""
    last = _rows(body, root, path).order_by("-pk").first()
    if last is None:
        return
    if last.reference is None:
        raise LeftOut(f"an editor deleted what it had become; {BY_HAND}")
    if not ReferenceFile.objects.filter(reference=last.reference, number=last.file_number).exists():
        raise LeftOut(f"an editor took its file off the reference; {BY_HAND}", last.reference.mark)


def file_to_go_on(body: Body, root: str, path: str, audiences: list[str]) -> tuple[ReferenceFile, bool] | None:
    """The file of which a document is a new version, locked, and whether that may be opened; None where it is another
    document. Call it in the transaction that stores it.

    Raises LeftOut where somebody chose other readers or put another version in, or the reference is at rest.
    """
    before = _rows(body, root, path).filter(reference__isnull=False).order_by("-pk").first()
    if before is None:
        return None
    assert before.reference_id is not None
    # The reference first, as every page does.
    Reference.objects.select_for_update(of=("self",)).filter(pk=before.reference_id).first()
    file = _file_of(before, is_locked=True)
    if file is None:
        return None
    difference = _difference(file, audiences)
    if difference and not before.root:  # of an old import: whether of this folder nobody knows
        return None
    mark = file.reference.mark
    if file.reference.state in _AT_REST:
        raise LeftOut(f"an editor withdrew or refused what it had become; {BY_HAND}", mark)
    if difference:
        raise LeftOut(
            f"the version before is {difference} asked for: choose its readers by hand and run the import again, or "
            "give this folder a --name of its own, and it comes in as another document",
            mark,
        )
    newest = FileVersion.objects.filter(stored_file=file.stored_file_id).order_by("-number").first()
    has_lost_some = file.taken_versions.exists()
    if newest is not None and newest.sha256 != before.sha256 and not (has_lost_some and _is_ours(file, newest)):
        raise LeftOut("somebody put another version into its file since; who wants this one puts it in by hand", mark)
    return file, not has_lost_some  # else somebody looks first: the same may be in this one


def _rows(body: Body, root: str, path: str) -> QuerySet[ImportedDocument]:
    """What came in from this name: of this folder, or of nobody knows which where this one has nothing of its own."""
    rows = ImportedDocument.objects.filter(body=body, path=path).select_related("reference__body")
    own = rows.filter(root=root)
    return own if own.exists() else rows.filter(root="")


def _file_of(row: ImportedDocument, *, is_locked: bool = False) -> ReferenceFile | None:
    files = ReferenceFile.objects.filter(reference=row.reference_id, number=row.file_number)
    if is_locked:
        files = files.select_for_update(of=("self",))
    return files.select_related("reference__body", "stored_file").first()


def _is_ours(file: ReferenceFile, version: FileVersion) -> bool:
    return ImportedDocument.objects.filter(
        reference=file.reference_id, file_number=file.number, sha256=version.sha256
    ).exists()


def _difference(file: ReferenceFile, audiences: list[str]) -> str:
    """How the readers of a notice and its file are other than an import for these gives them; "" where they are not."""
    now_and_asked = (
        (file.reference.audiences, audiences),
        (narrowed(file.audiences, file.reference.audiences), readers_of_file(audiences)),
    )
    for now, asked in now_and_asked:
        if more_readers(asked, now):
            return _MORE
        if more_readers(now, asked):
            return _FEWER
    return ""


def _gone(sha256: str) -> Iterator[tuple[str, Sequence[Reference | None]]]:
    """(reason, what it is about) of bytes that are not where they were."""
    file = ReferenceFile.objects.filter(reference=OuterRef("reference"), number=OuterRef("file_number"))
    version = FileVersion.objects.filter(
        sha256=sha256,
        stored_file__reference_file__reference=OuterRef("reference"),
        stored_file__reference_file__number=OuterRef("file_number"),
    )
    rows = ImportedDocument.objects.filter(sha256=sha256).select_related("reference__body")
    there = rows.filter(reference__isnull=False)
    without_it = there.filter(Exists(file), ~Exists(version))
    lost_some = Exists(file.filter(taken_versions__isnull=False))
    taken = TakenVersion.objects.filter(sha256=sha256).select_related("file__reference__body")
    reasons = {
        "an editor deleted what it had become": rows.filter(reference=None),
        "an editor took its file off the reference": there.filter(~Exists(file)),
        "an editor took this version away": without_it.filter(lost_some),
        "somebody replaced it by another version before it was accepted": without_it.filter(~lost_some),
    }
    for reason, found in reasons.items():
        yield f"{reason}; {BY_HAND}", [row.reference for row in found[:1]]
    yield f"an editor took this version away; {BY_HAND}", [one.file.reference for one in taken[:1]]
    # What somebody else begins with the same bytes, or proposes, is no decision to have them again.
    again = ReferenceFile.objects.filter(_opened(sha256), reference__state=ReferenceState.ACCEPTED)
    gone = GoneContent.objects.filter(~Exists(again), sha256=sha256)
    yield (
        f"somebody deleted it, took it away, or replaced it before it was accepted; {BY_HAND}",
        [None] if gone.exists() else [],
    )


def _opened(sha256: str) -> Exists:
    """That an acceptance opened a version of a file that has these bytes."""
    return Exists(
        FileVersion.objects.filter(
            sha256=sha256,
            stored_file=OuterRef("stored_file"),
            number__gte=OuterRef("opened_from"),
            number__lte=OuterRef("opened_to"),
        )
    )


def _undecided(sha256: str) -> Iterator[tuple[str, Sequence[Reference | None]]]:
    """(reason, what it is about) of bytes that are there, whoever put them in."""
    references = Reference.objects.filter(files__stored_file__versions__sha256=sha256).select_related("body")
    at_rest = references.filter(state__in=_AT_REST)
    yield f"an editor withdrew or refused what it had become; {BY_HAND}", [*at_rest[:1]]
    undecided = references.exclude(state=ReferenceState.ACCEPTED).exclude(state__in=_AT_REST).filter(~_BEGUN)
    yield (
        "somebody holds it back, or has still to decide on it; accepted by hand, its readers find it",
        [*undecided[:1]],
    )
    files = ReferenceFile.objects.filter(stored_file__versions__sha256=sha256).select_related("reference__body")
    closed = files.filter(~_opened(sha256), reference__state=ReferenceState.ACCEPTED)
    yield (
        "it is there and no acceptance opened it; who saves the reference opens it",
        [file.reference for file in closed[:1]],
    )


def _lacks(audiences: list[str], *, using: str) -> Q:
    """That a file, or its notice, is not for all these readers."""
    lacks = Q(pk__in=())
    for value in audiences:
        notice = Reference.objects.filter(pk=OuterRef("reference")).filter(holds((value, PUBLIC), using=using))
        lacks |= Q(~Exists(notice))
    for value in readers_of_file(audiences):
        lacks |= ~holds((value, PUBLIC), using=using)
    return lacks
