"""Attempts to get out of a reading child, from where a stranger's file is read: in a child that the sandbox starts as
ever.

Only its reader of plain text is exchanged for one that runs the text as Python, as a hostile file would once a reader
had a hole.
"""

from __future__ import annotations

import contextlib
import ctypes
import http.server
import io
import json
import os
import re
import runpy
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import call_command

from search.extraction import BrokenFile, Sandbox, TimedOut, Unconfined
from search.extraction.child import sandbox
from search.extraction.child.scratch import Scratch
from search.extraction.confining import calls, confinement
from search.extraction.confining.confinement import Confinement
from tests.search.extraction.office.test_libreoffice import PROGRAM, flat

HIJACK = """
from search.extraction import reading, sniffing
from search.extraction.pages import ExtractedPage
def run(path, limits):
    said = []
    exec(path.read_text(), {"say": said.append, "path": path})
    yield ExtractedPage(1, "\\n".join(map(str, said)) or "-")
reading.READERS[sniffing.PLAIN] = run
main(given="""

# What every attempt may use. `target` is the process of the site that started the child, with the files and listeners
# it has.
PRELUDE = """
import ctypes, json, mmap, os, platform, resource, socket, struct
libc = ctypes.CDLL(None, use_errno=True)
target = json.loads({target!r})
def call(x86, arm, *arguments):
    found = libc.syscall(x86 if platform.machine() == "x86_64" else arm, *arguments)
    if found < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return found
def done(found):
    if found < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return found
def every(attempts):
    for attempt in attempts:
        try:
            attempt()
        except OSError:
            continue
        return
    raise PermissionError("all of them")
"""

FILES = {
    "the passwords of the machine": "open('/etc/shadow').read()",
    "the people of the machine": "open('/etc/passwd').read()",
    "the database": "open(target['database'], 'rb').read()",
    "writing into the database": "open(target['database'], 'ab').write(b'x')",
    "emptying the database": "os.truncate(target['database'], 0)",
    "emptying the database by opening it": "os.open(target['database'], os.O_RDONLY | os.O_TRUNC)",
    "making the database everybody's": "os.chmod(target['database'], 0o777)",
    "giving the database an attribute": "os.setxattr(target['database'], 'user.x', b'x')",
    "changing the database's time": "os.utime(target['database'])",
    "deleting the database": "os.unlink(target['database'])",
    "a second name for the database": "os.link(target['database'], 'mine')",
    "a symbolic link to the database": "os.symlink(target['database'], 'mine'); open('mine').read()",
    "the folder of the database": "os.listdir(os.path.dirname(target['database']))",
    "the scratch folders of others": "os.listdir(path.parent.parent.parent)",
    "a new file beside the database": "open(target['database'] + '-journal', 'w')",
    "a new file among temporary ones": "open('/var/tmp/cass-escaped', 'w')",
    "the environment of the site": "open(f\"/proc/{target['pid']}/environ\").read()",
    "the memory of the site": "open(f\"/proc/{target['pid']}/mem\", 'rb')",
    "the processes of the machine": "os.listdir('/proc')",
    "the own entry of the process": "open('/proc/self/status').read()",
    "its file, to write": "open(path, 'r+b')",
    "its file, emptied": "os.truncate(path, 0)",
    "its file, emptied by opening it": "os.open(path, os.O_RDONLY | os.O_TRUNC)",
    "its file, under a name where it may write": "os.link(path, 'mine')",
    "its file, moved to where it may write": "os.rename(path, 'mine')",
    "its file, deleted": "os.unlink(path)",
    "its file, by its mode": "os.fchmod(os.open(path, os.O_RDONLY), 0o777)",
    "shared memory": "open('/dev/shm/cass', 'w')",
    "the disk": "open('/dev/vda', 'rb') if os.path.exists('/dev/vda') else open('/dev/sda', 'rb')",
}
NETWORK = {
    **{
        f"a socket of the family {name}": f"socket.socket({number}, {kind})"
        for name, number, kind in (
            ("unix", 1, 1),
            ("unix (messages)", 1, 2),
            ("inet", 2, 1),
            ("inet (messages)", 2, 2),
            ("inet6", 10, 1),
            ("netlink", 16, 3),
            ("packet", 17, 3),
        )
    },
    "a socket of any family": "every([lambda family=family: socket.socket(family, 1) for family in range(64)])",
    "a pair of sockets": "socket.socketpair()",
    "a ring for calls": "call(425, 425, 8, ctypes.create_string_buffer(256))",
}
PROCESSES = {
    "a signal to the site": "os.kill(target['pid'], 0)",
    "a signal to the process that started it": "os.kill(os.getppid(), 0)",
    "a signal to its group": "os.killpg(0, 0)",
    "a signal to everybody": "os.kill(-1, 0)",
    "a signal to a thread of the site": "call(234, 131, target['pid'], target['pid'], 0)",
    "a signal to a thread": "call(200, 130, target['pid'], 0)",
    "a signal with a value": "call(129, 138, target['pid'], 0, ctypes.create_string_buffer(128))",
    "a handle of the site": "call(434, 434, target['pid'], 0)",
    "a signal by a handle": "call(424, 424, 0, 0, None, 0)",
    "a signal by a file that is ready": "import fcntl; fcntl.fcntl(0, 8, target['pid'])",
    "tracing the site": "done(libc.ptrace(0x4206, target['pid'], None, None))",
    "tracing the process that started it": "done(libc.ptrace(0x4206, os.getppid(), None, None))",
    "reading the memory of the site": (
        "piece = (ctypes.c_void_p * 2)(id(path), 8); call(310, 270, target['pid'], "
        "ctypes.byref(piece), 1, ctypes.byref(piece), 1, 0)"
    ),
    "a limit for the site": "resource.prlimit(target['pid'], resource.RLIMIT_CPU, (1, 1))",
    "a place in the queue for the site": "os.setpriority(os.PRIO_PROCESS, target['pid'], 19)",
    "another process": "os.fork()",
    "another process by the newest call": "call(435, 435, ctypes.create_string_buffer(88), 88)",
    "another thread": "import _thread; _thread.start_new_thread(int, ())",
    "a program": "os.execv('/bin/true', ['true'])",
    "a session of its own": "os.setsid()",
}
KERNEL = {
    "namespaces": "call(272, 97, 0x10000000)",
    "a mount": "call(165, 40, b'none', b'/tmp', b'tmpfs', 0, None)",
    "another root": "os.chroot('/tmp')",
    "programs in the kernel": "call(321, 280, 0, ctypes.create_string_buffer(128), 128)",
    "performance counters": "call(298, 241, ctypes.create_string_buffer(128), 0, -1, -1, 0)",
    "keys": "call(250, 219, 0, -3, 0)",
    "page faults": "call(323, 282, 1)",
    "another personality": "call(135, 92, 0x0040000)",
    "a call that is newer than the filter": "call(467, 467, 0, 0, 0, 0, 0)",
}
ATTEMPTS = {**FILES, **NETWORK, **PROCESSES, **KERNEL}


@pytest.fixture(scope="module")
def hijacked() -> Iterator[None]:
    """Children whose reader of plain text runs the text."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "_START", sandbox._START.replace("main(given=", HIJACK.strip("\n")))
        patch.setenv("CASS_SECRET_KEY", "a secret of the site")
        patch.setenv("DATABASE_URL", "a secret of the site")
        yield


@pytest.fixture(scope="module")
def box(hijacked: None) -> Iterator[Sandbox]:
    with Sandbox() as found:
        yield found


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    database = tmp_path_factory.mktemp("var") / "db.sqlite3"
    database.write_bytes(b"SQLite format 3")
    return {"database": str(database), "pid": os.getpid()}


@pytest.fixture(scope="module")
def active(box: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Confinement:
    place = tmp_path_factory.mktemp("first") / "a.txt"
    place.write_text("say(1)")
    box.read(place, "text/plain")
    return next(iter(box._alive)).confinement


def ask(box: Sandbox, place: Path, code: str, target: dict[str, object] | None = None) -> str:
    file = place / "hostile.txt"
    file.write_text(PRELUDE.format(target=json.dumps(target or {})) + code)
    return box.read(file, "text/plain").pages[0].text


@pytest.fixture(scope="module")
def tried(
    box: Sandbox, active: Confinement, target: dict[str, object], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """What became of every attempt: "refused" or what it gave. A reader each for those that could end it."""
    code = [f"attempts = {ATTEMPTS!r}"]
    code += [
        "found = {}",
        "for name, attempt in attempts.items():",
        "    try:",
        "        exec(attempt, globals())",
        "        found[name] = 'OPEN'",
    ]
    code += [
        "    except (OSError, RuntimeError) as error:",
        "        found[name] = f'refused: {error}'",
        "say(json.dumps(found))",
    ]
    return json.loads(ask(box, tmp_path_factory.mktemp("hostile"), "\n".join(code), target))


@pytest.mark.parametrize("name", ATTEMPTS)
def test_a_reader_has_no_way_to(name: str, tried: dict[str, str], active: Confinement) -> None:
    needs = active.landlock if name in FILES else active.seccomp
    if not needs:
        pytest.skip(str(active))
    assert tried[name].startswith("refused")


def test_nothing_happened_to_what_was_attempted(
    tried: dict[str, str], target: dict[str, object], active: Confinement
) -> None:
    if not active.is_complete:
        pytest.skip(str(active))
    database = Path(str(target["database"]))
    assert database.read_bytes() == b"SQLite format 3"
    assert [path.name for path in database.parent.iterdir()] == ["db.sqlite3"]
    assert not Path("/var/tmp/cass-escaped").exists()


def test_the_environment_of_a_child_holds_no_secret(box: Sandbox, tmp_path: Path, active: Confinement) -> None:
    said = ask(box, tmp_path, "say(json.dumps(dict(os.environ)))")
    assert set(json.loads(said)) <= {
        "PATH",
        "HOME",
        "TMPDIR",
        "LANG",
        "MALLOC_ARENA_MAX",
        "TESSDATA_PREFIX",
        "LC_CTYPE",
    }
    assert "secret" not in said


def test_a_child_has_a_network_of_its_own_where_it_may(box: Sandbox, active: Confinement) -> None:
    if not active.apart:
        pytest.skip("no namespaces for this user here")
    assert "an empty network of its own" in str(active)
    with contextlib.suppress(PermissionError):  # a child is closed to others of its user too: only root looks into it
        assert os.readlink(f"/proc/{box.pids[0]}/ns/net") != os.readlink("/proc/self/ns/net")


def test_a_child_holds_no_open_file_of_the_site(box: Sandbox, tmp_path: Path) -> None:
    with (tmp_path / "private").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        code = (
            "import stat\nfor number in range(256):\n  try: "
            "say(oct(stat.S_IFMT(os.fstat(number).st_mode)))\n  except OSError: pass"
        )
        with Sandbox() as other:
            said = ask(other, tmp_path, code)
    kinds = said.split()
    assert kinds.count(oct(0o010000)) <= 3  # pipes: answers, orders, outcomes
    assert kinds.count(oct(0o100000)) <= 4  # what it complains into, three times, and this text


def test_the_file_is_read_and_beside_it_is_nothing(box: Sandbox, tmp_path: Path) -> None:
    said = ask(
        box,
        tmp_path,
        "say(os.listdir(path.parent)); say(os.listdir()); open('mine', 'w').write('x'); say(open('mine').read())",
    )
    assert said.split("\n") == ["['file']", "[]", "x"]


def test_a_reader_finds_nothing_of_the_file_before(box: Sandbox, tmp_path: Path) -> None:
    leave = (
        "import builtins; builtins.kept = 'a secret of the first file'; os.makedirs('a/' * "
        "60); open('a/left', 'w').write('x')"
    )
    ask(box, tmp_path, leave)
    (pid,) = box.pids
    said = ask(
        box,
        tmp_path,
        "import builtins; say(hasattr(builtins, 'kept')); say(os.listdir()); say(os.listdir(path.parent))",
    )
    assert said.split("\n") == ["False", "[]", "['file']"]
    assert box.pids == [pid]


def test_folders_too_deep_to_name_are_taken_away(box: Sandbox, tmp_path: Path) -> None:
    ask(
        box,
        tmp_path,
        "for _ in range(1200): os.mkdir('d' * 100); os.chdir('d' * 100)\nopen('end', 'w'); os.mkdir('closed', 0)",
    )
    assert ask(box, tmp_path, "say(os.listdir(os.environ['HOME']))") == "[]"


def test_a_reader_that_says_it_is_done_does_not_stay(
    box: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "_END_SECONDS", 0.3)
    forged = """
import stat, time
for number in range(3, 20):
    try:
        if stat.S_ISFIFO(os.fstat(number).st_mode):
            os.write(number, struct.pack("<cI", b"D", 0))
    except OSError:
        pass
time.sleep(60)
"""
    with pytest.raises(TimedOut, match="did not end"):
        ask(box, tmp_path, forged)
    assert box.pids == []


def test_a_reader_names_no_type_that_is_not_known(box: Sandbox, tmp_path: Path) -> None:
    """A file goes out under the type that its reader said, so that is one of a list and nothing else."""
    forged = """
import stat
for number in range(3, 20):
    try:
        if stat.S_ISFIFO(os.fstat(number).st_mode):
            os.write(number, struct.pack("<cI", b"M", 24) + b"text/html; charset=utf-8")
    except OSError:
        pass
"""
    with pytest.raises(BrokenFile, match="nonsense"):
        ask(box, tmp_path, forged)


def test_a_reader_does_not_fill_the_disk_not_even_by_a_file_without_a_name(hijacked: None, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    fills = (
        "f = os.open('x', os.O_CREAT | os.O_RDWR); os.unlink('x'); os.posix_fallocate(f, 0, "
        "300_000_000); import time; time.sleep(9)"
    )
    least = shutil.disk_usage(scratch).free - 150_000_000
    with Sandbox(scratch=scratch, least_free_bytes=least) as other, pytest.raises(TimedOut, match="no room"):
        ask(other, tmp_path, fills)
    assert shutil.disk_usage(scratch).free > least
    assert list(scratch.iterdir()) == []


def test_a_disk_that_was_nearly_full_before_keeps_nobody_from_being_read(hijacked: None, tmp_path: Path) -> None:
    with Sandbox(scratch=tmp_path, least_free_bytes=1 << 60) as other:
        assert ask(other, tmp_path, "say('read')") == "read"


def test_a_reader_may_end_itself(hijacked: None, tmp_path: Path) -> None:
    with Sandbox() as other, pytest.raises(BrokenFile, match="SIGABRT"):
        ask(other, tmp_path, "os.abort()")


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="only x86-64 has calls of other processors")
@pytest.mark.parametrize(
    "code",
    [
        "libc.syscall(0x40000000 + 39)",
        "page = mmap.mmap(-1, 4096, prot=7); page.write(bytes([0xB8, 20, 0, 0, 0, 0xCD, 0x80, 0xC3]))\n"
        "ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()",
    ],
    ids=["x32", "32 bits"],
)
def test_calls_by_another_table_end_the_reader(hijacked: None, active: Confinement, tmp_path: Path, code: str) -> None:
    if not active.seccomp:
        pytest.skip(str(active))
    with Sandbox() as other, pytest.raises(BrokenFile, match=r"SIG(SYS|SEGV)"):
        ask(other, tmp_path, code)


# Programs that read for us.

SPY = """#!/usr/bin/python3
import json, os, socket, sys
target = json.loads({target!r})
found = {{}}
for name, attempt in json.loads({attempts!r}).items():
    try:
        exec(attempt)
        found[name] = "OPEN"
    except OSError as error:
        found[name] = "refused"
print(json.dumps(found))
"""
PROGRAM_ATTEMPTS = {
    "inet": "socket.socket(socket.AF_INET)",
    "inet6": "socket.socket(socket.AF_INET6)",
    "netlink": "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
    "messages": "socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)",
    "connecting": "socket.socket(socket.AF_UNIX).connect(target['listener'])",
    "site": "os.kill(target['pid'], 0)",
    "starter": "os.kill(os.getppid(), 0)",
    "database": "open(target['database'])",
    "environment": "open(f\"/proc/{target['pid']}/environ\")",
    "temporary": "open('/var/tmp/cass-escaped', 'w')",
    "session": "os.setsid()",
    "group": "os.setpgid(0, 0)",
}


def test_a_program_that_reads_for_us_reaches_nobody(
    active: Confinement, target: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not active.is_complete:
        pytest.skip(str(active))
    if not Path("/usr/bin/python3").exists():
        pytest.skip("no Python among the programs of the system")
    (tmp_path / "bin").mkdir()
    spy = tmp_path / "bin" / "soffice"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        listener.listen()
        said = json.dumps({**target, "listener": str(tmp_path / "socket")})
        spy.write_text(SPY.format(target=said, attempts=json.dumps(PROGRAM_ATTEMPTS)))
        spy.chmod(0o755)
        monkeypatch.setenv("PATH", f"{spy.parent}:/usr/bin:/bin")
        (tmp_path / "a.doc").write_bytes(
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 72 + "WordDocument".encode("utf-16-le").ljust(600, b"\0")
        )
        with Sandbox() as other, pytest.raises(BrokenFile, match="could not read it") as caught:
            other.read(tmp_path / "a.doc")
    assert "OPEN" not in caught.value.reason
    assert caught.value.reason.count("refused") > 5


class Counting(http.server.BaseHTTPRequestHandler):
    hits: list[str] = []

    def do_GET(self) -> None:
        self.hits.append(f"{self.command} {self.path}")
        self.send_error(404)

    do_HEAD = do_OPTIONS = do_GET

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def website() -> Iterator[SimpleNamespace]:
    """An address of this machine, and what was asked of it."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Counting)
    Counting.hits.clear()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield SimpleNamespace(address=f"http://127.0.0.1:{server.server_address[1]}", hits=Counting.hits)
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.skipif(
    PROGRAM is None, reason="LibreOffice is not on this machine: apt-get install libreoffice-writer-nogui"
)
def test_an_old_word_file_makes_the_server_fetch_nothing(
    tmp_path: Path, website: SimpleNamespace, active: Confinement
) -> None:
    if not active.seccomp:
        pytest.skip(str(active))
    picture = (
        f'<draw:frame svg:width="2cm" svg:height="2cm"><draw:image xlink:href="{website.address}/p.png"/></draw:frame>'
    )
    text = flat("text", f"<text:p>La garantie locative.{picture}</text:p>")
    text = text.replace(" office:version", ' xmlns:xlink="http://www.w3.org/1999/xlink" office:version')
    (tmp_path / "a.fodt").write_text(text, encoding="utf-8")
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    convert = [
        str(PROGRAM),
        profile,
        "--headless",
        "--convert-to",
        "doc:MS Word 97",
        "--outdir",
        str(tmp_path),
        str(tmp_path / "a.fodt"),
    ]
    subprocess.run(convert, check=True, capture_output=True, timeout=120)
    asked = re.search(rb"I.?N.?C.?L.?U.?D.?E.?P.?I.?C.?T.?U.?R.?E", (tmp_path / "a.doc").read_bytes())
    assert asked and website.hits, "LibreOffice left alone asks for the picture"
    website.hits.clear()

    with Sandbox(scratch=tmp_path / ("long" * 20)) as other:
        found = other.read(tmp_path / "a.doc")

    assert "La garantie locative" in found.pages[0].text
    assert website.hits == []


# The filter and the list, for the processors and kernels that are not here.


def answer(filter_: bytes, architecture: int, number: int, *arguments: int) -> int:
    """What the kernel would do: the filter's language, as far as it is used."""
    shown = struct.pack("=iIQ6Q", number, architecture, 0, *(list(arguments) + [0] * 6)[:6])
    lines = list(struct.iter_unpack("HBBI", filter_))
    place = accumulator = 0
    while True:
        code, if_true, if_false, value = lines[place]
        place += 1
        if code == 0x20:
            accumulator = struct.unpack_from("=I", shown, value)[0]
        elif code == 0x54:
            accumulator &= value
        elif code in (0x15, 0x35):
            place += if_true if (accumulator == value if code == 0x15 else accumulator >= value) else if_false
        else:
            assert code == 0x06
            return value


ALLOW, KILL, REFUSE, UNKNOWN = 0x7FFF0000, 0x80000000, 0x50001, 0x50026
PROCESSORS = [("x86_64", 0xC000003E), ("aarch64", 0xC00000B7)]


@pytest.mark.parametrize(("machine", "architecture"), PROCESSORS)
def test_the_filter_judges_calls_on_every_processor(machine: str, architecture: int) -> None:
    column = [name for name, _ in PROCESSORS].index(machine)
    own = 4711
    starter = confinement.filter_of(machine, confinement._STARTER)
    reader = confinement.filter_of(
        machine,
        [
            *confinement._NO_SOCKETS,
            *confinement._NO_PROCESSES,
            *confinement._NO_THREADS_NOR_PROGRAMS,
            *confinement._no_signals(own),
        ],
    )

    def of(filter_: bytes, name: str, *arguments: int) -> int:
        return answer(filter_, architecture, calls.NUMBERS[name][column], *arguments)

    assert {of(starter, name) for name in calls.NEVER if calls.NUMBERS[name][column] >= 0} == {REFUSE}
    assert of(starter, "socket", 1, 1 | 0o2000000) == ALLOW
    assert [
        of(starter, "socket", *asked) for asked in ((1, 2), (1, 5), (2, 1), (10, 1), (16, 3), (17, 3), (40, 1))
    ] == [REFUSE] * 7
    assert [of(starter, "clone", flags) for flags in (17, 0x10F00, 0x10000011, 0x40000000)] == [
        ALLOW,
        ALLOW,
        REFUSE,
        REFUSE,
    ]
    assert of(starter, "clone3") == of(starter, "openat2") == UNKNOWN
    assert [of(starter, "openat", 0, 0, flags) for flags in (0, 0o1000, 0o1001, 0o1002, 0o1003)] == [
        ALLOW,
        REFUSE,
        ALLOW,
        ALLOW,
        REFUSE,
    ]
    assert [of(starter, "fcntl", 0, command) for command in (1, 8, 10, 15)] == [ALLOW, REFUSE, REFUSE, REFUSE]
    assert [of(starter, "prlimit64", pid) for pid in (0, own)] == [ALLOW, REFUSE]
    assert of(reader, "socket", 1, 1) == of(reader, "clone", 0x10F00) == of(reader, "execve") == REFUSE
    for name in ("kill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"):
        assert [of(reader, name, pid) for pid in (own, own + 1, 0, 2**32 - 1)] == [ALLOW, REFUSE, REFUSE, REFUSE]
    assert answer(starter, architecture, calls.FIRST_UNKNOWN + 3) == UNKNOWN
    assert answer(starter, 0x40000003, 1) == KILL
    if machine == "x86_64":
        assert answer(starter, architecture, 0x40000000 + 1) == KILL


@pytest.mark.parametrize(
    ("column", "header"),
    [(0, "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), (1, "/usr/include/asm-generic/unistd.h")],
    ids=["x86_64", "aarch64"],
)
def test_the_numbers_of_calls_are_the_kernel_s(column: int, header: str) -> None:
    if not Path(header).exists():
        pytest.skip(f"no {header}: apt-get install linux-libc-dev")
    text = Path(header).read_text()
    said = {name: int(number) for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", text)}
    assert {name: said.get(name, -1) for name in calls.NUMBERS} == {
        name: numbers[column] for name, numbers in calls.NUMBERS.items()
    }


class OldKernel:
    """The calls of Landlock as a kernel of that version answers them."""

    def __init__(self, version: int) -> None:
        self.version, self.rules, self.attributes = version, [], b""

    def syscall(self, number: int, *arguments: object) -> int:
        if number == 444 and arguments[0] is None:
            return self.version
        if number == 444:
            self.attributes = bytes(arguments[0])  # type: ignore[arg-type]
            return os.open("/dev/null", os.O_RDONLY)
        if number == 445:
            self.rules.append(struct.unpack("=Qi", arguments[2])[0])  # type: ignore[arg-type]
        return 0


@pytest.mark.parametrize(
    ("version", "size", "files"),
    [(1, 8, 13), (2, 8, 14), (3, 8, 15), (4, 16, 15), (5, 16, 16), (6, 24, 16), (7, 24, 16)],
)
def test_landlock_is_asked_only_what_its_version_knows(tmp_path: Path, version: int, size: int, files: int) -> None:
    kernel = OldKernel(version)
    assert (
        confinement._limit_files(
            kernel, {"/usr": confinement._USE, "/dev/null": confinement._USE, str(tmp_path): confinement._WORK}
        )
        == version
    )  # type: ignore[arg-type]
    assert len(kernel.attributes) == size
    handled = struct.unpack_from("=Q", kernel.attributes)[0]
    assert handled == (1 << files) - 1
    assert kernel.rules and all(rule & ~handled == 0 for rule in kernel.rules)


def test_a_kernel_without_landlock_is_told() -> None:
    assert str(Confinement()) == "nothing is refused"
    assert str(Confinement(0, True, ("Landlock (Function not implemented)",))) == (
        "network, signals and other processes refused (seccomp); not active: Landlock (Function not implemented)"
    )
    assert (
        str(Confinement(2, True))
        == "network, signals and other processes refused (seccomp), files limited (Landlock 2)"
    )
    assert [Confinement(2, True).is_complete, Confinement(0, True).is_complete, Confinement(2, False).is_complete] == [
        True,
        False,
        False,
    ]


@pytest.fixture
def kernel_without_landlock(monkeypatch: pytest.MonkeyPatch) -> None:
    raising = "def none(*_):\n    raise OSError(38, 'Function not implemented')\n"
    absent = f"from search.extraction.confining import confinement\n{raising}"
    monkeypatch.setattr(
        sandbox,
        "_START",
        sandbox._START.replace("main(given=", f"{absent}confinement._limit_files = none\nmain(given="),
    )


def test_without_landlock_files_are_read_from_a_copy(kernel_without_landlock: None, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<html><body><p>Le logement</p></body></html>")
    with Sandbox() as other:
        assert other.read(tmp_path / "a.html").pages[0].text == "Le logement"
        (child,) = other._alive
        assert "not active: Landlock (Function not implemented)" in str(child.confinement)
        place = child._scratch.put(tmp_path / "a.html", by_name=child.confinement.is_complete)
        assert not place.samefile(tmp_path / "a.html")


def test_without_landlock_nothing_is_read_where_it_is_asked_for(kernel_without_landlock: None, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<html><body><p>Le logement</p></body></html>")
    with Sandbox(must_be_confined=True) as other, pytest.raises(Unconfined, match=r"not active: Landlock"):
        other.read(tmp_path / "a.html")


def test_what_is_active_is_known_without_reading_a_file(active: Confinement) -> None:
    assert sandbox.confinement_here() == active


# As nobody, where the tests are root's: what a machine allows root it may refuse to others, and the other way round.

PYTHON = "/usr/bin/python3"  # root's own Python may lie where nobody else reads
AS_NOBODY = [
    "setpriv",
    "--reuid=65534",
    "--regid=65534",
    "--clear-groups",
    "--bounding-set=-all",
    "--no-new-privs",
    "env",
    "-i",
    "PATH=/usr/bin:/bin",
]
needs_nobody = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("setpriv") or not Path(PYTHON).exists(),
    reason="not root, or without setpriv or a Python of the system",
)


def as_nobody(*command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*AS_NOBODY, f"TMPDIR={folder}", *command], capture_output=True, text=True, cwd="/", timeout=120, check=False
    )


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """A folder that nobody may write in, below folders that everybody may pass."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        os.chmod(folder, 0o777)
        yield Path(folder)


@needs_nobody
def test_an_ordinary_user_s_child_is_shut_in_too(active: Confinement, shared_folder: Path) -> None:
    told = as_nobody(PYTHON, "-I", "-c", sandbox._TRY, sandbox._PLACE, str(shared_folder), folder=shared_folder)
    if "search" in told.stderr:
        pytest.skip("the project lies where nobody may read it")
    found = json.loads(told.stdout)
    assert (found["landlock"], found["seccomp"]) == (active.landlock, active.seccomp)


@needs_nobody
def test_a_hidden_process_shows_its_environment_to_nobody_of_its_user(shared_folder: Path) -> None:
    code = "import ctypes, time; {}; print(flush=True); time.sleep(60)"
    seen = {}
    for name, step in (("open", "0"), ("hidden", "ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)")):
        with subprocess.Popen(
            [*AS_NOBODY, "SECRET=x", PYTHON, "-I", "-c", code.format(step)], stdout=subprocess.PIPE
        ) as process:
            assert process.stdout
            process.stdout.readline()
            seen[name] = as_nobody("cat", f"/proc/{process.pid}/environ", folder=shared_folder).returncode
            process.kill()
    assert seen["open"] == 0
    assert seen["hidden"] != 0


@pytest.mark.drill
@needs_nobody
@pytest.mark.skipif(
    PROGRAM is None, reason="LibreOffice is not on this machine: apt-get install libreoffice-writer-nogui"
)
def test_an_ordinary_user_reads_old_word_files(active: Confinement, shared_folder: Path) -> None:
    (shared_folder / "a.fodt").write_text(flat("text", "<text:p>La garantie locative.</text:p>"), encoding="utf-8")
    profile = f"-env:UserInstallation={(shared_folder / 'profile').as_uri()}"
    convert = [
        str(PROGRAM),
        profile,
        "--headless",
        "--convert-to",
        "doc:MS Word 97",
        "--outdir",
        str(shared_folder),
        str(shared_folder / "a.fodt"),
    ]
    subprocess.run(convert, check=True, capture_output=True, timeout=120)
    (shared_folder / "a.doc").chmod(0o644)
    subprocess.run([PYTHON, "-m", "venv", "--without-pip", str(shared_folder / "python")], check=True, timeout=60)
    packages = next((shared_folder / "python" / "lib").iterdir()) / "site-packages" / "ours.pth"
    packages.write_text("\n".join(place for place in sys.path if place.endswith("site-packages")))
    code = "import sys; sys.path.insert(0, sys.argv[1])\nfrom search.extraction import Sandbox\n"
    code += "with Sandbox() as box: print(box.read(sys.argv[2]).pages[0].text, next(iter(box._alive)).confinement)"
    python = str(shared_folder / "python" / "bin" / "python")
    told = as_nobody(
        python, "-c", code, str(Path(sandbox._PLACE).parent), str(shared_folder / "a.doc"), folder=shared_folder
    )
    if "No module named" in told.stderr:
        pytest.skip("the packages lie where nobody may read them, or are another Python's")
    assert "La garantie locative" in told.stdout, told.stderr
    assert f"(Landlock {active.landlock})" in told.stdout


def dumpable() -> int:
    return ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "start",
    [
        lambda: call_command("worker", "--until-empty", stdout=io.StringIO()),
        lambda: runpy.run_path("kb/wsgi.py"),
        lambda: runpy.run_path("gunicorn.conf.py")["on_starting"](None),
    ],
    ids=["worker", "web", "the first process of the web"],
)
def test_processes_of_the_site_are_closed_to_others(
    start: Callable[[], object], monkeypatch: pytest.MonkeyPatch, active: Confinement
) -> None:
    monkeypatch.chdir(Path(__file__).parents[4])
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
    assert dumpable() == 1
    try:
        start()
        assert dumpable() == 0
    finally:
        ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)


@pytest.mark.django_db
def test_the_worker_says_at_its_start_what_is_active(active: Confinement) -> None:
    said = io.StringIO()
    call_command("worker", "--until-empty", stdout=said)
    assert f"Reading files: {active}." in said.getvalue()


def test_a_folder_that_may_not_be_written_is_not_insisted_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    made = Scratch(tmp_path / "file" / "scratch")
    assert made.root.parent == Path(tempfile.gettempdir()).resolve()
    made.remove()


def test_what_a_killed_process_left_is_swept_away(tmp_path: Path) -> None:
    left, held = Scratch(tmp_path), Scratch(tmp_path)
    (left.given / "file").write_text("erased since")
    os.close(left._lock)  # as the kernel does when the process ends
    new = Scratch(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {held.root.name, new.root.name}
    new.remove()
    held.remove()
    assert not os.listdir(tmp_path)
