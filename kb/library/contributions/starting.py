"""Putting a reference in as a member does: begun from files, a link or a title, then corrected line by line, given
readers, confirmed.

What is done with it then is in `steps`; what is proposed from the file is in `drafting`; the lines of the page are
in `lines`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import unquote

from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kb.accounts import audiences
from kb.accounts.reopening import more_readers
from kb.files.intake.storing import Received, receiving, store
from kb.files.models import FileVersion
from kb.groups.models import Body
from kb.languages import current_language
from kb.library.catalogue.adding import add_file, add_reference, readable_name
from kb.library.catalogue.verifying import verified
from kb.library.catalogue.versions import drop_replaced
from kb.library.choices import AuthorityKind, FoundIn, PublishReason, ReferenceState
from kb.library.drafting import lines_of_reference, write
from kb.library.drafting.lines.identifiers import doi_in
from kb.library.models import Contribution, Creator, Reference, ReferenceFile
from kb.library.models.authorities import preferred_names
from kb.pages.texts import Texts

_DOI_ALONE = re.compile(
    r"(?:doi:\s*|(?:https?://)?(?:dx\.|www\.)?doi\.org/)?(10\.\d{4,9}/[^\s?#]+)(?:[?#]\S*)?", re.IGNORECASE
)
GROUP, MEMBERS, EVERYONE = "group", "members", "everyone"
EDITORS_CHOSE = _("An editor chose who may read it: choose no more readers than that, or ask the coordination.")
_OWN_WORK = "own_production"  # among the lines that a person changed


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that arrived, or was kept aside, under the name people gave it."""

    content: File
    name: str


@dataclass(frozen=True, slots=True)
class Link:
    """What was pasted: a DOI in its plain form ("10.1000/182"), or an address; the other is ""."""

    doi: str = ""
    url: str = ""


def doi_typed(text: str) -> str:
    """The DOI that a text is, alone, after "doi:" or as an address of doi.org, in small letters (a DOI has no case); ""
    when it is none.
    """
    found = _DOI_ALONE.fullmatch(unquote(text.strip()))
    return doi_in(found[1]) if found else ""


@contextmanager
def received(uploads: Iterable[Upload]) -> Iterator[list[Received]]:
    """The bytes of the uploads, in the storage before any transaction opens; removed again when the block raises.

    Raises ValidationError: a file that is empty, too large or a program.
    """
    with ExitStack() as kept:
        yield [kept.enter_context(receiving(upload.content, original_name=upload.name)) for upload in uploads]


def start(user: Any, body: Body, *, uploads: Sequence[Upload] = (), link: Link = Link(), title: str = "") -> Reference:
    """A draft of this person for this body: files (several are parts of one document), a link or a title, or all three.

    Reader choice starts at the body. Raises ValidationError: a file that is empty, too large or a program, an address
    that is none.
    """
    named = title or (readable_name(uploads[0].name) if uploads else "") or link.doi or link.url
    reference = Reference(body=body, title=named[:500], created_by=user, audiences=[audiences.body(body.code)])
    reference.doi, reference.url = link.doi[:200], link.url
    with received(uploads) as files:
        found = lines_of_reference(reference, None, file_name=files[0].original_name if files else "")
        with transaction.atomic():
            add_reference(reference)
            for file in files:
                attach(reference, file, user)
            where = FoundIn.NAME if uploads else FoundIn.LINK
            contribution = Contribution.objects.create(
                reference=reference,
                corrected=["title"] if title else [],
                drafted={} if title else {"title": {"value": reference.title, "where": where, "page": None}},
            )
            write(contribution, found)
    reference.refresh_from_db()
    return reference


def attach(reference: Reference, upload: Received, user: Any) -> ReferenceFile:
    """One more file beside those there are, with the readers of the notice and the reason of what was contributed."""
    others = ReferenceFile.objects.filter(reference=reference, is_contributed=True).order_by("number")
    reason, permission_date = others.values_list("publish_reason", "permission_date").first() or (
        PublishReason.UNKNOWN,
        None,
    )
    return add_file(
        reference,
        upload,
        audiences=file_readers(reference.audiences, reference.body, reason),
        publish_reason=reason,
        permission_date=permission_date,
        user=user,
        is_contributed=True,
    )


def replace_file(file: ReferenceFile, upload: Received, user: Any) -> FileVersion:
    """A better copy: the next version of the file; what was cited stays, what no acceptance opened yet goes."""
    version = store(upload, stored_file=file.stored_file, user=user)
    drop_replaced(file, version)
    return version


def contribution_of(reference: Reference) -> Contribution:
    """What is kept of how it came to us; a reference that an editor made gets its row when it is first
    corrected here.
    """
    return Contribution.objects.get_or_create(reference=reference)[0]


# Readers


def readers_choice(reference: Reference) -> str:
    """Which of the three choices the notice has; "" for readers that an editor chose otherwise."""
    chosen = set(reference.audiences)
    group = audiences.body(reference.body.code)
    if audiences.PUBLIC in chosen:
        return EVERYONE
    if audiences.MEMBERS in chosen and chosen <= {group, audiences.MEMBERS}:
        return MEMBERS
    return GROUP if chosen == {group} else ""


def notice_readers(choice: str, body: Body) -> list[str]:
    """The audiences of a choice.

    All members and the group: its consultants and invitees, who are no members, go on reading.
    """
    group = audiences.body(body.code)
    return {GROUP: [group], MEMBERS: [group, audiences.MEMBERS], EVERYONE: [audiences.PUBLIC]}[choice]


def file_readers(notice: Iterable[str], body: Body, publish_reason: str) -> list[str]:
    """Who may read the file: the readers of the notice; members and the group at most until somebody says why we may
    publish it."""
    notice = list(notice)
    if audiences.PUBLIC in notice and publish_reason == PublishReason.UNKNOWN:
        return notice_readers(MEMBERS, body)
    return notice


def readers_given(reference: Reference, choice: str) -> list[str]:
    """The audiences that a choice gives the notice: those it has where that is the choice it has, or none is made."""
    if not choice or choice == readers_choice(reference):
        return sorted(reference.audiences)
    return sorted(notice_readers(choice, reference.body))


def gives_more_than_chosen(reference: Reference, wanted: list[str]) -> bool:
    """Whether these are other readers than the notice has, and more than an editor chose for it."""
    chosen = reference.audiences_at_most
    return chosen is not None and wanted != sorted(reference.audiences) and more_readers(chosen, wanted)


def give_readers(
    reference: Reference,
    choice: str,
    *,
    publish_reason: str,
    permission_date: date | None,
    held: frozenset[str] = frozenset(),
) -> None:
    """Gives the notice and the files that were contributed these readers; those an editor put in, or gave readers, keep
    theirs. held: the audiences of who chooses; what an editor chooses binds the others from then on.

    Call it on the locked reference, inside its transaction; saves both. Raises ValidationError where others give more
    than an editor chose, or a file would be open to more readers than the notice.
    """
    wanted = readers_given(reference, choice)
    if audiences.STAFF in held:
        if wanted != sorted(reference.audiences):
            reference.audiences_at_most = wanted
    elif gives_more_than_chosen(reference, wanted):
        raise ValidationError({"readers": EDITORS_CHOSE})
    reference.audiences = wanted
    for file in reference.files.filter(is_contributed=True):
        file.reference = reference
        file.publish_reason, file.permission_date = publish_reason, permission_date
        file.audiences = sorted(file_readers(reference.audiences, reference.body, publish_reason))
        file.full_clean(exclude=["stored_file", "number", "reference"])
        file.save(follows_notice=True)
    reference.save(update_fields=["audiences"], follows_contribution=True)


# Whose own work it is


def say_own_work(reference: Reference, contribution: Contribution, *, is_ours: bool, held: frozenset[str]) -> None:
    """Writes into the reference whether it is our own work, which the caller saves, and remembers that it was not an
    editor who said so.
    """
    if is_ours and not reference.own_production_id and audiences.STAFF not in held:
        contribution.corrected = sorted({*contribution.corrected, _OWN_WORK})
        contribution.save(update_fields=["corrected"])
    reference.own_production = (reference.own_production or reference.body) if is_ours else None


def is_own_work_bound(reference: Reference) -> bool:
    """Whether only an editor may say that it is not our own work: an editor said that it is, or it was proposed as such
    once, whatever became of it since. One query for such work.
    """
    if reference.own_production_id is None:
        return False
    contribution = Contribution.objects.filter(reference=reference).first()
    return (
        reference.state != ReferenceState.DRAFT
        or reference.accepted_at is not None
        or contribution is None
        or contribution.confirmed_at is not None
        or _OWN_WORK not in contribution.corrected
    )


# Lines


def write_lines(reference: Reference, contribution: Contribution, values: Mapping[str, Any]) -> list[str]:
    """Writes what was typed where it differs, and remembers which lines a person changed; gives their names. Saves
    both.

    Call it on the locked reference, inside its transaction.
    """
    changed = [name for name, value in values.items() if value_of(reference, name) != value]
    for name in changed:
        _write(reference, name, values[name])
    if changed:
        reference.full_clean(exclude=["superseded_by", "created_by"])
        contribution.corrected = sorted({*contribution.corrected, *changed})
        contribution.save(update_fields=["corrected"])
        verified(reference, changed)
    reference.save()
    return changed


def value_of(reference: Reference, name: str) -> Any:
    """A line as its form has it: names one per line, the summary in the language of the request, concepts as a set."""
    if name == "creators":
        return [creator.name for creator in reference.creators.all()]
    if name == "concepts":
        return set(reference.concepts.all())
    if name == "abstract":
        return reference.abstract.get(current_language(), "")
    return getattr(reference, name)


def _write(reference: Reference, name: str, value: Any) -> None:
    if name == "creators":
        _write_names(reference, value)
    elif name == "concepts":
        reference.concepts = list(value)
    elif name == "abstract":
        written = {**reference.abstract, current_language(): value}
        reference.abstract = Texts({code: text for code, text in written.items() if text})
    else:
        setattr(reference, name, value)


def _write_names(reference: Reference, names: Sequence[str]) -> None:
    """Gives the reference these names in this order, in the form we use; who stays keeps role and organisation.

    As many queries for a hundred names as for two: each name saved on its own would hold the database for seconds.
    """
    known = {creator.name: creator for creator in reference.creators.all()}
    used = preferred_names(AuthorityKind.CREATOR, names)
    arrived, moved = [], []
    for place, name in enumerate(dict.fromkeys(used.get(name, name) for name in names)):
        if creator := known.pop(name, None):
            creator.sort_order = place
            moved.append(creator)
        else:
            arrived.append(Creator(reference=reference, name=name, is_organisation="," not in name, sort_order=place))
    Creator.objects.filter(reference=reference).exclude(pk__in=[creator.pk for creator in moved]).delete()
    Creator.objects.bulk_update(moved, ["sort_order"])
    Creator.objects.bulk_create(arrived)
