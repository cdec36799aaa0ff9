"""Writing a draft into a reference that is being put in: what a person wrote or confirmed is never touched. What an
import brought is accepted at the same time, and what is doubtful in it marked.

a reading ends ─► the contribution is marked as not drafted (same transaction) ─► after the commit a task of the short queue fills it
                                                     └ a worker killed between the two: `enqueue_lost` asks again, by the mark
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Field, Q
from django.utils import timezone
from django_tasks import task

from kb.accounts.audiences import is_within, narrowed
from kb.clock.queue import unfinished
from kb.clock.recovering import given_up
from kb.files.choices import State
from kb.files.models import FileVersion, StoredFile
from kb.languages import CODES
from kb.library.catalogue.adding import readers_of_file
from kb.library.catalogue.owning import named_ours
from kb.library.catalogue.verifying import EVERY_NOTICE, mark
from kb.library.choices import Doubt, PublishReason, ReferenceState
from kb.library.drafting.documents import Found
from kb.library.drafting.following import Follows, followed_by
from kb.library.drafting.sources import lines_of_reference, newest_version
from kb.library.models import Creator, Reference
from kb.library.models.contributions import Contribution
from kb.library.models.references import leave_to_editors
from kb.pages.texts import Texts
from kb.vocabulary.models import Concept

# After acceptance the notice is the editors'; what was refused or withdrawn is at rest.
_OPEN_STATES = (ReferenceState.DRAFT, ReferenceState.PROPOSED, ReferenceState.RETURNED)
# Also what an import brought and nobody has looked at: another reading of it (with recognition) may say more.
_MAY_CHANGE = Q(reference__state__in=_OPEN_STATES) | Q(
    Q(reference__to_verify__isnull=False) | Q(drafted_from=None),  # or not drafted: another version came
    accept_when_read=True,
    reference__state=ReferenceState.ACCEPTED,
)
_GOES_ON = frozenset({Follows.NOTHING, Follows.ALIKE})
_NEVER_GUESSED = frozenset({"language", "type"})  # left open: a page that says a wrong one says something false
_PLAIN = ("title", "subtitle", "language", "date_text", "type", "publisher", "doi", "isbn", "pages")
_DEFAULTS = {"language": "fr", "type": "report"}  # the model's: what nobody has chosen yet


def fill(contribution: Contribution) -> Contribution:
    """Drafts once more and writes what may be written; gives the contribution as it stands now. Safe to repeat."""
    version = newest_version(contribution.reference)
    found = lines_of_reference(contribution.reference, version)
    return write(contribution, found, version, follows=followed_by(version))


def write(
    contribution: Contribution,
    found: Mapping[str, Found],
    read_from: FileVersion | None = None,
    *,
    follows: Follows = Follows.UNKNOWN,
) -> Contribution:
    """Writes what was found in a version where it may be written; gives the contribution as it stands now.

    A field is written while nobody has corrected it and it is empty, or still as the last draft left it; once the
    person has confirmed, only while it is empty. An import's notice that is accepted is written anew only by a version
    that is known to go on with the same document (`follows`); one that is unlike leaves its lines to be verified.

    Nothing of a file is written where somebody who reads the notice, now or once it is accepted, may not open that file
    (`_is_for_fewer`): neither its words nor its name.

    In a transaction of its own, on a locked row: what a form saves at the same moment comes before or after, never
    between. Nothing is done with once another text than the one looked at is there: who brought that asked again.
    """
    with transaction.atomic():
        # The reference first, as every page does: whoever locked them the other way round would wait for it, and it for
        # them.
        reference = (
            Reference.objects.select_for_update(of=("self",)).select_related("body").get(contribution=contribution)
        )
        locked = Contribution.objects.select_for_update().get(pk=contribution.pk)
        locked.reference = reference
        version = newest_version(reference)
        is_read = version is not None and version.state != State.WAITING and _same_text(version, read_from)
        is_open, is_for_fewer = reference.state in _OPEN_STATES, _is_for_fewer(locked)
        differing: dict[str, str] = {}
        if is_for_fewer or reference.is_for_everyone():  # our own work is what was agreed to, whatever is read later
            found = {}
        if locked.accept_when_read:  # nobody looks at it first: what nothing says is left open
            found = {name: line for name, line in found.items() if line.where}
            if not is_open:
                differing = _differing(reference, found) if follows is Follows.UNLIKE and not is_for_fewer else {}
                found = {name: line for name, line in found.items() if _may_bring(follows, reference, name)}
        drafted = {name: line.as_json() for name, line in found.items()}
        marked = dict(reference.to_verify.values_list("field", "why")) if locked.accept_when_read else {}
        unsure = {name for name, why in marked.items() if why != Doubt.UNLIKE}  # the others are a person's to write
        changed = [
            name
            for name, line in drafted.items()
            if (is_open or name in unsure)
            and not (locked.accept_when_read and name in _NEVER_GUESSED and found[name].doubt)
            and _may_write(locked, reference, name)
            and _write(reference, name, line["value"])
        ]
        if is_open and _is_ours_by_its_names(locked, reference):
            reference.own_production, locked.taken_as_ours = reference.body, True
            changed.append("own_production")
        if version is not None and is_read and locked.accept_when_read:
            if _is_to_accept(locked, reference):
                if is_for_fewer or _would_want_agreement(reference):
                    leave_to_editors([reference.pk])
                else:
                    reference.state = ReferenceState.ACCEPTED
                    changed.append("state")
                    mark(reference, _doubts(reference, found, version))
            elif (marked or differing) and not is_for_fewer:
                looked_at = unsure if follows in _GOES_ON or is_open else unsure.intersection(found)
                doubts = _doubts(reference, found, version)
                now = {name: doubts.get(name, "") if name in looked_at else why for name, why in marked.items()}
                mark(reference, {name: why for name, why in {**now, **differing}.items() if why})
        if changed:
            reference.save()
        locked.drafted = {**_kept(locked, drafted), **drafted}
        locked.drafted_from = version.pk if version and is_read else None
        locked.save(update_fields=["drafted", "drafted_from", "taken_as_ours"])
    return locked


def _may_bring(follows: Follows, reference: Reference, name: str) -> bool:
    """Whether a version may say this line of an accepted notice: where it cannot be told that it is the same document,
    only what nothing is said of.
    """
    return follows in _GOES_ON or (follows is Follows.UNKNOWN and not _current(reference, name))


def _differing(reference: Reference, found: Mapping[str, Found]) -> dict[str, str]:
    """{field: why} of what an unlike version calls in doubt: the title, and each line that it says otherwise."""
    others = {
        name
        for name, line in found.items()
        if name in EVERY_NOTICE and (now := _current(reference, name)) and now != _shaped(name, line.value)
    }
    return dict.fromkeys(sorted({"title", *others}), Doubt.UNLIKE)


def _is_to_accept(contribution: Contribution, reference: Reference) -> bool:
    """Whether it is accepted by itself: a draft as an import left it. Once it was accepted, or somebody chose its state
    or its readers, a later text changes neither.
    """
    return (
        reference.state == ReferenceState.DRAFT
        and reference.accepted_at is None
        and contribution.left_to_editors_at is None
    )


def _is_ours_by_its_names(contribution: Contribution, reference: Reference) -> bool:
    """Whether it becomes our own work by its creators or its publisher: nobody said yet whether it is. One query where
    it has any.
    """
    if reference.own_production_id or reference.not_ours_because or contribution.confirmed_at:
        return False
    if "own_production" in contribution.corrected:
        return False
    return bool(named_ours([*(one.name for one in reference.creators.all()), reference.publisher]))


def _would_want_agreement(reference: Reference) -> bool:
    """Whether accepting it would publish own work that nobody agreed to."""
    before, reference.state = reference.state, ReferenceState.ACCEPTED
    wants = reference.wants_agreement()
    reference.state = before
    return wants


def _is_for_fewer(contribution: Contribution) -> bool:
    """Whether somebody who reads the notice now, or would once it is accepted, may not open its first file, or the
    newest version of that is not open: what the file says is not for everyone who would read it in the notice.

    Everyone's notice with a file for the members, because nobody said yet why we may publish it, is no such case where
    an import or a contributor made it so: that is about the file as a work, not about what stands in it.
    """
    reference = contribution.reference
    file = reference.files.order_by("sort_order", "number").first()
    if file is None:
        return False
    file.reference = reference
    version = newest_version(reference)
    if version is not None and not file.opens(version.number):
        return True
    notice = reference.audiences
    if contribution.accept_when_read or (file.is_contributed and file.publish_reason == PublishReason.UNKNOWN):
        notice = readers_of_file(notice)
    if not all(is_within(value, narrowed(file.audiences, reference.audiences)) for value in notice):
        return True
    at_work = () if reference.state == ReferenceState.ACCEPTED else reference.effective_audiences
    return not all(is_within(value, file.effective_audiences) for value in at_work)


def _same_text(version: FileVersion, read_from: FileVersion | None) -> bool:
    return read_from is not None and (version.pk, version.reading, version.state) == (
        read_from.pk,
        read_from.reading,
        read_from.state,
    )


def _doubts(reference: Reference, found: Mapping[str, Found], version: FileVersion) -> dict[str, str]:
    """{field: why} of what is to be looked at: lines that are not sure, and those of every notice that were not found.

    What a person wrote meanwhile is not doubted.
    """
    doubts = {}
    for name in dict.fromkeys((*EVERY_NOTICE, *found)):
        line, now = found.get(name), _current(reference, name)
        if line is not None and (not now or now == _shaped(name, line.value)):
            doubts[name] = line.doubt
        elif not now and name in EVERY_NOTICE:
            doubts[name] = Doubt.NOWHERE if version.page_count else Doubt.UNREAD
        elif name == "title" and line is None:  # as the import named it
            doubts[name] = Doubt.NAME
    return {name: why for name, why in doubts.items() if why}


@task(queue_name="short")
def fill_contribution(contribution_id: int) -> bool:
    """Fills a contribution; False when it is gone, or somebody did meanwhile."""
    waiting = Contribution.objects.select_related("reference").filter(drafted_from=None)
    contribution = waiting.filter(pk=contribution_id).first()
    return contribution is not None and bool(fill(contribution))


def ask_again(stored_file: StoredFile) -> None:
    """The text of a file has changed: its contribution is to be drafted. Call it in the transaction of the change."""
    waiting = Contribution.objects.filter(_MAY_CHANGE, reference__files__stored_file=stored_file)
    ids = list(waiting.values_list("pk", flat=True).distinct())
    if ids:
        Contribution.objects.filter(pk__in=ids).update(drafted_from=None)
        transaction.on_commit(lambda: [fill_contribution.enqueue(pk) for pk in ids])


def enqueue_lost() -> str:
    """Asks again for drafts of files that were read and that nobody is going to make; "" when there were none. One that
    ended its workers is made no more before another text is there.

    Safe to repeat.
    """
    limit = timezone.now() - timedelta(seconds=settings.FILES_LOST_AFTER_S)
    read = FileVersion.objects.exclude(state=State.WAITING).filter(read_at__lt=limit)
    undrafted = Contribution.objects.filter(
        _MAY_CHANGE, drafted_from=None, reference__files__stored_file__versions__in=read
    ).distinct()
    lost = list(undrafted.values_list("pk", flat=True)) if undrafted.exists() else []
    asked = unfinished(fill_contribution) if lost else set()
    ended = given_up(fill_contribution.module_path) if lost else {}
    again = [pk for pk in lost if pk not in asked and not (pk in ended and _stays_as_it_is(pk, ended[pk]))]
    for pk in again:
        fill_contribution.enqueue(pk)
    return f"{len(again)} drafts asked for again" if again else ""


def _stays_as_it_is(contribution_id: int, ended_at: datetime) -> bool:
    """Marks as drafted a contribution whose newest version was there when its drafting was given up; what an import
    brought comes in as it is, all of it to verify.
    """
    version = newest_version(Reference.objects.get(contribution=contribution_id))
    if version is None or version.read_at is None or version.read_at > ended_at:
        return False
    Contribution.objects.filter(pk=contribution_id, drafted_from=None).update(drafted_from=version.pk)
    for imported in Contribution.objects.filter(pk=contribution_id, accept_when_read=True):
        write(imported, {}, version)
    return True


def _may_write(contribution: Contribution, reference: Reference, name: str) -> bool:
    if name in contribution.corrected:
        return False
    now = _current(reference, name)
    if not now:
        return True
    if contribution.confirmed_at is not None:
        return False
    before = contribution.drafted.get(name)
    return now == _shaped(name, before["value"]) if before else now == _DEFAULTS.get(name)


def _kept(contribution: Contribution, drafted: dict[str, Any]) -> dict[str, Any]:
    """Lines of an earlier draft that still stand in the reference, though this reading says nothing of them."""
    reference = contribution.reference
    return {
        name: line
        for name, line in contribution.drafted.items()
        if name not in drafted and _current(reference, name) == _shaped(name, line["value"])
    }


def _shaped(name: str, value: Any) -> Any:
    """A drafted value as `_current` gives it: concepts have no order in the reference,
    and no text is longer than its field.
    """
    if name == "concepts":
        return sorted(value)
    if name not in _PLAIN:
        return value
    column = Reference._meta.get_field(name)
    assert isinstance(column, Field)
    return value[: column.max_length]


def _current(reference: Reference, name: str) -> Any:
    """The value of a field in the shape of a draft; falsy when there is none."""
    shape = _SHAPES.get(name)
    return shape(reference) if shape else getattr(reference, name)


_SHAPES: dict[str, Callable[[Reference], Any]] = {
    "creators": lambda reference: [
        {"name": one.name, "is_organisation": one.is_organisation} for one in reference.creators.all()
    ],
    "concepts": lambda reference: sorted(concept.code for concept in reference.concepts.all()),
    "abstract": lambda reference: {code: reference.abstract[code] for code in CODES if reference.abstract.get(code)},
}


def _write(reference: Reference, name: str, value: Any) -> bool:
    """True when the field changed."""
    value = _shaped(name, value)
    if _current(reference, name) == value:
        return False
    if name == "creators":
        reference.creators = [Creator(**one) for one in value]
    elif name == "concepts":
        reference.concepts = list(Concept.objects.filter(code__in=value))
    elif name == "abstract":
        reference.abstract = Texts({**value, "source": next(iter(value))})
    elif name in _PLAIN:
        setattr(reference, name, value)
    else:
        return False
    return True
