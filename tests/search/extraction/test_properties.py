"""What files say of themselves beside their text: title, author, day, language, publisher;
in the formats that have them.
"""

from __future__ import annotations

import email.message
from dataclasses import asdict

import pytest

from search.extraction.dates import iso_date
from search.extraction.limits import Facts
from tests.search.extraction.builders import OPEN_DOCUMENT, docx, open_document, packed, paragraph, raw_pdf

CORE = (
    '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:dcterms="http://purl.org/dc/terms/"><dc:title>Le '
    "bail</dc:title><dc:creator>Anne Martin</dc:creator><dc:language>fr</dc:language>"
    "<dc:publisher>La Gerbe</dc:publisher><dcterms:created>2012-03-05T10:00:00Z</dcterms:created></cp:coreProperties>"
)
META = (
    f"<office:document-meta {OPEN_DOCUMENT}><office:meta><dc:title>Le "
    f"bail</dc:title><meta:initial-creator>Anne Martin</meta:initial-creator>"
    "<dc:language>fr</dc:language><dc:publisher>La "
    "Gerbe</dc:publisher><meta:creation-date>2012-03-05T10:00:00</meta:creation-date>"
    "</office:meta></office:document-meta>"
)
HTML = (
    '<html lang="fr"><head><title>Le bail | Site</title><meta name="citation_title" content="Le bail">'
    '<meta name="citation_author" content="Anne Martin">'
    '<meta name="citation_publication_date" content="2012/03/05"><meta name="DC.publisher" '
    'content="La Gerbe"></head><body><p>Texte</p></body></html>'
)
OPF = (
    '<package xmlns="http://www.idpf.org/2007/opf" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata><dc:title>Le bail</dc:title>'
    "<dc:creator>Anne Martin</dc:creator><dc:language>fr</dc:language><dc:publisher>La "
    "Gerbe</dc:publisher><dc:date>2012-03-05</dc:date></metadata>"
    '<manifest><item id="a" href="a.xhtml" '
    'media-type="application/xhtml+xml"/></manifest><spine><itemref '
    'idref="a"/></spine></package>'
)
BOOK = {
    "mimetype": "application/epub+zip",
    "META-INF/container.xml": '<container><rootfiles><rootfile full-path="book.opf"/></rootfiles></container>',
    "book.opf": OPF,
    "a.xhtml": "<html><body><p>Texte</p></body></html>",
}
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
    'xmp:CreateDate="2012-03-05T10:00:00+01:00"><dc:format>application/pdf</dc:format>'
    '<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Le bail</rdf:li><rdf:li '
    'xml:lang="nl">De huur</rdf:li></rdf:Alt></dc:title>'
    "<dc:creator><rdf:Seq><rdf:li>Anne Martin</rdf:li><rdf:li>Jan Peeters</rdf:li></rdf:Seq></dc:creator>"
    "<dc:publisher><rdf:Bag><rdf:li>La Gerbe</rdf:li></rdf:Bag></dc:publisher></rdf:Description></rdf:RDF></x:xmpmeta>"
)


def pdf(*, info: str = "", packet: str = "") -> bytes:
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Count 1/Kids[3 0 R]>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>",
    ]
    if packet:
        objects.append(f"<</Type/Metadata/Subtype/XML/Length {len(packet)}>>stream\n{packet}\nendstream")
    if not info:
        return raw_pdf(objects)
    content = raw_pdf([*objects, f"<<{info}>>"])
    return content.replace(b"/Root 1 0 R>>", b"/Root 1 0 R/Info %d 0 R>>" % (len(objects) + 1))


def facts(sandbox, tmp_path, name: str, content: bytes) -> dict[str, str]:
    path = tmp_path / name
    path.write_bytes(content)
    found = sandbox.read(path)
    return {key: getattr(found, key) for key in ("title", "author", "date", "language", "publisher")}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.docx", packed({**docx(paragraph("Texte")), "docProps/core.xml": CORE})),
        ("a.odt", packed({**open_document("text", "<text:p>Texte</text:p>"), "meta.xml": META})),
        ("a.html", HTML.encode()),
        ("a.epub", packed(BOOK)),
    ],
    ids=["docx", "odt", "html", "epub"],
)
def test_office_files_books_and_pages_of_the_web_say_all_five(sandbox, tmp_path, name, content):
    assert facts(sandbox, tmp_path, name, content) == {
        "title": "Le bail",
        "author": "Anne Martin",
        "date": "2012-03-05",
        "language": "fr",
        "publisher": "La Gerbe",
    }


def test_a_pdf_says_it_in_its_information(sandbox, tmp_path):
    found = facts(
        sandbox,
        tmp_path,
        "a.pdf",
        pdf(info="/Title(Le bail)/Author(Anne Martin)/CreationDate(D:20120305101500+01'00')"),
    )
    assert (found["title"], found["author"], found["date"], found["publisher"]) == (
        "Le bail",
        "Anne Martin",
        "2012-03-05",
        "",
    )


def test_a_pdf_says_more_in_its_packet_of_metadata(sandbox, tmp_path):
    found = facts(sandbox, tmp_path, "a.pdf", pdf(packet=XMP))
    assert (found["title"], found["author"], found["date"], found["publisher"]) == (
        "Le bail",
        "Anne Martin; Jan Peeters",
        "2012-03-05",
        "La Gerbe",
    )


def test_the_packet_of_a_picture_in_a_pdf_is_not_the_document_s(sandbox, tmp_path):
    of_picture = XMP.replace("application/pdf", "image/jpeg").replace("La Gerbe", "Photographe")
    found = facts(sandbox, tmp_path, "a.pdf", pdf(packet=of_picture))
    assert found["publisher"] == ""


@pytest.mark.parametrize(
    "packet",
    [
        "<x:xmpmeta>application/pdf<broken</x:xmpmeta>",
        "<x:xmpmeta>application/pdf",
        '<!DOCTYPE a [<!ENTITY b "c">]><x:xmpmeta>application/pdf&b;</x:xmpmeta>',
    ],
)
def test_a_damaged_packet_is_passed_over(sandbox, tmp_path, packet):
    assert facts(sandbox, tmp_path, "a.pdf", pdf(info="/Title(Le bail)", packet=packet))["title"] == "Le bail"


def test_a_mail_says_its_sender_and_its_day(sandbox, tmp_path):
    message = email.message.EmailMessage()
    message["Subject"], message["From"], message["Date"] = (
        "Convocation",
        "Anne <anne@example.org>",
        "Mon, 05 Mar 2012 10:00:00 +0100",
    )
    message.set_content("Bonjour")
    found = facts(sandbox, tmp_path, "a.eml", message.as_bytes())
    assert (found["title"], found["author"], found["date"]) == ("Convocation", "Anne <anne@example.org>", "2012-03-05")


def test_an_rtf_file_says_when_it_was_made(sandbox, tmp_path):
    content = rb"{\rtf1\ansi{\info{\title Le bail}{\author Anne}{\creatim\yr2012\mo3\dy5\hr10}} Texte\par}"
    assert facts(sandbox, tmp_path, "a.rtf", content)["date"] == "2012-03-05"


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("D:20120305101500+01'00'", "2012-03-05"),
        ("D:201203", "2012-03"),
        ("2012", "2012"),
        ("2012-03-05T10:00:00Z", "2012-03-05"),
        ("2012/03/05", "2012-03-05"),
        ("2012-13-45", "2012"),
        ("2012-02-31", "2012-02"),
        ("yesterday", ""),
        ("", ""),
        ("0000-00-00", ""),
    ],
)
def test_a_day_is_written_in_one_way_as_precisely_as_it_is_said(said, written):
    assert iso_date(said) == written


def test_a_plain_text_says_nothing(sandbox, tmp_path):
    assert set(facts(sandbox, tmp_path, "a.txt", b"Bonjour a tous").values()) == {""}
    assert not any(value for key, value in asdict(Facts()).items() if key != "paged")


def test_what_a_file_says_is_never_long(sandbox, tmp_path):
    long = HTML.replace("Anne Martin", "A" * 50_000).replace("La Gerbe", "G" * 50_000)
    found = facts(sandbox, tmp_path, "a.html", long.encode())
    assert max(map(len, found.values())) <= 1000
