from __future__ import annotations

from pathlib import Path

from search.extraction import Sandbox
from tests.search.extraction.builders import docx, mail, packed, paragraph


def test_mail_has_headers_text_and_the_text_of_its_attachments(tmp_path: Path, sandbox: Sandbox) -> None:
    attached = {"procès-verbal.docx": packed(docx(paragraph("Décision du groupe"))), "photo.bin": bytes(range(256))}
    (tmp_path / "a.eml").write_bytes(
        mail(
            "Réunion jeudi", subject="Ordre du jour à relire", html="<p>Réunion <b>jeudi</b></p>", attachments=attached
        )
    )
    found = sandbox.read(tmp_path / "a.eml")
    first, second = found.pages
    assert (found.media_type, found.title) == ("message/rfc822", "Ordre du jour à relire")
    assert first.text.startswith("Subject: Ordre du jour à relire\nFrom: coordination@example.org\n")
    assert first.text.count("Réunion") == 1
    assert first.text.endswith("procès-verbal.docx\nphoto.bin")
    assert (second.number, second.label, second.text) == (2, "procès-verbal.docx", "Décision du groupe")


def test_html_only_mail_is_read_as_text(tmp_path: Path, sandbox: Sandbox) -> None:
    (tmp_path / "a").write_bytes(
        b"From: a@example.org\nSubject: x\nMIME-Version: 1.0\nContent-Type: text/html; "
        b"charset=iso-8859-1\n\n<p>D\xe9cision</p><script>x</script>"
    )
    assert sandbox.read(tmp_path / "a").pages[0].text.endswith("Décision")
