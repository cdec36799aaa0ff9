"""Small real files, so that a test shows the words it looks for."""

from __future__ import annotations

import io
import zipfile
from email.message import EmailMessage
from pathlib import Path
from xml.sax.saxutils import escape

import typst

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def write_pdf(path: Path, source: str) -> Path:
    """A PDF from typst source."""
    path.write_bytes(typst.compile(source.encode()))
    return path


def write_zip(path: Path, members: dict[str, str | bytes], *, stored: tuple[str, ...] = ()) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in members.items():
            package.writestr(name, content, zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED)
    return path


def relationships(*entries: tuple[str, str, str]) -> str:
    """(id, last word of the type, target) of each."""
    lines = "".join(
        f'<Relationship Id="{key}" Type="{RELATIONS}/{kind}" Target="{target}"/>' for key, kind, target in entries
    )
    return (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{lines}</Relationships>'
    )


def paragraph(text: str, *, style: str = "", inside: str = "") -> str:
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f'<w:p>{properties}<w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r>{inside}</w:p>'


def docx(
    body: str, parts: dict[str, str] | None = None, related: tuple[tuple[str, str, str], ...] = ()
) -> dict[str, str | bytes]:
    """Members of a Word file; `parts` are further members under word/, `related` their relationships."""
    return {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": relationships(("r1", "officeDocument", "word/document.xml")),
        "word/document.xml": f"<w:document {W}><w:body>{body}</w:body></w:document>",
        "word/_rels/document.xml.rels": relationships(*related),
        **{f"word/{name}": content for name, content in (parts or {}).items()},
    }


OPEN_DOCUMENT = (
    " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "text", "table", "presentation", "style", "meta")
    )
    + ' xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:dc="http://purl.org/dc/elements/1.1/"'
)


def open_document(kind: str, body: str, *, styles: str = "", manifest: str = "") -> dict[str, str | bytes]:
    """Members of an OpenDocument file; kind is "text", "spreadsheet" or "presentation"."""
    members: dict[str, str | bytes] = {
        "mimetype": f"application/vnd.oasis.opendocument.{kind}",
        "content.xml": f"<office:document-content {OPEN_DOCUMENT}><office:body>"
        f"<office:{kind}>{body}</office:{kind}></office:body></office:document-content>",
    }
    if styles:
        members["styles.xml"] = (
            f"<office:document-styles "
            f"{OPEN_DOCUMENT}><office:master-styles>{styles}</office:master-styles></office:document-styles>"
        )
    if manifest:
        members["META-INF/manifest.xml"] = manifest
    return members


def mail(
    text: str, *, subject: str = "Convocation", html: str = "", attachments: dict[str, bytes] | None = None
) -> bytes:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, "coordination@example.org", "groupe@example.org"
    message["Date"] = "Mon, 05 Mar 2012 10:00:00 +0100"
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    for name, content in (attachments or {}).items():
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def packed(members: dict[str, str | bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in members.items():
            package.writestr(name, text)
    return content.getvalue()


def raw_pdf(objects: list[str]) -> bytes:
    """A PDF of these objects (1 0 obj is the catalog), with a right cross-reference table."""
    content, places = b"%PDF-1.4\n", []
    for number, text in enumerate(objects, start=1):
        places.append(len(content))
        content += f"{number} 0 obj\n{text}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    start, size = len(content), len(objects) + 1
    trailer = f"trailer\n<</Size {size}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF"
    return content + f"xref\n0 {size}\n0000000000 65535 f \n{table}{trailer}".encode()


def text_pdf(operators: str, *, rotate: int = 0, boxes: str = "/MediaBox[0 0 400 200]") -> bytes:
    """One page with these text operators in Helvetica."""
    return raw_pdf(
        [
            "<</Type/Catalog/Pages 2 0 R>>",
            "<</Type/Pages/Count 1/Kids[3 0 R]>>",
            f"<</Type/Page/Parent 2 0 R{boxes}/Rotate {rotate}/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
            f"<</Length {len(operators)}>>stream\n{operators}\nendstream",
            "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        ]
    )
