"""The programs that read for us: tesseract recognises pictures, LibreOffice converts old files. Each is run shut in,
for one file.

A reader may start nothing itself: it orders by a pipe, and the process that started the reader runs what is ordered
(`serve`). An order names a folder in the scratch folder and small values, never a command. Outside a reading child an
order is carried out in place.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import resource
import shutil
import signal
import struct
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from search.extraction.confining import confinement
from search.extraction.limits import Limits

LANGUAGES = ("fra", "nld", "eng")
PICTURE = "page.png"
_OLD_ENDINGS = {"docx": "doc", "xlsx": "xls", "pptx": "ppt"}
_LENGTHS = struct.Struct("<II")
_MOST_SAID = 50_000_000  # bytes of what a program prints
_OFFICE_MEMORY_BYTES = 6_000_000_000  # LibreOffice reserves far more address space than it uses
_RESTART = 81  # LibreOffice ends with it when it has made its profile and wants to be started anew
_USUAL = Limits()
_DIED_IN_TIME, _NOT_STARTED = -1000, -1001


@dataclass(frozen=True, slots=True)
class Outcome:
    """code: of the exit, negative for a signal; said: what it printed,
    errors with it unless they are apart in `complained`.
    """

    code: int
    said: bytes = b""
    complained: bytes = b""

    @property
    def took_too_long(self) -> bool:
        return self.code == _DIED_IN_TIME

    @property
    def was_not_started(self) -> bool:
        return self.code == _NOT_STARTED


def office() -> str:
    """The path of LibreOffice's program, or ""."""
    return shutil.which("soffice") or shutil.which("libreoffice") or ""


def folders() -> list[Path]:
    """Where the programs that are installed here really are, for who limits files."""
    found = [Path(path).resolve() for path in (shutil.which("tesseract"), office()) if path]
    return [path.parent.parent if (path.parent / "soffice.bin").exists() else path.parent for path in found]


def languages() -> tuple[str, ...]:
    """The languages of ours that tesseract knows here; () without tesseract."""
    listed = order("list_languages").said.decode("utf-8", "replace").split()
    return tuple(code for code in LANGUAGES if code in listed)


def recognise(folder: Path, *, dpi: int, known: Sequence[str], timeout_s: float) -> Outcome:
    """tesseract's TSV of the file PICTURE in the folder."""
    return order("recognise", folder=str(folder), dpi=dpi, languages=list(known), timeout_s=timeout_s)


def convert(folder: Path, *, ending: str, timeout_s: float) -> Outcome:
    """LibreOffice makes source.docx of source.doc in the folder (xlsx of xls, pptx of ppt)."""
    return order("convert", folder=str(folder), ending=ending, timeout_s=timeout_s)


def order(name: str, **values: Any) -> Outcome:
    """What the program of that name of `_ORDERS` gives."""
    if _Reader.orders is None or _Reader.outcomes is None:
        return _ORDERS[name](_Place(), values)
    packed = json.dumps({"order": name, **values}).encode()
    _Reader.orders.write(_LENGTHS.pack(len(packed), 0) + packed)
    _Reader.orders.flush()
    head, said = _LENGTHS.unpack(_Reader.outcomes.read(_LENGTHS.size))
    table = json.loads(_Reader.outcomes.read(head))
    return Outcome(table["code"], _Reader.outcomes.read(said), table["complained"].encode())


class _Reader:
    """The pipes of this process, when it is a reader."""

    orders: BinaryIO | None = None
    outcomes: BinaryIO | None = None


def order_by(orders: BinaryIO, outcomes: BinaryIO) -> None:
    """From now on this process starts nothing: it writes into `orders` and reads from `outcomes`."""
    _Reader.orders, _Reader.outcomes = orders, outcomes


@dataclass(frozen=True, slots=True)
class _Place:
    """Where orders are carried out; `work` None: in place, without being shut in."""

    work: Path | None = None
    limits: Limits = _USUAL
    is_confined: bool = False

    def folder(self, said: object) -> Path:
        """Raises ValueError for a folder that is not one of the scratch folder's."""
        folder = Path(str(said))
        if self.work is not None and (folder.parent != self.work or folder.is_symlink() or not folder.is_dir()):
            raise ValueError("not a folder of this reading")
        return folder


def serve(orders: BinaryIO, outcomes: BinaryIO, *, work: Path, limits: Limits, is_confined: bool) -> None:
    """Carries out what the reader orders until it closes its end; an order that is not understood is answered as a
    program that failed.

    A reader is not trusted: what it may choose is checked here.
    """
    place = _Place(work, limits, is_confined)
    while head := orders.read(_LENGTHS.size):
        try:
            values = json.loads(orders.read(min(_LENGTHS.unpack(head)[0], 65536)))
            outcome = _ORDERS[values["order"]](place, values)
        except (ValueError, KeyError, TypeError, struct.error, RecursionError, OSError) as error:
            outcome = Outcome(_NOT_STARTED, b"", f"{type(error).__name__}: {error}".encode())
        packed = json.dumps(
            {"code": outcome.code, "complained": outcome.complained.decode("utf-8", "replace")[-2000:]}
        ).encode()
        try:
            outcomes.write(_LENGTHS.pack(len(packed), len(outcome.said)) + packed + outcome.said)
            outcomes.flush()
        except BrokenPipeError:
            return


def _list_languages(place: _Place, values: dict[str, Any]) -> Outcome:
    return _listed(place.is_confined) if place.work else _run(place, ["tesseract", "--list-langs"], timeout_s=20.0)


@functools.cache
def _listed(is_confined: bool) -> Outcome:
    return _run(_Place(Path.cwd(), _USUAL, is_confined), ["tesseract", "--list-langs"], timeout_s=20.0)


def _recognise(place: _Place, values: dict[str, Any]) -> Outcome:
    folder, known = place.folder(values["folder"]), [code for code in LANGUAGES if code in values["languages"]]
    command = [
        "tesseract",
        str(folder / PICTURE),
        "stdout",
        "-l",
        "+".join(known),
        "--dpi",
        str(int(values["dpi"])),
        "--psm",
        "3",
        "tsv",
    ]
    environment = {"OMP_THREAD_LIMIT": "1"}
    return _run(
        place,
        command,
        folder=folder,
        timeout_s=_time(values, place.limits.ocr_page_seconds),
        environment=environment,
        apart=True,
    )


def _convert(place: _Place, values: dict[str, Any]) -> Outcome:
    folder, ending = place.folder(values["folder"]), values["ending"]
    source = folder / f"source.{_OLD_ENDINGS[ending]}"
    program = office()
    if program and (real := Path(program).resolve().parent / "soffice.bin").exists():
        program = str(real)  # without the script and the second process before it
    profile = (folder / "profile").as_uri()
    options = ["--headless", "--norestore", "--nolockcheck", "--convert-to", ending, "--outdir", str(folder)]
    command = [program or "soffice", f"-env:UserInstallation={profile}", *options, str(source)]
    environment = {"HOME": str(folder), "TMPDIR": str(folder), "OSL_SOCKET_PATH": "."}  # a socket's path has 107 bytes
    timeout_s = _time(values, place.limits.convert_seconds)
    outcome = Outcome(_RESTART)
    for _ in range(3):
        if outcome.code == _RESTART:
            outcome = _run(
                place,
                command,
                folder=folder,
                timeout_s=timeout_s,
                environment=environment,
                memory_bytes=_OFFICE_MEMORY_BYTES,
                sockets=True,
            )
    return outcome


_ORDERS: dict[str, Callable[[_Place, dict[str, Any]], Outcome]] = {
    "list_languages": _list_languages,
    "recognise": _recognise,
    "convert": _convert,
}


def _time(values: dict[str, Any], longest: float) -> float:
    return max(0.1, min(float(values["timeout_s"]), longest))


def _is_binary(program: str) -> bool:
    try:
        with open(shutil.which(program) or program, "rb") as file:
            return file.read(4) == b"\x7fELF"
    except OSError:
        return False


def _run(
    place: _Place,
    command: list[str],
    *,
    timeout_s: float,
    folder: Path | None = None,
    environment: dict[str, str] | None = None,
    memory_bytes: int = 0,
    sockets: bool = False,
    apart: bool = False,
) -> Outcome:
    """Runs it in a process group of its own, of which nothing is left afterwards."""

    is_script = not _is_binary(command[0])  # only a script needs processes of its own

    def give_up() -> None:
        if place.work is None:
            return
        for kind, most in (
            (resource.RLIMIT_AS, memory_bytes or place.limits.memory_bytes),
            (resource.RLIMIT_CPU, int(timeout_s) + 5),
            (resource.RLIMIT_FSIZE, place.limits.unpacked_bytes),
        ):
            hard = resource.getrlimit(kind)[1]
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(kind, (most, most))
        confinement.die_with_parent()
        if place.is_confined:
            confinement.confine_program(sockets=sockets, processes=is_script)

    known = {key: os.environ[key] for key in ("PATH", "LANG", "TESSDATA_PREFIX") if key in os.environ}
    with tempfile.TemporaryFile(dir=place.work) as said, tempfile.TemporaryFile(dir=place.work) as complained:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=complained if apart else subprocess.STDOUT,
                env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", **known, **(environment or {})},
                cwd=folder or place.work,
                process_group=0,
                preexec_fn=give_up,
            )
        except (OSError, subprocess.SubprocessError) as error:
            return Outcome(_NOT_STARTED, b"", str(error).encode())
        try:
            code = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            code = _DIED_IN_TIME
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        said.seek(0)
        complained.seek(0)
        return Outcome(code, said.read(_MOST_SAID), complained.read(65536))
