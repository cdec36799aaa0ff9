"""Which family a file is of, told from its first bytes: all that a request asks of a stranger's file.

Nothing is parsed here and no place in the file is looked up, so whatever the bytes are it costs the same. What the file
is exactly (`sniffing`) is found out by the child of `sandbox`.
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


# What a system runs when it is opened: Linux, macOS (six kinds, one of them Java's too), Android, the web, links of
# Windows.
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
# Names of what a double click runs or installs, or that lead away to such a thing (shortcuts): whatever the bytes are,
# the system goes by the name.
# A script that is only read or edited where nobody installed its language (.py, .r, .sql) is a document as any other.
_PROGRAM_ENDINGS = frozenset(
    [
        # Windows: programs, installers, scripts, shortcuts
        *("exe", "com", "scr", "pif", "cpl", "gadget", "application", "appref-ms", "xll"),
        *("msi", "msix", "msixbundle", "msp", "mst", "appx", "appxbundle", "appinstaller", "diagcab"),
        *(
            "bat",
            "cmd",
            "hta",
            "js",
            "jse",
            "mjs",
            "ps1",
            "psm1",
            "reg",
            "sct",
            "vb",
            "vbe",
            "vbs",
            "ws",
            "wsc",
            "wsf",
            "wsh",
            "pyw",
            "pyz",
            "pyzw",
        ),
        *(
            "chm",
            "hlp",
            "lnk",
            "url",
            "website",
            "scf",
            "settingcontent-ms",
            "library-ms",
            "search-ms",
            "searchconnector-ms",
        ),
        # macOS, Linux, Android, iOS, Java
        *("app", "command", "pkg", "mpkg", "tool", "workflow", "fileloc", "inetloc", "webloc"),
        *("sh", "csh", "ksh", "run", "desktop", "appimage", "deb", "rpm", "flatpakref"),
        *("apk", "ipa", "jar", "jnlp"),
    ]
)


def family_of(head: bytes, name: str = "") -> Family:
    """The family of a file by its first HEAD_BYTES bytes (more are not looked at); by its name only whether a system
    would run it.
    """
    head = head[:HEAD_BYTES]
    if is_program_name(name) or _begins_as_program(head):
        return Family.PROGRAM
    if b"%PDF-" in head[:1024]:
        return Family.PDF
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return Family.ZIP
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return Family.OLD_OFFICE
    return Family.TEXT if _is_text(head) else Family.OTHER


def is_program_name(name: str) -> bool:
    """Whether a system runs what has this name; dots and spaces at the end are taken away, as Windows does."""
    _before, dot, ending = name.rstrip(". \t").rpartition(".")
    return bool(dot) and ending.lower() in _PROGRAM_ENDINGS


def _begins_as_program(head: bytes) -> bool:
    """True for the first bytes of a program, whatever follows: a system runs it by these bytes alone."""
    if head.startswith((*_PROGRAMS, b"#!", b"\xef\xbb\xbf#!")):
        return True
    # A text may begin with the two letters of Windows' programs; theirs are followed by numbers with zeros in them.
    return head.startswith((b"MZ", b"ZM")) and not _is_text(head)


def _is_text(head: bytes) -> bool:
    """True for text, of one or two bytes per letter; a zero byte or many control signs make it something else."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    return b"\0" not in head and sum(byte < 9 or 13 < byte < 27 for byte in head) <= len(head) * 0.05
