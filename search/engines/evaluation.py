"""How well an engine finds, on a folder of judged questions: nDCG, recall, reciprocal rank, first hits, time.

A folder has docs.jsonl ({"id", "title", "text", "lang"}), queries.jsonl ({"id", "text", "lang"}) and qrels.tsv (query,
document, gain).
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from search.analysis import spans
from search.engines.base import Engine
from search.entries import Entry, Section, Title
from search.query import parse

AUDIENCE = "public"
DEPTH = 100


class NotACollection(Exception):
    """The folder lacks one of the three files, or a line of it cannot be read; says which."""


@dataclass(frozen=True, slots=True)
class Question:
    """gains: document id -> gain above 0."""

    id: str
    text: str
    language: str
    gains: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Means over the judged questions; ms_per_query is the engine's time for a whole answer of 100 hits,
    facets and counts included.
    """

    queries: int
    ndcg_at_10: float
    recall_at_100: float
    mrr_at_10: float
    hit_at_1: float
    ms_per_query: float
    index_seconds: float

    def as_json(self) -> str:
        """One line, four decimals."""
        return json.dumps(
            {name: value if isinstance(value, int) else round(value, 4) for name, value in asdict(self).items()}
        )


def _lines(path: Path) -> Iterator[dict]:
    try:
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    try:
                        yield json.loads(line)
                    except ValueError as error:
                        raise NotACollection(f"{path}, line {number}: not JSON ({error}).") from error
    except OSError as error:
        raise NotACollection(f"{path}: {error.strerror}.") from error


def entries(collection: Path) -> Iterator[Entry]:
    """The documents as the site would index them: one notice each, languages found paragraph by paragraph."""
    for document in _lines(collection / "docs.jsonl"):
        text, language = document.get("text") or "", document.get("lang") or ""
        yield Entry(
            subject=document["id"],
            kind="document",
            url="",
            titles=(Title(language, document.get("title") or ""),),
            audiences=frozenset({AUDIENCE}),
            languages=(language,) if language else (),
            sections=(Section(anchor="", page_number=0, label="", text=text, spans=spans(text, language)),),
        )


def questions(collection: Path) -> list[Question]:
    """The questions that have at least one document judged good, in order."""
    gains: dict[str, dict[str, int]] = {}
    path = collection / "qrels.tsv"
    try:
        judged = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise NotACollection(f"{path}: {error.strerror}.") from error
    for number, line in enumerate(judged, 1):
        if line.strip():
            try:
                query, document, gain = line.split("\t")
                value = int(gain)
            except ValueError as error:
                raise NotACollection(f"{path}, line {number}: not three columns.") from error
            if value > 0:
                gains.setdefault(query, {})[document] = value
    return [
        Question(question["id"], question["text"], question.get("lang") or "", gains[question["id"]])
        for question in _lines(collection / "queries.jsonl")
        if question["id"] in gains
    ]


def ndcg(ranked: Sequence[str], gains: Mapping[str, int], depth: int = 10) -> float:
    """Gains as they are (not 2^gain - 1: the judgements are 0 or 1, where both are one), divided by log2(rank + 1),
    over the best possible order.
    """
    got = sum(gains.get(document, 0) / math.log2(rank + 1) for rank, document in enumerate(ranked[:depth], 1))
    best = sum(gain / math.log2(rank + 1) for rank, gain in enumerate(sorted(gains.values(), reverse=True)[:depth], 1))
    return got / best if best else 0.0


def recall(ranked: Sequence[str], gains: Mapping[str, int], depth: int = DEPTH) -> float:
    """Share of the good documents that are among the first."""
    return len(set(ranked[:depth]) & set(gains)) / len(gains) if gains else 0.0


def reciprocal_rank(ranked: Sequence[str], gains: Mapping[str, int], depth: int = 10) -> float:
    """1 over the rank of the first good document, 0 when none is among the first."""
    return next((1 / rank for rank, document in enumerate(ranked[:depth], 1) if document in gains), 0.0)


def rank(engine: Engine, question: Question) -> list[str]:
    """Documents found, then similar ones, 100 at most."""
    results = engine.search(parse(question.text, question.language), audiences=frozenset({AUDIENCE}), count=DEPTH)
    return list(dict.fromkeys(hit.subject for hit in results.hits + results.similar))[:DEPTH]


def evaluate(engine: Engine, collection: Path, asked: Path | None = None) -> Evaluation:
    """Fills the engine (its own, empty one) with the collection and asks it the questions of `asked`,
    or of the collection itself.
    """
    judged = questions(asked or collection)
    if not judged:
        raise NotACollection(f"{asked or collection}: no question has a judged document.")
    started = time.perf_counter()
    with engine.rebuild() as new:
        new.add(entries(collection))
    indexed = time.perf_counter()
    rankings = [rank(engine, question) for question in judged]
    seconds = time.perf_counter() - indexed

    def mean(measure) -> float:
        return sum(measure(ranked, question.gains) for ranked, question in zip(rankings, judged, strict=True)) / len(
            judged
        )

    return Evaluation(
        queries=len(judged),
        ndcg_at_10=mean(ndcg),
        recall_at_100=mean(recall),
        mrr_at_10=mean(reciprocal_rank),
        hit_at_1=mean(lambda ranked, gains: float(bool(ranked) and ranked[0] in gains)),
        ms_per_query=1000 * seconds / len(judged),
        index_seconds=indexed - started,
    )
