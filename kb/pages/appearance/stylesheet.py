"""Stylesheets joined into the one file that pages load, by a static files finder: in runserver, tests and
collectstatic, without a build step.

    css/site.css       tokens, base, layout, then one file a component of `kb/static/css/components`: every page
    css/members.css    one file a component of `kb/static/css/members`: pages of members add it, so that a reader's old
                       phone need not load it
    css/newsletter.css one file a component of `kb/static/css/newsletter`: pages of the newsletter add it
    css/decisions.css  one file a component of `kb/static/css/decisions`: pages of decisions and votes add it

The parts are written to be joined, never to be loaded alone.
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

SITE, MEMBERS, NEWSLETTER, DECISIONS = "css/site.css", "css/members.css", "css/newsletter.css", "css/decisions.css"
SOURCE_DIR = Path(__file__).resolve().parents[2] / "static" / "css"
FIRST = ("tokens.css", "base.css", "layout.css")
FOLDERS = {SITE: "components", MEMBERS: "members", NEWSLETTER: "newsletter", DECISIONS: "decisions"}

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_QUOTED = re.compile(r'("[^"]*")')
_SPACE_AROUND = re.compile(r"\s*([{};,])\s*|(?<=:)\s+")


def parts(name: str = SITE) -> list[Path]:
    """The stylesheets in the order they are joined: for the whole site the three that lay the ground;
    then components by name.
    """
    first = [SOURCE_DIR / one for one in FIRST] if name == SITE else []
    return [*first, *sorted((SOURCE_DIR / FOLDERS[name]).glob("*.css"))]


def joined(name: str = SITE) -> str:
    """The text of a stylesheet, without comments and the spaces that only people need;
    what stands in quotes is left as it is.
    """
    text = _COMMENT.sub("", "\n".join(part.read_text(encoding="utf-8") for part in parts(name)))
    return "".join(piece if piece.startswith('"') else _tightened(piece) for piece in _QUOTED.split(text))


def _tightened(text: str) -> str:
    return _SPACE_AROUND.sub(lambda found: found[1] or "", text).replace(";}", "}").replace("}", "}\n")


class StylesheetFinder(BaseFinder):
    """Gives the joined stylesheets, each made again when a part is newer than it."""

    def __init__(self, *args, **kwargs) -> None:
        self.storage = FileSystemStorage(location=Path(settings.VAR_DIR) / "stylesheet")

    def check(self, **kwargs) -> list:
        return []

    def find(self, path, find_all=False, **kwargs):
        if path not in FOLDERS:
            return []
        found = str(self._made(path))
        return [found] if find_all else found

    def list(self, ignore_patterns):
        for name in FOLDERS:
            self._made(name)
            yield name, self.storage

    def _made(self, name: str) -> Path:
        target = Path(self.storage.location) / name
        # Folders count too: a component that was taken away makes no part newer.
        newest = max(path.stat().st_mtime for path in (*parts(name), SOURCE_DIR / FOLDERS[name]))
        if not target.exists() or target.stat().st_mtime < newest:
            target.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=target.parent)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(joined(name))
            Path(temporary).chmod(0o644)
            Path(temporary).replace(target)
        return target
