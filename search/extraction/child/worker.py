"""The child process of `sandbox`: reads requests from its standard input, one file at a time, and answers with frames.

    starter (this process)  imports the readers, shuts itself in for good (`confinement`), never looks into a file
      ├ fork ► reader       one file, then it ends: nothing of a stranger's file outlives its reading; it shuts itself in further
      └ fork ► program      tesseract or LibreOffice, when the reader orders one (`programs`)
A frame is a byte for its kind, four bytes for its length (little-endian) and that many bytes:
  R  ready (JSON: what is active of the confinement)
  M  media type (text)        F  facts (JSON)       W  warning (text)      P  a page: length of the JSON, JSON, packed
  boxes
  I  an image: page number, WebP      E  the error that ends the reading (JSON: state, reason)      D  done
That all of a file has ended, its reader too, the starter says by one byte on a pipe of its own, which no reader holds.
A request is a length and JSON. Never pickle: who answers here has just read a stranger's file.
"""  # noqa: E501

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import signal
import struct
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from search.extraction import reading
from search.extraction.confining import confinement, programs
from search.extraction.errors import BrokenFile, ExtractionError
from search.extraction.limits import Facts, Limits
from search.extraction.pages import ExtractedPage
from search.extraction.pdf import document as pdf
from search.extraction.sniffing import sniff

HEADER = struct.Struct("<cI")
LENGTH = struct.Struct("<I")


def main(*, given: Path, work: Path, ended: int) -> None:
    """Answer requests until the standard input is closed.

    The file of each is in `given`, to be read; `work` is to write in.
    """
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "r+b") as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(2, 1)
    pdf.import_all()
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):
        os.nice(5)
    active = confinement.confine(given=given, work=work, programs=programs.folders())
    confinement.hide_process()
    gc.collect()
    gc.freeze()
    _send(answers, b"R", json.dumps(asdict(active)).encode())
    while header := requests.read(LENGTH.size):
        request = json.loads(requests.read(*LENGTH.unpack(header)))
        _serve(request, answers, work=work, closed=(requests.fileno(), ended), is_confined=active.seccomp)
        os.write(ended, b"D")


def _serve(
    request: dict[str, Any], answers: BinaryIO, *, work: Path, closed: tuple[int, ...], is_confined: bool
) -> None:
    """One file by a reader of its own, which holds nothing of `closed`. A reader that dies takes this process with it,
    in the same manner:

    the parent tells why.
    """
    limits = Limits(**request["limits"])
    orders, orders_end = os.pipe()
    outcomes_end, outcomes = os.pipe()
    starter, reader = os.getpid(), os.fork()
    if not reader:
        for end in (*closed, orders, outcomes):
            os.close(end)
        confinement.die_with_parent()
        if os.getppid() == starter:
            programs.order_by(os.fdopen(orders_end, "wb"), os.fdopen(outcomes_end, "rb"))
            if is_confined:
                confinement.confine_reader()
            _read(request, limits, answers)
        os._exit(0)
    for end in (orders_end, outcomes_end):
        os.close(end)
    with os.fdopen(orders, "rb") as ordered, os.fdopen(outcomes, "wb") as given_back:
        programs.serve(ordered, given_back, work=work, limits=limits, is_confined=is_confined)
    status = os.waitpid(reader, 0)[1]
    if os.WIFSIGNALED(status):
        signal.signal(os.WTERMSIG(status), signal.SIG_DFL)
        os.kill(os.getpid(), os.WTERMSIG(status))
    if status:
        sys.exit(1)


def _read(request: dict[str, Any], limits: Limits, answers: BinaryIO) -> None:
    _limit(limits)
    try:
        _answer(request, limits, answers)
    except ExtractionError as error:
        _fail(answers, error.state, error.reason)
    except MemoryError:
        gc.collect()
        _fail(answers, BrokenFile.state, f"needs more than {limits.memory_bytes} bytes of memory")
    except RecursionError:
        _fail(answers, BrokenFile.state, "nested too deep")
    except Exception as error:  # the edge: whatever a reader stumbles over is this file's failure
        _fail(answers, BrokenFile.state, f"{type(error).__name__}: {error}")
    signal.setitimer(signal.ITIMER_REAL, 0)
    _send(answers, b"D", b"")


def _answer(request: dict[str, Any], limits: Limits, answers: BinaryIO) -> None:
    path = Path(request["path"])
    if request["do"] == "render":
        for number, image in pdf.render(
            path, request["numbers"], width_px=request["width_px"], quality=request["quality"]
        ):
            _send(answers, b"I", LENGTH.pack(number) + image)
        return
    media_type = request["media_type"] or sniff(path)
    _send(answers, b"M", media_type.encode())  # before it is read, so that it is known of what cannot be read too
    for item in reading.read(path, media_type, limits):
        if isinstance(item, ExtractedPage):
            about = {
                "number": item.number,
                "text": item.text,
                "label": item.label,
                "width": item.width,
                "height": item.height,
                "ocr": item.ocr,
            }
            packed = json.dumps(about).encode()
            _send(answers, b"P", LENGTH.pack(len(packed)) + packed + item.boxes)
        elif isinstance(item, Facts):
            _send(answers, b"F", json.dumps(asdict(item)).encode())
        else:
            _send(answers, b"W", item.encode("utf-8", "replace"))


def _limit(limits: Limits) -> None:
    """For this file: address space, processor time, size of files written; and an alarm, should the parent die and
    nobody else look.
    """
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, hard))
    used = resource.getrusage(resource.RUSAGE_SELF)
    resource.setrlimit(
        resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + limits.cpu_seconds + 1, resource.RLIM_INFINITY)
    )
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.unpacked_bytes, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    signal.setitimer(signal.ITIMER_REAL, limits.seconds + limits.ocr_seconds + 10)


def _fail(answers: BinaryIO, state: str, reason: str) -> None:
    _send(answers, b"E", json.dumps({"state": state, "reason": reason[:500]}).encode())


def _send(answers: BinaryIO, kind: bytes, payload: bytes) -> None:
    answers.write(HEADER.pack(kind, len(payload)))
    answers.write(payload)
    answers.flush()
