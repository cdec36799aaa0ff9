"""Names that people gave to files: data that is shown and sent, never a path."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath
from urllib.parse import quote

_LONGEST = 180
# Signs of control and of direction (U+202E turns "fdp.exe" into "exe.pdf" on screen), and what separates folders.
_UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_FOLDERS = re.compile(r"[/\\]")
_NOT_ASCII_NAME = re.compile(r"[^A-Za-z0-9 ._()+,=@~-]")


def clean_name(name: str) -> str:
    """The last part of what was sent, without signs that cannot be shown, at most 180 characters,
    its ending kept; never "".
    """
    last = _FOLDERS.split(_UNSHOWN.sub("", name.replace("\n", " ").replace("\t", " ")))[-1]
    last = unicodedata.normalize("NFC", last).strip().strip(".").strip()
    if len(last) > _LONGEST:
        suffix = PurePosixPath(last).suffix[:12]
        last = last[: _LONGEST - len(suffix)].rstrip() + suffix
    return last or "document"


def disposition(name: str, *, inline: bool) -> str:
    """A Content-Disposition header: the name in plain letters for old programs and, by RFC 5987, as it is."""
    name = clean_name(name)
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = _NOT_ASCII_NAME.sub("_", plain).strip() or "document"
    return f"{'inline' if inline else 'attachment'}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
