"""The whole way on PostgreSQL: migrate, demonstration, reading by the worker, search with rights, drift, backup and
restore, sending an issue.

A cluster of its own in a temporary folder, on loopback; skipped where the server's programs are not installed.
"""

from __future__ import annotations

import json
import mailbox
import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.kb.clock.messages import refusal, report

pytestmark = pytest.mark.server
ROOT = Path(__file__).resolve().parents[2]
PORT = "54329"


def programs() -> Path | None:
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    found = next(iter(debian), None) or shutil.which("initdb")
    return Path(found).parent if found else None


def as_its_user(*command: object) -> list[str]:
    """PostgreSQL refuses to run as root."""
    words = [str(word) for word in command]
    return ["runuser", "-u", "postgres", "--", *words] if os.geteuid() == 0 else words


@pytest.fixture(scope="module")
def database_url():
    found = programs()
    if found is None:
        pytest.skip("PostgreSQL's server is not on this machine: apt-get install postgresql")
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install -r requirements-prod.txt")
    folder = Path(tempfile.mkdtemp(prefix="cass-postgresql-"))  # pytest's own folders are closed to the user postgres
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)

    def run(*command: object) -> None:
        done = subprocess.run(as_its_user(*command), capture_output=True, text=True, cwd=folder)
        assert done.returncode == 0, done.stderr

    run(found / "initdb", "-D", folder / "data", "-U", "cass", "--auth=trust", "--encoding=UTF8", "--no-sync")
    options = f"-c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off -p {PORT}"
    run(found / "pg_ctl", "-D", folder / "data", "-l", folder / "log", "-w", "-o", options, "start")
    run(found / "createdb", "-h", folder, "-p", PORT, "-U", "cass", "cass")
    yield f"postgres://cass@127.0.0.1:{PORT}/cass"
    run(found / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop")
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def manage(database_url, tmp_path_factory):
    """manage.py on that database, its files and index in a folder of their own; gives what it printed."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "kb.settings.dev",
        "DATABASE_URL": database_url,
        "CASS_VAR": str(tmp_path_factory.mktemp("var")),
        "CASS_DEBUG": "1",
        "CASS_NEWSLETTER_RATE": "0",
        "CASS_NEWSLETTER_BOUNCES": "bounces@cass.example",
    }

    def run(*arguments: object, code: int = 0) -> str:
        words = [str(argument) for argument in arguments]
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    run("migrate", "-v0")
    run("load_demonstration")
    run("worker", "--until-empty")
    return run


def found(manage, *question: object) -> dict:
    return json.loads(manage("search", *question, "--json"))


def test_what_was_put_in_is_found_on_its_page(manage):
    hits = found(manage, "garantie locative", "--language", "fr")["hits"]

    assert any(section["page"] > 0 for hit in hits for section in hit["sections"])


def test_a_closed_file_is_found_by_its_group_alone(manage):
    assert found(manage, "drépanocytose")["total"] == 0
    assert found(manage, "drépanocytose", "--as", "membre.logement@demo.example")["total"] == 0
    assert found(manage, "drépanocytose", "--as", "membre.sante@demo.example")["total"] == 1


def test_index_and_database_agree(manage):
    manage("check_index")


def test_due_work_runs(manage):
    assert "failed" not in manage("run_due", "--all")


def test_a_backup_comes_back(manage, tmp_path):
    archive = manage("backup", "--to", tmp_path).split("\n")[-2].split("  ")[0]
    before = found(manage, "logement")["total"]

    manage("restore", archive)

    assert found(manage, "logement")["total"] == before


AT_ONCE = """
import threading
import time

from django.db import connection, transaction

from kb.accounts.models import User
from kb.groups.models import Body
from kb.library.contributions import steps
from kb.library.contributions.starting import contribution_of, start
from kb.library.drafting import fill

body = Body.objects.get_or_create(code="ZZ", defaults={"name": {"fr": "Essai"}})[0]
user = User.objects.create_user("essai@cass.example")
reference = start(user, body, title="Un titre")
ended = []


def correct():
    with steps.locked(reference):
        time.sleep(0.6)
        contribution_of(reference).save(update_fields=["corrected"])
    ended.append("corrected")


def read():
    time.sleep(0.3)
    fill(contribution_of(reference))
    ended.append("filled")


def begin_another():
    time.sleep(0.3)
    start(user, body, title="Un autre")
    ended.append("begun meanwhile" if "corrected" not in ended else "begun after")


def run(work):
    try:
        work()
    finally:
        connection.close()


threads = [threading.Thread(target=run, args=(work,)) for work in (correct, read, begin_another)]
[one.start() for one in threads]
[one.join() for one in threads]
print(sorted(ended))
"""


def test_who_corrects_what_is_being_drafted_waits_for_nobody_for_ever_and_keeps_no_other_from_beginning(manage):
    assert manage("shell", "-v0", "-c", AT_ONCE).split("\n")[-2] == "['begun meanwhile', 'corrected', 'filled']"


SEAT = """
import threading

from django.db import connection

from kb.decisions.deciding.casting import cast
from kb.decisions.errors import Refused
from tests.kb.decisions.builders import asked, ballot, committee, leaflets

said = []


def vote(pk):
    try:
        said.append(str(cast(pk, "for").vote.weight))
    except Refused as refused:
        said.append(refused.code)
    finally:
        connection.close()


with leaflets():
    decision = asked(committee("KOM", associations=2, seats=1))
    ballots = [ballot(decision, name).pk for name in ("asso1", "asso2")]
    threads = [threading.Thread(target=vote, args=(pk,)) for pk in ballots]
    [one.start() for one in threads]
    [one.join() for one in threads]
print(sorted(said))
"""


def test_two_who_want_the_last_seat_at_once_are_one_counted_and_one_noted(manage):
    assert manage("shell", "-v0", "-c", SEAT).split("\n")[-2] == "['counted', 'noted']"


ISSUE = """
from tests.kb.newsletter import builders as make

make.issue(99, live=True)
for number in range(40):
    make.subscriber(f"lecteur{number}@cass.example", language=("fr", "nl", "en")[number % 3])
"""
OUTCOME = """
from kb.newsletter.models import Delivery, Sending
from kb.newsletter.sending.steps import counts

sending = Sending.objects.get(issue__number=99)
print(sending.state, {state: number for state, number in counts(sending).items() if number})
print(*Delivery.objects.values_list("key", flat=True))
"""


def test_two_who_send_one_issue_at_once_write_to_each_subscriber_once_and_hear_what_comes_back(manage, tmp_path):
    manage("shell", "-v0", "-c", ISSUE)
    assert "would be sent to" in manage("send_issue", 99, "--dry-run")
    manage("send_issue", 99, "--queue")

    with ThreadPoolExecutor() as both:
        printed = "".join(both.map(lambda _worker: manage("send_issue", 99), range(2)))

    said, keys = manage("shell", "-v0", "-c", OUTCOME).split("\n")[-3:-1]
    total = len(keys.split())
    assert total >= 40
    assert said == f"done {{'sent': {total}}}"
    assert sorted(re.findall(r"^Message-ID: <([^@]+)@", printed, re.MULTILINE)) == sorted(keys.split())

    box = mailbox.mbox(tmp_path / "bounces")
    for key in keys.split()[:2]:
        box.add(
            report(
                refusal("lecteur@cass.example"), to=f"bounces+{key}@cass.example", message_id=f"<{key}@relay.example>"
            )
        )
    box.close()
    assert "counted 2" in manage("read_bounces", "--mailbox", tmp_path / "bounces")
    assert f"'sent': {total - 2}, 'bounced': 2" in manage("shell", "-v0", "-c", OUTCOME)
