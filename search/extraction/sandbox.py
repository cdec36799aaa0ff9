"""Reading strangers' files in child processes with limits, so that a hostile one costs its own reading and nothing else.

   thread ──request──► child (python, warm: readers imported once)      one file at a time, many files a child
          ◄──frames──  pages as they are read, never pickled            killed with its process group when it hangs, replaced when it dies
The child's side is `worker`; what a reading may cost is in `limits`.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import queue
import select
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from search.extraction.dates import iso_date
from search.extraction.errors import BrokenFile, EncryptedFile, ExtractionError, TimedOut, TooLarge, Unsupported
from search.extraction.limits import Facts, Limits
from search.extraction.pages import ExtractedPage, Extraction

_HEADER = struct.Struct("<cI")
_LENGTH = struct.Struct("<I")
_FACT_LENGTH = 1000  # characters of what a file says of itself
_ERRORS = {error.state: error for error in (BrokenFile, EncryptedFile, TooLarge, Unsupported, TimedOut)}
# The package `search` is entered by a stand-in, so that the child loads its readers and nothing of the site.
_START = """
import sys, types
package = types.ModuleType("search")
package.__path__ = [sys.argv[1]]
sys.modules["search"] = package
from search.extraction.worker import main
main()
"""
_START_SECONDS = 60.0
_PLACE = str(Path(__file__).resolve().parent.parent)


class Sandbox:
    """A pool of child processes; safe to use from several threads, each reading waits for a free child.

    children     at most, started when first needed.    files_a_child  after which it is replaced.
    peak_kb      memory after which it is replaced, so that one large file does not stay in memory.
    """

    def __init__(self, *, children: int = 1, files_a_child: int = 200, peak_kb: int = 400_000) -> None:
        self._files_a_child = files_a_child
        self._peak_kb = peak_kb
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
        """Everything a file says. Raises EncryptedFile, BrokenFile (also when its reader crashed), TooLarge, Unsupported, TimedOut."""
        pages: list[ExtractedPage] = []
        warnings: list[str] = []
        found, facts = media_type or "", Facts()
        for kind, item in self.stream(path, media_type, limits=limits):
            if isinstance(item, ExtractedPage):
                pages.append(item)
            elif isinstance(item, Facts):
                facts = item
            elif kind == "M":
                found = item
            else:
                warnings.append(item)
        said = {"title": facts.title, "author": facts.author, "language": facts.language, "date": facts.date, "publisher": facts.publisher}
        return Extraction(found, tuple(pages), facts.paged, tuple(warnings), **said)

    def read_many(self, paths: Iterable[Path | str], *, limits: Limits | None = None) -> Iterator[tuple[Path, Extraction | ExtractionError, float]]:
        """Each path in order with what reading it gave or raised and the seconds it took; as many at once as there are children."""
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

    def stream(self, path: Path | str, media_type: str | None = None, *, limits: Limits | None = None) -> Iterator[tuple[str, Any]]:
        """("M", media type), ("F", Facts), ("P", ExtractedPage), ("W", warning) as they come; raises what `read` raises, perhaps after some pages."""
        limits = limits or Limits()
        request = {"do": "read", "path": str(Path(path).absolute()), "media_type": media_type, "limits": asdict(limits)}
        for kind, payload in self._ask(request, limits):
            yield kind, _DECODERS[kind](payload)

    def render_pages(
        self, path: Path | str, *, width_px: int = 1200, quality: int = 70, numbers: Iterable[int] | None = None, limits: Limits | None = None
    ) -> Iterator[tuple[int, bytes]]:
        """Page number (from 1) and WebP image, one after the other; only the pages in numbers, if given. Raises what `read` raises."""
        limits = limits or Limits()
        wanted = None if numbers is None else list(numbers)
        request = {
            "do": "render",
            "path": str(Path(path).absolute()),
            "numbers": wanted,
            "width_px": width_px,
            "quality": quality,
            "limits": asdict(limits),
        }
        for kind, payload in self._ask(request, limits):
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

    def _ask(self, request: dict[str, Any], limits: Limits) -> Iterator[tuple[str, bytes]]:
        if not Path(request["path"]).exists():
            raise BrokenFile("no such file")
        child = self._places.get()
        keep: _Child | None = None
        try:
            if child is not None and not child.is_alive():
                self._end(child)
                child = None
            if child is None:
                child = _Child()
                self._alive.add(child)
            yield from child.answers(request, limits)
            if child.files < self._files_a_child and child.peak_kb < self._peak_kb and not self._closed:
                keep = child
        except ExtractionError:
            if child is not None and child.idle and not self._closed:
                keep = child
            raise
        finally:
            if keep is None and child is not None:
                self._end(child)
            self._places.put(keep)

    def _end(self, child: _Child) -> None:
        self._alive.discard(child)
        child.kill()


class _Child:
    """One child process and its two pipes."""

    def __init__(self) -> None:
        self.files = 0
        self.peak_kb = 0
        self.idle = True
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the child
        environment = {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV", "TESSDATA_PREFIX") if key in os.environ}
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START, _PLACE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            env={**environment, "PYTHONUTF8": "1", "MALLOC_ARENA_MAX": "2"},
            start_new_session=True,
            cwd="/",
        )
        assert self._process.stdin and self._process.stdout  # pipes, as asked above
        self._input, self._output = self._process.stdin, self._process.stdout
        self._buffer = bytearray()
        self._deadline = time.monotonic() + _START_SECONDS
        try:
            self._frame(1024)
        except ExtractionError:
            self.kill()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def answers(self, request: dict[str, Any], limits: Limits) -> Iterator[tuple[str, bytes]]:
        """The frames of one file up to its end. Raises the file's error; `idle` is True after it if the child can go on."""
        self.idle = False
        self.files += 1
        self._complaints.seek(0)
        self._complaints.truncate()
        self._deadline = time.monotonic() + limits.seconds
        longest = self._deadline + limits.ocr_seconds
        room = limits.output_bytes if request["do"] == "read" else 20 * limits.output_bytes
        packed = json.dumps(request).encode()
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
                self.peak_kb = int(_table(payload).get("peak_kb", 0))
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

    def _frame(self, room: int) -> tuple[str, bytes]:
        kind, length = _HEADER.unpack(self._take(_HEADER.size))
        if length > (room if kind in b"PIFW" else 65536):
            raise TooLarge("gives more text than is kept of one file")
        return kind.decode("latin-1"), self._take(length)

    def _take(self, count: int) -> bytes:
        stream = self._output
        while len(self._buffer) < count:
            left = self._deadline - time.monotonic()
            if left <= 0 or not select.select([stream], [], [], left)[0]:
                raise TimedOut("took too long")
            block = os.read(stream.fileno(), 1 << 18)
            if not block:
                raise self._death()
            self._buffer += block
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

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
        how = signal.Signals(-code).name if code is not None and -code in signal.valid_signals() else f"exit code {code}"
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
    return ExtractedPage(number, _sound(table.get("text")), _sound(table.get("label")), boxes, width, height, table.get("ocr") is True)


_DECODERS = {
    "M": lambda payload: payload.decode("utf-8", "replace"),
    "F": _facts,
    "W": lambda payload: _sound(payload.decode("utf-8", "replace")),
    "P": _page,
}

_shared: dict[int, Sandbox] = {}
_lock = threading.Lock()


def shared_sandbox() -> Sandbox:
    """The sandbox of this process, one child for each core but at most four; a forked process gets its own."""
    with _lock:
        if os.getpid() not in _shared:
            _shared.clear()
            _shared[os.getpid()] = Sandbox(children=min(4, os.cpu_count() or 1))
            atexit.register(_shared[os.getpid()].close)
        return _shared[os.getpid()]
