"""Files made to cost more than they weigh."""

from __future__ import annotations

import struct
from pathlib import Path

DAMAGED_DOC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\xff" * 600
_ENTRY = b"PK\x01\x02" + b"\0" * 42  # an empty file without a name, as the list of a zip file has it


def many_pages(path: Path, count: int, words: int = 60) -> Path:
    """A PDF of `count` pages that all show one stream of so many words: small to send, long to read."""
    shown = " ".join(f"mot{number}" for number in range(words))
    lines = "".join(f"({shown[start : start + 90]}) Tj 0 -12 Td " for start in range(0, len(shown), 90))
    stream = f"BT /F1 10 Tf 40 800 Td {lines}ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids ["
        + b" ".join(b"%d 0 R" % (5 + number) for number in range(count))
        + b"] /Count %d >>" % count,
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    ]
    page = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R "
        b">> >> /Contents 4 0 R >>"
    )
    body, places = bytearray(b"%PDF-1.4\n"), []
    for number, content in enumerate([*objects, *[page] * count], start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(body)
    size = len(places) + 1
    end = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, start)
    path.write_bytes(bytes(body) + b"xref\n0 %d\n0000000000 65535 f \n" % size + table + end)
    return path


def many_files(
    path: Path, count: int, *, said: int | None = None, bytes_said: int | None = None, comment: bytes = b""
) -> Path:
    """A zip file of so many empty files, as small as it can be made,
    which says that it has `said` of them in a list of `bytes_said` bytes.
    """
    said = count if said is None else said
    bytes_said = len(_ENTRY) * count if bytes_said is None else bytes_said
    with path.open("wb") as file:
        file.write(b"PK\x03\x04" + b"\0" * 26)
        for _ in range(count // 10_000):
            file.write(_ENTRY * 10_000)
        file.write(_ENTRY * (count % 10_000))
        place = file.tell()
        file.write(b"PK\x06\x06" + struct.pack("<QHHLLQQQQ", 44, 45, 45, 0, 0, said, said, bytes_said, 30))
        file.write(b"PK\x06\x07" + struct.pack("<LQL", 0, place, 1))
        file.write(
            b"PK\x05\x06"
            + struct.pack("<HHHHLLH", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, len(comment))
            + comment
        )
    return path
