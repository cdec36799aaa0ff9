"""What is known of a few references, fetched together: the card, its names, its files with their versions, and its
layers of rights.

Entries, results, pages and suggestions all start from here, so that who may see what is decided in one way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from kb.files.models import FileVersion
from kb.library.catalogue.layers import Layer, layers_of
from kb.library.models import Creator, Reference, ReferenceFile
from kb.library.models.references import KIND


@dataclass(slots=True)
class Attachment:
    """A file of a reference with its versions, oldest first: those that an acceptance opened; before it,
    those that it will open.
    """

    file: ReferenceFile
    audiences: frozenset[str]
    versions: list[FileVersion] = field(default_factory=list)

    @property
    def latest(self) -> FileVersion | None:
        return self.versions[-1] if self.versions else None

    def version(self, number: int) -> FileVersion | None:
        return next((version for version in self.versions if version.number == number), None)

    @property
    def title(self) -> str:
        """The title of the file, else the name it was put in under."""
        return self.file.title or (self.latest.original_name if self.latest else "")

    @property
    def languages(self) -> list[str]:
        """The languages of the file: those the editor gave, else those found in its text."""
        if self.file.language:
            return [self.file.language]
        return list(self.latest.languages) if self.latest else []


@dataclass(slots=True)
class Gathered:
    """One reference and what hangs on it; `attachments` in their order, of all readers: use `opened_by`."""

    reference: Reference
    creators: list[Creator] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)

    def layers(self) -> tuple[Layer, ...]:
        """The layers of rights; their files are ids of `ReferenceFile`."""
        return layers_of(self.reference.effective_audiences, {one.file.pk: one.audiences for one in self.attachments})

    def is_shown_to(self, held: frozenset[str]) -> bool:
        return self.reference.is_open_to(held)

    def opened_by(self, held: frozenset[str]) -> list[Attachment]:
        """The files that a reader may open, in order; none of a notice they may not see."""
        return [one for one in self.attachments if one.file.is_open_to(held)] if self.is_shown_to(held) else []

    def in_layer(self, layer: Layer) -> list[Attachment]:
        return [one for one in self.attachments if one.file.pk in layer.files]

    def languages(self, attachments: Iterable[Attachment]) -> tuple[str, ...]:
        """The languages of these files, in their order; of the title when they have none; () where it is not known."""
        own = (self.reference.language,) if self.reference.language else ()
        return tuple(dict.fromkeys(code for one in attachments for code in one.languages)) or own


def reference_id_of(key: str) -> int | None:
    """17 from "library.reference:17" or from the key of one of its entries ("library.reference:17/1");
    None for anything else.
    """
    kind, _, rest = key.partition(":")
    number = rest.partition("/")[0]
    return int(number) if kind == KIND and number.isdecimal() else None


def gather(reference_ids: Iterable[int]) -> dict[int, Gathered]:
    """{reference id: what is known of it}, in the order of ids; a reference that is gone is left out.

    Four queries, however many and whether they have files or not.
    """
    found = {
        reference.pk: Gathered(reference)
        for reference in Reference.objects.filter(pk__in=set(reference_ids))
        .select_related("body", "own_production")
        .order_by("pk")
    }
    for creator in Creator.objects.filter(reference__in=found).order_by("reference_id", "sort_order", "pk"):
        found[creator.reference_id].creators.append(creator)
    files = list(ReferenceFile.objects.filter(reference__in=found).order_by("reference_id", "sort_order", "number"))
    versions: dict[int, list[FileVersion]] = {file.stored_file_id: [] for file in files}
    for version in FileVersion.objects.filter(stored_file__in=versions or {0}).order_by("stored_file_id", "number"):
        versions[version.stored_file_id].append(version)
    for file in files:
        file.reference = found[file.reference_id].reference
        of_file = versions[file.stored_file_id]
        file.tell_versions(version.created_by_id for version in of_file)
        opened = [version for version in of_file if file.opens(version.number)]
        found[file.reference_id].attachments.append(Attachment(file, file.effective_audiences, opened))
    return found


def in_batches(ids: Iterable[int], size: int) -> Iterator[list[int]]:
    batch: list[int] = []
    for one in ids:
        batch.append(one)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
