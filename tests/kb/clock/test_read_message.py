"""`manage.py read_message`: a line a message, whatever the file holds."""

from __future__ import annotations

import io
import json
import mailbox
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.kb.clock.messages import mail, refusal, report

KEYS = ["path", "kind", "recipients", "status", "attachments", "characters"]


def lines(*paths: object) -> list[str]:
    out = io.StringIO()
    call_command("read_message", *map(str, paths), stdout=out, stderr=io.StringIO())
    return out.getvalue().splitlines()


def objects(*paths: object) -> list[dict]:
    out = io.StringIO()
    call_command("read_message", *map(str, paths), "--json", stdout=out, stderr=io.StringIO())
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.fixture
def bounce(tmp_path) -> Path:
    path = tmp_path / "retour.eml"
    path.write_bytes(report(refusal("un@example.org"), refusal("deux@example.org", status="5.2.2")))
    return path


def test_a_line_has_six_columns(bounce):
    assert lines(bounce) == [f"{bounce}\tbounce\tun@example.org,deux@example.org\t5.1.1\t0\t36"]


def test_json_has_exactly_these_keys(bounce):
    (said,) = objects(bounce)
    assert list(said) == KEYS
    assert said == {
        "path": str(bounce),
        "kind": "bounce",
        "recipients": ["un@example.org", "deux@example.org"],
        "status": "5.1.1",
        "attachments": 0,
        "characters": 36,
    }


def test_a_file_that_is_not_there_gets_its_line_and_the_others_go_on(bounce, tmp_path):
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("read_message", str(tmp_path / "absent.eml"), str(bounce), "--json", stdout=out, stderr=err)
    first, second = map(json.loads, out.getvalue().splitlines())
    assert ended.value.code == 1
    assert (
        first["path"],
        first["kind"],
        first["recipients"],
        first["status"],
        first["attachments"],
        first["characters"],
    ) == (
        str(tmp_path / "absent.eml"),
        "unreadable",
        [],
        "",
        0,
        0,
    )
    assert second["kind"] == "bounce"
    assert "absent.eml: No such file" in err.getvalue()


def test_what_is_no_mail_is_unreadable_without_failing(tmp_path):
    picture = tmp_path / "image.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    assert objects(picture)[0]["kind"] == "unreadable"


def test_an_mbox_of_several_gives_a_line_each(tmp_path, bounce):
    path = tmp_path / "boite"
    kept = mailbox.mbox(str(path))
    kept.add(bounce.read_bytes())
    kept.add(mail(body="Une phrase.\nFrom here on it goes on.\nFin 2026"))
    kept.close()
    said = objects(path)
    assert [(line["path"], line["kind"]) for line in said] == [(f"{path}#1", "bounce"), (f"{path}#2", "message")]


def test_one_message_with_the_first_line_of_an_mbox_is_one_message(tmp_path):
    path = tmp_path / "une.eml"
    path.write_bytes(b"From lectrice@example.org Mon Nov 23 10:00:00 2026\n" + mail(body="Bonjour"))
    assert [(line["path"], line["kind"], line["characters"]) for line in objects(path)] == [(str(path), "message", 7)]


def test_a_maildir_gives_a_line_a_message(tmp_path, bounce):
    kept = mailbox.Maildir(str(tmp_path / "maildir"))
    kept.add(bounce.read_bytes())
    kept.add(mail())
    assert sorted(line["kind"] for line in objects(tmp_path / "maildir")) == ["bounce", "message"]


def test_the_standard_input_is_read(bounce, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(bounce.read_bytes())))
    assert objects("-")[0] | {"path": ""} == objects(bounce)[0] | {"path": ""}


def test_nothing_of_a_message_breaks_its_line(tmp_path):
    path = tmp_path / "a\tb\n.eml"
    path.write_bytes(mail(to='"x\ty"@example.org'))
    (line,) = lines(path)
    assert len(line.split("\t")) == 6
