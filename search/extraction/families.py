"""Which family a file is of, told from its first bytes: all that a request asks of a stranger's file.

Nothing is parsed here and no place in the file is looked up, so whatever the bytes are it costs the same. What the file is exactly
(`sniffing`) is found out by the child of `sandbox`.
"""

from __future__ import annotations

from enum import StrEnum

HEAD_BYTES = 4096  # all that `family_of` looks at


class Family(StrEnum):
    """OTHER: pictures, sound, archives other than zip, and whatever has no sign of its own."""

    PDF = "pdf"
    ZIP = "zip"
    OLD_OFFICE = "old office"
    TEXT = "text"
    PROGRAM = "program"
    OTHER = "other"


# What a system runs when it is opened: Linux, macOS (six kinds, one of them Java's too), Android, the web, links of Windows.
_PROGRAMS = (
    b"\x7fELF",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"\xca\xfe\xba\xbf",
    b"dex\n03",
    b"\x00asm",
    b"L\x00\x00\x00\x01\x14\x02\x00",
)
# Text that Windows or a shell runs, and programs packed as a zip file or in an Office container: only their name tells.
_SCRIPTS = frozenset(["bat", "cmd", "hta", "js", "jse", "mjs", "ps1", "psm1", "reg", "sh", "vbe", "vbs", "wsf", "wsh"])
_PACKED = frozenset(["apk", "appx", "ipa", "jar", "msi", "msix", "msp"])


def family_of(head: bytes, name: str = "") -> Family:
    """The family of a file by its first HEAD_BYTES bytes (more are not looked at); by its name only whether such bytes are a program."""
    head = head[:HEAD_BYTES]
    ending = name.rpartition(".")[2].lower().strip()
    if b"%PDF-" in head[:1024]:
        return Family.PDF
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return Family.PROGRAM if ending in _PACKED else Family.ZIP
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return Family.PROGRAM if ending in _PACKED else Family.OLD_OFFICE
    # A text may begin with the two letters of Windows' programs; theirs are followed by numbers with zeros in them.
    if head.startswith(_PROGRAMS) or (head.startswith((b"MZ", b"ZM")) and b"\0" in head[:64]):
        return Family.PROGRAM
    if not _is_text(head):
        return Family.OTHER
    return Family.PROGRAM if head.startswith((b"#!", b"\xef\xbb\xbf#!")) or ending in _SCRIPTS else Family.TEXT


def _is_text(head: bytes) -> bool:
    """Also of two bytes a letter. A zero or many signs of control make it something else."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    return b"\0" not in head and sum(byte < 9 or 13 < byte < 27 for byte in head) <= len(head) * 0.05
