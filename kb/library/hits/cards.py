"""How found references are shown: cards, passages and where these lead; and every right asked again, of the database.

The index may be seconds behind: what a reader lost since is left out here, whatever the index still holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext

from kb.files.choices import State
from kb.files.models import FilePage, FileVersion
from kb.library.catalogue.gathering import Attachment, Gathered, gather, reference_id_of
from kb.library.catalogue.naming import format_name, meta_line, parse_anchor
from kb.library.hits.sections import section_of, summary_section
from kb.library.models import Reference, ReferenceKeyword
from kb.pages.templatetags.frame import filesize_words
from search import registry
from search.entries import Section
from search.registry import Card, CardLink, Found, FoundSection, Note


def found(anchors: Mapping[str, Sequence[str]], *, audiences: frozenset[str], query_text: str = "") -> dict[str, Found]:
    """{key ("library.reference:17/1"): what is shown of it, with the sections asked for}.

    Four queries, one more for notices, one for pages, however many.
    """
    gathered = gather(pk for pk in map(reference_id_of, anchors) if pk is not None)
    open_now: dict[str, tuple[Gathered, list[Attachment]]] = {}
    for key in anchors:
        whole = gathered.get(reference_id_of(key) or 0)
        attachments = _shown_in(key, whole, audiences) if whole else None
        if whole and attachments is not None:
            open_now[key] = whole, attachments
    sections: dict[str, dict[str, FoundSection]] = {key: {} for key in open_now}
    for key, anchor, section in chain(_notices(anchors, open_now), _pages(anchors, open_now)):
        sections[key][anchor] = FoundSection(section, _section_url(open_now[key][0].reference, anchor, query_text))
    return {key: Found(_card(*whole), sections[key]) for key, whole in open_now.items()}


def cards(keys: Iterable[str], *, audiences: frozenset[str]) -> dict[str, Card]:
    """{key: card}, without sections. Four queries, however many."""
    return {key: one.card for key, one in found(dict.fromkeys(keys, ()), audiences=audiences).items()}


def _shown_in(key: str, whole: Gathered, held: frozenset[str]) -> list[Attachment] | None:
    """The files of the entry's layer that this reader may open today; None when the reference is not theirs to see."""
    if not whole.is_shown_to(held):
        return None
    name = key.rpartition("/")[2]
    layer = next((layer for layer in whole.layers() if layer.name == name), None)
    opened = whole.opened_by(held)
    return [one for one in opened if one.file.pk in layer.files] if layer else opened


def _card(whole: Gathered, attachments: Sequence[Attachment]) -> Card:
    reference = whole.reference
    versions = [one.latest for one in attachments if one.latest]
    first = versions[0] if versions else None
    links = []
    if first and first.size_bytes:
        links.append(CardLink(_open_label(first), file_url(reference, attachments[0].file.number, first.number)))
    return Card(
        subject=Reference.subject_of(reference.pk),
        title=reference.full_title,
        title_language=reference.language,
        url=reference_url(reference),
        meta=meta_line(reference, whole.creators, first),
        languages=whole.languages(attachments),
        notes=_notes(versions),
        links=tuple(links),
    )


def _open_label(version: FileVersion) -> str:
    size, name = filesize_words(version.size_bytes), format_name(version)
    if name:
        return gettext("Open the %(format)s (%(size)s)") % {"format": name, "size": size}
    return gettext("Open the file (%(size)s)") % {"size": size}


def _notes(versions: Sequence[FileVersion]) -> tuple[Note, ...]:
    """Why a found document has no passages, said only when none of its files could be read;
    or that it is searched in part.
    """
    if partly := partly_searched(versions):
        return (Note("partly", partly),)
    if not versions or any(version.state == State.READ for version in versions):
        return ()
    sentences = {
        State.WAITING: gettext("Waiting to be read: found by its title and summary"),
        State.SCAN: gettext("Scan without text: found by its title and summary"),
        State.ENCRYPTED: gettext("Protected by a password: found by its title and summary"),
    }
    state = State(versions[0].state)
    return (Note(state.value, sentences.get(state, gettext("File not read: found by its title and summary"))),)


def partly_searched(versions: Iterable[FileVersion]) -> str:
    """A sentence for files that are together longer than what is indexed of a document; "" for all others."""
    if sum(version.text_length for version in versions) <= registry.MOST_TEXT:
        return ""
    pages = number_format(registry.MOST_PAGES, force_grouping=True)
    return gettext("Very long: only about the first %(pages)s pages are searched") % {"pages": pages}


Open = Mapping[str, tuple[Gathered, list[Attachment]]]


def _notices(anchors: Mapping[str, Sequence[str]], open_now: Open) -> Iterator[tuple[str, str, Section]]:
    wanted = {key: whole for key, (whole, _files) in open_now.items() if "" in anchors[key]}
    keywords: dict[int, list[tuple[str, str]]] = {}
    if wanted:
        tagged = ReferenceKeyword.objects.filter(
            content_object__in=[whole.reference.pk for whole in wanted.values()]
        ).order_by("pk")
        for reference_id, name, language in tagged.values_list("content_object_id", "tag__name", "tag__language"):
            keywords.setdefault(reference_id, []).append((name, language))
    for key, whole in wanted.items():
        yield key, "", summary_section(whole.reference, keywords.get(whole.reference.pk, ()))


def _pages(anchors: Mapping[str, Sequence[str]], open_now: Open) -> Iterator[tuple[str, str, Section]]:
    """Pages of the versions that may be opened; two layers of a reference may both ask for one."""
    places: dict[tuple[int, int], list[tuple[str, str, Attachment, FileVersion]]] = {}
    for key, (_whole, attachments) in open_now.items():
        by_number = {one.file.number: one for one in attachments}
        for anchor in anchors[key]:
            file_number, version_number, page_number = parse_anchor(anchor) or (0, 0, 0)
            version = by_number[file_number].version(version_number) if file_number in by_number else None
            if version:
                places.setdefault((version.pk, page_number), []).append((key, anchor, by_number[file_number], version))
    numbers: dict[int, list[int]] = {}
    for version_id, number in places:
        numbers.setdefault(version_id, []).append(number)
    if not numbers:
        return
    one_of = Q()
    for version_id, of_version in numbers.items():
        one_of |= Q(version_id=version_id, number__in=of_version)
    for version_id, number, label, text, spans in FilePage.objects.filter(one_of).values_list(
        "version_id", "number", "label", "text", "spans"
    ):
        for key, anchor, attachment, version in places[version_id, number]:
            yield key, anchor, section_of(attachment, version, number, label, text, spans)


def _section_url(reference: Reference, anchor: str, query_text: str) -> str:
    """The reader at that page with the words marked; of the notice, the page of the reference."""
    place = parse_anchor(anchor)
    if place is None:
        return reference_url(reference)
    words = f"?{urlencode({'q': query_text})}#hit" if query_text else ""
    return reverse("library:read", args=[reference.mark_slug, *place]) + words


def reference_url(reference: Reference) -> str:
    return reverse("library:reference", args=[reference.mark_slug])


def file_url(reference: Reference, file_number: int, version_number: int) -> str:
    return reverse("library:file", args=[reference.mark_slug, file_number, version_number])
