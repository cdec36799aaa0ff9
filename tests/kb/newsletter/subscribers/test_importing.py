"""A list of subscribers: looked through, written, with a proof for each; nobody brought back who left."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from kb.accounts.models import User
from kb.clock.models import OutgoingMail
from kb.newsletter.choices import ConsentEvent, ConsentSource
from kb.newsletter.message.links import Purpose, token_of
from kb.newsletter.models import Consent, Subscriber
from kb.newsletter.subscribers import subscribing
from kb.sheets import bringing_in
from kb.sheets.models import SheetImport
from tests.kb.accounts import builders as people
from tests.kb.accounts.full_person import found_in_database
from tests.kb.newsletter.builders import subscriber
from tests.kb.sheets.builders import book

pytestmark = pytest.mark.django_db

HEADERS = ("E-mail address", "Language", "Consent of", "Proof of consent")
PROOF = "list signed at the meeting, binder 12"


@pytest.fixture(autouse=True)
def posting(settings):
    settings.EMAIL_BACKEND = "kb.clock.mail.posting.Backend"


def line(email="lectrice@asbl.example", language="nl", day="03/03/2026", proof=PROOF) -> tuple[str, ...]:
    return (email, language, day, proof)


def looked(*lines, content: bytes = b"") -> SheetImport:
    user = User.objects.filter(email="gestion@cass.example").first() or people.member(
        "gestion@cass.example", language="en"
    )
    content = content or book(lines, name="Subscribers", headers=HEADERS)
    made = bringing_in.put_in(ContentFile(content), kind="subscribers", name="list.xlsx", user=user)
    bringing_in.work_through.call(made.pk)
    made.refresh_from_db()
    assert made.state == "looked", made.problem
    return made


def written(*lines, **options) -> SheetImport:
    made = looked(*lines, **options)
    bringing_in.write(made)
    bringing_in.work_through.call(made.pk)
    made.refresh_from_db()
    assert made.state == "done"
    return made


def said(made: SheetImport) -> list[tuple[str, str]]:
    return list(made.rows.values_list("verdict", "message"))


def test_looking_through_writes_nothing_and_sends_nothing():
    assert said(looked(line()))[0][0] == "new"
    assert not Subscriber.objects.exists() and not OutgoingMail.objects.exists()


def test_a_line_that_is_written_is_a_subscriber_with_a_proof_and_one_message():
    made = written(line(" Lectrice@ASBL.example "))
    row = Subscriber.objects.get()
    assert (row.email, row.email_key, row.language, row.state) == (
        "Lectrice@asbl.example",
        "lectrice@asbl.example",
        "nl",
        "active",
    )
    consent = row.consents.get()
    assert (consent.event, consent.source, consent.given_on, consent.proof) == (
        ConsentEvent.GIVEN,
        ConsentSource.IMPORT,
        date(2026, 3, 3),
        PROOF,
    )
    assert consent.recorded_by == made.created_by
    assert list(OutgoingMail.objects.values_list("address", "kind")) == [
        ("Lectrice@asbl.example", "newsletter.welcome")
    ]


def test_the_message_of_welcome_holds_the_day_and_a_link_to_leave(settings, mailoutbox):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    written(line(language="en"))
    assert token_of(Subscriber.objects.get().key, Purpose.CHANGE) in mailoutbox[0].body
    assert "2026" in mailoutbox[0].body and mailoutbox[0].in_bulk


def test_writing_the_same_list_again_changes_nothing():
    written(line())
    again = written(line())
    assert said(again) == [("same", "")]
    assert Consent.objects.count() == 1 and OutgoingMail.objects.count() == 1


def test_who_left_is_not_brought_back():
    row = subscriber("lectrice@asbl.example")
    subscribing.unsubscribe(row)
    made = written(line())
    row.refresh_from_db()
    assert row.state == "unsubscribed" and not OutgoingMail.objects.exists()
    assert said(made)[0][0] == "same" and "not brought back" in said(made)[0][1]


def test_who_asked_to_be_erased_is_neither_brought_back_nor_kept_in_the_report():
    subscribing.erase(subscriber("lectrice@asbl.example"))
    made = written(line("LECTRICE@asbl.example"))
    assert not Subscriber.objects.exists() and not OutgoingMail.objects.exists()
    assert "asked to be erased" in said(made)[0][1]
    assert found_in_database(("lectrice@asbl.example",)) == {}


def test_who_leaves_between_looking_and_writing_stays_away():
    row = subscriber("lectrice@asbl.example", state="pending")
    made = looked(line(), line("autre@asbl.example"))
    assert [verdict for verdict, _message in said(made)] == ["changed", "new"]
    subscribing.unsubscribe(row)
    bringing_in.write(made)
    bringing_in.work_through.call(made.pk)
    assert dict(Subscriber.objects.values_list("email", "state")) == {
        "lectrice@asbl.example": "unsubscribed",
        "autre@asbl.example": "active",
    }


def test_who_is_erased_between_looking_and_writing_takes_the_list_away():
    row = subscriber("lectrice@asbl.example", state="pending")
    made = looked(line(), line("autre@asbl.example"))
    subscribing.erase(row)
    assert not bringing_in.write(made)
    assert not Subscriber.objects.exists()
    assert found_in_database(("lectrice@asbl.example", "autre@asbl.example")) == {}


def test_who_never_confirmed_becomes_a_subscriber_by_the_proof():
    row = subscriber("lectrice@asbl.example", state="pending", confirm_hash="a" * 64)
    written(line())
    row.refresh_from_db()
    assert (row.state, row.language, row.confirm_hash) == ("active", "nl", "")
    assert row.consents.last().proof == PROOF


def test_what_an_owner_chose_stays():
    row = subscriber("lectrice@asbl.example", language="fr")
    refusing = subscriber("refus@asbl.example", state="not_now")
    made = written(line(), line("refus@asbl.example"))
    row.refresh_from_db()
    refusing.refresh_from_db()
    assert (row.language, refusing.state) == ("fr", "not_now")
    assert ["language" in said(made)[0][1], "mailbox" in said(made)[1][1]] == [True, True]


HOSTILE = {
    "no address": (line("pas une adresse"), "name@organisation"),
    "several": (line("a@b.example; c@d.example"), "one address only"),
    "named": (line("Bureau <a@b.example>"), "one address only"),
    "5000 signs": (line("a" * 4990 + "@b.example"), "longer than"),
    "injection": (line("a@b.example\nBcc: c@d.example"), "line break"),
    "letters": (line("прием@b.example"), "without accents"),
    "quoted": (line('"a b"@b.example'), "quotation marks"),
    "formula": (line("=cmd|' /C calc'!A0"), "no address"),
    "empty": (line(""), "no address"),
    "language": (line(language="deutsch"), "none of the languages"),
    "no language": (line(language=""), "none of the languages"),
    "no day": (line(day=""), "Without the day"),
    "odd day": (line(day="mars"), "is no day"),
    "tomorrow": (line(day=(timezone.localdate() + timedelta(days=1)).isoformat()), "still to come"),
    "no proof": (line(proof=""), "Without a proof"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_line_that_is_not_understood_says_why_and_stops_no_other(case):
    wrong, words = HOSTILE[case]
    made = written(wrong, line())
    assert said(made)[0][0] == "unclear" and words in said(made)[0][1]
    assert [one.email for one in Subscriber.objects.all()] == ["lectrice@asbl.example"]


def test_an_address_twice_counts_once():
    made = written(line(), line("LECTRICE@asbl.example", language="fr"))
    assert said(made)[1][0] == "unclear" and "line 2" in said(made)[1][1]
    assert Subscriber.objects.get().language == "nl"


def test_a_list_in_csv_is_brought_in_and_one_without_proofs_is_not():
    content = (
        "Adresse e-mail;Langue;Accord du;Preuve de "
        'l’accord\r\n"lectrice@asbl.example";Néerlandais;3/3/2026;carte signée\r\n'
    )
    written(content=content.encode("cp1252"))
    assert Subscriber.objects.get().language == "nl" and Consent.objects.get().proof == "carte signée"
    made = bringing_in.put_in(
        ContentFile(b"E-mail;Langue\na@b.example;fr\n"),
        kind="subscribers",
        name="l.csv",
        user=people.member("x@cass.example", language="en"),
    )
    bringing_in.work_through.call(made.pk)
    made.refresh_from_db()
    assert made.state == "failed" and "“Consent of”, “Proof of consent”" in made.problem


def test_a_line_takes_as_many_queries_among_many_as_among_few():
    def queries(count: int) -> int:
        content = book(
            [line(f"a{number}@b{count}.example") for number in range(count)], name="Subscribers", headers=HEADERS
        )
        with CaptureQueriesContext(connection) as captured:
            looked(content=content)
        return len(captured)

    queries(1)
    few, more = queries(10), queries(30)
    assert (more - few) / 20 <= 3


def test_the_report_is_thinned_like_every_other():
    made = written(line())
    SheetImport.objects.update(created_at=timezone.now() - timedelta(days=bringing_in.KEPT_DAYS + 1))
    bringing_in.thin_sheets()
    assert list(made.rows.values_list("values", flat=True)) == [{}]


def test_an_editor_puts_a_list_in_and_a_member_does_not(client, django_capture_on_commit_callbacks):
    content = b"E-mail;Langue;Accord du;Preuve\na@b.example;fr;3/3/2026;carte\n"
    upload = {"kind": "subscribers", "content": SimpleUploadedFile("liste.csv", content, "text/csv")}
    people.open_session_without_second_factor(client, people.member())
    client.post(reverse("sheetimport:add"), upload)
    assert not SheetImport.objects.exists()
    client.logout()
    people.log_in(client, people.editor(language="en"))
    upload["content"] = SimpleUploadedFile("liste.csv", content, "text/csv")
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("sheetimport:add"), upload)
    made = SheetImport.objects.get()
    assert (made.state, made.original_name, made.rows.get().verdict) == ("looked", "liste.csv", "new")
