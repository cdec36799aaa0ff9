"""Word, Excel and PowerPoint files of before 2007: LibreOffice makes new ones of them, where it is installed."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from search.extraction import office, sniffing
from search.extraction.errors import BrokenFile, EncryptedFile, TimedOut, Unsupported
from search.extraction.limits import Facts, Limits
from search.extraction.pages import ExtractedPage

_TARGETS = {sniffing.DOC: ("docx", office.read_docx), sniffing.XLS: ("xlsx", office.read_xlsx), sniffing.PPT: ("pptx", office.read_pptx)}
# LibreOffice reserves far more address space than it uses.
_MEMORY_BYTES = 6_000_000_000


def available() -> str:
    """The path of LibreOffice's program, or ""."""
    return shutil.which("soffice") or shutil.which("libreoffice") or ""


def read(path: Path, limits: Limits) -> Iterator[Facts | ExtractedPage | str]:
    """What the converted file says. Raises Unsupported without LibreOffice, TimedOut when it takes too long, BrokenFile when it gives nothing."""
    media_type = sniffing.sniff(path)
    program = available()
    if not program:
        raise Unsupported("save as .docx or PDF")
    ending, reader = _TARGETS[media_type]
    with tempfile.TemporaryDirectory(prefix="office-") as folder:
        source = Path(folder) / f"source.{ {'docx': 'doc', 'xlsx': 'xls', 'pptx': 'ppt'}[ending] }"
        shutil.copyfile(path, source)
        profile = (Path(folder) / "profile").as_uri()
        command = [
            program,
            f"-env:UserInstallation={profile}",
            "--headless",
            "--norestore",
            "--nolockcheck",
            "--convert-to",
            ending,
            "--outdir",
            folder,
            str(source),
        ]
        said = _run(command, folder, limits.convert_seconds)
        target = source.with_suffix(f".{ending}")
        if not target.is_file():
            if "password" in said.lower():
                raise EncryptedFile("the Office file wants a password")
            raise BrokenFile(f"LibreOffice could not read it: {said[-200:]}" if said else "LibreOffice could not read it")
        yield from reader(target, limits)


def _run(command: list[str], folder: str, timeout_s: float) -> str:
    environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": folder, "TMPDIR": folder, "LANG": "C.UTF-8"}
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(_MEMORY_BYTES, hard), hard))
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, cwd=folder, process_group=0
        )
    except OSError as error:
        raise Unsupported(f"LibreOffice cannot be started: {error}") from error
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    try:
        return process.communicate(timeout=timeout_s)[0].decode("utf-8", "replace").strip()
    except subprocess.TimeoutExpired as error:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise TimedOut(f"LibreOffice took more than {timeout_s:.0f} seconds") from error
