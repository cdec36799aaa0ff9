"""A person about whom the site keeps something of every kind, and a look through every column of the database."""

from __future__ import annotations

import json

from allauth.account.models import EmailAddress
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from wagtail.admin.models import EditingSession, FormState
from wagtail.images import get_image_model
from wagtail.images.tests.utils import get_test_image_file
from wagtail.log_actions import log
from wagtail.models import Comment, CommentReply, PageSubscription, Revision, Task, TaskState, Workflow, WorkflowState
from wagtail.users.models import UserProfile
from wagtail_localize.models import TranslatableObject, TranslationSource

from kb.accounts import editors
from kb.accounts.models import Invitation, KnownPlace, User
from kb.accounts.personal_data.scrubbing import spellings
from kb.accounts.session_rows import SessionStore
from kb.clock.models import DigestMark, LastRun, Notice, OutgoingMail
from kb.directory.models import Employment, Organisation
from kb.library.models import Contribution, ContributionStep, Holding, ImportedDocument, TakenVersion
from kb.newsletter.models import Delivery, Issue, Sending
from kb.newsletter.models.gatherings import Reminder
from kb.sheets.models import SheetImport, SheetLine
from tests.home import builders as pages
from tests.kb.accounts import builders as people
from tests.kb.groups import builders as groups
from tests.kb.library import builders as library
from tests.kb.newsletter import builders as newsletter

NAME = "Médiatrice d’Accueil-Essai"  # accents and an apostrophe: each is written otherwise in JSON and in HTML
ADDRESS, OTHER_ADDRESS, FORMER_ADDRESS = "mediatrice@essai.example", "privee@essai.example", "avant@essai.example"
PHONE = "+32 2 555 01 23"
WORDS = (NAME, ADDRESS, OTHER_ADDRESS, FORMER_ADDRESS, PHONE)


def person(**values) -> User:
    """With a second factor, further addresses, invitations, a session, jobs, mandates, contributions, mail, and traces
    in every log and history.
    """
    user = people.member(ADDRESS, name=NAME, phone=PHONE, shares_contact=True, **values)
    colleague = people.editor("collegue@cass.example", name="Collègue")
    EmailAddress.objects.create(user=user, email=OTHER_ADDRESS, verified=True)
    people.give_second_factor(user, people.SECRET)
    Invitation.objects.create(user=user, token_hash="a" * 64, made_by=colleague, expires_at=timezone.now())
    Invitation.objects.create(user=colleague, token_hash="b" * 64, made_by=user, expires_at=timezone.now())
    KnownPlace.objects.create(user=user, fingerprint="d" * 40, last_day=timezone.localdate())
    _session(user)
    _jobs_and_mandates(user)
    _contributions(user)
    _messages(user)
    _tasks(user)
    _sheets(user, colleague)
    _newsletter(user, colleague)
    _edited(user, colleague)
    return user


def _session(user: User) -> None:
    for data in ({"_auth_user_id": str(user.pk)}, {"account_login": {"email": ADDRESS}}):
        session = SessionStore()
        session.update(data)
        session.save()


def _jobs_and_mandates(user: User) -> None:
    organisation = Organisation.objects.create(code="essai", name="ASBL Essai")
    Employment.objects.create(user=user, organisation=organisation, function=f"{NAME}, accueil")
    for code in ("PA", "LO"):
        groups.mandate(user, library.body(code), organisation=organisation, is_referent=code == "PA")
    groups.mandate(user, library.body("LO"), organisation=organisation, since=groups.day(10))


def _contributions(user: User) -> None:
    accepted = library.reference(
        "Étude acceptée",
        creators=(NAME,),
        created_by=user,
        state_reason=f"Merci {NAME}",
        source=f"Courriel de {ADDRESS}",
    )
    drafted = {
        "title": {"value": "Étude", "where": "page", "page": 1},
        "creators": {"value": [{"name": NAME}], "where": "page", "page": 1},
    }
    Contribution.objects.create(reference=accepted, drafted=drafted, confirmed_at=timezone.now())
    ContributionStep.objects.create(
        reference=accepted, handling="returned", actor=user, word=f"L’année manque, merci {NAME}"
    )
    file = library.file(accepted, "Page une")
    TakenVersion.objects.create(file=file, number=9, reason=f"Le nom de {NAME}", actor=user, audiences=["public"])
    file.stored_file.versions.update(
        created_by=user, original_name=f"Rapport de {NAME}.pdf", properties={"author": NAME, "title": "Étude"}
    )
    Holding.objects.create(reference=accepted, place=f"Bureau de {NAME}", note=f"appeler le {PHONE}")
    ImportedDocument.objects.create(
        body=accepted.body, path=f"dossiers/{NAME}/rapport.pdf", sha256="c" * 64, reference=accepted
    )
    draft = library.reference("Brouillon jamais confirmé", state="draft", created_by=user, audiences=("body:PA",))
    Contribution.objects.create(reference=draft)
    library.file(draft, "Page du brouillon", name="brouillon.pdf")
    library.reference("Fiche d’éditeur", state="draft", created_by=user)


def _messages(user: User) -> None:
    states = {"waiting": ADDRESS, "sent": FORMER_ADDRESS, "failed": OTHER_ADDRESS}
    for state, address in states.items():
        subject = f"Bonjour {NAME}"
        OutgoingMail.objects.create(
            user=user,
            address=address,
            kind="accounts.invitation",
            subject=subject,
            state=state,
            error=f"550 <{address}> unknown",
        )
    OutgoingMail.objects.create(address=ADDRESS.title(), kind="x", subject="À une adresse sans compte", state="sent")
    OutgoingMail.objects.create(
        address="autre@cass.example", kind="x", subject=f"{NAME} a proposé une étude", state="sent"
    )
    Notice.objects.create(user=user, kind="library.accepted", subject="library.reference:1", detail={"by": NAME})
    DigestMark.objects.create(user=user, looked_at=timezone.now(), waiting={"x.y": {"total": 1, "urls": ["/fr/"]}})
    other = User.objects.get(email="collegue@cass.example")
    Notice.objects.create(
        user=other, kind="library.returned", subject="library.reference:1", detail={"word": f"de {NAME}"}
    )


def _tasks(user: User) -> None:
    DBTaskResult.objects.create(
        status="FAILED",
        args_kwargs={"args": [ADDRESS, NAME], "kwargs": {}},
        task_path="x.y",
        backend_name="default",
        run_after=timezone.now(),
        return_value={"told": [PHONE]},
        exception_class_path="builtins.ValueError",
        traceback=f"ValueError: no such person\n{NAME} <{ADDRESS}> ({PHONE})",
    )
    LastRun.objects.create(name="x.due", message=f"could not write to {ADDRESS}")


def _sheets(user: User, colleague: User) -> None:
    done = SheetImport(
        kind="people", original_name=f"{NAME}.xlsx", state="done", created_by=colleague, problem=f"row 2: {ADDRESS}"
    )
    done.content.save("x.xlsx", ContentFile(b"the workbook itself"))
    values = {"email": ADDRESS, "name": NAME, "phone": PHONE}
    SheetLine.objects.create(
        sheet_import=done, sheet="people", number=2, verdict="new", values=values, message=f"{NAME} est nouvelle"
    )
    SheetLine.objects.create(
        sheet_import=done, sheet="people", number=3, verdict="new", values={"email": "autre@cass.example"}
    )


def _newsletter(user: User, colleague: User) -> None:
    """Two addresses of the person subscribe; an issue went to one; the person wrote a consent of somebody else down,
    and began a sending.
    """
    issue = newsletter.issue(7, live=True)
    sending = Sending.objects.create(
        issue=issue, revision=issue.live_revision, starts_at=timezone.now(), created_by=user, note=f"arrêté par {NAME}"
    )
    for address in (ADDRESS, OTHER_ADDRESS):
        row = newsletter.subscriber(address, refused_words=f"550 <{address}>")
        row.consents.update(proof=f"carte de {NAME}", recorded_by=colleague)
        Delivery.objects.create(
            sending=sending,
            subscriber=row,
            language="fr",
            next_attempt_at=timezone.now(),
            error=f"450 <{address}> busy",
        )
    other = newsletter.subscriber("lectrice@cass.example")
    other.consents.update(proof=f"liste de {NAME}, {PHONE}", recorded_by=user)
    Delivery.objects.create(
        sending=sending,
        subscriber=other,
        language="fr",
        next_attempt_at=timezone.now(),
        error=f"forwarded to {FORMER_ADDRESS}",
    )
    OutgoingMail.objects.create(address=OTHER_ADDRESS, kind="newsletter.already", subject="x", state="sent")
    Reminder.objects.create(user=user, due_on=timezone.localdate())
    Issue.objects.filter(pk=issue.pk).update(locked=True, locked_by=user, locked_at=timezone.now())


def _edited(user: User, colleague: User) -> None:
    page = pages.page("Une page", slug="une-page", owner=user)
    page.locked, page.locked_by, page.locked_at = True, user, timezone.now()
    page.intro = f"Écrire à {NAME}"
    text = [{"type": "text", "value": f"<p>Demandez {NAME} ({ADDRESS},\n{PHONE})</p>"}]
    page.body = json.dumps(text)
    revision = page.save_revision(user=user)
    page.body, page.intro = "[]", ""  # what is published names nobody any more
    page.save()
    Revision.objects.filter(pk=revision.pk).update(object_str=f"Une page de {NAME}")
    comment = Comment.objects.create(page=page, user=user, text=f"Voir avec {NAME}", contentpath="title")
    CommentReply.objects.create(comment=comment, user=colleague, text=f"Oui {NAME}, {PHONE}")
    PageSubscription.objects.create(user=user, page=page, comment_notifications=True)
    log(page, "wagtail.edit", user=user, title=f"Page de {NAME}", data={"comment": f"<{ADDRESS}>"})
    log(user, "wagtail.edit", user=colleague, title="Un ancien nom", data={"was": FORMER_ADDRESS})
    log(user.mandates.first(), "wagtail.create", user=colleague)
    organisation = Organisation.objects.get(code="essai")
    log(organisation, "wagtail.edit", user=user, title=f"ASBL de {NAME}")
    content_type = ContentType.objects.get_for_model(type(page))
    UserProfile.objects.update_or_create(
        user=user, defaults={"preferred_language": "fr", "dismissibles": {"said": NAME}}
    )
    FormState.objects.create(
        user=user, content_type=content_type, object_id=str(page.pk), data="title=x", last_updated_at=timezone.now()
    )
    half = FormState(user=colleague, content_type=content_type, object_id=str(page.pk), last_updated_at=timezone.now())
    half.data = "email=mediatrice%40essai.example"
    half.save()
    EditingSession.objects.create(
        user=user, content_type=content_type, object_id=str(page.pk), last_seen_at=timezone.now()
    )
    get_image_model().objects.create(title="Image", file=get_test_image_file(), uploaded_by_user=user)
    task = Task.objects.create(name="Relire")
    workflow = Workflow.objects.create(name="Relecture")
    about = {"content_type": content_type, "base_content_type": page.cached_content_type, "object_id": str(page.pk)}
    state = WorkflowState.objects.create(**about, workflow=workflow, requested_by=user, status="approved")
    TaskState.objects.create(
        workflow_state=state, revision=revision, task=task, status="approved", finished_by=user, comment=f"{NAME} : oui"
    )
    translatable = TranslatableObject.objects.create(content_type=content_type, translation_key=page.translation_key)
    TranslationSource.objects.create(
        object=translatable,
        specific_content_type=content_type,
        locale=page.locale,
        object_repr=f"Page de {NAME}",
        content_json=json.dumps({"title": "x", "intro": f"Écrire à {NAME}, {ADDRESS}"}),
        last_updated_at=timezone.now(),
    )
    editors.grant_editors()


def found_in_database(words=WORDS) -> dict[str, set[str]]:
    """{"table.column": which of the words stand there, in any spelling}, over every table there is, whatever the type
    of the column.
    """
    wanted = {word: [spelt.casefold() for spelt in spellings(word)] for word in words}
    found: dict[str, set[str]] = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            columns = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for column, value in zip(columns, row, strict=True):
                    text = (
                        bytes(value).decode("utf-8", "replace") if isinstance(value, bytes | memoryview) else str(value)
                    )
                    hits = {word for word, spelt in wanted.items() if any(one in text.casefold() for one in spelt)}
                    if hits:
                        found.setdefault(f"{table}.{column}", set()).update(hits)
    return found


def pointing_at(user: User) -> dict[str, int]:
    """{"app.model.field": rows} for everything that still leads to the account."""
    found = {}
    for relation in User._meta.related_objects:
        model, field = relation.related_model, relation.field
        if rows := model._base_manager.filter(**{field.name: user.pk}).count():
            found[f"{model._meta.label_lower}.{field.name}"] = rows
    return found
