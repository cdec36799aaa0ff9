from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from django.core.management import call_command

from tests.search.extraction.builders import docx, paragraph, write_pdf, write_zip

KEYS = ["path", "state", "media_type", "pages", "languages", "characters", "seconds", "reason"]


def lines_of(*arguments: str) -> list[dict[str, Any]]:
    out = io.StringIO()
    call_command("read_files", *arguments, stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_folder_gives_a_sorted_line_a_file_with_exactly_the_keys_of_the_contract(tmp_path: Path) -> None:
    write_zip(
        tmp_path / "b.docx",
        docx(paragraph("Les familles attendent un logement social depuis longtemps dans la commune de Schaerbeek.")),
    )
    write_pdf(
        tmp_path / "a.pdf",
        (
            "De gezinnen wachten al lang op een sociale woning in de "
            "gemeente.\n#pagebreak()\nTweede bladzijde van het verslag."
        ),
    )
    (tmp_path / "c.pdf").write_bytes(b"")
    lines = lines_of(str(tmp_path), str(tmp_path / "nowhere"))
    assert all(list(line) == KEYS for line in lines)
    assert [(Path(line["path"]).name, line["state"], line["pages"], line["languages"]) for line in lines] == [
        ("a.pdf", "read", 2, ["nl"]),
        ("b.docx", "read", 1, ["fr"]),
        ("c.pdf", "broken", 0, []),
        ("nowhere", "broken", 0, []),
    ]
    assert lines[3]["reason"] == "no such file"


def test_text_is_a_string_a_page(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", "Un\n#pagebreak()\nDeux")
    (line,) = lines_of("--text", str(path))
    assert list(line) == [*KEYS, "text"]
    assert line["text"] == ["Un", "Deux"]


def test_bilingual_pdf_has_both_languages(tmp_path: Path) -> None:
    french = (
        "Les familles attendent souvent de longues années avant de recevoir une réponse des services de la commune."
    )
    dutch = "De gezinnen wachten vaak lange jaren voor zij van de diensten van de gemeente een antwoord krijgen."
    path = write_pdf(tmp_path / "a.pdf", f"#grid(columns: (1fr, 1fr), gutter: 14pt, [{french}], [{dutch}])")
    assert sorted(lines_of(str(path))[0]["languages"]) == ["fr", "nl"]
