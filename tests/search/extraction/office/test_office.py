from __future__ import annotations

from pathlib import Path

import pytest

from search.extraction import EncryptedFile, Sandbox, TimedOut, Unsupported, is_scan
from search.extraction.limits import Limits
from tests.search.extraction.builders import W, docx, open_document, packed, paragraph, relationships, write_zip

OLE_WORD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "WordDocument".encode("utf-16-le") + b"\0" * 400


def test_docx_has_sections_by_heading_with_notes_comments_boxes_and_headers(tmp_path: Path, sandbox: Sandbox) -> None:
    note = '<w:r><w:footnoteReference w:id="2"/></w:r><w:r><w:commentReference w:id="7"/></w:r>'
    box = f"<w:r><w:pict><w:txbxContent>{paragraph('Encadré')}</w:txbxContent></w:pict></w:r>"
    deleted = "<w:r><w:delText>supprimé</w:delText></w:r><w:r><w:noBreakHyphen/></w:r>"
    table = f"<w:tbl><w:tr><w:tc>{paragraph('CPAS')}</w:tc><w:tc>{paragraph('OCMW')}</w:tc></w:tr></w:tbl>"
    body = (
        paragraph("Avant")
        + paragraph("Logement", style="Titre1")
        + paragraph("Loyers", inside=note + box + deleted)
        + paragraph("Santé", style="Titre1")
        + table
    )
    styles = f'<w:styles {W}><w:style w:styleId="Titre1"><w:name w:val="heading 1"/></w:style></w:styles>'
    parts = {
        "styles.xml": styles,
        "footnotes.xml": f'<w:footnotes {W}><w:footnote w:id="2">{paragraph("Note du bas")}</w:footnote></w:footnotes>',
        "comments.xml": f'<w:comments {W}><w:comment w:id="7">{paragraph("Remarque")}</w:comment></w:comments>',
        "header1.xml": f"<w:hdr {W}>{paragraph('En-tête')}</w:hdr>",
    }
    related = tuple(
        (f"r{n}", kind, name)
        for n, (kind, name) in enumerate(zip(("styles", "footnotes", "comments", "header"), parts, strict=True))
    )
    found = sandbox.read(write_zip(tmp_path / "a.pdf", docx(body, parts, related)))
    assert [(page.label, page.text) for page in found.pages] == [
        ("", "Avant"),
        ("Logement", "Logement\n\nLoyers-\n\nEncadré\n\nNote du bas\n\nRemarque"),
        ("Santé", "Santé\n\nCPAS\tOCMW\n\nEn-tête"),
    ]


def test_slides_are_numbered_sections_with_their_notes(tmp_path: Path, sandbox: Sandbox) -> None:
    name = (
        'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
        'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    )

    def slide(text: str) -> str:
        return f"<p:sld {name}><p:sp><p:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp></p:sld>"

    members = {
        "[Content_Types].xml": "<Types/>",
        "ppt/presentation.xml": (
            f'<p:presentation {name}><p:sldIdLst><p:sldId r:id="b"/><p:sldId r:id="a"/></p:sldIdLst></p:presentation>'
        ),
        "ppt/_rels/presentation.xml.rels": relationships(
            ("a", "slide", "slides/slide1.xml"), ("b", "slide", "slides/slide2.xml")
        ),
        "ppt/slides/slide1.xml": slide("Deuxième"),
        "ppt/slides/slide2.xml": slide("Première"),
        "ppt/slides/_rels/slide2.xml.rels": relationships(("n", "notesSlide", "../notesSlides/n.xml")),
        "ppt/notesSlides/n.xml": slide("À dire"),
    }
    found = sandbox.read(write_zip(tmp_path / "a", members))
    assert [(page.label, page.text) for page in found.pages] == [("1", "Première\n\nÀ dire"), ("2", "Deuxième")]


def test_sheets_are_sections_with_rows_dates_and_shared_strings(tmp_path: Path, sandbox: Sandbox) -> None:
    name = (
        'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    )
    cells = '<c t="s"><v>0</v></c><c><v>42</v></c><c s="1"><v>40544</v></c>'
    members = {
        "[Content_Types].xml": "<Types/>",
        "xl/workbook.xml": f'<workbook {name}><sheets><sheet name="Chiffres" r:id="a"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relationships(
            ("a", "worksheet", "worksheets/s.xml"), ("b", "sharedStrings", "ss.xml"), ("c", "styles", "st.xml")
        ),
        "xl/ss.xml": f"<sst {name}><si><t>Ménages</t><rPh><t>X</t></rPh></si></sst>",
        "xl/st.xml": f'<styleSheet {name}><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>',
        "xl/worksheets/s.xml": f"<worksheet {name}><sheetData><row>{cells}</row></sheetData></worksheet>",
    }
    found = sandbox.read(write_zip(tmp_path / "a", members))
    assert [(page.label, page.text) for page in found.pages] == [("Chiffres", "Ménages\t42\t2011-01-01")]


def test_odt_has_headings_notes_and_footers(tmp_path: Path, sandbox: Sandbox) -> None:
    note = (
        "<text:note><text:note-citation>1</text:note-citation>"
        "<text:note-body><text:p>Voetnoot</text:p></text:note-body></text:note>"
    )
    body = (
        f'<text:h text:outline-level="1">Huisvesting</text:h><text:p>Huurprijzen<text:s '
        f'text:c="2"/>stijgen{note}.</text:p>'
    )
    styles = "<style:master-page><style:footer><text:p>Voettekst</text:p></style:footer></style:master-page>"
    found = sandbox.read(write_zip(tmp_path / "a", open_document("text", body, styles=styles), stored=("mimetype",)))
    assert [(page.label, page.text) for page in found.pages] == [
        ("Huisvesting", "Huisvesting\n\nHuurprijzen stijgen.\n\nVoetnoot\n\nVoettekst")
    ]


def test_ods_and_odp_give_sheets_and_slides(tmp_path: Path, sandbox: Sandbox) -> None:
    cells = (
        "<table:table-cell><text:p>OCMW</text:p></table:table-cell><table:table-cell "
        'table:number-columns-repeated="9000"/>'
    )
    row = f"<table:table-row>{cells}</table:table-row>"
    sheet = sandbox.read(
        write_zip(tmp_path / "a", open_document("spreadsheet", f'<table:table table:name="Blad">{row}</table:table>'))
    )
    notes = (
        "<presentation:notes><draw:frame><draw:text-box>"
        "<text:p>Notitie</text:p></draw:text-box></draw:frame></presentation:notes>"
    )
    slide = (
        f"<draw:page><draw:frame><draw:text-box><text:p>Dia</text:p></draw:text-box></draw:frame>{notes}</draw:page>"
    )
    show = sandbox.read(write_zip(tmp_path / "b", open_document("presentation", slide)))
    assert [(page.label, page.text) for page in (*sheet.pages, *show.pages)] == [
        ("Blad", "OCMW"),
        ("1", "Dia\n\nNotitie"),
    ]


def test_book_has_a_section_a_chapter(tmp_path: Path, sandbox: Sandbox) -> None:
    members = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container><rootfiles><rootfile full-path="o/b.opf"/></rootfiles></container>',
        "o/b.opf": "<package><metadata><title>Livre</title></metadata><manifest>"
        '<item id="x" href="c%201.xhtml" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="x"/></spine></package>',
        "o/c 1.xhtml": "<html xmlns='http://www.w3.org/1999/xhtml'><body><h1>Chapitre</h1><p>Texte é</p></body></html>",
    }
    found = sandbox.read(write_zip(tmp_path / "a", members))
    assert (found.title, [(page.label, page.text) for page in found.pages]) == (
        "Livre",
        [("Chapitre", "Chapitre\n\nTexte é")],
    )


def test_document_with_a_password_says_so(tmp_path: Path, sandbox: Sandbox) -> None:
    members = open_document("text", "", manifest="<m><encryption-data/></m>")
    (tmp_path / "b").write_bytes(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le")
    )
    for path in (write_zip(tmp_path / "a", members), tmp_path / "b"):
        with pytest.raises(EncryptedFile):
            sandbox.read(path)


def test_document_of_pictures_alone_is_a_scan(tmp_path: Path, sandbox: Sandbox) -> None:
    assert is_scan(sandbox.read(write_zip(tmp_path / "a", docx("<w:p/>"))))


def fake_office(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "soffice"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_old_word_file_wants_libreoffice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(OLE_WORD)
    monkeypatch.setenv("PATH", str(tmp_path))
    with Sandbox() as box, pytest.raises(Unsupported, match=r"save as \.docx or PDF"):
        box.read(tmp_path / "a")


def test_old_word_file_is_read_as_what_libreoffice_makes_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(OLE_WORD)
    (tmp_path / "made.docx").write_bytes(packed(docx(paragraph("Ancien texte"))))
    fake_office(
        tmp_path, f'while [ "$1" != --outdir ]; do shift; done; cp {tmp_path}/made.docx "$2/source.docx"', monkeypatch
    )
    with Sandbox() as box:
        assert box.read(tmp_path / "a").pages[0].text == "Ancien texte"


def test_libreoffice_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(OLE_WORD)
    fake_office(tmp_path, "sleep 600", monkeypatch)
    with Sandbox() as box, pytest.raises(TimedOut):
        box.read(tmp_path / "a", limits=Limits(convert_seconds=1))
