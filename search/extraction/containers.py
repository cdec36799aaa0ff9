"""What a zip file says of itself at its end: how many files it holds and how long their list is, looked at before the
list is read.

The list is read whole by `zipfile`, some 500 bytes of memory a file: two million empty files of 50 bytes each would be
a gigabyte.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

from search.extraction.errors import TooLarge

_END, _END_BYTES = b"PK\x05\x06", 22
_END64, _END64_BYTES = b"PK\x06\x06", 56
_LOCATOR, _LOCATOR_BYTES = b"PK\x06\x07", 20
_COMMENT_BYTES = (1 << 16) - 1
_ENTRY_BYTES = 512  # of the list, a file: 46 and its name, which is rarely longer than 100


def check_directory(path: Path, *, members: int) -> None:
    """Raises TooLarge when the file says that it holds more than `members` files, or has a list longer than so many
    could need.

    A file without an end says nothing: `zipfile` finds it damaged. OSError when it cannot be read.
    """
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _END_BYTES - _COMMENT_BYTES - _LOCATOR_BYTES - _END64_BYTES))
        tail = file.read()
    place = _place_of_end(tail)
    if place < 0:
        return
    count, _, list_bytes = struct.unpack_from("<HHL", tail, place + 8)
    longer = place - _LOCATOR_BYTES - _END64_BYTES
    if longer >= 0 and tail[place - _LOCATOR_BYTES :].startswith(_LOCATOR) and tail[longer:].startswith(_END64):
        count, list_bytes = struct.unpack_from("<QQ", tail, longer + 32)
    if count > members:
        raise TooLarge(f"{count} files in one container, more than {members}")
    if list_bytes > members * _ENTRY_BYTES:
        raise TooLarge(f"a list of files of {list_bytes} bytes in one container, more than {members * _ENTRY_BYTES}")


def _place_of_end(tail: bytes) -> int:
    """Where `zipfile` finds the end record: the last bytes, else the last of its signs before a comment;
    -1 for none.
    """
    last = tail[-_END_BYTES:]
    if last.startswith(_END) and last.endswith(b"\0\0") and len(last) == _END_BYTES:
        return len(tail) - _END_BYTES
    place = tail.rfind(_END)
    return place if 0 <= place <= len(tail) - _END_BYTES else -1
