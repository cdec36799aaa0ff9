from __future__ import annotations

from pathlib import Path

import pytest

from search.extraction import Sandbox
from search.extraction.plain import decode
from search.extraction.sections import LONGEST, Sections, parts
from search.extraction.sniffing import sniff

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 700


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_text_is_read_in_its_encoding(encoding: str) -> None:
    text = "Élève à l'école, coördinatie van de ménages\n" * 3
    assert decode(text.encode(encoding)) == text


def test_one_broken_letter_does_not_turn_utf8_into_cp1252() -> None:
    assert decode("é à ç ù ".encode() * 5 + b"\xff") == "é à ç ù " * 5 + "\ufffd"


@pytest.mark.parametrize(
    ("rtf", "text"),
    [
        (rb"{\rtf1\ansi\ansicpg1252 \'e9cole\par suite}", "école\n\nsuite"),
        (rb"{\rtf1\ansi\uc1 caf\u233?\u233\'e9s}", "cafééés".replace("ééés", "éés")),
        (rb"{\rtf1{\fonttbl{\f0 Arial;}{\f1\fcharset204 Cyr;}}\f1\'c4\'ce\'cc}", "ДОМ"),
        (rb"{\rtf1{\*\generator Mot;}{\info{\title Titre}}texte{\pict\bin5 {}}{\x}ici}", "texteici"),
        (rb"{\rtf1 a{\footnote note}b}}}} c", "ab c\n\nnote"),
        (rb"{\rtf1 \u-10179?\u-8704?}", "😀"),
        (rb"{\rtf1{\field{\*\fldinst HYPERLINK x}{\fldrslt lien}}}", "lien"),
    ],
    ids=["codepage", "unicode", "font charset", "destinations and bin", "unbalanced", "surrogates", "field"],
)
def test_rtf_gives_its_words(tmp_path: Path, sandbox: Sandbox, rtf: bytes, text: str) -> None:
    (tmp_path / "a.doc").write_bytes(rtf)
    assert sandbox.read(tmp_path / "a.doc").pages[0].text == text


def test_html_leaves_scripts_out_and_has_sections_by_heading(tmp_path: Path, sandbox: Sandbox) -> None:
    page = '<!doctype html><meta charset="iso-8859-1"><title>Gids</title><script>var x</script>'
    page += "<p>Vóór <b>vet</b></p><h2>Kop</h2><ul><li>een<li>twee</ul>"
    (tmp_path / "a.pdf").write_bytes(page.encode("latin-1"))
    found = sandbox.read(tmp_path / "a.pdf")
    assert (found.media_type, found.title) == ("text/html", "Gids")
    assert [(part.label, part.text) for part in found.pages] == [("", "Vóór vet"), ("Kop", "Kop\n\neen\ntwee")]


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"nom;ville\nCPAS;Schaerbeek\n", "text/csv"),
        (b"Une phrase. Une autre", "text/plain"),
        (b"Subject: Ordre du jour\nFrom: a@example.org\n\nBonjour", "message/rfc822"),
        (b"{\\rtf1 x}", "application/rtf"),
        (b"\n<HTML><body>x", "text/html"),
        (
            OLE + "WordDocument".encode("utf-16-le") + b"\0" * 99 + "PowerPoint Document".encode("utf-16-le") + b"\0\0",
            "application/msword",
        ),
        (b"junk before %PDF-1.4", "application/pdf"),
    ],
)
def test_type_is_told_by_content_not_by_name(tmp_path: Path, content: bytes, media_type: str) -> None:
    (tmp_path / "a.exe").write_bytes(content)
    assert sniff(tmp_path / "a.exe") == media_type


def test_a_long_section_goes_on_in_the_next_under_the_same_label() -> None:
    sections = Sections()
    sections.begin("Adresses")
    said = [f"Rue numéro {number}. Elle est longue.\n" * 40 for number in range(60)]
    for paragraph in said:
        sections.add_paragraph(paragraph)
    pages = list(sections.pages())
    assert [page.number for page in pages] == list(range(1, len(pages) + 1))
    assert {page.label for page in pages} == {"Adresses"}
    assert max(len(page.text) for page in pages) <= LONGEST < sum(len(page.text) for page in pages)
    assert "\n\n".join(page.text for page in pages) == "\n\n".join(paragraph.strip() for paragraph in said)


@pytest.mark.parametrize(
    "text",
    ["mot " * 20_000, "x" * 50_001, "Une phrase. " * 5_000, "ligne\n" * 12_000],
    ids=["words", "letters", "sentences", "lines"],
)
def test_a_long_text_is_cut_at_the_best_end_there_is_and_loses_nothing(text: str) -> None:
    cut = list(parts(text))
    assert max(map(len, cut)) <= LONGEST
    assert "".join(cut).replace("\n", "") == text.replace("\n", "")
