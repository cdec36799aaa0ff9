"""What a process that meets strangers' files gives up of itself, for good: files, network, signals, other processes,
capabilities.

Linux alone, by the C library: Landlock for paths (kernel 5.13 and newer), seccomp for calls, for x86-64 and aarch64.
Who gives up what, and in which order, is in `worker`; what a reading may cost is in `limits`.

    starter   confine()            Landlock, no capabilities, calls that nobody here needs; may start programs, holds no
                                   stranger's bytes
    reader    confine_reader()     besides: no socket, no new process, no program, no signal to anybody else
    program   confine_program()    besides: no signal to anybody else, no process of its own; no socket unless it is
                                   LibreOffice, whose
                                   sockets reach nobody
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from search.extraction.confining.calls import FIRST_UNKNOWN, NEVER, NUMBERS

# By the processor: what the kernel calls it (AUDIT_ARCH_…), and its column in the tables of `calls`.
_PROCESSORS = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
_X32_CALLS = 0x40000000

_AF_UNIX, _SOCK_STREAM, _SOCKET_KINDS = 1, 1, 0xF
_CLONE_THREAD, _CLONE_NAMESPACES = 0x00010000, 0x7E020000
_CLONE_NEWIPC, _CLONE_NEWUSER, _CLONE_NEWNET = 0x08000000, 0x10000000, 0x40000000
_O_ACCMODE, _O_TRUNC = 0o3, 0o1000
_WHO_IS_SIGNALLED = (8, 10, 15)  # F_SETOWN, F_SETSIG, F_SETOWN_EX: a file that is ready signals its owner
# FIOSETOWN, SIOCSPGRP (the same), TIOCSTI, TIOCLINUX (typing into a terminal), FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR,
# FS_IOC_ENABLE_VERITY.
_DEVICE_CALLS = (0x8901, 0x8902, 0x5412, 0x541C, 0x40086602, 0x401C5820, 0x40806685)


@dataclass(frozen=True, slots=True)
class _Refusal:
    """A call that is refused: always, or when its argument (from 0), masked, is among `values`, or (`unless`)
    is not among them.
    """

    call: str
    argument: int = -1
    values: tuple[int, ...] = ()
    mask: int = 0xFFFFFFFF
    unless: bool = False
    error: int = errno.EPERM


_STARTER = [
    *(_Refusal(call) for call in NEVER),
    # LibreOffice listens on a socket of its own in the scratch folder. Of a stream that may not connect, nothing
    # leaves.
    _Refusal("socket", 0, (_AF_UNIX,), unless=True),
    _Refusal("socket", 1, (_SOCK_STREAM,), mask=_SOCKET_KINDS, unless=True),
    _Refusal("clone", 0, (0,), mask=_CLONE_NAMESPACES, unless=True),
    _Refusal(
        "clone3", error=errno.ENOSYS
    ),  # its flags lie in memory, where a filter does not look; the C library then calls clone
    _Refusal("openat2", error=errno.ENOSYS),
    # Open for reading, yet emptied: before its version 3 Landlock takes it for reading.
    _Refusal("open", 1, (_O_TRUNC, _O_TRUNC | _O_ACCMODE), mask=_O_TRUNC | _O_ACCMODE),
    _Refusal("openat", 2, (_O_TRUNC, _O_TRUNC | _O_ACCMODE), mask=_O_TRUNC | _O_ACCMODE),
    _Refusal("fcntl", 1, _WHO_IS_SIGNALLED),
    _Refusal("ioctl", 1, _DEVICE_CALLS),
    *(
        _Refusal(call, 0, (0,), unless=True)
        for call in ("prlimit64", "sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler")
    ),
    *(_Refusal(call, argument, (0,), unless=True) for call in ("setpriority",) for argument in (0, 1)),
    *(_Refusal("ioprio_set", argument, (value,), unless=True) for argument, value in ((0, 1), (1, 0))),
]
_NO_SOCKETS = [_Refusal("socket")]
_NO_PROCESSES = [_Refusal("fork"), _Refusal("vfork"), _Refusal("clone", 0, (0,), mask=_CLONE_THREAD)]
_NO_THREADS_NOR_PROGRAMS = [_Refusal("clone"), _Refusal("execve"), _Refusal("execveat")]
_W_OK = 2
# LibreOffice asks whether /tmp may be written, and takes another place for its socket (OSL_SOCKET_PATH) only if not:
# Landlock refuses the writing, but this question is not asked of Landlock. No other file is asked about in that manner
# when it converts.
_NOTHING_IS_WRITABLE = [
    _Refusal(call, argument, (_W_OK,), mask=_W_OK, error=errno.EACCES)
    for call, argument in (("access", 1), ("faccessat", 2), ("faccessat2", 2))
]

# Landlock: rights over files, by the version that knows them.
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _REMOVE_DIR, _REMOVE_FILE = (1 << bit for bit in range(6))
_MAKE_DIR, _MAKE_REG, _MAKE_SOCK = 1 << 7, 1 << 8, 1 << 9
_ALL_OF_VERSION_1 = (1 << 13) - 1
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_SINCE = {2: _REFER, 3: _TRUNCATE, 5: _IOCTL_DEV}
_NETWORK = 0b11  # bind and connect by TCP, since version 4
_SCOPES = 0b11  # sockets without a path, signals, since version 6
_LOOK = _READ_FILE | _READ_DIR
_USE = _LOOK | _EXECUTE
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
# What programs and libraries stand on. Not /proc (it shows other processes), not /etc but for how libraries and fonts
# are found, no home.
_SYSTEM = {
    "/usr": _USE,
    "/lib": _USE,
    "/lib64": _USE,
    "/bin": _USE,
    "/etc/ld.so.cache": _READ_FILE,
    "/etc/fonts": _LOOK,
    "/etc/libreoffice": _LOOK,
    "/var/lib/libreoffice": _LOOK,
    "/var/spool/libreoffice": _LOOK,
    "/etc/localtime": _READ_FILE,
    "/var/cache/fontconfig": _LOOK,
    "/dev/null": _READ_FILE | _WRITE_FILE,
    "/dev/zero": _READ_FILE,
    "/dev/urandom": _READ_FILE,
}
_WORK = _LOOK | _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _MAKE_SOCK | _TRUNCATE

_PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_SET_PDEATHSIG = 4, 22, 24, 38, 1
_SECCOMP_MODE_FILTER = 2
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_CAPABILITIES_VERSION_3 = 0x20080522


@dataclass(frozen=True, slots=True)
class Confinement:
    """What is active in a process: Landlock's version (0: none), seccomp; why what is missing is missing, in English.

    apart: it has a network of its own, with nothing in it. A second wall, that not every machine allows: nothing is
    missing without it.
    """

    landlock: int = 0
    seccomp: bool = False
    missing: tuple[str, ...] = ()
    apart: bool = False

    @property
    def is_complete(self) -> bool:
        return bool(self.landlock and self.seccomp)

    def __str__(self) -> str:
        files = f"files limited (Landlock {self.landlock})" if self.landlock else ""
        calls = "network, signals and other processes refused (seccomp)" if self.seccomp else ""
        apart = "an empty network of its own" if self.apart else ""
        active = ", ".join(part for part in (calls, files, apart) if part) or "nothing is refused"
        return active + (f"; not active: {', '.join(self.missing)}" if self.missing else "")


def hide_process() -> None:
    """Environment, memory and open files of this process are closed to other processes of its user (/proc, ptrace); no
    core is written.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def die_with_parent() -> None:
    """This process is killed when the one that started it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, 9, 0, 0, 0)


def confine(*, work: Path, given: Path, programs: Iterable[Path] = ()) -> Confinement:
    """Gives up all files but the system's, Python's, those of `programs` (folders), `given` (to read) and `work` (to
    write); and see above.

    Takes what the kernel has and says what it has not; raises nothing for that.
    """
    if sys.platform != "linux":
        return Confinement(missing=(f"{sys.platform} has neither Landlock nor seccomp",))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    missing: list[str] = []
    landlock, seccomp = 0, False
    apart = _take_an_empty_network(libc)
    packages = [Path(place) for place in sys.path if Path(place).name in ("site-packages", "dist-packages")]
    python = (Path(sys.prefix), Path(sys.base_prefix), Path(__file__).resolve().parents[2], *packages)
    rights = {**_SYSTEM, **{str(place): _USE for place in (*python, *programs)}, str(given): _LOOK, str(work): _WORK}
    try:
        landlock = _limit_files(libc, rights)
    except OSError as error:
        missing.append(f"Landlock ({error.strerror})")
    _drop_capabilities(libc)
    try:
        _refuse(libc, _STARTER)
        seccomp = True
    except OSError as error:
        missing.append(f"seccomp ({error.strerror})")
    return Confinement(landlock, seccomp, tuple(missing), apart)


def _take_an_empty_network(libc: ctypes.CDLL) -> bool:
    """Enters new namespaces of the network and of shared memory; a process that is not root needs one of users too, in
    which it keeps its user id. False where the system refuses.
    """
    user, group = os.geteuid(), os.getegid()
    if not user and not libc.unshare(_CLONE_NEWNET | _CLONE_NEWIPC):
        return True
    if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET | _CLONE_NEWIPC):
        return False
    for file, line in (("uid_map", f"{user} {user} 1"), ("setgroups", "deny"), ("gid_map", f"{group} {group} 1")):
        with contextlib.suppress(OSError):  # then he has no name in it, and his files are his all the same
            Path("/proc/self", file).write_text(line)
    return True


def confine_reader() -> None:
    """Gives up sockets, new processes and threads, signals to others.

    After `confine`, in the process that reads; needs seccomp.
    """
    _refuse(
        ctypes.CDLL(None, use_errno=True),
        [*_NO_SOCKETS, *_NO_PROCESSES, *_NO_THREADS_NOR_PROGRAMS, *_no_signals(os.getpid())],
    )


def confine_program(*, sockets: bool, processes: bool) -> None:
    """Gives up signals to others, and the sockets and new processes that it does not need.

    Between fork and exec; needs seccomp.
    """
    given_up = [*(_NOTHING_IS_WRITABLE if sockets else _NO_SOCKETS), *([] if processes else _NO_PROCESSES)]
    _refuse(ctypes.CDLL(None, use_errno=True), [_Refusal("setpgid"), *given_up, *_no_signals(os.getpid())])


def _no_signals(own: int) -> list[_Refusal]:
    """abort() and raise() send to their own process, which is allowed."""
    allowed = [
        _Refusal(call, 0, (own,), unless=True) for call in ("kill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo")
    ]
    return [_Refusal("tkill"), *allowed]


def _limit_files(libc: ctypes.CDLL, rights: dict[str, int]) -> int:
    """Landlock's version here. Raises OSError where the kernel has none or it is switched off."""
    version = int(libc.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), 1))
    if version < 1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    known = _ALL_OF_VERSION_1
    for since, right in _SINCE.items():
        known |= right if version >= since else 0
    attributes = struct.pack("=QQQ", known, _NETWORK, _SCOPES)[: 24 if version >= 6 else 16 if version >= 4 else 8]
    ruleset = _done(libc.syscall(_LANDLOCK_CREATE, attributes, ctypes.c_size_t(len(attributes)), 0))
    try:
        for place, right in rights.items():
            try:
                opened = os.open(place, os.O_PATH | os.O_CLOEXEC)
            except OSError:  # not on this machine
                continue
            try:
                allowed = right & known if os.path.isdir(place) else right & known & _OF_FILES
                _done(libc.syscall(_LANDLOCK_ADD, ruleset, 1, struct.pack("=Qi", allowed, opened), 0))
            finally:
                os.close(opened)
        _done(libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0))
    finally:
        os.close(ruleset)
    return version


def _drop_capabilities(libc: ctypes.CDLL) -> None:
    """Root without root's powers; nothing where there were none."""
    for capability in range(64):
        if libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0):
            break
    libc.capset(struct.pack("=Ii", _CAPABILITIES_VERSION_3, 0), bytes(24))


def _refuse(libc: ctypes.CDLL, refusals: Sequence[_Refusal]) -> None:
    """Sets a filter over this process and all it starts.

    Raises OSError where the kernel or the processor has none that is known here.
    """
    machine = platform.machine()
    if machine not in _PROCESSORS or struct.calcsize("P") != 8:
        raise OSError(errno.ENOSYS, f"the calls of {machine} are not known")
    filter_ = filter_of(machine, refusals)
    kept = ctypes.create_string_buffer(filter_, len(filter_))
    _done(
        libc.prctl(
            _PR_SET_SECCOMP,
            _SECCOMP_MODE_FILTER,
            struct.pack("HxxxxxxP", len(filter_) // 8, ctypes.addressof(kept)),
            0,
            0,
        )
    )


_LOAD, _AND, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
_KILL, _ALLOW, _ERROR = 0x80000000, 0x7FFF0000, 0x00050000
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # where they lie in what the kernel shows a filter


def filter_of(machine: str, refusals: Sequence[_Refusal]) -> bytes:
    """The filter in the kernel's language (classic BPF) for that processor, eight bytes an instruction."""
    architecture, column = _PROCESSORS[machine]
    lines = [(_LOAD, 0, 0, _ARCHITECTURE), (_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, _NUMBER)]
    if machine == "x86_64":
        lines += [(_AT_LEAST, 0, 1, _X32_CALLS), (_RETURN, 0, 0, _KILL)]
    # Newer calls are answered as an older kernel would: libraries then go another way.
    lines += [(_AT_LEAST, 0, 1, FIRST_UNKNOWN), (_RETURN, 0, 0, _ERROR | errno.ENOSYS)]
    for refusal in refusals:
        number = NUMBERS[refusal.call][column]
        if number >= 0:
            body = _judge(refusal)
            lines += [(_EQUAL, 0, len(body), number), *body]
    lines.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("HBBI", *line) for line in lines)


def _judge(refusal: _Refusal) -> list[tuple[int, int, int, int]]:
    """The instructions for a call that is the one meant; what they do not refuse goes on to the next refusal with its
    number loaded.

    Of an argument the lower half counts: all that are looked at are 32 bits wide to the kernel too.
    """
    refuse = (_RETURN, 0, 0, _ERROR | refusal.error)
    if refusal.argument < 0:
        return [refuse]
    again = (_LOAD, 0, 0, _NUMBER)
    count = len(refusal.values)
    load = [(_LOAD, 0, 0, _ARGUMENTS + 8 * refusal.argument), (_AND, 0, 0, refusal.mask)]
    if refusal.unless:  # found: over the refusal
        found = [(_EQUAL, count - index, 0, value) for index, value in enumerate(refusal.values)]
        return [*load, *found, refuse, again]
    found = [
        (_EQUAL, count - index - 1, count - index if index + 1 == count else 0, value)
        for index, value in enumerate(refusal.values)
    ]
    return [*load, *found, refuse, again]


def _done(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
