"""The child process of `sandbox`: reads requests from its standard input, one file at a time, and answers with frames.

A frame is a byte for its kind, four bytes for its length (little-endian) and that many bytes:
  M  media type (text)        F  facts (JSON)       W  warning (text)      P  a page: length of the JSON, JSON, packed boxes
  I  an image: page number, WebP      E  the error that ends the reading (JSON: state, reason)      D  done (JSON: peak memory in kB)
A request is a length and JSON. Never pickle: who answers here has just read a stranger's file.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import resource
import signal
import struct
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from search.extraction import pdf, reading
from search.extraction.errors import BrokenFile, ExtractionError
from search.extraction.limits import Facts, Limits
from search.extraction.pages import ExtractedPage

HEADER = struct.Struct("<cI")
LENGTH = struct.Struct("<I")


def main() -> None:
    """Answer requests until the standard input is closed."""
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "r+b") as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(2, 1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):
        os.nice(5)
    # Not dumpable: no core, and no other process of the same user traces it.
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)
    _send(answers, b"R", b"")
    while header := requests.read(LENGTH.size):
        request = json.loads(requests.read(*LENGTH.unpack(header)))
        limits = Limits(**request["limits"])
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
        gc.collect()
        _send(answers, b"D", json.dumps({"peak_kb": _peak_kb()}).encode())


def _answer(request: dict[str, Any], limits: Limits, answers: BinaryIO) -> None:
    path = Path(request["path"])
    if request["do"] == "render":
        for number, image in pdf.render(path, request["numbers"], width_px=request["width_px"], quality=request["quality"]):
            _send(answers, b"I", LENGTH.pack(number) + image)
        return
    told = False
    for media_type, item in reading.read(path, request["media_type"], limits):
        if not told:
            _send(answers, b"M", media_type.encode())
            told = True
        if isinstance(item, ExtractedPage):
            about = {"number": item.number, "text": item.text, "label": item.label, "width": item.width, "height": item.height, "ocr": item.ocr}
            packed = json.dumps(about).encode()
            _send(answers, b"P", LENGTH.pack(len(packed)) + packed + item.boxes)
        elif isinstance(item, Facts):
            _send(answers, b"F", json.dumps(asdict(item)).encode())
        else:
            _send(answers, b"W", item.encode("utf-8", "replace"))


def _limit(limits: Limits) -> None:
    """For this file: address space, processor time, size of files written; and an alarm, should the parent die and nobody else look."""
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, hard))
    used = resource.getrusage(resource.RUSAGE_SELF)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + limits.cpu_seconds + 1, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.unpacked_bytes, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    signal.setitimer(signal.ITIMER_REAL, limits.seconds + limits.ocr_seconds + 10)


def _peak_kb() -> int:
    """The most memory this process held. Not `ru_maxrss` where /proc is there: that begins with what the parent held when it started us."""
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
    except (OSError, StopIteration, ValueError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _fail(answers: BinaryIO, state: str, reason: str) -> None:
    _send(answers, b"E", json.dumps({"state": state, "reason": reason[:500]}).encode())


def _send(answers: BinaryIO, kind: bytes, payload: bytes) -> None:
    answers.write(HEADER.pack(kind, len(payload)))
    answers.write(payload)
    answers.flush()


if __name__ == "__main__":
    main()
