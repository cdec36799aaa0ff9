"""Where messages wait to be read: a file, an mbox, a maildir, a folder on an IMAP server. What they mean is in
`receiving`.

    messages() ─► (Waiting, bytes) one at a time ─► the caller writes down what it learnt and commits ─► done(waiting) ─► not met again
So what is killed in between is met again, and whoever reads notices what they know already. Never more than one message
is in memory.
"""  # noqa: E501

from __future__ import annotations

import imaplib
import os
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from django.utils.translation import gettext as _

from kb.clock.mail.parts import MAX_BYTES

TIMEOUT_S = 30
_BATCH = 200
_FROM_LINE = re.compile(rb"From \S")
_YEAR = re.compile(rb"\d{4}\s{0,20}$")


class MailboxError(Exception):
    """The mailbox cannot be read; its text is a sentence without a password."""


class Mailbox(Protocol):
    def messages(self) -> Iterator[tuple[str, bytes]]:
        """Names (of this mailbox alone) and messages that were not read before."""

    def done(self, name: str) -> None:
        """This one is not given again."""

    def close(self) -> None: ...


def open_mailbox(address: str) -> Mailbox:
    """address: imap+ssl://user:password@host:port/FOLDER, imap+tls://, imap://, or the path of a maildir or an mbox.

    Raises MailboxError.
    """
    if "://" in address:
        return ImapFolder(address)
    path = Path(address)
    if path.is_dir():
        return Maildir(path)
    if path.is_file():
        return Mbox(path)
    raise MailboxError(
        _("There is no mailbox at %(path)s: give the path of a maildir or an mbox, or imap+ssl://….")
        % {"path": address}
    )


def messages_of(path: Path) -> Iterator[tuple[int, bytes]]:
    """The messages of a file, an mbox or a maildir: (0, bytes) for the one message of a file, (1, …), (2, …) where
    there may be several. Raises OSError.
    """
    if path.is_dir():
        for number, name in enumerate(_files_of_maildir(path), 1):
            yield number, _start_of(name)
        return
    with path.open("rb") as file:
        head = file.readline(2000)
        if not file.seekable():  # a pipe is read once
            yield 0, (head + file.read(MAX_BYTES))[:MAX_BYTES]
            return
    several = _begins_message(head) and sum(1 for _ in zip(range(2), _spans_of_mbox(path), strict=False)) > 1
    if not several:
        yield 0, _start_of(path)
        return
    for number, (start, end) in enumerate(_spans_of_mbox(path), 1):
        yield number, _cut_out(path, start, end)


class Maildir:
    """Messages in new/ and cur/; what is done is in cur/ with the mark S (seen), as mail programs leave it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not any((path / name).is_dir() for name in ("new", "cur")):
            raise MailboxError(
                _("%(path)s is a folder, but not a maildir: it has neither new nor cur.") % {"path": path}
            )

    def messages(self) -> Iterator[tuple[str, bytes]]:
        for file in _files_of_maildir(self.path):
            if "S" not in _marks(file):
                with suppress(FileNotFoundError):  # another reader moved it
                    yield str(file.relative_to(self.path)), _start_of(file)

    def done(self, name: str) -> None:
        file = self.path / name
        unmarked = file.name.partition(":2,")[0]
        marks = "".join(sorted({*_marks(file), "S"}))
        (self.path / "cur").mkdir(exist_ok=True)
        with suppress(FileNotFoundError):
            file.rename(self.path / "cur" / f"{unmarked}:2,{marks}")

    def close(self) -> None: ...


class Mbox:
    """A file to which a mail server appends.

    How far it was read stands beside it, in <name>.read; the file itself is never changed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.mark = path.with_name(f"{path.name}.read")
        self._ends: dict[str, int] = {}

    def messages(self) -> Iterator[tuple[str, bytes]]:
        read = self._read_until()
        for start, end in _spans_of_mbox(self.path, begin=read):
            self._ends[str(start)] = end
            yield str(start), _cut_out(self.path, start, end)

    def done(self, name: str) -> None:
        """Messages are done in their order."""
        beside = self.mark.with_name(f"{self.mark.name}.tmp")
        beside.write_text(str(self._ends.pop(name)))
        beside.replace(self.mark)

    def close(self) -> None: ...

    def _read_until(self) -> int:
        """0 where nothing was read, or the file was begun anew since: a message no longer ends where we stopped."""
        try:
            position = int(self.mark.read_text())
        except (OSError, ValueError):
            return 0
        with self.path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(min(position, size))
            follows = file.read(5)
        return position if position == size or (position < size and follows == b"From ") else 0


class ImapFolder:
    """A folder of an IMAP server. What is done carries the mark Seen; messages stay where they are.

    Raises MailboxError with a sentence.
    """

    def __init__(self, address: str) -> None:
        self.folder, self._server = _log_in(address)
        self._answer("SELECT", self._server.select, _quoted(self.folder), False)

    def messages(self) -> Iterator[tuple[str, bytes]]:
        last = 0
        while True:
            found = self._answer("SEARCH", self._server.uid, "SEARCH", None, "UID", f"{last + 1}:*", "UNSEEN")
            numbers = sorted(
                number for number in map(int, b" ".join(each or b"" for each in found).split()) if number > last
            )[:_BATCH]
            if not numbers:
                return
            for number in numbers:
                content = self._fetched(number)
                if content is not None:
                    yield str(number), content
            last = numbers[-1]

    def done(self, name: str) -> None:
        self._answer("STORE", self._server.uid, "STORE", name, "+FLAGS.SILENT", r"(\Seen)")

    def close(self) -> None:
        with suppress(imaplib.IMAP4.error, OSError):
            self._server.logout()

    def _fetched(self, number: int) -> bytes | None:
        """PEEK leaves it unseen; never more than the limit is brought over. None when it is gone meanwhile."""
        parts = self._answer("FETCH", self._server.uid, "FETCH", str(number), f"(BODY.PEEK[]<0.{MAX_BYTES}>)")
        return next((part[1] for part in parts if isinstance(part, tuple)), None)

    def _answer(self, what: str, ask, *given) -> list:
        try:
            state, data = ask(*given)
        except (imaplib.IMAP4.error, OSError, UnicodeError) as error:
            raise MailboxError(
                _("The mail server broke off (%(what)s): %(said)s") % {"what": what, "said": _said(error)}
            ) from None
        if state != "OK":
            if what == "SELECT":
                raise MailboxError(
                    _("The mail server has no folder “%(folder)s” for this account.") % {"folder": self.folder}
                )
            raise MailboxError(_("The mail server refused (%(what)s).") % {"what": what})
        return data


def _log_in(address: str) -> tuple[str, imaplib.IMAP4]:
    parts = urlsplit(address)
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if parts.scheme not in ("imap", "imap+ssl", "imap+tls", "imaps") or not host or not parts.username:
        raise MailboxError(_("The address of the mailbox is imap+ssl://user:password@host/FOLDER."))
    context = ssl.create_default_context()
    try:
        if parts.scheme in ("imap+ssl", "imaps"):
            server: imaplib.IMAP4 = imaplib.IMAP4_SSL(host, port or 993, ssl_context=context, timeout=TIMEOUT_S)
        else:
            server = imaplib.IMAP4(host, port or 143, timeout=TIMEOUT_S)
            if parts.scheme == "imap+tls":
                server.starttls(context)
    except socket.gaierror:
        raise MailboxError(_("There is no mail server called %(host)s.") % {"host": host}) from None
    except (imaplib.IMAP4.error, OSError) as error:
        raise MailboxError(
            _("The mail server %(host)s does not answer: %(said)s") % {"host": host, "said": _said(error)}
        ) from None
    try:
        server.login(unquote(parts.username), unquote(parts.password or ""))
    except (imaplib.IMAP4.error, OSError, UnicodeError):
        with suppress(imaplib.IMAP4.error, OSError):
            server.shutdown()
        raise MailboxError(
            _("The mail server %(host)s refuses the user name or the password.") % {"host": host}
        ) from None
    return unquote(parts.path.strip("/")) or "INBOX", server


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def _quoted(folder: str) -> str:
    return '"' + re.sub(r"[\r\n\0]", "", folder).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _files_of_maildir(path: Path) -> list[Path]:
    """Files of new/ and cur/, the oldest first; of another folder, its own files."""
    folders = [path / name for name in ("new", "cur") if (path / name).is_dir()] or [path]
    return sorted(
        (file for folder in folders for file in folder.iterdir() if file.is_file() and not file.name.startswith(".")),
        key=lambda file: file.name,
    )


def _marks(file: Path) -> str:
    return file.name.partition(":2,")[2]


def _start_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_BYTES)


def _cut_out(path: Path, start: int, end: int) -> bytes:
    """One message of an mbox, without its first line and the > that keeps a line "From " from beginning another."""
    with path.open("rb") as file:
        file.seek(start)
        content = file.read(min(end - start, MAX_BYTES))
    return re.sub(rb"(?m)^>(>*From )", rb"\1", content.partition(b"\n")[2])


def _begins_message(line: bytes) -> bool:
    """ "From … year".

    In two steps: one pattern for both tries every pair of places, for minutes, in a long line that a stranger wrote.
    """
    return _FROM_LINE.match(line) is not None and _YEAR.search(line, max(0, len(line) - 40)) is not None


def _spans_of_mbox(path: Path, *, begin: int = 0) -> Iterator[tuple[int, int]]:
    """Where each message begins and ends, in bytes: at a line "From … year" that stands first or after an empty one."""
    with path.open("rb") as file:
        file.seek(begin)
        position = start = begin
        empty = True
        while line := file.readline(65536):
            if empty and position > start and _begins_message(line):
                yield start, position
                start = position
            empty = not line.strip()
            position += len(line)
        if position > start:
            yield start, position
