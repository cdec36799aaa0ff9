"""Going through very many things in little memory: a few at a time, or kept in a temporary file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def batches(things: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of `size` things, the last one shorter."""
    iterator = iter(things)
    while some := list(islice(iterator, size)):
        yield some


class Spool:
    """Lines kept in a temporary file, counted, to be gone through afterwards.

    Subjects are read to their end before anything is written: a SQLite connection with an open cursor cannot write once
    another one has.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self._file = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed by __exit__
        self._count = 0
        for line in lines:
            self._file.write(line + "\n")
            self._count += 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[str]:
        self._file.seek(0)
        for line in self._file:
            yield line.rstrip("\n")

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()
