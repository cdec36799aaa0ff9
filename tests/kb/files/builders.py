"""Small files with the words that a test looks for, and versions made of them."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.files.uploadedfile import SimpleUploadedFile

from kb.files.intake import storing
from kb.files.models import FileVersion

KIND = "tests.owner"

TEXTS = {
    "fr": (
        "La garantie locative est demandée par le propriétaire au début du bail et reste "
        "bloquée sur un compte au nom du locataire."
    ),
    "nl": (
        "De huurwaarborg wordt gevraagd door de eigenaar bij het begin van de huur en blijft "
        "geblokkeerd op een rekening van de huurder."
    ),
    "en": (
        "The rental deposit is asked by the landlord at the beginning of the lease and stays "
        "on an account in the name of the tenant."
    ),
}


def pdf(pages: Sequence[str]) -> bytes:
    """A PDF with one line of text a page, in Helvetica; a page with '' is empty."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    kids = []
    for text in pages:
        words = text.split()
        lines = [" ".join(words[start : start + 10]) for start in range(0, len(words), 10)]
        escaped = [line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)") for line in lines]
        shown = "".join(f"({line}) Tj 0 -16 Td " for line in escaped)
        stream = f"BT /F1 12 Tf 40 760 Td {shown}ET".encode("cp1252") if lines else b""
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
        resources = b"<< /Font << /F1 3 0 R >> >>"
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources %s /Contents %d 0 R >>"
            % (resources, len(objects))
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(kids), len(kids))
    body, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(body))
    return body + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + trailer


def upload(content: bytes, name: str = "document.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def stored(content: bytes | None = None, name: str = "document.pdf", **options) -> FileVersion:
    """A new stored file with one version; its reading runs when the commit's callbacks do."""
    if "stored_file" not in options:
        options.setdefault("owner_kind", KIND)
    return storing.store(
        upload(pdf([TEXTS["fr"]]) if content is None else content, name), original_name=name, **options
    )
