"""Makes the letter table of `detection` from the interface texts of Django and Wagtail (BSD-3-Clause), installed with
them.

Run it by hand after changing how it counts: `python -m search.analysis.training`. The site only reads the table.
"""

from __future__ import annotations

import ast
import importlib.util
import math
import re
from collections import Counter
from pathlib import Path

from search.analysis.detection import TABLE, grams

SOURCES = ("django", "wagtail", "wagtail_localize")
GRAMS_KEPT = 1600  # the commonest of each language
_STRING = re.compile(r'^(?:(msgid|msgid_plural|msgstr(?:\[\d\])?|msgctxt)\s+)?(".*")$')
_MARKUP = re.compile(r"%\([^)]*\)[a-z]|%[a-z%]|\{[^}]*\}|<[^>]*>|&[a-z]+;|https?://\S+|[\\/_]\S*")


def texts(catalogue: Path) -> tuple[list[str], list[str]]:
    """(English messages, their translations) of one .po file; fuzzy and empty ones left out."""
    english: list[str] = []
    translated: list[str] = []
    for block in catalogue.read_text(encoding="utf-8").split("\n\n"):
        if "#, fuzzy" in block or "#~" in block:
            continue
        strings: dict[str, str] = {}
        field = ""
        for line in block.splitlines():
            found = _STRING.match(line.strip())
            if found:
                field = found.group(1) or field
                strings[field] = strings.get(field, "") + ast.literal_eval(found.group(2))
        if strings.get("msgid"):
            english.append(_MARKUP.sub(" ", strings["msgid"]))
            translated += [
                _MARKUP.sub(" ", text) for name, text in strings.items() if name.startswith("msgstr") and text
            ]
    return english, translated


def count() -> dict[str, Counter[str]]:
    """Letter grams of each language over all catalogues."""
    counts: dict[str, Counter[str]] = {"fr": Counter(), "nl": Counter(), "en": Counter()}
    english: set[str] = set()
    for package in SOURCES:
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            continue
        for language in ("fr", "nl"):
            for catalogue in sorted(Path(spec.origin).parent.rglob(f"locale/{language}/LC_MESSAGES/*.po")):
                sources, translations = texts(catalogue)
                english.update(sources)
                for text in set(translations):
                    counts[language].update(grams(text))
    for text in sorted(english):
        counts["en"].update(grams(text))
    return counts


def write(path: Path) -> int:
    """Writes the table; gives the number of grams in it."""
    counts = count()
    totals = {language: sum(counted.values()) for language, counted in counts.items()}
    kept = sorted({gram for counted in counts.values() for gram, _ in counted.most_common(GRAMS_KEPT)})
    lines = [
        (
            "# Letter grams: gram, then for fr nl en -10 ln of its share, capped at 126, as one "
            "sign each from '!' on. '_' is the edge of a word."
        ),
        f"# Counted in the interface texts of {', '.join(SOURCES)} (BSD-3-Clause) by search/analysis/training.py.",
    ]
    for gram in kept:
        costs = [
            min(126, round(-10 * math.log((counts[language][gram] + 0.5) / (totals[language] + 0.5 * len(kept)))))
            for language in counts
        ]
        lines.append(gram + "".join(chr(33 + (cost * 93) // 126) for cost in costs))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(kept)


if __name__ == "__main__":
    print(write(TABLE), "grams written to", TABLE.name)
