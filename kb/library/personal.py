"""The personal data of the library: what people contributed and what was done with it; names on documents,
which are bibliography.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kb.accounts.audiences import held_by
from kb.accounts.personal_data.edited_kinds import forget_log_of
from kb.accounts.personal_data.places import list_places, register_lead
from kb.accounts.personal_data.registry import COORDINATION, PEOPLE, Basis, PersonalData, Row, register_personal
from kb.accounts.personal_data.scrubbing import Identity, in_batches, naming, scrub
from kb.files.models import FileVersion
from kb.library.choices import ReferenceState
from kb.library.contributions.waiting import author_reads
from kb.library.models import Contribution, ContributionStep, Holding, ImportedDocument, Reference, TakenVersion
from kb.vocabulary.models import Concept


def contribution_rows(user: Any) -> Iterator[Row]:
    """References the person put in, the steps they took with any reference, the versions of files they took away.

    Of a reference that its author may not read any more, neither title nor word.
    """
    held = held_by(user, second_factor=False)
    for reference in (
        Reference.objects.filter(created_by=user).select_related("body").order_by("pk").iterator(chunk_size=200)
    ):
        is_read = author_reads(reference, held)
        yield {
            "what": "reference",
            "mark": str(reference.mark),
            "title": reference.full_title if is_read else "",
            "state": reference.state,
            "word_of_reason": reference.state_reason if is_read else "",
            "since": reference.created_at,
        }
    steps = ContributionStep.objects.filter(actor=user).select_related("reference__body").order_by("pk")
    for step in steps.iterator(chunk_size=200):
        yield {
            "what": "step",
            "mark": str(step.reference.mark),
            "done": step.handling,
            "word": step.word,
            "at": step.at,
        }
    for taken in (
        TakenVersion.objects.filter(actor=user)
        .select_related("file__reference__body")
        .order_by("pk")
        .iterator(chunk_size=200)
    ):
        version = f"{taken.file.number}.{taken.number}"
        yield {
            "what": "version taken away",
            "mark": str(taken.file.reference.mark),
            "version": version,
            "word": taken.reason,
            "at": taken.at,
        }


def count_contributions(user: Any) -> int:
    mine = (
        Reference.objects.filter(created_by=user),
        ContributionStep.objects.filter(actor=user),
        TakenVersion.objects.filter(actor=user),
    )
    return sum(rows.count() for rows in mine)


def unconfirmed_of(user: Any):
    """Drafts that the person never said were ready: theirs alone.

    A draft that an editor keeps in the catalogue has no contribution.
    """
    return Reference.objects.filter(
        created_by=user, state=ReferenceState.DRAFT, contribution__isnull=False, contribution__confirmed_at=None
    )


def erase_contributions(user: Any, identity: Identity) -> int:
    """Unconfirmed drafts go with their files.

    What was proposed stays, under a number; words about documents stay, without the name.
    """
    drafts = list(unconfirmed_of(user).values_list("pk", flat=True))
    forget_log_of(Reference.objects.filter(pk__in=drafts), identity)
    changed = len(drafts)
    Reference.objects.filter(pk__in=drafts).delete()
    for rows, words in (
        (Contribution.objects.all(), identity.everywhere),
        (Contribution.objects.filter(reference__created_by=user), identity.own),
    ):
        for contribution in in_batches(naming(rows, ("drafted",), words)):
            kept = {
                field: found for field, found in contribution.drafted.items() if words.scrubbed_value(found) == found
            }
            if kept != contribution.drafted:
                changed += Contribution.objects.filter(pk=contribution.pk).update(drafted=kept)
    for model, fields, own in (
        (ContributionStep, ("word",), Q(actor=user) | Q(reference__created_by=user)),
        (Reference, ("state_reason", "source"), Q(created_by=user)),
        (TakenVersion, ("reason",), Q(actor=user)),
        (Holding, ("place", "note"), Q(pk__in=())),
        (ImportedDocument, ("path",), Q(pk__in=())),
    ):
        changed += scrub(model.objects.all(), fields, identity, own=own)
        list_places(model.objects.exclude(own), fields, identity)
    return changed


def is_title_or_theme(name: str) -> bool:
    """Whether the name stands in a title, or in a word of the vocabulary."""
    labels = Q(label_fr__icontains=name) | Q(label_nl__icontains=name) | Q(label_en__icontains=name)
    return (
        Reference.objects.filter(title__icontains=name).exists()
        or Concept.objects.filter(labels | Q(labels__text__icontains=name)).exists()
    )


def _form_of(row: Any) -> Reference | None:
    """The reference in whose form an editor sees a row of it."""
    return getattr(row, "reference", None)


def register_all() -> None:
    for model in (ContributionStep, Holding, ImportedDocument):
        register_lead(model, _form_of)
    register_lead(TakenVersion, lambda taken: taken.file.reference)
    register_lead(FileVersion, lambda version: _form_of(getattr(version.stored_file, "reference_file", None)))
    register_personal(
        PersonalData(
            name="library.contributions",
            label=_("Contributions"),
            what=_(
                "References put in, what was proposed, sent back, accepted or refused, when, by whom "
                "and with which words"
            ),
            people=PEOPLE,
            purpose=_("Building the library together, and telling each author where a contribution stands"),
            basis=Basis.PUBLIC_TASK,
            basis_words=COORDINATION,
            kept_words=_("As long as the reference"),
            seen_by=_("The person, the referents of the group and the editors"),
            after_erasure=_(
                "The references and the words about them, under a number. Drafts that were never "
                "confirmed go, with their files. What others wrote and may name the person is shown to an "
                "editor, who decides"
            ),
            order=80,
            export=contribution_rows,
            count=count_contributions,
            erase=erase_contributions,
            looks_through_texts=True,
            stands_in=is_title_or_theme,
        )
    )
    register_personal(
        PersonalData(
            name="library.creators",
            label=_("Names on documents"),
            what=_("Names of authors, as printed on the documents of the library; the documents themselves"),
            people=_("Authors of documents, and people whom documents name"),
            purpose=_("Describing and finding documents, as every library does"),
            basis=Basis.PUBLIC_TASK,
            basis_words=_("Documentation and archiving in the public interest (GDPR, articles 85 and 89)"),
            kept_words=_("As long as the reference"),
            seen_by=_("Whoever may see the reference; the public when it is public"),
            after_erasure=_(
                "The names as printed: they are not linked to any account. Ask the editors when one is wrong"
            ),
            order=85,
        )
    )
