"""What a reference looks like to the search: one entry a layer of rights, each holding only what its readers may open.

The layers are made in `layers`, results are shown by `cards`. Nothing of a file (words, pages, languages, names) stands
in a layer whose readers may not open it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter

from django.db.models import Max
from django.db.models.functions import Left
from django.utils import timezone
from django.utils.translation import gettext

from kb.files.models import FilePage
from kb.languages import CODES
from kb.library.catalogue.gathering import Attachment, Gathered, gather, reference_id_of
from kb.library.catalogue.layers import Layer
from kb.library.choices import AuthorityKind
from kb.library.hits.cards import found
from kb.library.hits.sections import notice_section, section_of, titles_of
from kb.library.models import Holding, OtherName, Reference, ReferenceFile, ReferenceKeyword
from kb.library.models.references import KIND
from kb.vocabulary.models import AltLabel, Concept
from search import registry
from search.entries import Entry, Section
from search.registry import Found, Opened

Pages = Mapping[int, Sequence[Section]]  # by id of ReferenceFile


class ReferenceKind:
    """The kind "library.reference" of `search.registry`."""

    code = KIND

    def label(self) -> str:
        return gettext("Library")

    def subjects(self) -> Iterator[str]:
        for pk in Reference.objects.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=2000):
            yield Reference.subject_of(pk)

    def entries(self, subjects: Sequence[str]) -> Iterator[tuple[str, Sequence[Entry]]]:
        """Eleven queries, however many subjects; pages are streamed,
        so that one reference at a time is whole in memory.
        """
        wanted = [reference_id_of(subject) for subject in subjects]
        gathered = gather(pk for pk in wanted if pk is not None)
        words = Words(gathered)
        for reference_id, pages in _with_pages(gathered):
            yield Reference.subject_of(reference_id), entries_of(gathered[reference_id], words, pages)
        for subject, pk in zip(subjects, wanted, strict=True):
            if pk not in gathered:
                yield subject, ()

    def open_to(self, subjects: Sequence[str]) -> dict[str, Opened]:
        """The notice, and each version of each file. Five queries;
        the references are held until the transaction ends.
        """
        ids = [pk for subject in subjects if (pk := reference_id_of(subject)) is not None]
        # Who changes the rights of one at the same time compares with what we write.
        list(Reference.objects.filter(pk__in=ids).order_by("pk").select_for_update().values_list("pk", flat=True))
        return {Reference.subject_of(pk): _opened(whole) for pk, whole in gather(ids).items()}

    def found(
        self, anchors: Mapping[str, Sequence[str]], *, audiences: frozenset[str], language: str, query_text: str = ""
    ) -> dict[str, Found]:
        return found(anchors, audiences=audiences, query_text=query_text)


def lengths(subjects: Sequence[str]) -> dict[str, int]:
    """For `search.registry.register_lengths`: of each file the longest version, as far as it is read. One query."""
    ids = {pk: subject for subject in subjects if (pk := reference_id_of(subject)) is not None}
    found: dict[str, int] = {}
    files = (
        ReferenceFile.objects.filter(reference__in=ids).order_by().values_list("reference_id", "pk")
        if ids
        else ReferenceFile.objects.none()
    )
    for reference_id, _pk, longest in files.annotate(longest=Max("stored_file__versions__text_length")):
        subject = ids[reference_id]
        found[subject] = found.get(subject, 0) + min(longest or 0, registry.MOST_TEXT)
    return found


def _opened(whole: Gathered) -> Opened:
    versions = {
        f"{one.file.number}.{version.number}": one.audiences for one in whole.attachments for version in one.versions
    }
    return {"": whole.reference.effective_audiences, **versions}


class Words:
    """Concepts and keywords of a few references, with all their labels; other forms of the names on them; their
    shelves. Six queries.
    """

    def __init__(self, gathered: Mapping[int, Gathered]) -> None:
        ids = set(gathered)
        through = Reference.concepts.through.objects.filter(reference__in=ids).order_by("concept__code")
        self._concepts: dict[int, list[int]] = {}
        for reference_id, concept_id in through.values_list("reference_id", "concept_id"):
            self._concepts.setdefault(reference_id, []).append(concept_id)
        rows = Concept.objects.values_list("pk", "code", "broader_id", *(f"label_{code}" for code in CODES))
        self._vocabulary = {
            pk: (code, broader, [label for label in labels if label]) for pk, code, broader, *labels in rows
        }
        used = {concept_id for some in self._concepts.values() for concept_id in some}
        for concept_id, text in (
            AltLabel.objects.filter(concept__in=used).order_by("pk").values_list("concept_id", "text")
        ):
            self._vocabulary[concept_id][2].append(text)
        self._keywords: dict[int, list[tuple[str, str]]] = {}
        tagged = ReferenceKeyword.objects.filter(content_object__in=ids).order_by("pk")
        for reference_id, name, language in tagged.values_list("content_object_id", "tag__name", "tag__language"):
            self._keywords.setdefault(reference_id, []).append((name, language))
        names = {whole.reference.publisher for whole in gathered.values()}.union(
            *(map(str, whole.creators) for whole in gathered.values())
        )
        self._other_names: dict[tuple[str, str], list[str]] = {}
        others = OtherName.objects.filter(authority__name__in=names - {""}).order_by("name")
        for kind, name, other in others.values_list("kind", "authority__name", "name"):
            self._other_names.setdefault((kind, name), []).append(other)
        self._shelves: dict[int, list[str]] = {}
        for reference_id, place in (
            Holding.objects.filter(reference__in=ids).order_by("sort_order").values_list("reference_id", "place")
        ):
            self._shelves.setdefault(reference_id, []).append(place)

    def themes(self, reference_id: int) -> tuple[str, ...]:
        """Codes of the concepts at the top above those of the reference."""
        return tuple(
            sorted({self._vocabulary[self._top(concept_id)][0] for concept_id in self._concepts.get(reference_id, [])})
        )

    def labels(self, reference_id: int) -> list[str]:
        """Every label, in every language, of the reference's concepts."""
        return [
            label for concept_id in self._concepts.get(reference_id, []) for label in self._vocabulary[concept_id][2]
        ]

    def keywords(self, reference_id: int) -> list[tuple[str, str]]:
        """(word, language)."""
        return self._keywords.get(reference_id, [])

    def other_names(self, kind: str, name: str) -> list[str]:
        """Other forms of a name, which the authority list leads to it."""
        return self._other_names.get((kind, name), [])

    def shelves(self, reference_id: int) -> list[str]:
        """Where copies on paper stand."""
        return self._shelves.get(reference_id, [])

    def _top(self, concept_id: int) -> int:
        passed = {concept_id}
        while (broader := self._vocabulary[concept_id][1]) is not None and broader not in passed:
            passed.add(broader)
            concept_id = broader
        return concept_id


def entries_of(gathered: Gathered, words: Words, pages: Pages) -> tuple[Entry, ...]:
    """One entry per layer of rights, poorest first."""
    return tuple(_entry(gathered, words, pages, layer) for layer in gathered.layers())


def _entry(gathered: Gathered, words: Words, pages: Pages, layer: Layer) -> Entry:
    reference = gathered.reference
    attachments = gathered.in_layer(layer)
    themes = words.themes(reference.pk)
    return Entry(
        subject=Reference.subject_of(reference.pk),
        layer=layer.name,
        kind=KIND,
        url=f"/r/{reference.mark_slug}",
        titles=titles_of(reference),
        audiences=layer.audiences,
        covered_by=layer.covered_by,
        languages=gathered.languages(attachments),
        type=reference.type,
        groups=tuple(dict.fromkeys(body.code for body in (reference.body, reference.own_production) if body)),
        themes=themes,
        year=reference.year,
        published=timezone.localdate(reference.accepted_at) if reference.accepted_at else None,
        keywords=tuple(dict.fromkeys(_keywords(gathered, words, attachments))),
        sections=(
            notice_section(reference, gathered.creators, words.keywords(reference.pk)),
            *(section for one in attachments for section in pages.get(one.file.pk, ())),
        ),
    )


def _keywords(gathered: Gathered, words: Words, attachments: Iterable[Attachment]) -> Iterator[str]:
    reference = gathered.reference
    yield from (creator.name for creator in gathered.creators)
    yield from (
        text for text in (reference.publisher, reference.container_title, reference.doi, reference.isbn) if text
    )
    yield from (
        other for creator in gathered.creators for other in words.other_names(AuthorityKind.CREATOR, creator.name)
    )
    yield from words.other_names(AuthorityKind.PUBLISHER, reference.publisher)
    yield from words.shelves(reference.pk)
    yield from (reference.mark, reference.mark_slug)
    yield from words.labels(reference.pk)
    yield from (name for name, _language in words.keywords(reference.pk))
    for attachment in attachments:
        yield from (
            name
            for name in (attachment.file.title, attachment.latest.original_name if attachment.latest else "")
            if name
        )


def _with_pages(gathered: Mapping[int, Gathered]) -> Iterator[tuple[int, Pages]]:
    """Every reference with the sections of the latest version of each of its files, each as soon as its last page came.
    One query.

    What no entry has room for is not kept: of a text without end its beginning is in memory.
    """
    rooms = {pk: _rooms(whole) for pk, whole in gathered.items()}
    owners = {
        one.latest.pk: (pk, one)
        for pk, whole in gathered.items()
        for one in whole.attachments
        if one.latest and rooms[pk].get(one.file.pk)
    }
    awaited = Counter(pk for pk, _ in owners.values())
    gathering: dict[int, dict[int, list[Section]]] = {pk: {} for pk in gathered}
    # By version: the order of an index, so that the database sorts no texts.
    rows = FilePage.objects.filter(version__in=owners).order_by("version_id", "number")
    beginning = Left("text", registry.MOST_TEXT)
    streamed = rows.values_list("version_id", "number", "label", beginning, "spans").iterator(chunk_size=100)
    for version_id, pages in groupby(streamed, key=itemgetter(0)):
        reference_id, attachment = owners.pop(version_id)
        gathering[reference_id][attachment.file.pk] = [
            section_of(attachment, attachment.latest, number, label, text, spans)
            for _, number, label, text, spans in _within(pages, rooms[reference_id][attachment.file.pk])
            if text.strip()
        ]
        awaited[reference_id] -= 1
        if not awaited[reference_id]:
            yield reference_id, gathering.pop(reference_id)
    yield from gathering.items()


def _rooms(whole: Gathered) -> dict[int, int]:
    """{id of ReferenceFile: how many of its characters are indexed at most, over the layers that hold it}.

    A layer takes MOST_TEXT characters of its own files, in their order: how long the others are, its readers do not
    learn.
    """
    rooms: dict[int, int] = {}
    for layer in whole.layers():
        room = registry.MOST_TEXT
        for one in whole.in_layer(layer):
            if one.latest and room > 0:
                rooms[one.file.pk] = max(rooms.get(one.file.pk, 0), room)
                room -= one.latest.text_length
    return rooms


def _within(pages: Iterable[tuple], room: int) -> Iterator[tuple]:
    """The pages in which the first `room` characters stand, the last of them whole."""
    for page in pages:
        if room <= 0:
            return
        room -= len(page[3])
        yield page
