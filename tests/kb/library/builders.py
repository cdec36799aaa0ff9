"""Builders of references, files and people for tests of the library: a test says only what matters to it."""

from __future__ import annotations

import hashlib
from itertools import count

from django.core.files.base import ContentFile

from kb.accounts.models import User
from kb.files.models import FilePage, FileVersion, StoredFile
from kb.groups.choices import MandateRole
from kb.groups.models import Body, Mandate
from kb.library.catalogue.binding import agree_before
from kb.library.choices import PublishReason, ReferenceState
from kb.library.models import Creator, Reference, ReferenceFile, open_versions
from kb.vocabulary.models import Concept
from search.extraction.pages import WordBox, pack_boxes

_numbers = count(1)


def body(code: str = "PA", name: str = "") -> Body:
    made, _ = Body.objects.get_or_create(
        code=code, defaults={"name": {"fr": name or f"Groupe {code}", "nl": f"Groep {code}", "en": f"Group {code}"}}
    )
    return made


def member(code: str = "PA", *, role: str = MandateRole.MEMBER, email: str = "", language: str = "fr") -> User:
    user = User.objects.create_user(email or f"person{next(_numbers)}@example.org", "secret-word", language=language)
    Mandate.objects.create(user=user, body=body(code), role=role)
    return user


def concept(code: str, fr: str, nl: str = "", en: str = "", *, broader: Concept | None = None) -> Concept:
    return Concept.objects.create(code=code, label_fr=fr, label_nl=nl or fr, label_en=en or fr, broader=broader)


def reference(
    title: str = "L’accueil des primo-arrivants",
    *,
    code: str = "PA",
    state: str = ReferenceState.ACCEPTED,
    audiences: tuple[str, ...] = ("public",),
    creators: tuple[str, ...] = (),
    concepts: tuple[Concept, ...] = (),
    **values,
) -> Reference:
    made = Reference(
        body=body(code),
        title=title,
        state=state,
        audiences=list(audiences),
        mark_year=values.pop("mark_year", 2012),
        **values,
    )
    made.creators = [Creator(name=name) for name in creators]
    if concepts:
        made.concepts = list(concepts)
    made.save()
    return made


def version(
    stored: StoredFile,
    pages: tuple[str, ...],
    *,
    name: str = "document.pdf",
    state: str = "read",
    language: str = "fr",
    media_type: str = "application/pdf",
    is_paged: bool = True,
    content: bytes = b"%PDF-1.4 a small one",
    created_by: User | None = None,
) -> FileVersion:
    number = stored.versions.count() + 1
    made = FileVersion(
        stored_file=stored,
        number=number,
        original_name=name,
        media_type=media_type,
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        state=state,
        page_count=len(pages),
        text_length=sum(map(len, pages)),
        languages=[language] if state == "read" else [],
        is_paged=is_paged,
        created_by=created_by,
    )
    made.content.save(name, ContentFile(content), save=False)
    made.save()
    stored.last_number = number
    stored.save(update_fields=["last_number"])
    open_versions(ReferenceFile.objects.filter(stored_file=stored).values_list("reference_id", flat=True))
    for page_number, text in enumerate(pages, start=1):
        FilePage.objects.create(
            version=made,
            number=page_number,
            text=text,
            spans=[[0, len(text), language]],
            boxes=pack_boxes(_boxes(text)) if is_paged else b"",
            width=595,
            height=842,
        )
    return made


def _boxes(text: str) -> list[WordBox]:
    """Each word on a line of its own, a hundredth of the page high."""
    boxes, place = [], 0
    for line, word in enumerate(text.split()):
        start = text.index(word, place)
        place = start + len(word)
        boxes.append(WordBox(start, place, 0.1, line / 100, 0.3, (line + 1) / 100))
    return boxes


def file(
    reference: Reference,
    *pages: str,
    audiences: tuple[str, ...] = ("public",),
    reason: str = PublishReason.OWN,
    title: str = "",
    file_language: str = "",
    **version_values,
) -> ReferenceFile:
    stored = StoredFile.objects.create(owner_kind="library.reference")
    version(stored, pages, created_by=reference.created_by, **version_values)
    return ReferenceFile.objects.create(
        reference=reference,
        stored_file=stored,
        title=title,
        language=file_language,
        audiences=list(audiences),
        publish_reason=reason,
        is_contributed=reference.created_by_id is not None,
    )


def agreed(title: str = "Notre rapport", *pages: str, code: str = "PA", **values) -> Reference:
    """The group's own work, public with its first file as it was before there were agreements; without pages it has no
    file.
    """
    made = reference(title, code=code, audiences=(f"body:{code}",), own_production=body(code), **values)
    if pages:
        file(made, *pages)
    agree_before(made.pk)
    made.refresh_from_db()
    return made
