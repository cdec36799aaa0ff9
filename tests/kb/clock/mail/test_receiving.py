"""What a message that came in is, for standard reports, for prose,
and for bytes that no program should have written.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from kb.clock.mail.receiving import read_message
from tests.kb.clock.messages import mail, refusal, report

CORPUS = Path(__file__).resolve().parents[5] / "shared" / "corpora" / "mail"
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpora are not here")
# Data of their projects beside the mails: expectations, pictures, bodies without a head, bare TNEF, a licence.
NO_MAIL = (".json", ".jsonl", ".png", ".tnef", ".html", ".xbm", ".webp", ".ras", ".pgm", ".tiff", ".sgi", ".aifc")
GMAIL = (
    "bbbbvhvbbvkjbhfbvbvjhb",
    "bscdbcjhasbcjhbdscbhbsdhcbj",
    "egyfefsdvsfvvhjsd",
    "kfhejkfbsjkjsbhds",
    "qfvhgsvhgsduiohncdhcvhsdfvsfygusd",
)
# beginning of the file's name: (kind, recipients, status, attachments), written down from reading the files.
EXPECTED = {
    "multi_address_bounce1": ("bounce", tuple(f"{name}@gmail.com" for name in GMAIL), "5.1.1", 0),
    "multipart_report_multiple_status": ("bounce", ("u@ci.com",), "5.3.0", 0),
    "002-af4dba": ("message", (), "", 0),
    "002-e0ec99": ("message", (), "", 0),
    "007-608271.eml": ("message", (), "", 0),
    "011-db71b7.eml": ("message", ("admin@xyz-webserver.abcd-gestion.local",), "", 1),
    "013-d6c232": ("message", (), "", 3),
    "015-c94504": ("message", ("jonas.sterr@gmx.net",), "", 3),
    "019-9c3776.eml": ("message", ("rimap-test@example.test",), "", 0),
    "021-03ac36.eml": ("message", ("test2@example.com",), "", 1),
    "049-e29a7f": ("message", ("jblow@example.com",), "", 0),
    "bad_date_header": ("message", ("someone@yahoo.com",), "", 0),
    "body.3": ("message", ("mimekit@mimekit.net",), "", 0),
    "content_transfer_encoding_7-bit": ("message", ("emclaug@enron.com",), "", 0),
    "content_transfer_encoding_spam": ("message", ("vladi.Pimenov@enron.com",), "", 0),
    "empty_group_lists": ("message", (), "", 0),
    "example01": ("message", ("mary@example.net",), "", 0),
    "example02": ("message", ("mary@example.net",), "", 0),
    "example08": ("message", ("mary@example.net",), "", 0),
    "example11": ("message", ("mary@example.net", "jdoe@test.example"), "", 0),
    "example13": ("message", ("mary@example.net",), "", 0),
    "header_fields_with_empty_values": ("message", ("aftest@adfontesmedier.no",), "", 0),
    "invalid-charset": ("message", ("muzner@example.com", "andreas.muzner@example.com"), "", 0),
    "issue358": ("message", ("jang12@linux12.org.new",), "", 0),
    "japanese": ("message", ("x@x.com",), "", 0),
    "m0007": ("message", ("mueller@example.com",), "", 0),
    "m0011": ("message", ("mueller@example.com",), "", 3),
    "m1012": ("message", ("schmuergen@example.com",), "", 0),
    "m1016": ("message", ("blow@example.com",), "", 1),
    "m2002": ("message", ("mueller@example.com",), "", 0),
    "m2011": ("message", ("jschmuergen@example.com",), "", 2),
    "m3001": ("message", ("blow@example.com",), "", 2),
    "m4008": ("message", ("mueller@example.com",), "", 5),
    "mail_malformed_3": ("message", ("luzina@test.it",), "", 0),
    "mail_test_12": ("message", ("danglüe@email.com",), "", 0),
    "mail_test_14": ("message", ("rcpt@example.com",), "", 1),
    "mail_test_16": ("message", ("recipient@example.net",), "", 0),
    "message-partial.1": ("message", ("photo-discuss@lists.nesop.edu",), "", 1),
    "mix_caps_content_type": ("message", ("rubymail@ruby-lang.org",), "", 0),
    "msg_04": ("message", ("barry@python.org",), "", 2),
    "msg_14": ("message", ("bbb@zzz.org",), "", 0),
    "msg_17": ("message", ("cravindogs@cravindogs.com",), "", 0),
    "msg_33": ("message", ("bdude@example.com",), "", 0),
    "msg_35": ("message", ("bperson@dom.ain",), "", 0),
    "msg_37": ("message", (), "", 0),
    "msg_45": ("message", ("baz@bar.foo",), "", 1),
    "msg_46": ("message", ("someone@example.com",), "", 1),
    "multipart-related-mhtml": ("message", (), "", 1),
    "multiple_invalid_content_dispositions": ("message", ("redacted@Enron.com",), "", 0),
    "must_supply_encoding": ("message", ("anyone@YAHOO.COM",), "", 0),
    "nested": ("message", (), "", 0),
    "octet-stream-with-mixed-line-endings": ("message", (), "", 2),
    "raw_email_bad_time": ("message", ("abcdefg@AAAAAAAAA.net",), "", 0),
    "raw_email_encoded_stack_level_too_deep": ("message", ("a.b@gmail.com",), "", 0),
    "raw_email_reply": ("message", ("mikel@xxxx.net",), "", 0),
    "raw_email_string_in_date_field": ("message", ("bob@bob.com",), "", 0),
    "raw_email_trailing_dot": ("message", ("noreply@rubyforge.org",), "", 0),
    "raw_email_with_nested_attachment": ("message", ("jamis@jamisbuck.org",), "", 2),
    "rfc8463-example": ("message", ("suzie@shopping.example.net",), "", 0),
    "spam-4f0cbf": ("message", ("leon.struck@web.de",), "", 0),
    "trademark_character_in_subject": (
        "message",
        ("c@ra-example.com", "e-r-w-a-4462@app.ar.com", "leads@ga-example.com"),
        "",
        0,
    ),
    "utf8_headers": ("message", ("märy@exämple.net",), "", 0),
}


def file_of(beginning: str) -> Path:
    return next(path for path in sorted(CORPUS.iterdir()) if path.name.startswith(beginning) and path.suffix != ".json")


@needs_corpus
@pytest.mark.parametrize(("beginning", "expected"), EXPECTED.items(), ids=EXPECTED)
def test_a_mail_of_the_corpus_is_read_right(beginning, expected):
    received = read_message(file_of(beginning).read_bytes())
    assert (received.kind, received.recipients, received.status, len(received.attachments)) == expected


@needs_corpus
def test_what_is_no_mail_is_said_to_be_unreadable_and_every_file_is_accounted_for():
    others = [
        path
        for path in sorted(CORPUS.iterdir())
        if not any(path.name.startswith(name) and path.suffix != ".json" for name in EXPECTED)
    ]
    kinds = {path.name: read_message(path.read_bytes()).kind for path in others}
    assert set(kinds.values()) == {"unreadable"}
    assert all(path.suffix in NO_MAIL or path.name.startswith((".gitattributes", "Apache-2.0")) for path in others)
    assert len(others) + len(EXPECTED) == sum(1 for _ in CORPUS.iterdir())


@needs_corpus
@pytest.mark.parametrize(
    ("beginning", "words"),
    [
        ("m0007", 'wir leben", sprach ein Redner'),
        ("m1012", "die Frösche"),
        ("japanese", "日本語が"),
        ("mail_test_12", "代开各类增值税发票"),
        ("raw_email_string_in_date_field", "대부분의"),
        ("021-03ac36.eml", "áóúäöüß"),
        ("002-e0ec99", "päivää"),
        ("mail_malformed_3", "¡Feliz Navidad!"),
        ("msg_46", "Testing email forwarding"),
        ("multipart_report_multiple_status", "<u@ci.com> has restricted SMS e-mail"),
        ("msg_35", "counter to RFC 2822"),
    ],
)
def test_its_words_are_those_a_person_would_read(beginning, words):
    assert words in read_message(file_of(beginning).read_bytes()).text


@needs_corpus
def test_the_message_that_came_back_is_known_by_its_id():
    assert read_message(file_of("multi_address_bounce1").read_bytes()).returned_ids == (
        "<118707422.15521266992174819.JavaMail.root@lvmail01>",
    )
    assert read_message(file_of("multipart_report").read_bytes()).envelope[0] == "notification+promo@blah.com"


@needs_corpus
def test_cut_and_damaged_mails_never_raise():
    chance = random.Random(5322)
    for path in sorted(CORPUS.iterdir()):
        content = path.read_bytes()
        for turn in range(6):
            damaged = bytearray(content[: chance.randrange(len(content) + 1)] if turn % 2 else content)
            for _ in range(min(20, len(damaged))):
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
            assert read_message(bytes(damaged)).kind


HEAD = b"From: a@b.example\nTo: d@e.example\n"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 1000,
        HEAD + b"Cc: " + b"(" * 100_000 + b"\n\nx",
        HEAD + b"Cc: " + b" " * 100_000 + b"a" + b" " * 100_000 + b"\n\nx",
        HEAD
        + b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(2000))
        + b"\n\ntext",
        HEAD + b"Content-Type: message/rfc822\n\n" * 3000 + b"\n\ntext",
        HEAD + b'Content-Type: multipart/mixed; boundary="-"\n\n' + b"-" * 5_000_000,
        HEAD + b'Content-Type: multipart/mixed; boundary="-"\n\n' + b"---\n" * 1_000_000,
        HEAD + b"A: b\n" * 300_000,
        HEAD + b"Content-Type: text/html\n\n" + b"<div>" * 300_000,
        HEAD + b"Content-Type: text/plain; charset=no-such; x*9999999999=1\nContent-Transfer-Encoding: base64\n\n=====",
        b"Return-Path: <>\n" + HEAD + b"\n" + b"a" * 3_000_000,
        b"Return-Path: <>\n" + HEAD + b"\n" + b"undelivered <a@b.example> 5.5.5 " * 100_000,
    ],
    ids=range(13),
)
def test_hostile_bytes_are_read_in_bounded_time(content):
    assert read_message(content).kind in ("message", "unreadable", "bounce")


def test_a_report_says_who_failed_and_why():
    received = read_message(
        report(
            refusal("passe@example.org", action="delayed", status="4.4.1", words="smtp; 421 try later"),
            refusal("parti@example.org", status="5.1.1"),
            "Original-Recipient: rfc822;a+2Bb@example.org\nFinal-Recipient: rfc822; other@relay.example\n"
            "Action: failed\nStatus: 4.2.2 (mailbox full)",
        )
    )
    assert (received.kind, received.recipients, received.status) == (
        "bounce",
        ("parti@example.org", "a+b@example.org"),
        "5.1.1",
    )
    assert [refusal.words for refusal in received.refusals] == ["smtp; 550 5.1.1 no such user", ""]
    assert received.returned_ids == ("<returned-0123456789@cass.example>",)
    assert received.attachments == ()
    assert received.text == "Your message could not be delivered."


@pytest.mark.parametrize(
    ("action", "status", "kind"),
    [
        ("delayed", "4.4.1", "delayed"),
        ("delivered", "2.0.0", "delivered"),
        ("relayed", "2.1.5", "delivered"),
        ("", "5.1.1", "bounce"),
        ("", "4.0.0", "delayed"),
    ],
)
def test_an_action_or_else_the_class_of_its_status_makes_the_kind(action, status, kind):
    received = read_message(report(refusal(action=action, status=status)))
    assert (received.kind, received.recipients, received.status) == (kind, ("lectrice@example.org",), status)


def test_a_complaint_names_who_complains_and_our_envelope_sender():
    received = read_message(
        report(
            "Feedback-Type: abuse\nUser-Agent: SomeGenerator/1.0\nVersion: 1\n"
            "Original-Mail-From: <bounces+KEY@cass.example>\nOriginal-Rcpt-To: <lectrice@example.org>",
            kind="feedback-report",
            sender="fbl@isp.example",
        )
    )
    assert (received.kind, received.recipients, received.status) == ("complaint", ("lectrice@example.org",), "")
    assert "bounces+KEY@cass.example" in received.envelope
    assert received.returned_ids == ("<returned-0123456789@cass.example>",)


def test_a_receipt_that_somebody_read_it_is_no_failure():
    received = read_message(
        report(
            "Final-Recipient: rfc822;lectrice@example.org\nDisposition: manual-action/MDN-sent-manually; displayed",
            kind="disposition-notification",
        )
    )
    assert (received.kind, received.recipients, received.status) == ("read-receipt", ("lectrice@example.org",), "")


QMAIL = """Hi. This is the qmail-send program at relay.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<parti@example.org>:
192.0.2.7 does not like recipient.
Remote host said: 550 5.1.1 <parti@example.org>: Recipient address rejected: User unknown

--- Below this line is a copy of the message.

Message-ID: <key-of-a-delivery-1@cass.example>
To: someone@else.example
"""
EXIM = """This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  parti@example.org
    host mx.example.org [192.0.2.7]
    SMTP error from remote mail server after RCPT TO:<parti@example.org>:
    550 5.1.1 No such user

------ This is a copy of the message, including all the headers. ------

Message-ID: <key-of-a-delivery-1@cass.example>
"""
POSTFIX = """This is the mail system at host relay.example.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients.

<parti@example.org>: host mx.example.org[192.0.2.7] said: 550 5.1.1
    <parti@example.org>: Recipient address rejected (in reply to RCPT TO command)
"""
SENDMAIL = """The original message was received at Mon, 23 Nov 2026 10:00:00 +0100
from localhost [127.0.0.1]

   ----- The following addresses had permanent fatal errors -----
<parti@example.org>
    (reason: 550 5.1.1 User unknown)

   ----- Transcript of session follows -----
... while talking to mx.example.org.:
>>> DATA
<<< 550 5.1.1 User unknown
"""
EXCHANGE_FR = """Échec de la remise pour ces destinataires ou groupes :

parti@example.org (parti@example.org)
L'adresse de messagerie que vous avez entrée est introuvable.

Informations de diagnostic pour les administrateurs :
Serveur de génération : mx.example.org
parti@example.org
#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##

En-têtes du message d'origine :
To: autre@else.example
"""
EXCHANGE_NL = """Bezorging aan de volgende geadresseerden of groepen is mislukt:

parti@example.org (parti@example.org)
Het e-mailadres dat u hebt opgegeven, is niet gevonden.

Diagnostische gegevens voor beheerders:
#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##

Oorspronkelijke berichtkoppen:
To: ander@else.example
"""


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("failure notice", QMAIL),
        ("Mail delivery failed: returning message to sender", EXIM),
        ("Undelivered Mail Returned to Sender", POSTFIX),
        ("Returned mail: see transcript for details", SENDMAIL),
        ("Non remis : L'Échos-CASS nº 14", EXCHANGE_FR),
        ("=?utf-8?Q?Onbestelbaar:_L=27=C3=89chos-CASS?=", EXCHANGE_NL),
    ],
    ids=["qmail", "exim", "postfix", "sendmail", "exchange-fr", "exchange-nl"],
)
@pytest.mark.parametrize(
    "sign",
    [("Return-Path: <>", "rapport@relay.example"), ("X-Nothing: x", "MAILER-DAEMON@relay.example")],
    ids=["empty", "daemon"],
)
def test_a_failure_told_in_prose_is_read_when_a_mail_system_tells_it(subject, body, sign):
    head, sender = sign
    received = read_message(mail(head, f"Subject: {subject}", body=body, sender=sender))
    assert (received.kind, received.recipients, received.status) == ("bounce", ("parti@example.org",), "5.1.1")
    if "Message-ID" in body:
        assert received.returned_ids == ("<key-of-a-delivery-1@cass.example>",)


@pytest.mark.parametrize("body", [QMAIL, EXIM, POSTFIX, SENDMAIL, EXCHANGE_FR, EXCHANGE_NL], ids=range(6))
def test_a_person_who_quotes_a_failure_writes_an_ordinary_mail(body):
    received = read_message(mail("Return-Path: <lectrice@example.org>", "Subject: Re: 550 5.1.1", body=body))
    assert (received.kind, received.recipients, received.status) == ("message", ("bounces@cass.example",), "")


def test_exim_names_the_failed_in_the_head():
    received = read_message(
        mail(
            "X-Failed-Recipients: un@example.org, deux@example.org", "Auto-Submitted: auto-replied", body="Mailbox full"
        )
    )
    assert (received.kind, received.recipients) == ("bounce", ("un@example.org", "deux@example.org"))


def test_a_warning_that_it_takes_longer_is_no_failure():
    body = (
        "This message was created automatically.\nA message that you sent has not yet been "
        "delivered after 24 hours:\n\n"
        "  lent@example.org\n\nDelivery attempts will continue."
    )
    received = read_message(
        mail(
            "Return-Path: <>",
            "Subject: Warning: message 1abc delayed 24 hours",
            body=body,
            sender="mailer-daemon@relay.example",
        )
    )
    assert (received.kind, received.recipients) == ("delayed", ("lent@example.org",))


@pytest.mark.parametrize(
    "heads",
    [
        ("Auto-Submitted: auto-replied (vacation)", "Return-Path: <>"),
        ("X-Autoreply: yes",),
        ("Subject: Automatic reply: L'Échos-CASS",),
        ("Subject: =?utf-8?Q?R=C3=A9ponse_automatique_:_absence?=",),
        ("Subject: Automatisch antwoord: afwezig", "Return-Path: <>"),
    ],
    ids=range(5),
)
def test_an_absence_is_an_automatic_answer(heads):
    assert (
        read_message(mail(*heads, body="Je suis en congé jusqu'au 30 novembre. Message delayed.")).kind == "auto-reply"
    )


def test_a_file_s_name_is_read_in_both_ways_of_writing_it():
    content = b"""From: a@b.example
Content-Type: multipart/mixed; boundary=x

--x
Content-Type: application/pdf
Content-Disposition: attachment; filename*0*=utf-8''R%C3%A9union%20; filename*1*=du%2012.pdf

--x
Content-Type: application/pdf; name="=?utf-8?B?UsOpdW5pb24ucGRm?="

--x--
"""
    assert read_message(content).attachments == ("Réunion du 12.pdf", "Réunion.pdf")


def test_of_two_versions_the_plain_one_is_its_text_unless_it_says_nothing():
    def alternative(plain: str) -> bytes:
        return (
            "From: a@b.example\nContent-Type: multipart/alternative; boundary=x\n\n--x\nContent-Type: text/plain\n\n"
            f"{plain}\n--x\nContent-Type: text/html\n\n<p>In <b>HTML</b></p>\n--x--\n"
        ).encode()

    assert read_message(alternative("In words")).text == "In words"
    assert read_message(alternative(" ")).text == "In HTML"
