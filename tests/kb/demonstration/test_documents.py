"""The files of the demonstration are real ones: several pages, their words in the text, the same bytes each time."""

import re
import time
import unicodedata
import zipfile

import pypdfium2
import pytest

from kb.demonstration.documents import document_names, make_document, make_documents, texts_of_block
from kb.demonstration.reading import read_data

PDFS = [name for name in document_names() if name.endswith(".pdf")]
SCAN = "gui-scan.pdf"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("documents")
    started = time.monotonic()
    paths = make_documents(folder)
    return {path.name: path for path in paths}, time.monotonic() - started


def pages_of(path):
    with pypdfium2.PdfDocument(path) as document:
        return [page.get_textpage().get_text_range() for page in document]


def squeezed(text):
    """Letters and signs alone: where a line ends, and with which hyphen, does not count."""
    return re.sub(r"[\s\x02\ufffe\xad‐-]", "", unicodedata.normalize("NFKC", text))


def beginnings_of(content):
    """The first words of every paragraph, item and row of a document."""
    for section in content["sections"]:
        if content["kind"] == "bilingual":
            yield from (
                row[language] for row in [section["heading"], *section["rows"]] for language in content["languages"]
            )
        else:
            yield section["heading"]
            yield from (text.split(" · ")[0] for block in section["blocks"] for text in texts_of_block(block))


def test_all_are_made_within_thirty_seconds(made):
    paths, seconds = made
    assert sorted(paths) == sorted(document_names())
    assert seconds < 30


@pytest.mark.parametrize("name", [name for name in PDFS if name != SCAN])
def test_a_pdf_has_several_pages_and_the_words_of_its_content(made, name):
    pages = pages_of(made[0][name])
    content = read_data(f"documents/{name.removesuffix('.pdf')}.json")
    text = squeezed("".join(pages))
    missing = [beginning for beginning in beginnings_of(content) if squeezed(beginning)[:24] not in text]
    assert len(pages) >= 3
    assert missing == []


@pytest.mark.parametrize("name", [name for name in PDFS if name != SCAN])
def test_a_pdf_has_at_least_three_pages_full_of_prose(made, name):
    words = sorted((len(page.split()) for page in pages_of(made[0][name])), reverse=True)
    assert words[2] >= 225 and sum(words) >= 750


def test_the_scan_has_pages_and_no_text(made):
    pages = pages_of(made[0][SCAN])
    assert len(pages) >= 2
    assert "".join(pages).strip() == ""


def test_the_long_dossier_has_a_preface_in_roman_figures(made):
    with pypdfium2.PdfDocument(made[0]["pa-dossier.pdf"]) as document:
        labels = [document.get_page_label(at) for at in range(len(document))]
    assert 36 <= len(labels) <= 45
    assert labels[1:6] == ["i", "ii", "iii", "1", "2"]


def test_the_bilingual_leaflet_sets_french_and_dutch_side_by_side(made):
    with pypdfium2.PdfDocument(made[0]["log-garantie-bilingue.pdf"]) as document:
        page = document[1]
        text = page.get_textpage()
        left, right = (
            text.get_charbox(text.get_text_range().index(word))[0] / page.get_width()
            for word in ("protège", "beschermt")
        )
    assert left < 0.5 < right


def test_the_word_kept_for_one_closed_file_stands_in_no_other(made):
    files = [
        file
        for reference in read_data("references.json")["references"]
        for file in reference["files"]
        if "only_word" in file
    ]
    assert len(files) == 1
    word, name = files[0]["only_word"], files[0]["versions"][0]["document"]
    assert [other for other in PDFS if word in squeezed("".join(pages_of(made[0][other])))] == [name]
    for data in ("vocabulary.json", "bodies.json", "organisations.json", "pages.json"):
        assert word not in str(read_data(data))
    notices = [
        {key: value for key, value in reference.items() if key != "files"}
        for reference in read_data("references.json")["references"]
    ]
    assert word not in str(notices)


def test_the_two_versions_of_the_summary_differ(made):
    first, second = ("".join(pages_of(made[0][f"pa-synthese-{number}.pdf"])) for number in (1, 2))
    assert "provisoire" in first and "provisoire" not in second
    assert "parcours d’intégration" in second.lower().replace("\r\n", " ")


def test_the_word_file_is_an_office_document_with_the_same_words(made):
    with zipfile.ZipFile(made[0]["gui-encodage.docx"]) as archive:
        assert archive.testzip() is None
        text = archive.read("word/document.xml").decode()
    assert "Une adresse fausse coûte plus cher qu’une adresse absente" in text


@pytest.mark.parametrize("name", ["cp-charte.pdf", "gui-scan.pdf", "gui-encodage.docx"])
def test_making_a_document_again_gives_the_same_bytes(made, tmp_path, name):
    assert make_document(name, tmp_path).read_bytes() == made[0][name].read_bytes()


def test_a_document_nobody_wrote_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError):
        make_document("nobody-wrote-this.pdf", tmp_path)
