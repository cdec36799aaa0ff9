"""The files of the demonstration: real PDFs of several pages, and one Word file, made from the JSON in data/documents.

What the references say about these files is in data/references.json; writing both into the database is the work of the
command load_demonstration.
"""

import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from xml.sax.saxutils import escape

import typst

from kb.demonstration.reading import DATA, read_data

TEMPLATES = Path(__file__).parent / "templates_typst"
MADE_AT = datetime(2013, 3, 1, 12, tzinfo=UTC)  # constant, so that the same content gives the same bytes
SCAN_PPI = 130

WORDS = {
    "fr": {
        "contents": "Table des matières",
        "months": [
            "janvier",
            "février",
            "mars",
            "avril",
            "mai",
            "juin",
            "juillet",
            "août",
            "septembre",
            "octobre",
            "novembre",
            "décembre",
        ],
    },
    "nl": {
        "contents": "Inhoudsopgave",
        "months": [
            "januari",
            "februari",
            "maart",
            "april",
            "mei",
            "juni",
            "juli",
            "augustus",
            "september",
            "oktober",
            "november",
            "december",
        ],
    },
    "en": {
        "contents": "Contents",
        "months": [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ],
    },
}


def document_names() -> list[str]:
    """Names of all files the demonstration needs, as references.json spells them:
    'cp-charte.pdf', 'gui-encodage.docx'.
    """
    names = []
    for path in sorted((DATA / "documents").glob("*.json")):
        names += [f"{path.stem}.{suffix}" for suffix in read_data(f"documents/{path.name}").get("formats", ["pdf"])]
    return names


def make_documents(out_dir: Path | str) -> list[Path]:
    """All files of the demonstration, written into out_dir; the same bytes at every call.
    Some two seconds on one core.
    """
    return [make_document(name, out_dir) for name in document_names()]


def make_document(name: str, out_dir: Path | str) -> Path:
    """One file of the demonstration, 'slug.pdf' or 'slug.docx', written into out_dir.

    Raises FileNotFoundError if the data has no such slug.
    """
    slug, _, suffix = name.rpartition(".")
    content = read_data(f"documents/{slug}.json")
    path = Path(out_dir) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if suffix == "docx":
        path.write_bytes(word_file(content))
    elif content["kind"] == "scan":
        path.write_bytes(scanned_pdf(content))
    else:
        path.write_bytes(typeset(content))
    return path


def typeset(content: dict, *, template: str = "report.typ") -> bytes:
    """The PDF of one document, with text, headings, contents and page labels."""
    return typst.compile(TEMPLATES / template, root=TEMPLATES, **_options(content))


def scanned_pdf(content: dict) -> bytes:
    """A PDF whose pages are pictures without text, as a copier gives them."""
    drawn = typst.compile(
        TEMPLATES / "report.typ",
        root=TEMPLATES,
        format="png",
        ppi=SCAN_PPI,
        **_options({**content, "kind": "sheet"}),
    )
    pages = drawn if isinstance(drawn, list) else [drawn]
    with tempfile.TemporaryDirectory(prefix="scan-") as folder:
        root = Path(folder)
        shutil.copy(TEMPLATES / "scan.typ", root)
        pictures = [f"page-{number}.png" for number in range(1, len(pages) + 1)]
        for picture, page in zip(pictures, pages, strict=True):
            (root / picture).write_bytes(page)
        return typst.compile(
            root / "scan.typ", root=root, pdf_tags=False, **_options(content, pictures=json.dumps(pictures))
        )


def _options(content: dict, **more_inputs: str) -> dict:
    return {
        "ignore_system_fonts": True,  # typst's own fonts only: the result never hangs on the machine
        "timestamp": int(MADE_AT.timestamp()),
        "sys_inputs": {
            "content": json.dumps(content, ensure_ascii=False),
            "words": json.dumps(WORDS[content["languages"][0]], ensure_ascii=False),
            **more_inputs,
        },
    }


W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
CONTENT_TYPES = (
    f'<?xml version="1.0" encoding="UTF-8"?><Types xmlns="{PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/word/document.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>'
    '<Override PartName="/word/styles.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/>'
    "</Types>"
)
RELATIONS = (
    f'<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/relationships/officeDocument" Target="word/document.xml"/></Relationships>'
)
DOCUMENT_RELATIONS = (
    f'<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/relationships/styles" Target="styles.xml"/></Relationships>'
)
STYLES = (
    f'<?xml version="1.0" encoding="UTF-8"?><w:styles xmlns:w="{W}">'
    + "".join(
        f'<w:style w:type="paragraph" w:styleId="{style}"><w:name '
        f'w:val="{name}"/><w:pPr><w:outlineLvl w:val="{level}"/></w:pPr>'
        f'<w:rPr><w:b/><w:sz w:val="{size}"/></w:rPr></w:style>'
        for style, name, level, size in (
            ("Title", "Title", 9, 48),
            ("Heading1", "heading 1", 0, 32),
            ("Heading2", "heading 2", 1, 26),
        )
    )
    + "</w:styles>"
)


def word_file(content: dict) -> bytes:
    """The same document as a small .docx (Office Open XML): title, headings, paragraphs;
    lists and tables as plain paragraphs.
    """
    body = [_paragraph(content["title"], "Title"), _paragraph(content["subtitle"]), _paragraph(content["author"])]
    for section in content["sections"]:
        body.append(_paragraph(section["heading"], f"Heading{section['level']}"))
        body += [_paragraph(text) for block in section["blocks"] for text in texts_of_block(block)]
    document = (
        f'<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="{W}"><w:body>{"".join(body)}</w:body></w:document>'
    )
    parts = {
        "[Content_Types].xml": CONTENT_TYPES,
        "_rels/.rels": RELATIONS,
        "word/document.xml": document,
        "word/styles.xml": STYLES,
        "word/_rels/document.xml.rels": DOCUMENT_RELATIONS,
    }
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for part, text in parts.items():
                archive.writestr(zipfile.ZipInfo(part, MADE_AT.timetuple()[:6]), text, zipfile.ZIP_DEFLATED)
        file.seek(0)
        return file.read()


def _paragraph(text: str, style: str = "") -> str:
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f'<w:p>{properties}<w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p>'


def texts_of_block(block: dict) -> Iterator[str]:
    """The words of one block, one string a paragraph, item or row (cells joined by ' · ')."""
    match block["type"]:
        case "paragraph" | "quotation":
            yield block["text"]
        case "definition":
            yield from (f"{part['term']} {part['text']}" for part in [block, *block["echoes"]])
        case "list" | "steps":
            yield from block["items"]
        case "table":
            yield block["caption"]
            yield from (" · ".join(row) for row in [block["header"], *block["rows"]])
