from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from search.extraction import BrokenFile, EncryptedFile, ExtractionError, Limits, Sandbox, is_scan
from search.extraction.pages import WordBox, unpack_boxes
from search.extraction.pdf import ocr
from tests.search.extraction.builders import raw_pdf, text_pdf, write_pdf

COLUMNS = """
#set page(width: 500pt, height: 400pt, margin: 30pt)
#set text(size: 10pt)
#grid(columns: (1fr, 1fr), gutter: 14pt,
  [#set text(lang: "fr"); Le logement social manque dans la commune et
   les familles attendent souvent de longues années avant une réponse des services.],
  [#set text(lang: "nl"); De sociale huisvesting ontbreekt in de gemeente en
   gezinnen wachten vaak lange jaren voor zij een antwoord van de diensten krijgen.])
"""


def boxes_of(page: object, word: str) -> list[WordBox]:
    return [box for box in unpack_boxes(page.boxes) if page.text[box.start : box.end].strip(".,;") == word]


def test_pages_have_their_text_label_size_and_facts(tmp_path: Path, sandbox: Sandbox) -> None:
    facts = '#set document(title: "Bilan", author: "Coordination")\n#set text(lang: "nl")\n#set page(numbering: "i")\n'
    source = f"{facts}Eerste bladzijde\n#pagebreak()\nTweede bladzijde"
    found = sandbox.read(write_pdf(tmp_path / "a.bin", source))
    assert (found.media_type, found.paged, found.title, found.author, found.language) == (
        "application/pdf",
        True,
        "Bilan",
        "Coordination",
        "nl",
    )
    assert [(page.number, page.label, page.text.split("\n")[0]) for page in found.pages] == [
        (1, "i", "Eerste bladzijde"),
        (2, "ii", "Tweede bladzijde"),
    ]
    assert (round(found.pages[0].width), round(found.pages[0].height)) == (595, 842)


def test_hyphenated_dutch_compound_is_found_whole_with_a_box_for_each_part(tmp_path: Path, sandbox: Sandbox) -> None:
    narrow = (
        '#set page(width: 150pt, height: 200pt, margin: 20pt)\n#set text(lang: "nl", '
        "hyphenate: true)\n#set par(justify: true)\n"
    )
    source = f"{narrow}De arbeidsongeschiktheidsverzekering en de zorg- en huisvestingsdiensten."
    page = sandbox.read(write_pdf(tmp_path / "a.pdf", source)).pages[0]
    words = page.text.split()
    assert "arbeidsongeschiktheidsverzekering" in words
    assert "zorg- en" in " ".join(words)
    assert "huisvestingsdiensten." in words
    parts = boxes_of(page, "arbeidsongeschiktheidsverzekering")
    assert len(parts) >= 2
    assert parts[0].top < parts[1].top


def test_column_beside_a_column_is_a_paragraph_of_its_own(tmp_path: Path, sandbox: Sandbox) -> None:
    paragraphs = sandbox.read(write_pdf(tmp_path / "a.pdf", COLUMNS)).pages[0].text.split("\n\n")
    assert [" ".join(text.split())[:26] for text in paragraphs] == [
        "Le logement social manque ",
        "De sociale huisvesting ont",
    ]


def test_columns_of_a_file_that_writes_lines_across_are_parted_too(tmp_path: Path, sandbox: Sandbox) -> None:
    french = ["Le logement social manque", "dans la commune et les", "familles attendent encore"]
    dutch = ["De sociale huisvesting is", "schaars in de gemeente en", "gezinnen wachten nog lang"]
    shown = "".join(
        f"1 0 0 1 {x} {160 - 14 * row} Tm ({text}) Tj "
        for row in range(3)
        for x, text in ((20, french[row]), (220, dutch[row]))
    )
    path = tmp_path / "a.pdf"
    path.write_bytes(text_pdf(f"BT /F 11 Tf {shown}ET"))
    assert sandbox.read(path).pages[0].text == "\n".join(french) + "\n\n" + "\n".join(dutch)


@pytest.mark.parametrize(
    ("rotate", "corner"), [(0, (0.05, 0.1)), (90, (0.9, 0.05)), (180, (0.95, 0.9)), (270, (0.1, 0.95))]
)
def test_word_stands_where_it_is_displayed_on_a_turned_page(
    tmp_path: Path, sandbox: Sandbox, rotate: int, corner: tuple[float, float]
) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(text_pdf("BT /F 12 Tf 1 0 0 1 20 180 Tm (Schaerbeek) Tj ET", rotate=rotate))
    page = sandbox.read(path).pages[0]
    box = boxes_of(page, "Schaerbeek")[0]
    assert (page.width, page.height) == ((400, 200) if rotate % 180 == 0 else (200, 400))
    assert min(abs(edge - corner[0]) for edge in (box.left, box.right)) < 0.06
    assert min(abs(edge - corner[1]) for edge in (box.top, box.bottom)) < 0.06


def test_box_is_a_fraction_of_the_cropped_page(tmp_path: Path, sandbox: Sandbox) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(
        text_pdf(
            "BT /F 12 Tf 1 0 0 1 110 140 Tm (Logement) Tj ET", boxes="/MediaBox[0 0 400 200]/CropBox[100 50 300 150]"
        )
    )
    page = sandbox.read(path).pages[0]
    box = boxes_of(page, "Logement")[0]
    assert (page.width, page.height) == (200, 100)
    assert abs(box.left - 0.05) < 0.02
    assert 0 <= box.top < 0.12


def test_vertical_words_beside_level_text_keep_their_own_line(tmp_path: Path, sandbox: Sandbox) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(
        text_pdf("BT /F 12 Tf 1 0 0 1 60 150 Tm (Texte principal) Tj 0 1 -1 0 30 20 Tm (marge de gauche) Tj ET")
    )
    assert sandbox.read(path).pages[0].text == "Texte principal\n\nmarge de gauche"


def test_accents_ligatures_and_form_values_are_text(tmp_path: Path, sandbox: Sandbox) -> None:
    path = tmp_path / "a.pdf"
    form = raw_pdf(
        [
            "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]/DA(/F 10 Tf)/DR<</Font<</F 5 0 R>>>>>>>>",
            "<</Type/Pages/Count 1/Kids[3 0 R]>>",
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 200]/Annots[4 0 R 6 0 R]>>",
            "<</Type/Annot/Subtype/Widget/FT/Tx/T(nom)/V(Maison de quartier)/Rect[20 20 200 40]/P 3 0 R>>",
            "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
            "<</Type/Annot/Subtype/Text/Contents(Remarque du groupe)/Rect[300 100 320 120]>>",
        ]
    )
    path.write_bytes(form)
    page = sandbox.read(path).pages[0]
    assert page.text == "Maison de quartier\n\nRemarque du groupe"
    assert abs(boxes_of(page, "Maison")[0].left - 0.05) < 0.01


def test_page_without_text_is_empty_and_the_document_a_scan(tmp_path: Path, sandbox: Sandbox) -> None:
    picture = Image.new("L", (600, 800), 255)
    picture.save(tmp_path / "a.pdf")
    found = sandbox.read(tmp_path / "a.pdf", limits=Limits(ocr=False))
    assert [page.text for page in found.pages] == [""]
    assert is_scan(found)


@pytest.mark.skipif(not ocr.available(), reason="tesseract is not installed")
def test_scan_is_recognised_with_boxes_where_tesseract_is(tmp_path: Path, sandbox: Sandbox) -> None:
    write_pdf(
        tmp_path / "text.pdf",
        "#set page(width: 400pt, height: 200pt)\n#set text(size: 20pt)\nPermanence sociale\n\nSociale huisvesting",
    )
    image = next(sandbox.render_pages(tmp_path / "text.pdf", width_px=1600))[1]
    Image.open(io.BytesIO(image)).convert("L").save(tmp_path / "scan.pdf", resolution=288)
    found = sandbox.read(tmp_path / "scan.pdf")
    page = found.pages[0]
    assert page.ocr
    assert not is_scan(found)
    assert {"Permanence", "sociale", "huisvesting"} <= set(page.text.split())
    assert boxes_of(page, "Permanence")[0].left < 0.3


def test_scan_is_said_where_tesseract_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("L", (600, 800), 200).save(tmp_path / "a.pdf")
    monkeypatch.setenv("PATH", str(tmp_path))
    with Sandbox() as box:
        assert "tesseract is not installed" in box.read(tmp_path / "a.pdf").warnings[0]


def test_page_images_are_webp_of_the_width_asked(tmp_path: Path, sandbox: Sandbox) -> None:
    write_pdf(tmp_path / "a.pdf", "Un\n#pagebreak()\nDeux\n#pagebreak()\nTrois")
    images = dict(sandbox.render_pages(tmp_path / "a.pdf", width_px=300, numbers=[1, 3]))
    assert list(images) == [1, 3]
    picture = Image.open(io.BytesIO(images[3]))
    assert (picture.format, picture.width, picture.height) == ("WEBP", 300, 425)


def test_password_is_asked_for_by_an_error_of_its_own(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    encrypted = raw_pdf(["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 0/Kids[]>>"]).replace(
        b"/Root 1 0 R",
        b"/Root 1 0 R/ID[<"
        + b"00" * 16
        + b"><"
        + b"00" * 16
        + b">]/Encrypt<</Filter/Standard/V 1/R 2/P -1/O<"
        + b"11" * 32
        + b">/U<"
        + b"22" * 32
        + b">>>",
    )
    path.write_bytes(encrypted)
    with pytest.raises(EncryptedFile):
        sandbox.read(path)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(raw_pdf(["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 0/Kids[]>>"]), id="no pages"),
        pytest.param(
            raw_pdf(["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 3/Kids[2 0 R 2 0 R 2 0 R]>>"]),
            id="pages that hold themselves",
        ),
        pytest.param(b"%PDF-1.7\n" + b"\x00\xff garbage " * 200, id="only a heading"),
    ],
)
def test_damaged_pdf_is_broken_and_never_endless(tmp_path: Path, sandbox: Sandbox, content: bytes) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(content)
    with pytest.raises(BrokenFile):
        sandbox.read(path)


def test_form_that_draws_itself_costs_its_own_reading_only(tmp_path: Path, sandbox: Sandbox) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(
        raw_pdf(
            [
                "<</Type/Catalog/Pages 2 0 R>>",
                "<</Type/Pages/Count 1/Kids[3 0 R]>>",
                "<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]/Contents 4 0 R/Resources<</XObject<</X 5 0 R>>>>>>",
                "<</Length 5>>stream\n/X Do\nendstream",
                (
                    "<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 5 0 R>>>>/Length "
                    "11>>stream\n/X Do /X Do\nendstream"
                ),
            ]
        )
    )
    with pytest.raises(ExtractionError):
        sandbox.read(path, limits=Limits(seconds=5, cpu_seconds=3, ocr=False))
    assert sandbox.read(write_pdf(tmp_path / "next.pdf", "Suivant")).pages[0].text == "Suivant"
