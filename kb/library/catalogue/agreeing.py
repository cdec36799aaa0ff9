"""The coordination's own work, as what the Steering Committee agrees to: which values of a notice and its files are
shown, making exactly that public, taking it off.

    notice ─► a row in the language of its title, one for each other language that has a title or a summary
    file   ─► a row: its title, its number, the sha256 of each version that is open to
              the readers of the file (one that waits for an editor is no part of it)
Page, vote, difference and digest come from `shown`. What lives on is outside: concepts, keywords, whether a text holds,
what superseded it, copies on paper, what the reading of a file made of it. That nothing else is ever public is kept by
`guarding`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kb.accounts import audiences
from kb.accounts.fields import note_public
from kb.accounts.noting import note
from kb.decisions.answering import rests_on
from kb.files.models import FileVersion
from kb.files.serving import serve_version
from kb.languages import CODES
from kb.library.catalogue.gathering import Attachment, Gathered, gather
from kb.library.catalogue.naming import date_words, pages_words
from kb.library.choices import CreatorRole, PublishReason, ReferenceState, ReferenceType
from kb.library.models import Reference, ReferenceFile
from kb.library.models.references import KIND, leave_to_editors
from kb.pages.agreements import GatedKind, NotAgreed, Part, Shown, agreement_for, digest_of
from kb.pages.texts import Texts
from search.recording import record_since
from search.registry import open_to

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

NOTICE = "notice"
FILE = "file:"
OTHER_BY_NOW = _(
    "This is no longer what the Steering Committee agreed to: it was changed since. Ask again for what it is now."
)
WITHOUT_REASON = _("Say first why we may publish this file.")
NOTHING_OPEN = _("Its only version waits for an editor: read it and save the reference first.")

Files = Iterable[tuple[Attachment, Sequence[FileVersion]]]


# What is shown


def shown(reference_id: int, keys: Collection[str] | None = None) -> tuple[Shown, ...]:
    """The rows of a notice and its files; keys: with which files ("file:12") it is to be public, None: as everyone sees
    it now, () where nobody does. The notice is always among them. Six queries at most.

    Raises LookupError for what is not the coordination's own work.
    """
    whole = _ours(reference_id)
    if whole.reference.state != ReferenceState.ACCEPTED:
        return ()
    if keys is None:
        return rows_of(whole)
    return (*_notice_rows(whole), *_file_rows(_chosen(whole, keys)))


def rows_of(whole: Gathered) -> tuple[Shown, ...]:
    """What everyone sees of a gathered reference, were it agreed to; () where it is not for everyone. No query."""
    if audiences.PUBLIC not in (whole.reference.audiences or ()):
        return ()
    return (*_notice_rows(whole), *_file_rows((one, one.versions) for one in whole.attachments if _is_public(one.file)))


def _ours(reference_id: int) -> Gathered:
    whole = gather([reference_id]).get(reference_id)
    if whole is None or whole.reference.own_production_id is None:
        raise LookupError(reference_id)
    return whole


def _is_public(file: ReferenceFile) -> bool:
    """Whether everyone may open a file of a notice that everyone sees."""
    return audiences.PUBLIC in (file.audiences or ()) and file.publish_reason != PublishReason.UNKNOWN


def _chosen(whole: Gathered, keys: Collection[str]) -> Files:
    """The files of these keys that we may publish, with the versions that are open to somebody. No query."""
    for one in whole.attachments:
        if f"{FILE}{one.file.pk}" in keys and one.file.publish_reason != PublishReason.UNKNOWN:
            yield one, one.versions


def _notice_rows(whole: Gathered) -> Iterable[Shown]:
    reference = whole.reference
    subject, language = reference.search_subject(), reference.language
    values = {
        "title": reference.title,
        "subtitle": reference.subtitle,
        "abstract": reference.abstract.get(language, "") if language else "",
        "creators": [{"name": one.name, "role": one.role} for one in whole.creators],
        "type": reference.type,
        "language": language,
        "publisher": reference.publisher,
        "container_title": reference.container_title,
        "date_text": reference.date_text,
        "pages": reference.pages,
        "url": reference.url,
        "doi": reference.doi,
        "isbn": reference.isbn,
    }
    yield Shown(subject, language, reference.full_title, values)
    for code in CODES:
        title, abstract = reference.translated_titles.get(code, ""), reference.abstract.get(code, "")
        if code != language and (title or abstract):
            yield Shown(subject, code, title or reference.full_title, {"title": title, "abstract": abstract})


def _file_rows(files: Files) -> Iterable[Shown]:
    for one, versions in files:
        if versions:
            title = one.file.title or versions[-1].original_name
            values = {
                "file": one.file.pk,
                "title": title,
                "number": one.file.number,
                "versions": [{"number": version.number, "sha256": version.sha256} for version in versions],
            }
            yield Shown(f"library.file:{one.file.pk}", one.file.language, title, values)


# What may be chosen, and how it is called


def parts(reference_id: int) -> tuple[Part, ...]:
    whole = _ours(reference_id)
    is_public = whole.reference.is_public()
    newest: dict[int, FileVersion] = {}
    stored = [one.file.stored_file_id for one in whole.attachments]
    for version in FileVersion.objects.filter(stored_file__in=stored).order_by("number"):
        newest[version.stored_file_id] = version
    return (
        Part(NOTICE, whole.reference.full_title, is_public),
        *(
            _file_part(one, newest[one.file.stored_file_id], is_public and _is_public(one.file))
            for one in whole.attachments
            if one.file.stored_file_id in newest
        ),
    )


def _file_part(one: Attachment, newest: FileVersion, is_open: bool) -> Part:
    """A file as it may be chosen; its label says which version waits for an editor, and is no part of the question."""
    title: str = one.file.title or newest.original_name
    refusal: StrOrPromise = ""
    if one.file.publish_reason == PublishReason.UNKNOWN:
        refusal = WITHOUT_REASON
    elif not one.versions:
        refusal = NOTHING_OPEN
    elif one.versions[-1].number < newest.number:
        title = gettext("%(title)s (without version %(number)s, which waits for an editor)") % {
            "title": title,
            "number": newest.number,
        }
    return Part(f"{FILE}{one.file.pk}", title, is_open, refusal)


def titles(reference_id: int) -> Texts:
    return _ours(reference_id).reference.all_titles()


def body(reference_id: int) -> str:
    """The code of the group whose work it is."""
    ours = _ours(reference_id).reference.own_production
    assert ours is not None
    return ours.code


def url(reference_id: int) -> str:
    return reverse("library:reference", args=[_ours(reference_id).reference.mark_slug])


# Making it public, taking it off


@transaction.atomic
def open_agreed(reference_id: int, agreement: int, keys: Collection[str]) -> None:
    """Makes the notice and these files public, with the versions that are open to somebody, as this agreement says;
    files that are none of it are for the group.

    Raises NotAgreed, with nothing changed, where it is something else by now, or no longer accepted.
    """
    held = _rows_of(reference_id).select_for_update(of=("self",))
    reference = held.select_related("own_production").first()
    if reference is None or reference.own_production is None:
        raise LookupError(reference_id)
    subject = reference.search_subject()
    before = open_to([subject])
    files: models.QuerySet[ReferenceFile] = models.QuerySet(ReferenceFile).filter(reference=reference_id)
    for file in files:
        if f"{FILE}{file.pk}" in keys and file.publish_reason != PublishReason.UNKNOWN:
            files.filter(pk=file.pk).update(audiences=[audiences.PUBLIC], is_contributed=False)
        elif audiences.PUBLIC in (file.audiences or ()):
            files.filter(pk=file.pk).update(audiences=[audiences.body(reference.own_production.code)])
    _rows_of(reference_id).update(audiences=[audiences.PUBLIC], audiences_at_most=[audiences.PUBLIC])
    rows = shown(reference_id)
    if not rows or agreement_for(subject, digest_of(rows)) != agreement:
        raise NotAgreed(OTHER_BY_NOW)
    bind(reference_id, agreement)
    leave_to_editors([reference_id])
    record_since(before, [subject])
    note("library.reference opened", id=reference_id, agreement=agreement)


def bind(reference_id: int, agreement: int) -> None:
    """The row names the agreement by which it is public; its first day of being so is noted. Two queries."""
    rows = _rows_of(reference_id)
    rows.update(agreement=agreement)
    rests_on(Reference.subject_of(reference_id), agreement)
    note_public(rows)


def reopen_agreed(reference_id: int, agreement: int) -> None:
    """The row names the agreement again that was in doubt. Raises NotAgreed where an editor chose fewer readers, or
    something changed, meanwhile.
    """
    reference = _rows_of(reference_id).select_for_update(of=("self",)).first()
    if reference is None or reference.own_production_id is None:
        raise LookupError(reference_id)
    subject, rows = reference.search_subject(), shown(reference_id)
    if not rows or agreement_for(subject, digest_of(rows)) != agreement:
        raise NotAgreed(OTHER_BY_NOW)
    before = open_to([subject])
    bind(reference_id, agreement)
    record_since(before, [subject])
    note("library.reference opened", id=reference_id, agreement=agreement)


def standing(reference_id: int, keys: Collection[str] = ()) -> dict[str, Any]:
    """State and readers of the notice, and the readers of the files of these keys and of those that everyone reads, as
    they are chosen now; none of a file that we may not publish. Two queries.
    """
    reference = _rows_of(reference_id).first()
    if reference is None:
        raise LookupError(reference_id)
    files: models.QuerySet[ReferenceFile] = models.QuerySet(ReferenceFile)
    return {
        "state": reference.state,
        "audiences": sorted(reference.audiences or ()),
        "files": {
            str(one.pk): sorted(one.audiences or ()) if one.publish_reason != PublishReason.UNKNOWN else []
            for one in files.filter(reference=reference_id)
            if f"{FILE}{one.pk}" in keys or audiences.PUBLIC in (one.audiences or ())
        },
    }


@transaction.atomic
def close_agreed(reference_id: int, agreement: int, for_good: bool) -> None:
    """Takes off what rests on this agreement: for good, it and its files are the group's again; else editors alone see
    it, until it is opened again. Nothing where it rests on another by now.
    """
    reference = _rows_of(reference_id).select_related("own_production").first()
    if reference is None or reference.own_production is None:
        raise LookupError(reference_id)
    if reference.agreement_id not in (agreement, None):
        return
    subject = reference.search_subject()
    before = open_to([subject])
    rows = _rows_of(reference_id)
    rows.update(agreement=None)
    rests_on(subject, None)
    if for_good and reference.is_for_everyone():
        group = [audiences.body(reference.own_production.code)]
        rows.update(audiences=group, audiences_at_most=group)
        files: models.QuerySet[ReferenceFile] = models.QuerySet(ReferenceFile)
        for file in files.filter(reference=reference_id):
            if audiences.PUBLIC in (file.audiences or ()):
                files.filter(pk=file.pk).update(audiences=group)
    record_since(before, [subject])
    note("library.reference taken off", id=reference_id, agreement=agreement)


def _rows_of(reference_id: int) -> models.QuerySet[Reference]:
    """The row itself, past what records and checks its changes: who writes by this does both."""
    rows: models.QuerySet[Reference] = models.QuerySet(Reference)
    return rows.filter(pk=reference_id)


# On the page of who votes


def page(request: HttpRequest, rows: Collection[Shown]) -> Mapping[str, Any]:
    """What the template shows, from the values of the rows alone."""
    return {"agreed_rows": [_told(row) for row in rows]}


def _told(row: Shown) -> dict[str, Any]:
    """title, abstract, language of both, facts as (name, words)."""
    values = row.values
    told = {"title": values.get("title", ""), "language": row.language, "is_file": "versions" in values}
    told |= {"subtitle": values.get("subtitle", ""), "abstract": values.get("abstract", "")}
    if told["is_file"]:
        numbers = [str(one["number"]) for one in values["versions"]]
        told |= {"facts": [(_("File"), str(values["number"])), (_("Versions"), ", ".join(numbers))]}
        return {**told, "former_versions": numbers[:-1]}
    if "creators" not in values:
        return {**told, "facts": []}
    facts = [
        (_("By"), "; ".join(_named(one) for one in values["creators"])),
        (_("Date"), date_words(values["date_text"])),
        (_("Type"), str(ReferenceType(values["type"]).label) if values["type"] in ReferenceType.values else ""),
        (_("Published in"), values["container_title"]),
        (_("Publisher"), values["publisher"]),
        (_("Extent"), pages_words(values["pages"], within=values["container_title"])),
        ("ISBN", values["isbn"]),
        ("DOI", values["doi"]),
        (_("Web"), values["url"]),
    ]
    return {**told, "facts": [(name, words) for name, words in facts if words]}


def _named(creator: Mapping[str, str]) -> str:
    role = creator["role"]
    is_plain = role == CreatorRole.AUTHOR or role not in CreatorRole.values
    return creator["name"] if is_plain else f"{creator['name']} ({CreatorRole(role).label})"


def file_of(values: Mapping[str, Any]) -> Callable[[HttpRequest], HttpResponseBase] | None:
    """What serves a version that a row names ("?version=1"), else the newest; None for the row of a notice. It raises
    Http404 for a version that the row does not name, or whose bytes are gone.
    """
    if not values.get("versions"):
        return None
    named = {str(one["number"]): one for one in values["versions"]}

    def serve(request: HttpRequest) -> HttpResponseBase:
        wanted = named.get(request.GET.get("version", str(values["versions"][-1]["number"])))
        if wanted is None:
            raise Http404("not what was asked about")
        version = FileVersion.objects.filter(
            stored_file__reference_file=values["file"], number=wanted["number"], sha256=wanted["sha256"]
        ).first()
        if version is None:
            raise Http404("not what was asked about")
        answer = serve_version(request, version, audiences=audiences.audiences_of(request))
        answer.headers["Cache-Control"] = "private, no-store"
        return answer

    return serve


GATED = GatedKind(
    name=KIND,
    label=_("Own work in the library"),
    titles=titles,
    body=body,
    parts=parts,
    shown=shown,
    open=open_agreed,
    close=close_agreed,
    reopen=reopen_agreed,
    standing=standing,
    url=url,
    page=page,
    template="library/_agreed_notice.html",
    file=file_of,
)
