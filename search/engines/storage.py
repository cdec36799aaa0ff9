"""A folder that holds an index in generations, one of them current, with one writer at a time.

    <folder>/current             the name of the generation in use, replaced in one step
    <folder>/writing.lock        held (flock) by whoever writes; freed by the system when a process dies
    <folder>/gen-<random>/       made-by.json (versions; complete or not), and what the engine puts there

A rebuild fills a new generation and then changes `current`; what a killed one left is removed by the next.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from search.engines.base import EngineBusy, EngineUnavailable


@dataclass(frozen=True, slots=True)
class MadeBy:
    """Versions a generation was made by; complete is False until a rebuild has put everything in.

    lengths: mean lengths its levels are cut by; measured: those of what a rebuild put in (`search.engines.levels`);
    None where it does not say.
    """

    schema: int
    analysis: int
    complete: bool
    lengths: Mapping[str, float] | None = None
    measured: Mapping[str, float] | None = None


class Storage:
    """Paths, the pointer and the lock; knows nothing of what a generation holds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._pointer = folder / "current"

    def current(self) -> Path | None:
        """The folder of the generation in use, None when there is none (or it was deleted)."""
        try:
            name = self._pointer.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            return None
        return self.folder / name if name.startswith("gen-") else None

    def made_by(self, generation: Path) -> MadeBy | None:
        """The versions that made this generation; None when it does not say, or not in a way we know."""
        try:
            said = json.loads((generation / "made-by.json").read_text(encoding="ascii"))
            return MadeBy(
                said["schema"],
                said["analysis"],
                said["complete"],
                lengths=said.get("lengths"),
                measured=said.get("measured"),
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def create(self) -> Path:
        """A new, empty generation, not yet current."""
        generation = self.folder / f"gen-{secrets.token_hex(6)}"
        generation.mkdir(parents=True)
        return generation

    def use(self, generation: Path, made_by: MadeBy) -> None:
        """Makes a generation the current one, in one step."""
        (generation / "made-by.json").write_text(json.dumps(asdict(made_by)), encoding="ascii")
        fresh = self.folder / f"current.{secrets.token_hex(4)}"
        with open(fresh, "w", encoding="ascii") as file:
            file.write(generation.name)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, self._pointer)
        with suppress(OSError):
            directory = os.open(self.folder, os.O_RDONLY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)

    def clean(self) -> None:
        """Removes generations and pointers that are not in use. Call it only while `writing`."""
        kept = self.current()
        for left in [*self.folder.glob("gen-*"), *self.folder.glob("current.*")]:
            if left != kept:
                if left.is_dir():
                    shutil.rmtree(left, ignore_errors=True)
                else:
                    left.unlink(missing_ok=True)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Holds the folder for writing. Raises EngineBusy at once when another process, thread or rebuild holds it."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.folder / "writing.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise EngineUnavailable(f"The search index folder cannot be written: {error.strerror}.") from error
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise EngineBusy("The search index is being written by another process.") from error
            yield
        finally:
            os.close(handle)
