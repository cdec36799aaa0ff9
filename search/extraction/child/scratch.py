"""The folder that a reading child has to itself: one part holds the file to read and nothing else, in the other it may
write.

What a killed process left is swept away by the next one that makes such a folder beside it: it may hold a document that
was erased since.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import tempfile
from pathlib import Path

from search.extraction.errors import BrokenFile, TimedOut

_PREFIX = "cass-scratch-"
_LOCK = "lock"


class Scratch:
    """`given` is to be read, `work` to be written. In `beside` if it may be written, else where temporary files are.

    Raises OSError.
    """

    def __init__(self, beside: Path | None = None) -> None:
        place = beside if beside is not None and _is_made(beside) else Path(tempfile.gettempdir())
        _sweep(place)
        self.root = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place)).resolve()
        making = (
            self.root / "making"
        )  # the lock has its name only when it is held, lest somebody sweeps this folder meanwhile
        self._lock = os.open(making, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        making.rename(self.root / _LOCK)
        self.given, self.work = self.root / "given", self.root / "work"
        for folder in (self.given, self.work):
            folder.mkdir(0o700)

    def put(self, path: Path, *, by_name: bool) -> Path:
        """The file under another name. `by_name`: as a second name of the same bytes where that can be, which costs
        nothing; else a copy.

        Only a child that cannot write in `given`, nor change a file's length or mode, may be given the bytes
        themselves.
        Raises BrokenFile if it cannot be read, TimedOut if there is no room.
        """
        place = self.given / "file"
        try:
            if by_name and path.stat().st_uid == os.geteuid():
                with contextlib.suppress(OSError):  # another file system, or one without second names
                    os.link(path.resolve(), place)
                    return place
            shutil.copyfile(path, place)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise TimedOut("no room on the disk to read it") from error
            raise BrokenFile(f"cannot be opened: {error.strerror}") from error
        return place

    def empty(self) -> None:
        """Takes away the file and all that was written. Raises OSError for what cannot be taken away."""
        for folder in (self.given, self.work):
            _clear(folder)

    def remove(self) -> None:
        """Takes away the whole; what cannot be is swept later."""
        with contextlib.suppress(OSError):
            _remove(self.root)
        os.close(self._lock)


def _is_made(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.access(folder, os.W_OK | os.X_OK)


def _clear(folder: Path) -> None:
    """Takes away what is in it, folders however deep: each is moved up first,
    so that no path grows long and nothing recurses.
    """
    top = Path(tempfile.mkdtemp(prefix="clearing-", dir=folder.parent))
    waiting, count = [folder], 0
    while waiting:
        emptied = waiting.pop()
        for entry in list(os.scandir(emptied)):
            if entry.is_dir(follow_symlinks=False):
                os.chmod(entry.path, 0o700)
                count += 1
                waiting.append(top / str(count))
                os.rename(entry.path, waiting[-1])
            else:
                os.unlink(entry.path)
        if emptied != folder:
            emptied.rmdir()
    top.rmdir()


def _remove(root: Path) -> None:
    """The lock goes last, so that what stays behind is swept again. Raises OSError."""
    for folder in [path for path in root.iterdir() if path.is_dir()]:
        _clear(folder)
        folder.rmdir()
    shutil.rmtree(root)


def _sweep(place: Path) -> None:
    """Takes away the folders whose process is gone: nobody holds their lock."""
    for folder in place.glob(f"{_PREFIX}*"):
        try:
            lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:  # somebody else's, or just being made
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            continue
        else:
            with contextlib.suppress(OSError):
                _remove(folder)
        finally:
            os.close(lock)
