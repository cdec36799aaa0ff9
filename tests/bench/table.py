"""What a measurement gives, and how the table is printed."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """what | ours | reference, in one unit | how ours stands to it, and the aim if there is one."""

    what: str
    ours: str
    reference: str = ""
    ratio: str = ""
    aim: str = ""


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of one call, and how many times it was made."""

    median: float
    p95: float
    count: int = 0

    def __str__(self) -> str:
        return f"{self.median:.1f} / {self.p95:.1f} ms"


def timed(
    call: Callable[[Any], object], questions: Iterable[Any], *, warm_up: int = 5, most_seconds: float = math.inf
) -> Times:
    """Median and 95th percentile of `call` over the questions, the first few asked once before; it stops early when the
    time is up.
    """
    asked = list(questions)
    for question in asked[:warm_up]:
        call(question)
    taken = []
    for question in asked:
        start = time.perf_counter()
        call(question)
        taken.append((time.perf_counter() - start) * 1000)
        if sum(taken) > most_seconds * 1000:
            break
    taken.sort()
    return Times(statistics.median(taken), taken[min(len(taken) - 1, int(len(taken) * 0.95))], len(taken))


def printed(rows: Iterable[Row]) -> str:
    lines = [
        ("what", "ours", "reference", "ours / reference", "aim"),
        *((r.what, r.ours, r.reference, r.ratio, r.aim) for r in rows),
    ]
    widths = [max(len(line[place]) for line in lines) for place in range(5)]
    text = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    text.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(text)
