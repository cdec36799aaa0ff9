"""Reading strangers' files in child processes with limits, so that a hostile one costs its own reading and nothing
else.

   thread ──request──► child (python, warm: readers imported once)      one file at a time, many files per child
          ◄──frames──  pages as they are read, never pickled            killed with its session when it hangs, replaced when it dies
          ──the file─► its scratch folder, emptied afterwards           the child sees no other file
The child's side is `worker`; what a reading may cost is in `limits`, what it may reach in `confinement`.
"""  # noqa: E501

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import queue
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from search.extraction.child.scratch import Scratch
from search.extraction.confining.confinement import Confinement
from search.extraction.dates import iso_date
from search.extraction.errors import (
    BrokenFile,
    EncryptedFile,
    ExtractionError,
    TimedOut,
    TooLarge,
    Unconfined,
    Unsupported,
)
from search.extraction.limits import Facts, Limits
from search.extraction.pages import ExtractedPage, Extraction
from search.extraction.sniffing import MEDIA_TYPES

_HEADER = struct.Struct("<cI")
_LENGTH = struct.Struct("<I")
_FACT_LENGTH = 1000  # characters of what a file says of itself
_ERRORS = {error.state: error for error in (BrokenFile, EncryptedFile, TooLarge, Unsupported, TimedOut)}
# The package `search` is entered by a stand-in, so that the child loads its readers and nothing of the site.
_ENTER = """
import sys, types
package = types.ModuleType("search")
package.__path__ = [sys.argv[1]]
sys.modules["search"] = package
"""
_START = f"""{_ENTER}
from pathlib import Path
from search.extraction.child.worker import main
main(given=Path(sys.argv[2]), work=Path(sys.argv[3]), ended=int(sys.argv[4]))
"""
_TRY = f"""{_ENTER}
import dataclasses, json
from pathlib import Path
from search.extraction.confining.confinement import confine
print(json.dumps(dataclasses.asdict(confine(given=Path(sys.argv[2]), work=Path(sys.argv[2])))))
"""
_START_SECONDS = 60.0
_END_SECONDS = 10.0  # from "done" until everything of a file is gone
_LOOK_SECONDS = 0.2  # between two looks at what is free on the disk
_SMALL_BYTES = 64_000_000  # that a reading may take of a disk that is nearly full
_PLACE = str(Path(__file__).resolve().parents[2])


class Sandbox:
    """A pool of child processes; safe to use from several threads, each reading waits for a free child.

    children     at most, started when first needed.    files_a_child  after which it is replaced.
    scratch      the folder for the children's own ones, best on the file system of what is read; None: where temporary
                 files are.
    must_be_confined  raise Unconfined rather than read a file in a child that is not wholly shut in.
    least_free_bytes  of the disk of the scratch folder: a reading under way when less is free, and less by its time, is
                      ended.
    """

    def __init__(
        self,
        *,
        children: int = 1,
        files_a_child: int = 200,
        scratch: Path | None = None,
        must_be_confined: bool = False,
        least_free_bytes: int = 0,
    ) -> None:
        self._files_a_child = files_a_child
        self._must_be_confined = must_be_confined
        self._scratch = scratch
        self._least_free_bytes = least_free_bytes
        self._children = children
        self._places: queue.LifoQueue[_Child | None] = queue.LifoQueue()
        for _ in range(children):
            self._places.put(None)
        self._closed = False
        self._alive: set[_Child] = set()

    @property
    def pids(self) -> list[int]:
        """Process ids of the children that are there now, reading or waiting."""
        return sorted(child.pid for child in list(self._alive))

    def read(self, path: Path | str, media_type: str | None = None, *, limits: Limits | None = None) -> Extraction:
        """Everything a file says.

        Raises EncryptedFile, BrokenFile (also when its reader crashed), TooLarge, Unsupported, TimedOut, with its type.
        """
        pages: list[ExtractedPage] = []
        warnings: list[str] = []
        found, facts = media_type or "", Facts()
        try:
            for kind, item in self.stream(path, media_type, limits=limits):
                if isinstance(item, ExtractedPage):
                    pages.append(item)
                elif isinstance(item, Facts):
                    facts = item
                elif kind == "M":
                    found = item
                else:
                    warnings.append(item)
        except ExtractionError as error:
            error.media_type = found
            raise
        said = {
            "title": facts.title,
            "author": facts.author,
            "language": facts.language,
            "date": facts.date,
            "publisher": facts.publisher,
        }
        return Extraction(found, tuple(pages), facts.paged, tuple(warnings), **said)

    def read_many(
        self, paths: Iterable[Path | str], *, limits: Limits | None = None
    ) -> Iterator[tuple[Path, Extraction | ExtractionError, float]]:
        """Each path in order with what reading it gave or raised and the seconds it took;
        as many at once as there are children.
        """
        with ThreadPoolExecutor(self._children) as threads:
            waiting: list[Any] = []
            for path in paths:
                waiting.append(threads.submit(self._timed, Path(path), limits))
                if len(waiting) > 2 * self._children:
                    yield waiting.pop(0).result()
            for future in waiting:
                yield future.result()

    def _timed(self, path: Path, limits: Limits | None) -> tuple[Path, Extraction | ExtractionError, float]:
        started = time.monotonic()
        try:
            result: Extraction | ExtractionError = self.read(path, limits=limits)
        except ExtractionError as error:
            result = error
        return path, result, time.monotonic() - started

    def stream(
        self, path: Path | str, media_type: str | None = None, *, limits: Limits | None = None
    ) -> Iterator[tuple[str, Any]]:
        """("M", media type), ("F", Facts), ("P", ExtractedPage), ("W", warning) as they come; raises what `read`
        raises, perhaps after some pages.
        """
        limits = limits or Limits()
        request = {"do": "read", "media_type": media_type, "limits": asdict(limits)}
        for kind, payload in self._ask(Path(path), request, limits):
            yield kind, _DECODERS[kind](payload)

    def render_pages(
        self,
        path: Path | str,
        *,
        width_px: int = 1200,
        quality: int = 70,
        numbers: Iterable[int] | None = None,
        limits: Limits | None = None,
    ) -> Iterator[tuple[int, bytes]]:
        """Page number (from 1) and WebP image, one after the other; only the pages in numbers, if given.

        Raises what `read` raises.
        """
        limits = limits or Limits()
        wanted = None if numbers is None else list(numbers)
        request = {
            "do": "render",
            "numbers": wanted,
            "width_px": width_px,
            "quality": quality,
            "limits": asdict(limits),
        }
        for kind, payload in self._ask(Path(path), request, limits):
            if kind == "I":
                yield _LENGTH.unpack_from(payload)[0], payload[_LENGTH.size :]

    def close(self) -> None:
        """Ends the children; a reading that is under way in another thread ends its own."""
        self._closed = True
        with contextlib.suppress(queue.Empty):
            while True:
                child = self._places.get_nowait()
                if child is not None:
                    self._end(child)

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, path: Path, request: dict[str, Any], limits: Limits) -> Iterator[tuple[str, bytes]]:
        _look_at(path, limits)
        child = self._places.get()
        keep: _Child | None = None
        try:
            if child is not None and not child.is_alive():
                self._end(child)
                child = None
            if child is None:
                child = self._start()
                self._alive.add(child)
            if self._must_be_confined and not child.confinement.is_complete:
                raise Unconfined(f"files are not read here: {child.confinement}")
            yield from child.answers(path, request, limits)
            if child.files < self._files_a_child and not self._closed:
                keep = child
        except TimedOut:  # what its reader had started may still run
            raise
        except ExtractionError:
            if child is not None and child.idle and not self._closed:
                keep = child
            raise
        finally:
            if keep is not None and not keep.is_emptied():
                keep = None
            if keep is None and child is not None:
                self._end(child)
            self._places.put(keep)

    def _start(self) -> _Child:
        try:
            return _Child(self._scratch, self._least_free_bytes)
        except OSError as error:  # no room, no memory: the file is as it was
            raise TimedOut(f"the reading process could not be started: {error.strerror}") from error

    def _end(self, child: _Child) -> None:
        self._alive.discard(child)
        child.kill()


class _Child:
    """One child process, its scratch folder and its pipes."""

    def __init__(self, scratch: Path | None, least_free_bytes: int = 0) -> None:
        self.files = 0
        self.idle = True
        self._scratch = Scratch(scratch)
        self._least_free_bytes, self._free_before = least_free_bytes, 0
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the child
        self._ended, ended = os.pipe()
        places = [_PLACE, str(self._scratch.given), str(self._scratch.work)]
        known = {key: os.environ[key] for key in ("PATH", "TESSDATA_PREFIX") if key in os.environ}
        work = str(self._scratch.work)
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-I",
                "-X",
                "utf8",
                "-c",
                _START,
                *places,
                str(ended),
            ],  # -I: neither its folder nor the environment adds code
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            env={**known, "HOME": work, "TMPDIR": work, "LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "2"},
            start_new_session=True,
            pass_fds=[ended],
            cwd=work,
        )
        os.close(ended)
        assert self._process.stdin and self._process.stdout  # pipes, as asked above
        self._input, self._output = self._process.stdin, self._process.stdout
        self._buffer = bytearray()
        self._deadline = time.monotonic() + _START_SECONDS
        try:
            self.confinement = _confinement(self._frame(65536)[1])
        except ExtractionError:
            self.kill()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def answers(self, path: Path, request: dict[str, Any], limits: Limits) -> Iterator[tuple[str, bytes]]:
        """The frames of one file up to its end.

        Raises the file's error; `idle` is True after it if the child can go on.
        """
        given = self._scratch.put(path, by_name=self.confinement.is_complete)
        self._free_before = self._free_bytes()
        self.idle = False
        self.files += 1
        self._complaints.seek(0)
        self._complaints.truncate()
        self._deadline = time.monotonic() + limits.seconds
        longest = self._deadline + limits.ocr_seconds
        room = limits.output_bytes if request["do"] == "read" else 20 * limits.output_bytes
        packed = json.dumps({**request, "path": str(given)}).encode()
        try:
            self._input.write(_LENGTH.pack(len(packed)) + packed)
            self._input.flush()
        except OSError as error:
            raise BrokenFile("the reading process was gone") from error
        failure: ExtractionError | None = None
        while True:
            kind, payload = self._frame(room)
            room -= len(payload)
            if kind == "E":
                failure = failure or _error(payload)
            elif kind == "D":
                self._wait_for_the_end()
                self.idle = True
                if failure is not None:
                    raise failure
                return
            elif kind in "MFWPI":
                if kind == "P" and b'"ocr": true' in payload[:10_000_000]:
                    self._deadline = min(longest, self._deadline + limits.ocr_page_seconds)
                yield kind, payload
            else:
                raise BrokenFile("the reading process answered nonsense")

    def _wait_for_the_end(self) -> None:
        """Until the child says that its reader and all that was started for it is gone:
        a reader may say "done" and go on.
        """
        if not self._comes(self._ended, min(self._deadline, time.monotonic() + _END_SECONDS)):
            raise TimedOut("did not end")
        if not os.read(self._ended, 1):
            raise self._death()
        if self._buffer or select.select([self._output], [], [], 0)[0]:
            raise BrokenFile("the reading process answered nonsense")

    def is_emptied(self) -> bool:
        """Whether nothing of the file is left in the scratch folder."""
        try:
            self._scratch.empty()
        except OSError:
            return False
        return True

    def _frame(self, room: int) -> tuple[str, bytes]:
        kind, length = _HEADER.unpack(self._take(_HEADER.size))
        if length > (room if kind in b"PIFW" else 65536):
            raise TooLarge("gives more text than is kept of one file")
        return kind.decode("latin-1"), self._take(length)

    def _take(self, count: int) -> bytes:
        stream = self._output
        while len(self._buffer) < count:
            if not self._comes(stream, self._deadline):
                raise TimedOut("took too long")
            block = os.read(stream.fileno(), 1 << 18)
            if not block:
                raise self._death()
            self._buffer += block
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def _comes(self, stream: Any, until: float) -> bool:
        """Whether something can be read of it before that moment, `time.monotonic`'s. Raises TimedOut when the disk
        fills up meanwhile.

        What is free is looked at rather than what lies in the scratch folder: a file that was opened and deleted lies
        nowhere and fills the disk.
        """
        while (left := until - time.monotonic()) > 0:
            free = self._free_bytes()
            if free < self._least_free_bytes and self._free_before - free > _SMALL_BYTES:
                raise TimedOut("no room on the disk to read it")
            if select.select([stream], [], [], min(left, _LOOK_SECONDS))[0]:
                return True
        return False

    def _free_bytes(self) -> int:
        return shutil.disk_usage(self._scratch.root).free

    def _death(self) -> ExtractionError:
        """Why the child ended, in one sentence; the end of what it said on standard error is part of it."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        code = self._process.returncode
        if code in (-signal.SIGXCPU, -signal.SIGALRM):
            return TimedOut("took too much processor time")
        self._complaints.seek(0, os.SEEK_END)
        self._complaints.seek(max(0, self._complaints.tell() - 400))
        last = " ".join(self._complaints.read().decode("utf-8", "replace").split())
        how = (
            signal.Signals(-code).name if code is not None and -code in signal.valid_signals() else f"exit code {code}"
        )
        return BrokenFile(f"the reading process ended with {how}" + (f": {last[-200:]}" if last else ""))

    def kill(self) -> None:
        """Ends the child and whatever it started, in its process group (tesseract) or beside it (LibreOffice)."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        for pid in _session(self._process.pid):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()
        for stream in (self._input, self._output, self._complaints):
            with contextlib.suppress(OSError):
                stream.close()
        os.close(self._ended)
        self._scratch.remove()


def _look_at(path: Path, limits: Limits) -> None:
    """Raises BrokenFile for what is no file, TooLarge for one over the limit."""
    if not path.exists():
        raise BrokenFile("no such file")
    if not path.is_file():
        raise BrokenFile("not a file")
    if (size := path.stat().st_size) > limits.file_bytes:
        raise TooLarge(f"{size} bytes, more than {limits.file_bytes}")


def _confinement(payload: bytes) -> Confinement:
    table = _table(payload)
    missing = tuple(_sound(reason) for reason in table.get("missing", ()))
    return Confinement(int(table.get("landlock", 0)), table.get("seccomp") is True, missing, table.get("apart") is True)


def _session(leader: int) -> list[int]:
    """Processes of the session that a child leads; [] where there is no /proc."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            if int((folder / "stat").read_text().rpartition(")")[2].split()[3]) == leader:
                found.append(int(folder.name))
    return found


def _table(payload: bytes) -> dict[str, Any]:
    try:
        table = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise BrokenFile("the reading process answered nonsense") from error
    return table if isinstance(table, dict) else {}


def _error(payload: bytes) -> ExtractionError:
    table = _table(payload)
    return _ERRORS.get(str(table.get("state")), BrokenFile)(_sound(table.get("reason")))


def _sound(value: object) -> str:
    """A string that any database takes: no lone surrogates, no zero sign."""
    text = value if isinstance(value, str) else ""
    return text.encode("utf-8", "replace").decode().replace("\x00", "")


def _media_type(payload: bytes) -> str:
    media_type = payload.decode("utf-8", "replace")
    if media_type not in MEDIA_TYPES:
        raise BrokenFile("the reading process answered nonsense")
    return media_type


def _facts(payload: bytes) -> Facts:
    table = _table(payload)
    said = {name: _sound(table.get(name))[:_FACT_LENGTH] for name in ("title", "author", "language", "publisher")}
    return Facts(**said, date=iso_date(_sound(table.get("date"))), paged=table.get("paged") is True)


def _page(payload: bytes) -> ExtractedPage:
    try:
        size = _LENGTH.unpack_from(payload)[0]
        table = _table(payload[_LENGTH.size : _LENGTH.size + size])
        boxes = payload[_LENGTH.size + size :]
        number, width, height = int(table["number"]), float(table["width"]), float(table["height"])
    except (struct.error, KeyError, TypeError, ValueError, OverflowError) as error:
        raise BrokenFile("the reading process answered nonsense") from error
    if len(boxes) % 16:
        raise BrokenFile("the reading process answered nonsense")
    return ExtractedPage(
        number, _sound(table.get("text")), _sound(table.get("label")), boxes, width, height, table.get("ocr") is True
    )


_DECODERS = {
    "M": _media_type,
    "F": _facts,
    "W": lambda payload: _sound(payload.decode("utf-8", "replace")),
    "P": _page,
}


@dataclass
class _Settled:
    """What the sandboxes of this process share."""

    scratch: Path | None = None
    must_be_confined: bool = False
    least_free_bytes: int = 0


_settled = _Settled()
_shared: dict[int, Sandbox] = {}
_lock = threading.Lock()


def settle(*, scratch: Path, must_be_confined: bool, least_free_bytes: int) -> None:
    """For `shared_sandbox`, before its first use: see Sandbox."""
    _settled.scratch, _settled.must_be_confined, _settled.least_free_bytes = scratch, must_be_confined, least_free_bytes


def shared_sandbox() -> Sandbox:
    """The sandbox of this process, one child for each core but at most four; a forked process gets its own."""
    with _lock:
        if os.getpid() not in _shared:
            _shared.clear()
            children = min(4, os.cpu_count() or 1)
            _shared[os.getpid()] = Sandbox(
                children=children,
                scratch=_settled.scratch,
                must_be_confined=_settled.must_be_confined,
                least_free_bytes=_settled.least_free_bytes,
            )
            atexit.register(_shared[os.getpid()].close)
        return _shared[os.getpid()]


@functools.cache
def confinement_here() -> Confinement:
    """What is active in the children that this process starts, tried by a small one that reads nothing;
    a fifth of a second, once.
    """
    with tempfile.TemporaryDirectory(prefix="cass-try-") as folder:
        command = [sys.executable, "-I", "-X", "utf8", "-c", _TRY, _PLACE, folder]
        try:
            tried = subprocess.run(command, capture_output=True, env={}, cwd=folder, timeout=_START_SECONDS, check=True)
            return _confinement(tried.stdout)
        except (OSError, subprocess.SubprocessError, BrokenFile) as error:
            return Confinement(missing=(f"it could not be tried ({type(error).__name__})",))
