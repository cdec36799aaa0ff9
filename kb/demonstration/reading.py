"""The data of the demonstration as it lies in data/*.json. data/README.md says what the keys mean;
documents.py makes the files.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"


def read_data(name: str) -> Any:
    """The content of one JSON file, by its name below data/: 'bodies.json', 'documents/cp-charte.json'.

    Raises FileNotFoundError.
    """
    return json.loads((DATA / name).read_text(encoding="utf-8"))


def body_in(blocks: list[dict], language: str, marks: Mapping[str, str]) -> list[tuple[str, Any]]:
    """The body of a page of pages.json in one language, as StreamField data: [("text", "<p>…</p>"), ("table", {columns,
    rows, caption}), …].

    marks: shelf marks by key of references.json; a link to a reference that has none there is left out.
    """
    made = []
    for block in blocks:
        kind, value = block["type"], block["value"]
        if kind == "text":
            made.append((kind, value[language]))
        elif kind == "quotation":
            made.append((kind, {"text": value["text"][language], "source": value["source"][language]}))
        elif kind == "callout":
            made.append((kind, {"title": value["title"][language], "text": value["text"][language]}))
        elif kind == "table":
            made.append((kind, _table_in(value, language)))
        elif kind == "reference" and value["reference"] in marks:
            made.append((kind, {"mark": marks[value["reference"]], "note": value["note"][language]}))
    return made


def _table_in(table: dict, language: str) -> dict:
    """A typed table: a column whose cells are all numbers is one of numbers, any other one of words."""
    columns = [
        {
            "type": "number" if all(isinstance(row[at], int | float) for row in table["rows"]) else "words",
            "heading": heading[language],
        }
        for at, heading in enumerate(table["header"])
    ]
    rows = [
        {"values": [cell if isinstance(cell, int | float) else cell[language] for cell in row]} for row in table["rows"]
    ]
    return {"caption": table["caption"][language], "columns": columns, "rows": rows}
