"""The data of the demonstration as it lies in data/*.json. What the keys mean is said in data/README.md; documents made from it are in documents.py."""

import json
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"


def read_data(name: str) -> Any:
    """The content of one JSON file, by its name below data/: 'bodies.json', 'documents/cp-charte.json'. Raises FileNotFoundError."""
    return json.loads((DATA / name).read_text(encoding="utf-8"))
