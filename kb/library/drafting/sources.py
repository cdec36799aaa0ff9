"""What drafting reads of the database: a stored version as a `Document`, the names of the directory, the vocabulary."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.db.models.functions import Left

from kb.directory.models import Organisation
from kb.files.choices import State
from kb.files.models import FilePage, FileVersion
from kb.languages import CODES
from kb.library.choices import AuthorityKind, FoundIn
from kb.library.drafting.composing import Known, language_of_title, lines_of_document, lines_of_link
from kb.library.drafting.documents import HEAD, Document, Found, Page, words_of
from kb.library.drafting.lines.names import Names
from kb.library.drafting.lines.notions import Vocabulary, concepts_of
from kb.library.models import Reference
from kb.library.models.authorities import preferred, preferred_names
from kb.vocabulary.models import AltLabel, Concept

MOST_OF_A_PAGE = 50_000
MOST_OF_ALL = 3_000_000  # a thousand printed pages
_COLUMNS = ("number", "beginning", "label", "spans", "boxes", "height")


def draft(reference: Reference) -> dict[str, dict[str, Any]]:
    """{field: {"value", "where", "page"}}, as it is kept in `Contribution.drafted`."""
    return {name: line.as_json() for name, line in lines_of_reference(reference, newest_version(reference)).items()}


def lines_of_reference(reference: Reference, version: FileVersion | None, *, file_name: str = "") -> dict[str, Found]:
    """{field: what is proposed} from a version of its file, else from its link, its DOI and its title. `file_name` is
    that of the file which a reference that is not saved yet is going to have.

    A fixed number of queries, and the pages of one version, one at a time. Call it before a transaction opens:
    strangers' words are looked at here, and whoever writes would wait.
    """
    found = _from_file(version) if version else _said(Document(name=file_name)) if file_name else {}
    for name, line in lines_of_link(reference.url, reference.doi).items():
        if name not in found or not found[name].where:
            found[name] = line
    if version is None and not file_name:
        found = _from_title(reference, found)
    return {name: _in_preferred_form(name, line) for name, line in found.items()}


def newest_version(reference: Reference) -> FileVersion | None:
    """Of the first file; what is said of a document is what its newest version says."""
    first = (
        reference.files.order_by("sort_order", "number").values_list("stored_file", flat=True).first()
        if reference.pk
        else None
    )
    return FileVersion.objects.filter(stored_file=first).order_by("-number").first() if first else None


def document_of(version: FileVersion) -> Document:
    """The first and last pages at once, all of them only when they are asked for. A version that was not read has none.

    Of a page its first MOST_OF_A_PAGE characters, of all pages together MOST_OF_ALL: the looking is ours, outside the
    child that reads files.
    """
    rows = FilePage.objects.filter(version=version).annotate(beginning=Left("text", MOST_OF_A_PAGE)).order_by("number")
    head = tuple(Page(*row[:4], bytes(row[4]), row[5]) for row in rows.filter(number__lte=HEAD).values_list(*_COLUMNS))
    last = rows.filter(number=version.page_count).values_list(*_COLUMNS).first() if version.page_count > HEAD else None

    def pages() -> Iterator[Page]:
        left = MOST_OF_ALL
        for number, text, label, spans in rows.values_list("number", "beginning", "label", "spans").iterator(
            chunk_size=100
        ):
            yield Page(number, text, label, spans)
            left -= len(text)
            if left <= 0:
                return

    return Document(
        name=version.original_name,
        media_type=version.media_type,
        is_paged=version.is_paged,
        page_count=version.page_count,
        languages=tuple(version.languages),
        properties=version.properties,
        head=head,
        last=Page(*last[:4], bytes(last[4]), last[5]) if last else None,
        pages=pages,
    )


def known() -> Known:
    """Names of organisations in every language, and the vocabulary. Three queries."""
    return Known(_organisations(), _vocabulary())


def _from_file(version: FileVersion) -> dict[str, Found]:
    if version.state == State.WAITING or not version.page_count:
        return _said(Document(name=version.original_name, media_type=version.media_type, properties=version.properties))
    return lines_of_document(document_of(version), known())


def _said(document: Document) -> dict[str, Found]:
    """Of a document without text: what its name and its properties say."""
    return {name: line for name, line in lines_of_document(document, Known()).items() if line.where}


def _from_title(reference: Reference, found: dict[str, Found]) -> dict[str, Found]:
    """Without a file: the language of the title that was typed and the concepts in it."""
    title = reference.full_title if reference.title else str(found["title"].value) if "title" in found else ""
    language = language_of_title(title, "") if title else ""
    if language:
        found["language"] = Found(language, FoundIn.TEXT)
        concepts = concepts_of(Document(), _vocabulary(), title=title, language=language)
        if concepts:
            found["concepts"] = Found([one.value for one in concepts], FoundIn.TEXT)
    return found


def _in_preferred_form(name: str, line: Found) -> Found:
    """Names in the form of the authority list, so that what is shown is what will be kept."""
    if name == "publisher":
        return replace(line, value=preferred(AuthorityKind.PUBLISHER, line.value))
    if name == "creators":
        ours = preferred_names(AuthorityKind.CREATOR, [one["name"] for one in line.value])
        return replace(line, value=[{**one, "name": ours.get(one["name"], one["name"])} for one in line.value])
    return line


def _organisations() -> Names:
    found: dict[str, str] = {}
    for name, others in Organisation.objects.values_list("name", "other_names"):
        for form in [name, *(others.get(code, "") for code in CODES)]:
            words = words_of(form)
            if len(words) > 2:
                found.setdefault(words, form)
    return Names(found)


def _vocabulary() -> Vocabulary:
    rows = list(Concept.objects.values_list("code", "broader__code", *(f"label_{code}" for code in CODES)))
    labels = [
        (code, language, text) for code, _, *texts in rows for language, text in zip(CODES, texts, strict=True) if text
    ]
    labels += AltLabel.objects.values_list("concept__code", "language", "text")
    return Vocabulary.of(labels, {code: broader or "" for code, broader, *_ in rows})
