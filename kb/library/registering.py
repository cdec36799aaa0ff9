"""What the library says to the rooms below it when the site starts: to the search, to the files, to the vocabulary,
to the frame.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Sum
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy, override

from kb.accounts.editors import last_migrated_app
from kb.clock.notices.noticing import register_notice_kind
from kb.clock.notices.waiting import register_waiting
from kb.clock.registry import register_due
from kb.files.intake.uploading import register_holder, register_unfinished
from kb.files.models import FileVersion, StoredFile
from kb.files.owners import register_owner
from kb.languages import CODES
from kb.library.catalogue import agreeing, binding, guarding
from kb.library.choices import ReferenceState, ReferenceType
from kb.library.contributions import duplicates, waiting
from kb.library.contributions.resuming import ticket_holder
from kb.library.drafting import filling
from kb.library.hits.entries import ReferenceKind, lengths
from kb.library.linking import ReferenceSitemap, resolve_marks
from kb.library.models import Reference, ReferenceFile
from kb.library.models.references import KIND
from kb.library.news import ReferenceNews
from kb.pages import agreements
from kb.pages.addressing.sitemaps import register_sitemap
from kb.pages.frame import register_section
from kb.pages.news import register_news
from kb.pages.references import register_resolver
from kb.vocabulary.changes import register_on_concepts, register_on_keywords
from search import registry
from search.indexing import record, record_closing
from search.recording import CHECKS, check


def register_all() -> None:
    registry.register(ReferenceKind(), models=["library.Reference"])
    registry.register_lengths(lengths)
    registry.register_facet_labels("types", type_labels)
    registry.register_filter_names("types", type_names)
    register_owner(KIND, record_owner, on_removed=record_removed, language_of=language_of_file)
    register_holder(lambda fields: ticket_holder(fields.get("ticket", "")))
    register_unfinished(unaccepted_bytes)
    agreements.KINDS.register(KIND, agreeing.GATED)
    CHECKS.add(guarding.check)
    post_migrate.connect(
        binding.bind_what_was_there, sender=last_migrated_app(), dispatch_uid="kb.library.bind_what_was_there"
    )
    register_on_concepts(record_concepts)
    register_on_keywords(record_keywords)
    register_section("library", gettext_lazy("Library"), "library:list", order=10)
    register_resolver(resolve_marks)
    register_sitemap("references", ReferenceSitemap)
    register_news(ReferenceNews(), order=40)
    register_due(
        "library.draft_lost",
        filling.enqueue_lost,
        timedelta(seconds=30),
        label=gettext_lazy("Filling in contributions whose document was read"),
    )
    register_due(
        "library.compare_agreed",
        guarding.compare,
        timedelta(hours=1),
        label=gettext_lazy("Comparing what is public with what was agreed to"),
    )
    register_waiting("library.to_accept", gettext_lazy("Contributions to accept"), waiting.to_accept, order=10)
    register_waiting("library.to_mend", gettext_lazy("Contributions sent back to you"), waiting.to_mend, order=20)
    register_waiting("library.unread", gettext_lazy("Files that could not be read"), waiting.unread, order=30)
    register_waiting("library.to_verify", gettext_lazy("References to verify"), waiting.to_verify, order=40)
    register_waiting(
        "library.held_back", gettext_lazy("Our own work that waits for an agreement"), waiting.held_back, order=35
    )
    register_waiting("library.resemblances", gettext_lazy("Possible duplicates"), duplicates.waiting, order=50)
    for kind in waiting.NOTICE_KINDS:
        register_notice_kind(kind, waiting.tell)


def unaccepted_bytes(person: int) -> int:
    """The weight of what a person put in and nobody accepted yet. One query."""
    theirs = FileVersion.objects.filter(created_by=person).exclude(
        stored_file__reference_file__reference__state=ReferenceState.ACCEPTED
    )
    return theirs.filter(stored_file__reference_file__isnull=False).aggregate(total=Sum("size_bytes"))["total"] or 0


def type_labels(values, language: str) -> dict[str, str]:
    """Names of the types, in the language of the request."""
    return {code: str(label) for code, label in ReferenceType.choices if code in values}


def type_names() -> list[tuple[str, str]]:
    """(name in any language, code) of every type, so that type:rapport is understood."""
    found = []
    for language in CODES:
        with override(language):
            found += [(str(label), code) for code, label in ReferenceType.choices]
    return found


def record_owner(stored_file: StoredFile) -> None:
    """A reading ended: the reference has other words now, and what is proposed of it may be another."""
    record(*ReferenceFile.objects.filter(stored_file=stored_file).touched())
    filling.ask_again(stored_file)


def record_removed(stored_file: StoredFile) -> None:
    """A version is gone: the words of the reference may be its words still. Raises NotAgreed where everyone read it by
    an agreement.
    """
    touched = ReferenceFile.objects.filter(stored_file=stored_file).touched()
    check(touched)
    record_closing(*touched)


def language_of_file(stored_file: StoredFile) -> str:
    return ReferenceFile.objects.filter(stored_file=stored_file).values_list("language", flat=True).first() or ""


def record_concepts(ids: frozenset[int]) -> None:
    record(*Reference.objects.filter(concepts__in=ids).touched())


def record_keywords(ids: frozenset[int]) -> None:
    record(*Reference.objects.filter(keyword_items__tag__in=ids).touched())
