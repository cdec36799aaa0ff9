"""Finding a reference, a file or a page by its address, for one reader: what is not theirs is not there."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404

from kb.accounts.audiences import may_see
from kb.files.models import FileVersion
from kb.library.catalogue.gathering import Attachment, Gathered, gather
from kb.library.choices import ReferenceState
from kb.library.models import Reference, TakenVersion
from kb.library.models.marks import Mark
from kb.pages.agreements import last_word


class Withdrawn(Exception):
    """The address was good and the reader could see what stood there;
    `mark` and the reason are all that is still said of it.
    """

    def __init__(self, mark: Mark, successor: Gathered | None, reason: str = "") -> None:
        super().__init__(str(mark))
        self.mark = mark
        self.reason = reason
        self.successor = successor


class AgreementOver(Exception):
    """The address was good until the agreement to what stood there was withdrawn, or is looked at again; `word` is a
    sentence for anybody, which names nothing of it.
    """

    def __init__(self, mark: Mark, word: str) -> None:
        super().__init__(str(mark))
        self.mark = mark
        self.word = word


class TakenAway(Exception):
    """The address was good and the reader could open the version that stood there, until an editor took it away."""

    def __init__(self, whole: Gathered, taken: TakenVersion) -> None:
        super().__init__(str(taken))
        self.whole = whole
        self.taken = taken


@dataclass(frozen=True, slots=True)
class Place:
    """A version of a file of a reference that the reader may open."""

    whole: Gathered
    attachment: Attachment
    version: FileVersion

    @property
    def audiences(self) -> frozenset[str]:
        """For who serves the bytes and asks once more: those to whom the file is open, and who works on its notice, of
        whom `place_at` asks more than one value says.
        """
        reference = self.whole.reference
        at_work = frozenset() if reference.state == ReferenceState.ACCEPTED else reference.at_work()
        return self.attachment.audiences | at_work

    @property
    def is_latest(self) -> bool:
        return self.version == self.attachment.latest


def reference_at(mark: Mark, held: frozenset[str]) -> Gathered:
    """The reference with this mark.

    Raises Http404 when there is none for this reader, Withdrawn when they could see it before, AgreementOver where
    everyone could, by an agreement that is over. Five queries, two more for our own work that they may not see.
    """
    pk = Reference.objects.with_mark(mark).values_list("pk", flat=True).first()
    whole = gather([pk]).get(pk) if pk else None
    if whole is None:
        raise Http404("no such reference")
    if whole.is_shown_to(held):
        return whole
    reference = whole.reference
    if reference.state == ReferenceState.WITHDRAWN and reference.accepted_at and may_see(held, reference.audiences):
        raise Withdrawn(mark, successor_of(reference, held), reference.state_reason)
    if reference.own_production_id and (word := last_word(reference.search_subject())):
        raise AgreementOver(mark, word)
    raise Http404("no such reference")


def successor_of(reference: Reference, held: frozenset[str]) -> Gathered | None:
    """What superseded it, if the reader may see that."""
    if not reference.superseded_by_id:
        return None
    whole = gather([reference.superseded_by_id]).get(reference.superseded_by_id)
    return whole if whole and whole.is_shown_to(held) else None


def place_at(mark: Mark, file_number: int, version_number: int, held: frozenset[str]) -> Place:
    """A version of a file. Raises Http404 when there is none for this reader, TakenAway when they could open it before.

    Of one that was withdrawn or taken off it raises what `reference_at` does, whatever the numbers: nothing is said of
    files that may never have been.
    """
    whole = reference_at(mark, held)
    attachment = next((one for one in whole.opened_by(held) if one.file.number == file_number), None)
    if attachment and (version := attachment.version(version_number)):
        return Place(whole, attachment, version)
    taken = TakenVersion.objects.filter(file=attachment.file, number=version_number).first() if attachment else None
    if taken and may_see(held, taken.audiences):
        raise TakenAway(whole, taken)
    raise Http404("no such file")


def document_at(mark: Mark, file_number: int, version_number: int, held: frozenset[str]) -> Place:
    """The same as `place_at`, for the bytes of a file: Http404 also when the whole reference was withdrawn, which bytes
    cannot say."""
    try:
        return place_at(mark, file_number, version_number, held)
    except Withdrawn:
        raise Http404("no such reference") from None
