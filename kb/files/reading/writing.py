"""Writing the pages of a reading: in batches under its number, where nobody sees them, until a last short transaction
makes it the current one.

    last_reading = n (claimed) ─► pages of n, _ROWS_AT_ONCE a transaction ─► make_current: reading = n
A worker killed between leaves pages of n, which the clock takes away (`tidying`): the next reading has a number of its
own. When a version is read, and what follows from it, is in `tasks`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from django.db import transaction

from kb.files import owners
from kb.files.models import FilePage, FileVersion
from search.analysis import CODES, detect, spans_of_document
from search.extraction import ExtractedPage, Extraction

_ROWS_AT_ONCE = 200
MOST_KEPT = 20_000_000  # characters of one file that are kept, its first: some 7,000 printed pages
_SAMPLE = 20_000  # characters looked at for the language of a whole document
_LANGUAGE_SHARE = 0.05  # of the characters whose language is known: less is a quotation or a title


class TakenOver(Exception):
    """The version is gone, or another task has it now."""


@dataclass(frozen=True, slots=True)
class Written:
    """The pages of a reading that are in the database, whole but not yet current.

    extraction: as much of it as is kept; was_cut: that it had more text than MOST_KEPT. images_made: of how many the
    image was taken over.
    """

    reading: int
    extraction: Extraction
    was_cut: bool
    languages: list[str]
    images_made: int


def write_pages(version: FileVersion, claim: str, extraction: Extraction) -> Written:
    """Writes the pages of the reading that this version was claimed for.

    Images drawn of the same pages are taken over, for the bytes have not changed. Raises TakenOver; what was written
    until then is a leftover.
    """
    shares: Counter[str] = Counter()
    whole, extraction = extraction, _kept(extraction)
    before = FileVersion.objects.filter(pk=version.pk).first()
    if before is None:
        raise TakenOver
    same_pages = extraction.paged and before.page_count == len(extraction.pages)
    images = dict(before.pages.exclude(image="").values_list("number", "image")) if same_pages else {}
    rows = _rows(version, extraction.pages, _default_language(version, extraction), shares, images)
    while batch := list(islice(rows, _ROWS_AT_ONCE)):
        with transaction.atomic():
            if not FileVersion.objects.filter(pk=version.pk, claimed_by=claim).update(has_leftovers=True):
                raise TakenOver
            FilePage.of_all_readings.bulk_create(batch)
    images_made = before.images_made if same_pages else 0
    return Written(version.last_reading, extraction, extraction is not whole, _languages(shares), images_made)


def make_current(version: FileVersion, written: Written) -> None:
    """Sets what the version says of itself to this reading; the caller, who has locked it, saves it."""
    extraction = written.extraction
    version.reading = written.reading
    version.page_count = len(extraction.pages)
    version.text_length = sum(len(page.text) for page in extraction.pages)
    version.is_paged = extraction.paged
    version.languages = written.languages
    version.properties = _properties(extraction)
    version.image_attempts = 0
    version.images_made = written.images_made  # what was drawn since the pages took the images over is drawn again
    version.has_leftovers = FilePage.of_all_readings.filter(version=version).exclude(reading=written.reading).exists()


def _kept(extraction: Extraction) -> Extraction:
    """The extraction with its first MOST_KEPT characters; itself where it has no more.

    Pages that have a picture stay, without text; sections that have none go.
    """
    if sum(len(page.text) for page in extraction.pages) <= MOST_KEPT:
        return extraction
    pages, room = [], MOST_KEPT
    for page in extraction.pages:
        if not room and not extraction.paged:
            break
        pages.append(replace(page, text=page.text[:room], boxes=page.boxes if room else b""))
        room -= len(pages[-1].text)
    return replace(extraction, pages=tuple(pages))


def _properties(extraction: Extraction) -> dict[str, str]:
    said = {
        name: " ".join(getattr(extraction, name).split())
        for name in ("title", "author", "date", "language", "publisher")
    }
    return {name: value for name, value in said.items() if value}


def _rows(
    version: FileVersion, pages: Sequence[ExtractedPage], default: str, shares: Counter[str], images: Mapping[int, str]
) -> Iterator[FilePage]:
    """Counts into `shares` the characters of each language."""
    for page, found in zip(pages, spans_of_document((page.text for page in pages), default), strict=True):
        for span in found:
            shares[span.language] += span.end - span.start
        yield FilePage(
            version=version,
            reading=version.last_reading,
            number=page.number,
            label=page.label[:200],
            text=page.text,
            spans=[[span.start, span.end, span.language] for span in found],
            boxes=page.boxes,
            width=page.width,
            height=page.height,
            is_ocr=page.ocr,
            image=images.get(page.number, ""),
        )


def _default_language(version: FileVersion, extraction: Extraction) -> str:
    """For paragraphs that do not say: what the owner says, else what most of the text is in,
    else what the file says of itself.
    """
    declared = extraction.language[:2].lower()
    sample, length = [], 0
    for page in extraction.pages:
        sample.append(page.text[:2000])
        length += len(sample[-1])
        if length > _SAMPLE:
            break
    return (
        owners.language_of(version.stored_file)
        or detect("\n\n".join(sample))
        or (declared if declared in CODES else "")
    )


def _languages(shares: Counter[str]) -> list[str]:
    """Languages of the document, the one with most characters first."""
    least = _LANGUAGE_SHARE * (shares.total() - shares[""])
    return [code for code, characters in shares.most_common() if code and characters >= least]
