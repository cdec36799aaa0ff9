"""Bytes of a message: read back by Python's own reader, and taken by a real SMTP sink."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import dataclass, replace
from email.headerregistry import Address

import pytest
from django.core import mail
from django.core.mail import get_connection

from kb.newsletter.message.encoding import LONGEST_LINK, BadAddress, MailTemplate, Sender, address_of, new_places
from tests.kb.clock.sinks import Sink, mail_server

KEY = "Zk3-_abcdefghijklmnopq"
MARK = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
HOSTILE = [
    "Bonjour\r\nBcc: x@y.example",
    "مرحبا بالعالم، هذا نص طويل " * 40,
    "你好世界" * 1200,
    "👩‍👩‍👧 emoji " * 300,
    "=?utf-8?q?Not_encoded?= =3D = \t \nFrom moi\n.\n..\n--=_x--",
    "a" * 5000,
    "",
    "</table><script>alert(1)</script>",
]
IDS = ["line break", "arabic", "chinese", "emoji", "looks encoded", "5,000 signs", "nothing", "markup"]


@dataclass
class Links:
    unsubscribe_page: str = "https://cass.example/fr/echos/desabonnement/abc:def=ghi&x/"
    one_click: str = "https://cass.example/fr/echos/desabonnement/one:click/"
    change: str = "https://cass.example/fr/echos/adresse/abc:" + "0123456789=" * 20


def template(
    words: str = "Bonjour", *, subject: str = "Échos", sender: Sender | None = None, language: str = "fr"
) -> MailTemplate:
    places = new_places()
    unsubscribe, change = places["unsubscribe_page"], places["change"]
    return MailTemplate(
        language=language,
        subject=subject,
        html=(
            f'<p>{words}</p><a href="{unsubscribe}">un</a> <a href="{change}">deux</a><a '
            f'href="{unsubscribe}">trois</a>\n'
        ),
        text=f"{words}\n{unsubscribe}\n\net {change} ; {unsubscribe}\n",
        places=places,
        sender=sender
        or Sender(
            "L’Échos-CASS <echos@cass.example>", reply_to="Équipe <equipe@cass.example>", bounces="retours@cass.example"
        ),
        archive="https://cass.example/fr/echos/",
        mark=MARK,
        mark_id="mark@cass.example",
    )


def message_of(made: MailTemplate, **values):
    return made.message(**{"to": "a@example.org", "key": KEY, "links": Links(), **values})


def parsed(message) -> email.message.EmailMessage:
    content = message.message().as_bytes(linesep="\r\n")
    assert content.isascii()
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", content), "a bare line break"
    assert max(map(len, content.split(b"\r\n"))) <= 998
    whole = email.message_from_bytes(content, policy=email.policy.default)
    for part in whole.walk():
        assert not part.defects, part.get_content_type()
        for value in part.values():
            assert not value.defects, value
    return whole


def text_of(part) -> str:
    return part.get_content().replace("\r\n", "\n")


# The body


def test_parts_are_text_then_html_with_its_mark():
    whole = parsed(message_of(template()))

    assert [part.get_content_type() for part in whole.walk()] == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
    ]
    mark = list(whole.walk())[4]
    assert mark.get_content() == MARK
    assert mark["Content-ID"] == "<mark@cass.example>"
    assert mark.get_content_disposition() == "inline"


@pytest.mark.parametrize("words", HOSTILE, ids=IDS)
def test_what_is_read_back_is_what_was_written(words):
    message = message_of(template(words))
    whole = parsed(message)

    assert text_of(whole.get_body(("plain",))) == message.body.replace("\r\n", "\n")
    assert text_of(whole.get_body(("html",))) == message.alternatives[0].content.replace("\r\n", "\n")


@pytest.mark.parametrize("words", HOSTILE, ids=IDS)
def test_encoded_lines_have_76_signs_at_most(words):
    content = message_of(template(words)).message().as_bytes(linesep="\r\n")

    assert max(map(len, content.partition(b"\r\n\r\n")[2].split(b"\r\n"))) <= 76


def test_links_of_the_person_stand_in_both_parts():
    message = message_of(template())

    assert message.body.count(Links().unsubscribe_page) == 2
    assert message.body.count(Links().change) == 1
    assert message.alternatives[0].content.count("abc:def=ghi&amp;x/") == 2
    assert ".invalid" not in message.body + message.alternatives[0].content
    assert ".invalid" not in text_of(parsed(message).get_body(("plain",)))


def test_every_size_of_a_link_keeps_its_place():
    made = template()
    for size in range(60, 160):
        links = replace(Links(), change="https://cass.example/" + "=x" * size)

        assert text_of(parsed(message_of(made, links=links)).get_body(("plain",))).count(links.change) == 1


def test_two_subscribers_share_all_but_their_own_links():
    made = template()

    first, second = (
        message_of(made),
        message_of(made, to="b@example.org", links=replace(Links(), change="https://cass.example/b/")),
    )

    assert first.body.replace(Links().change, "https://cass.example/b/") == second.body
    assert Links().change not in second.message().as_string()


def test_a_place_can_not_be_guessed():
    assert new_places() != new_places()


# Headers


def test_headers_of_a_message():
    whole = parsed(
        message_of(
            template(
                subject=(
                    "L’Échos-CASS n° 14 : l’accueil des primo-arrivants change de porte, et c’est écrit en "
                    "une longue ligne"
                )
            )
        )
    )

    assert whole["From"] == "L’Échos-CASS <echos@cass.example>"
    assert whole["Reply-To"] == "Équipe <equipe@cass.example>"
    assert whole["To"] == "a@example.org"
    assert (
        whole["Subject"]
        == "L’Échos-CASS n° 14 : l’accueil des primo-arrivants change de porte, et c’est écrit en une longue ligne"
    )
    assert whole["Message-ID"] == f"<{KEY}@cass.example>"
    assert whole["List-Id"] == "L’Échos-CASS <echos.cass.example>"
    assert whole["List-Unsubscribe"] == f"<{Links().one_click}>"
    assert whole["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert whole["List-Archive"] == "<https://cass.example/fr/echos/>"
    assert whole["Precedence"] == "bulk"
    assert whole["Date"].datetime is not None
    assert whole["Auto-Submitted"] is None
    assert all(len(values := whole.get_all(name)) == 1 for name in whole), values


@pytest.mark.parametrize("header", ["List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "Message-ID"])
def test_header_that_a_program_reads_stands_on_one_line(header):
    head = message_of(template()).message().as_string(linesep="\r\n").partition("\r\n\r\n")[0]

    assert re.search(rf"^{header}: [!-~][ !-~]+\r\n(?=\S)", head, re.MULTILINE)


def test_envelope_sender_names_the_delivery_and_from_stays():
    message = message_of(template())

    assert message.from_email == f"retours+{KEY}@cass.example"
    assert message.extra_headers["From"] == "L’Échos-CASS <echos@cass.example>"


def test_without_a_box_for_what_comes_back_the_sender_is_the_envelope():
    message = message_of(template(sender=Sender("echos@cass.example")))

    assert message.from_email == "echos@cass.example"
    assert "From" not in message.extra_headers
    assert parsed(message)["Reply-To"] is None


def test_what_concerns_everyone_is_refused_before_the_first_message():
    """Else a wrong setting would look like ten thousand wrong addresses."""
    made = replace(template(), archive="cass.example/fr/echos/")

    with pytest.raises(ValueError, match="link") as caught:
        made.prepared()

    assert not isinstance(caught.value, BadAddress)


def test_message_id_is_the_same_at_each_try():
    made = template()

    assert (
        parsed(message_of(made))["Message-ID"]
        == parsed(message_of(template()))["Message-ID"]
        == parsed(message_of(made))["Message-ID"]
    )


@pytest.mark.parametrize(
    "subject",
    ["مرحبا بالعالم", "你好世界" * 28, "Γειά σου", "😀 bonjour", "=?utf-8?q?Not_encoded?=", "a" * 120, "E2 = é", " x"],
)
def test_subject_in_every_script(subject):
    assert parsed(message_of(template(subject=subject)))["Subject"].strip() == subject.strip()


@pytest.mark.parametrize(
    "subject", ["Titre\r\nBcc: x@y.example", "Titre\nBcc: x@y.example", "Titre\rBcc: x@y", "Un\x00deux", "Un\u2028deux"]
)
def test_subject_with_a_line_break_is_refused(subject):
    with pytest.raises(ValueError, match="one line"):
        template(subject=subject).prepared()


@pytest.mark.parametrize("name", ["Dépt. « Échos »", "القسم", "部門", 'O"Brien, Jr.', "Ωmega <x>"])
def test_sender_with_a_name_in_every_script(name):
    made = template(sender=Sender(str(Address(name, "echos", "cass.example"))))

    assert parsed(message_of(made))["From"].addresses[0].display_name == name


@pytest.mark.parametrize("field", ["address", "reply_to", "bounces"])
@pytest.mark.parametrize("value", ["echos@cass.example\r\nBcc: x@y.example", "no address", "a@b.example, c@d.example"])
def test_sender_that_is_no_address_is_refused(field, value):
    made = template(sender=replace(Sender("echos@cass.example"), **{field: value}))

    with pytest.raises(ValueError, match="ddress"):
        made.prepared()


@pytest.mark.parametrize("host", ["localhost", "intranet", "127.0.0.1", "[127.0.0.1]"])
def test_sender_on_an_own_network(host):
    whole = parsed(message_of(template(sender=Sender(f"CASS <noreply@{host}>"))))

    assert whole["Message-ID"] == f"<{KEY}@{host}>"


# Addresses, keys and links


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("prenom.nom+echos@service.be", "prenom.nom+echos@service.be"),
        ("a@exämple.org", "a@xn--exmple-cua.org"),
        ("a@例え.jp", "a@xn--r8jz45g.jp"),
        ("Maj.Uscule@Example.ORG", "Maj.Uscule@example.org"),
    ],
)
def test_address_as_it_is_sent(address, expected):
    assert address_of(address) == expected
    assert parsed(message_of(template(), to=address))["To"] == expected


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "a@",
        "@b.org",
        "a@b.org\r\nBcc: x@y.org",
        "a@b.org\n",
        "a@b.org, c@d.org",
        "a b@c.org",
        "Nom <a@b.org>",
        "rené@example.org",
        "संपर्क@example.org",
        "a@" + "b" * 64 + ".org",
        "a@ä" + "é" * 60 + ".org",
        "a@b..org",
        '"\x01"@b.org',
        "a" * 5000 + "@b.org",
        "a@" + "b." * 2500 + "org",
        "a\x00@b.org",
        "a@b.org\u202e",
    ],
)
def test_address_that_no_server_would_take_is_refused_with_a_sentence(address):
    with pytest.raises(BadAddress, match=r"^[A-ZÉ][^\r\n]* [^\r\n]*\.$") as caught:
        message_of(template(), to=address)

    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    "key", ["", "short", "with space 123", "a@b.example1", "abcdefgh\r\nBcc: x", "a" * 41, "clé-clé-clé", "<abcdefgh>"]
)
def test_key_that_is_none_of_ours_is_refused(key):
    with pytest.raises(ValueError, match="key"):
        message_of(template(), key=key)


@pytest.mark.parametrize("name", ["unsubscribe_page", "one_click", "change"])
@pytest.mark.parametrize(
    "url",
    [
        "",
        "/fr/echos/",
        "javascript:alert(1)",
        "https://a.example/\r\nBcc: x",
        "https://a.example/ b",
        "https://a/>x<",
        "https://a/é",
        "http://" + "a" * LONGEST_LINK,
    ],
)
def test_link_that_is_none_is_refused(name, url):
    with pytest.raises(ValueError, match="link"):
        message_of(template(), links=replace(Links(), **{name: url}))


# Ways out


class NotesSender(Sink):
    """Also keeps the envelope sender."""

    async def handle_MAIL(self, server, session, envelope, address, options) -> str:
        self.senders = [*getattr(self, "senders", []), address]
        envelope.mail_from = address
        return "250 OK"


def test_a_server_gets_the_ready_made_bytes(settings):
    message = message_of(template("Une ligne\n.\n..point\nFrom moi"))

    with mail_server(settings, sink=NotesSender()) as sink:
        assert get_connection(settings.MAIL_TRANSPORT).send_messages([message]) == 1

    assert sink.senders == [f"retours+{KEY}@cass.example"]
    assert sink.recipients == [["a@example.org"]]
    without_date = re.compile(rb"^Date: .*?\r\n", re.MULTILINE)
    assert without_date.sub(b"", sink.raw[0]) == without_date.sub(b"", message.message().as_bytes(linesep="\r\n"))


@pytest.mark.django_db(transaction=True)
def test_posted_by_the_site_it_arrives_whole(settings):
    """A test to oneself goes the way of all mail to one person."""
    message = message_of(template("Été"))

    with mail_server(settings) as sink:
        message.send()

    whole = sink.messages[0]
    assert whole["To"] == "a@example.org"
    assert text_of(whole.get_body(("plain",))) == message.body
    assert text_of(whole.get_body(("html",))) == message.alternatives[0].content


def test_kept_in_memory_it_has_all_its_parts(settings):
    get_connection("django.core.mail.backends.locmem.EmailBackend").send_messages([message_of(template())])

    kept = mail.outbox[-1]
    assert kept.subject == "Échos"
    assert kept.to == ["a@example.org"]
    assert kept.alternatives[0].mimetype == "text/html"
    assert kept.attachments[0].get_payload(decode=True) == MARK
    assert kept.message()["List-Unsubscribe"] == f"<{Links().one_click}>"


@pytest.mark.parametrize("linesep", ["\n", "\r\n"])
def test_written_to_a_file_it_is_read_back(tmp_path, linesep):
    get_connection("django.core.mail.backends.filebased.EmailBackend", file_path=str(tmp_path)).send_messages(
        [message_of(template("Été"))]
    )

    written = next(tmp_path.iterdir()).read_bytes().replace(b"\r\n", b"\n").replace(b"\n", linesep.encode())
    whole = email.message_from_bytes(written, policy=email.policy.default)
    assert whole.get_body(("plain",)).get_content().startswith("Été")


def test_a_service_gets_its_parts(settings):
    pytest.importorskip("anymail", reason="django-anymail is of production only")
    settings.ANYMAIL = {}
    message = message_of(template())

    get_connection("anymail.backends.test.EmailBackend").send_messages([message])

    sent = message.anymail_test_params
    assert str(sent["from"]) == "L’Échos-CASS <echos@cass.example>"
    assert str(sent["envelope_sender"]) == f"retours+{KEY}@cass.example"
    assert [str(address) for address in sent["to"]] == ["a@example.org"]
    assert [str(address) for address in sent["reply_to"]] == ["Équipe <equipe@cass.example>"]
    assert sent["subject"] == "Échos"
    assert sent["text_body"] == message.body
    assert sent["html_body"] == message.alternatives[0].content
    assert sent["extra_headers"]["Message-ID"] == f"<{KEY}@cass.example>"
    assert sent["extra_headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert [(part.content_id, part.inline, part.content) for part in sent["attachments"]] == [
        ("<mark@cass.example>", True, MARK)
    ]
