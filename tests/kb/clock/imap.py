"""A real IMAP server for a test: Dovecot, where it is installed, over a maildir, on a free port of this machine."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

DOVECOT = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
needs_dovecot = pytest.mark.skipif(DOVECOT is None, reason="no IMAP server here: apt install dovecot-imapd")

_SETTINGS = """
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {nobody}
first_valid_uid = 0
first_valid_gid = 0
mail_location = maildir:{mail}
auth_mechanisms = plain
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={mail}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@contextmanager
def dovecot(base: Path, mail: Path, *, password: str) -> Iterator[int]:
    """The port it listens on. Any user name logs in with the password."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = base / "dovecot.conf"
    me = pwd.getpwuid(os.getuid())
    reader = (
        me if me.pw_uid else pwd.getpwnam("dovenull")
    )  # its processes refuse to be root, and have to reach what is below base
    base.chmod(0o755)
    for path in (mail, *mail.rglob("*")):
        os.chown(path, reader.pw_uid, reader.pw_gid)
    values = {
        "user": me.pw_name,
        "group": grp.getgrgid(os.getgid()).gr_name,
        "nobody": reader.pw_name,
        "uid": reader.pw_uid,
        "gid": reader.pw_gid,
    }
    settings.write_text(_SETTINGS.format(base=base, mail=mail, password=password, port=port, **values))
    process = subprocess.Popen([DOVECOT, "-F", "-c", str(settings)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        _wait(process, port, base / "log")
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def _wait(process: subprocess.Popen, port: int, log: Path) -> None:
    until = time.monotonic() + 15
    while time.monotonic() < until and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as greeting:
                greeting.settimeout(3)
                if greeting.recv(100).startswith(b"* OK"):
                    return
        except OSError:
            time.sleep(0.05)
    said = process.stderr.read().decode() if process.poll() is not None and process.stderr else ""
    pytest.fail(f"Dovecot did not start: {said} {log.read_text() if log.exists() else ''}")
