"""The personal data of the clock's room: messages sent, notices still to be told, arguments of tasks; and the search's
log, which keeps no people.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_tasks_db.models import DBTaskResult

from kb.accounts.models import NamedPlace
from kb.accounts.personal_data import retaining
from kb.accounts.personal_data.registry import (
    COORDINATION,
    ONLY_SELF,
    PEOPLE,
    SECURITY,
    Basis,
    PersonalData,
    Row,
    register_personal,
    rows_of,
)
from kb.accounts.personal_data.scrubbing import Identity, scrub
from kb.clock.choices import MailState
from kb.clock.mail import sending
from kb.clock.models import DigestMark, LastRun, Notice, OutgoingMail
from kb.clock.notices.waiting import WaitingList, register_waiting
from kb.clock.registry import register_due
from search.public import remembering

NOTICES_KEPT = timedelta(days=365)
DAY = timedelta(days=1)
TO_UNPROVEN = ("accounts.address_confirm", "newsletter.address")


def addresses_written_to(user: Any) -> Iterator[str]:
    """Main addresses, former ones too: where we wrote to the person, save to let an address be proven."""
    written = OutgoingMail.objects.filter(user=user).exclude(kind__in=TO_UNPROVEN)
    yield from written.order_by().values_list("address", flat=True).distinct()


def named_places(user: Any, held: frozenset[str]) -> WaitingList:
    """For editors: how many texts may name somebody whose account was erased. One query."""
    return WaitingList(NamedPlace.objects.count() if user.is_staff else 0, url=reverse("account_named_places"))


def erase_mail(user: Any, identity: Identity) -> int:
    """What waits is dropped; of what was sent, the day and the kind stay."""
    mine = OutgoingMail.objects.filter(user=user)
    for address in identity.addresses:
        mine = mine | OutgoingMail.objects.filter(address__iexact=address)
    changed = mine.filter(state=MailState.WAITING).delete()[0]
    changed += mine.order_by().update(address=identity.address, subject="", sealed=b"", message_id="", error="")
    return changed + scrub(OutgoingMail.objects.all(), ("subject", "error", "message_id"), identity)


def notice_rows(user: Any) -> Iterator[Row]:
    """What is or was to be told, then what the last gathered message said was waiting."""
    notices = Notice.objects.filter(user=user).order_by("pk")
    for notice in notices.values("kind", "subject", "detail", "created_at", "sent_at").iterator():
        yield {**notice}
    for mark in DigestMark.objects.filter(user=user).values("looked_at", "waiting", "told_at"):
        yield {**mark}


def erase_notices(user: Any, identity: Identity) -> int:
    gone = Notice.objects.filter(user=user).delete()[0] + DigestMark.objects.filter(user=user).delete()[0]
    return gone + scrub(Notice.objects.all(), ("detail",), identity)


def thin_notices() -> str | None:
    gone = Notice.objects.filter(created_at__lt=timezone.now() - NOTICES_KEPT).delete()[0]
    return f"{gone} notices older than a year removed" if gone else None


def task_rows(user: Any) -> Iterator[Row]:
    """Tasks whose arguments name the person's address."""
    found = DBTaskResult.objects.filter(args_kwargs__icontains=user.email).order_by("pk")
    for task in found.values("task_path", "enqueued_at", "finished_at", "status", "args_kwargs").iterator():
        yield {**task}


def erase_tasks(user: Any, identity: Identity) -> int:
    return scrub(
        DBTaskResult.objects.all(), ("args_kwargs", "return_value", "traceback", "exception_class_path"), identity
    ) + scrub(LastRun.objects.all(), ("message",), identity)


def register_all() -> None:
    register_waiting("accounts.named_places", _("Texts that may name an erased person"), named_places, order=70)
    register_due(
        "accounts.retain", retaining.retain, DAY, label=_("Taking away personal data that were kept long enough")
    )
    register_personal(
        PersonalData(
            name="clock.mail",
            label=_("Messages sent"),
            what=_("Address, kind, subject and day of each message; its text, encrypted, until it is sent"),
            people=PEOPLE,
            purpose=_("Sending messages, and sending again those that failed"),
            basis=Basis.PUBLIC_TASK,
            basis_words=COORDINATION,
            kept_words=_("90 days; the text, until it is sent, or 30 days if it could not be"),
            kept=sending.KEPT,
            due="clock.thin_mail",
            seen_by=_("Editors: those that failed"),
            after_erasure=_("The kind and the day of messages sent, with no address"),
            order=110,
            erase=erase_mail,
            looks_through_texts=True,
            traces=addresses_written_to,
            **rows_of(
                lambda user: OutgoingMail.objects.filter(user=user).order_by("pk"),
                "address",
                "kind",
                "subject",
                "state",
                "error",
                "created_at",
                "sent_at",
            ),
        )
    )
    register_personal(
        PersonalData(
            name="clock.notices",
            label=_("News still to be told"),
            what=_(
                "That something happened to a contribution of the person, what waits for the person, "
                "and when the person was told"
            ),
            people=PEOPLE,
            purpose=_("Telling people, gathered and at the frequency they chose"),
            basis=Basis.PUBLIC_TASK,
            basis_words=COORDINATION,
            kept_words=_("One year"),
            kept=NOTICES_KEPT,
            thin=thin_notices,
            seen_by=ONLY_SELF,
            order=120,
            export=notice_rows,
            count=lambda user: sum(
                rows.count() for rows in (Notice.objects.filter(user=user), DigestMark.objects.filter(user=user))
            ),
            erase=erase_notices,
            looks_through_texts=True,
        )
    )
    register_personal(
        PersonalData(
            name="clock.tasks",
            label=_("Work done in the background"),
            what=_("Which task ran when and for which record, by number; an error may quote an address"),
            people=PEOPLE,
            purpose=_("Doing what takes long without making anybody wait, and finding out why something failed"),
            basis=Basis.LEGAL_OBLIGATION,
            basis_words=SECURITY,
            kept_words=_("14 days"),
            kept=timedelta(days=settings.CLOCK_TASKS_KEPT_DAYS),
            due="clock.thin_tasks",
            seen_by=_("Whoever runs the machine"),
            after_erasure=_("That a task ran, without names or addresses"),
            order=130,
            export=task_rows,
            erase=erase_tasks,
            looks_through_texts=True,
        )
    )
    register_personal(
        PersonalData(
            name="search.questions",
            label=_("What people search for"),
            what=_(
                "The words typed, the language, the number of results and the day; never who. "
                "Words with an at sign or six digits are not written down"
            ),
            people=_("Nobody who could be recognised"),
            purpose=_("Seeing what people look for and do not find"),
            basis=Basis.PUBLIC_TASK,
            basis_words=COORDINATION,
            kept_words=_("Twelve months"),
            kept=remembering.KEPT,
            due="search.thin_query_log",
            seen_by=_("Editors"),
            order=290,
        )
    )
