"""What a file on disk says, and in which languages: extraction and detection together, without the database.

What is done with it (rows, states, page images) is in `tasks`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from search.analysis import spans_of_document
from search.extraction import Extraction, ExtractionError, Limits, Sandbox, is_scan, shared_sandbox

# A language with a smaller share of the signs is a quotation or a title, not a language of the document.
_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Reading:
    """state is one of the seven; media_type "" where it cannot be told; languages commonest first; reason in English,
    "" if all is well.
    """

    state: str
    extraction: Extraction | None
    languages: tuple[str, ...]
    reason: str
    seconds: float
    media_type: str = ""


def read_path(path: Path | str, *, limits: Limits | None = None) -> Reading:
    """Reads one file in a limited child process; never raises for what the file is or does."""
    return next(read_paths([path], limits=limits))[1]


def read_paths(
    paths: Iterable[Path | str], *, limits: Limits | None = None, sandbox: Sandbox | None = None
) -> Iterator[tuple[Path, Reading]]:
    """Each path in order with its reading; as many files at once as the sandbox has children."""
    for path, result, seconds in (sandbox or shared_sandbox()).read_many(paths, limits=limits):
        yield path, _judge(result, seconds)


def languages_of(extraction: Extraction) -> tuple[str, ...]:
    """Languages told paragraph by paragraph, commonest first, each with at least a twentieth of the signs whose
    language is known.
    """
    signs: Counter[str] = Counter()
    pages = extraction.pages
    for page, found in zip(pages, spans_of_document((page.text for page in pages), ""), strict=True):
        for span in found:
            signs[span.language] += len(page.text[span.start : span.end].strip())
    del signs[""]
    least = _SHARE * signs.total()
    return tuple(language for language, count in signs.most_common() if count >= least)


def _judge(result: Extraction | ExtractionError, seconds: float) -> Reading:
    if isinstance(result, ExtractionError):
        return Reading(result.state, None, (), result.reason, seconds, result.media_type)
    state = "scan" if is_scan(result) else "read"
    return Reading(state, result, languages_of(result), "; ".join(result.warnings), seconds, result.media_type)
