"""The data of the demonstration as it lies in data/*.json. data/README.md says what the keys mean; documents.py makes the files."""

import json
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"


def read_data(name: str) -> Any:
    """The content of one JSON file, by its name below data/: 'bodies.json', 'documents/cp-charte.json'. Raises FileNotFoundError."""
    return json.loads((DATA / name).read_text(encoding="utf-8"))
