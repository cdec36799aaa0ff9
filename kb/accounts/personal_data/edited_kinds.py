"""What Wagtail keeps of people: its log, the history of pages, comments and workflows, who put in a page or a picture,
the admin's settings.

Histories are scrubbed of a name only where the thing itself does not name the person now: what editors publish about
somebody is theirs to change.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from modelcluster.models import ClusterableModel, get_all_child_relations
from wagtail.admin.models import EditingSession, FormState
from wagtail.images import get_image_model
from wagtail.models import (
    Comment,
    CommentReply,
    ModelLogEntry,
    Page,
    PageLogEntry,
    PageSubscription,
    Revision,
    TaskState,
    UploadedFile,
    WorkflowState,
)
from wagtail.users.models import UserProfile
from wagtail_localize.models import SegmentOverride, StringTranslation, TranslationSource

from kb.accounts.models import User
from kb.accounts.personal_data import retaining
from kb.accounts.personal_data.places import list_places, note_place, register_lead
from kb.accounts.personal_data.registry import (
    ACCOUNTABILITY,
    COORDINATION,
    ONLY_SELF,
    Basis,
    PersonalData,
    Row,
    register_personal,
)
from kb.accounts.personal_data.scrubbing import Identity, in_batches, naming, scrub, spellings, texts_of, words_of
from search.recording import Recorded, check, erasing

EDITORS = _("Editors")


# The log of the admin


def log_rows(user: Any) -> Iterator[Row]:
    """What the person did, and what was done with the account."""
    account = Q(content_type=ContentType.objects.get_for_model(User), object_id=str(user.pk))
    done = (
        ModelLogEntry.objects.filter(Q(user=user) | account).order_by("pk"),
        PageLogEntry.objects.filter(user=user).order_by("pk"),
    )
    for entry in chain.from_iterable(
        rows.values("timestamp", "action", "label", "user_id").iterator() for rows in done
    ):
        by = entry.pop("user_id")
        yield {**entry, "by": "you" if by == user.pk else "someone else"}


def erase_log(user: Any, identity: Identity) -> int:
    changed = forget_log_of(User.objects.filter(pk=user.pk), identity)
    for entries in (ModelLogEntry, PageLogEntry):
        changed += scrub(entries.objects.all(), ("label", "data"), identity)
        list_places(entries.objects.all(), ("label", "data"), identity)
    return changed


def forget_log_of(rows: QuerySet, identity: Identity) -> int:
    """Replaces the stored label of these rows in Wagtail's log, under present and former names ("Name – Group"), by
    their id; gives how many lines of the log changed.
    """
    ids = [str(pk) for pk in rows.values_list("pk", flat=True)]
    about = ModelLogEntry.objects.filter(content_type=ContentType.objects.get_for_model(rows.model), object_id__in=ids)
    return about.update(label=identity.mark, data={})


# Histories


def revision_rows(user: Any) -> Iterator[Row]:
    yield from Revision.objects.filter(user=user).order_by("pk").values("created_at", "object_str").iterator()


def erase_histories(user: Any, identity: Identity) -> int:
    changed = scrub(
        Revision.objects.all(),
        ("object_str", "content"),
        identity,
        kept=lambda row: named_now(_object_of(row), identity),
        on_changed=_say_so,
    )
    sources = TranslationSource.objects.all()
    for source in in_batches(naming(sources, ("object_repr", "content_json"), identity.everywhere)):
        kept, words = named_now(_source_of(source), identity), identity.everywhere
        content = json.dumps(words.scrubbed_value(json.loads(source.content_json or "{}"), kept))
        title = words.scrubbed(source.object_repr, kept)
        changed += TranslationSource.objects.filter(pk=source.pk).update(object_repr=title, content_json=content)
    for rows, fields, present_of in (
        (Revision.objects.all(), ("object_str", "content"), _object_of),
        (sources, ("object_repr", "content_json"), _source_of),
    ):
        for row in in_batches(naming(rows, fields, identity.asked)) if identity.asked else ():
            if not named_now(present_of(row), identity):  # else the thing itself is what an editor looks at
                for name in fields:
                    note_place(row, name, identity)
    return changed


def _say_so(revision: Revision) -> None:
    """What compares a version of a thing with something (what was agreed to) follows it."""
    present = _object_of(revision)
    if isinstance(present, Recorded):
        with erasing():
            check([present.search_subject()])


def things_that_name(identity: Identity) -> Iterator[Model]:
    """What names the person now, found by its history; each once."""
    found = set()
    for revision in in_batches(naming(Revision.objects.all(), ("content",), identity.anywhere)):
        present = _object_of(revision)
        if present is not None and present not in found and named_now(present, identity):
            found.add(present)
            yield present


def named_now(present: Model | None, identity: Identity) -> frozenset[str]:
    """Which of the person's words the thing itself says now, in its own columns or in the rows that it holds (items of
    an issue); none when it is gone.
    """
    if present is None:
        return frozenset()
    rows = [present]
    if isinstance(present, ClusterableModel):
        for relation in get_all_child_relations(type(present)):
            if relation.related_model is not Comment:
                rows += getattr(present, relation.get_accessor_name()).all()
    values = (  # of a body its JSON, of which a name may be written like a part
        str(field.value_to_string(row)) for row in rows for field in row._meta.concrete_fields if not field.is_relation
    )
    texts = [text for value in values for text in texts_of(value)]
    return identity.everywhere.named_in("\n".join(texts)) | identity.asked.named_in("\n".join(map(words_of, texts)))


def is_title_of_a_page(name: str) -> bool:
    return Page.objects.filter(title__icontains=name).exists()


def _object_of(revision: Revision) -> Model | None:
    model = ContentType.objects.get_for_id(revision.content_type_id).model_class()
    return None if model is None else model._base_manager.filter(pk=revision.object_id).first()


def _source_of(source: TranslationSource) -> Model | None:
    model = ContentType.objects.get_for_id(source.specific_content_type_id).model_class()
    return (
        None
        if model is None
        else model._base_manager.filter(translation_key=source.object_id, locale_id=source.locale_id).first()
    )


# Comments and workflows


def comment_rows(user: Any) -> Iterator[Row]:
    for comments in (Comment, CommentReply):
        yield from comments.objects.filter(user=user).order_by("pk").values("created_at", "text").iterator()
    yield from TaskState.objects.filter(finished_by=user).order_by("pk").values("finished_at", "comment").iterator()
    yield from WorkflowState.objects.filter(requested_by=user).order_by("pk").values("created_at", "status").iterator()


def erase_comments(user: Any, identity: Identity) -> int:
    texts = ((Comment, "text", "user"), (CommentReply, "text", "user"), (TaskState, "comment", "finished_by"))
    changed = 0
    for model, field, author in texts:
        changed += scrub(model.objects.all(), (field,), identity, own=Q(**{author: user}))
        list_places(model.objects.exclude(**{author: user}), (field,), identity)
    return changed


# Pages, pictures, translations


def put_in(user: Any) -> list[tuple[str, QuerySet, str]]:
    """(what, rows, the column that names the person), for all that is only said to be someone's."""
    return [
        ("page", Page.objects.filter(owner=user), "owner"),
        ("locked page", Page.objects.filter(locked_by=user), "locked_by"),
        ("picture", get_image_model().objects.filter(uploaded_by_user=user), "uploaded_by_user"),
        (
            "document of the admin",
            apps.get_model("wagtaildocs", "Document").objects.filter(uploaded_by_user=user),
            "uploaded_by_user",
        ),
        ("upload", UploadedFile.objects.filter(uploaded_by_user=user), "uploaded_by_user"),
        ("translated text", StringTranslation.objects.filter(last_translated_by=user), "last_translated_by"),
        ("translated value", SegmentOverride.objects.filter(last_translated_by=user), "last_translated_by"),
    ]


def put_in_rows(user: Any) -> Iterator[Row]:
    for what, rows, _column in put_in(user):
        for one in rows.order_by("pk").iterator():
            yield {"what": what, "title": str(one)}


def erase_put_in(user: Any, identity: Identity) -> int:
    """The pages and pictures stay; a lock of somebody who is gone would never be opened."""
    changed = Page.objects.filter(locked_by=user).update(locked=False, locked_at=None)
    return changed + sum(rows.order_by().update(**{column: None}) for _what, rows, column in put_in(user))


# The admin's own settings


def profile_rows(user: Any) -> Iterator[Row]:
    for profile in UserProfile.objects.filter(user=user):
        yield {
            "language": profile.preferred_language,
            "time_zone": profile.current_time_zone,
            "picture": profile.avatar.name if profile.avatar else "",
            "messages_about_workflows": [
                profile.submitted_notifications,
                profile.approved_notifications,
                profile.rejected_notifications,
            ],
            "theme": profile.theme,
            "contrast": profile.contrast,
            "density": profile.density,
            "dismissed_hints": profile.dismissibles,
        }
    yield from PageSubscription.objects.filter(user=user).values("page__title", "comment_notifications")


def erase_profile(user: Any, identity: Identity) -> int:
    for profile in UserProfile.objects.filter(user=user):
        if profile.avatar:
            profile.avatar.delete(save=False)
    own = (UserProfile, EditingSession, FormState, PageSubscription)
    gone = sum(model.objects.filter(user=user).delete()[0] for model in own)
    # Half-filled forms of colleagues with an address of the person; Wagtail drops them after a day.
    spelt = Q(pk__in=())
    for words in identity.addresses:
        for one in spellings(words):
            spelt |= Q(data__icontains=one)
    return gone + FormState.objects.filter(spelt).delete()[0]


def register_all() -> None:
    register_lead(Revision, _object_of)
    register_lead(TranslationSource, _source_of)
    register_lead(PageLogEntry, lambda entry: entry.page)
    register_lead(Comment, lambda comment: comment.page)
    register_lead(CommentReply, lambda reply: reply.comment.page)
    for kind in _kinds():
        register_personal(kind)


def _kinds() -> Iterable[PersonalData]:
    yield PersonalData(
        name="accounts.log",
        label=_("The log of the administration"),
        what=_("Who added, changed or removed what, and when"),
        people=EDITORS,
        purpose=_("Finding out what happened, and undoing mistakes"),
        basis=Basis.LEGAL_OBLIGATION,
        basis_words=ACCOUNTABILITY,
        kept_words=_("Two years"),
        kept=retaining.LOG_KEPT,
        thin=retaining.thin_log,
        seen_by=EDITORS,
        after_erasure=_(
            "What was done and when, with a number instead of the name; titles of other things that hold "
            "the name are shown to an editor, who decides"
        ),
        order=210,
        export=log_rows,
        erase=erase_log,
        looks_through_texts=True,
    )
    yield PersonalData(
        name="accounts.histories",
        label=_("The history of pages"),
        what=_("Every version of a page, who wrote it and when"),
        people=EDITORS,
        purpose=_("Showing what was published when, and putting an earlier version back"),
        basis=Basis.PUBLIC_TASK,
        basis_words=COORDINATION,
        kept_words=_("As long as the page"),
        seen_by=EDITORS,
        after_erasure=_(
            "The versions, without the address. Where the name stands in one, an editor is asked; "
            "a text that is published and names somebody is changed by the editors, on request"
        ),
        order=220,
        export=revision_rows,
        count=lambda user: Revision.objects.filter(user=user).count(),
        erase=erase_histories,
        looks_through_texts=True,
        still_named=things_that_name,
        stands_in=is_title_of_a_page,
    )
    yield PersonalData(
        name="accounts.comments",
        label=_("Comments on pages that are being written"),
        what=_("The text of the comment, who wrote it and when; requests to look a page over and the answers"),
        people=EDITORS,
        purpose=_("Writing together"),
        basis=Basis.PUBLIC_TASK,
        basis_words=COORDINATION,
        kept_words=_("As long as the page"),
        seen_by=EDITORS,
        after_erasure=_(
            "The comments, with a number instead of the name; what others wrote and may name the person is "
            "shown to an editor, who decides"
        ),
        order=230,
        export=comment_rows,
        erase=erase_comments,
        looks_through_texts=True,
    )
    yield PersonalData(
        name="accounts.put_in",
        label=_("Pages, pictures and translations put in"),
        what=_("Who made a page, put in a picture or translated a text"),
        people=EDITORS,
        purpose=_("Knowing whom to ask about it"),
        basis=Basis.PUBLIC_TASK,
        basis_words=COORDINATION,
        kept_words=_("As long as the page or the picture"),
        seen_by=EDITORS,
        after_erasure=_("The pages and pictures, without saying who put them in"),
        order=240,
        export=put_in_rows,
        count=lambda user: sum(rows.count() for _what, rows, _column in put_in(user)),
        erase=erase_put_in,
    )
    yield PersonalData(
        name="accounts.profile",
        label=_("Settings of the administration"),
        what=_("Language, appearance, picture, pages followed, hints read, a form half filled in"),
        people=EDITORS,
        purpose=_("Showing the administration as each editor wants it"),
        basis=Basis.PUBLIC_TASK,
        basis_words=COORDINATION,
        kept_words=_("As long as the account; a form half filled in, one day"),
        seen_by=ONLY_SELF,
        order=250,
        export=profile_rows,
        erase=erase_profile,
    )
