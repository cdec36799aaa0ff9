"""Zip containers (docx, odt, epub…) opened with care: how much is unpacked is counted, XML is parsed without entities
and without the network.
"""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from urllib.parse import unquote

from lxml import etree

from search.extraction.containers import check_directory
from search.extraction.errors import BrokenFile, EncryptedFile, TooLarge
from search.extraction.limits import Limits

_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    LookupError,
)
_BLOCK = 1 << 20
_RELATIONSHIP = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"


class Package:
    """The members of a zip file by name. Raises BrokenFile, TooLarge, EncryptedFile from any method."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._limits = limits
        self._unpacked = 0
        try:
            check_directory(path, members=limits.members)
            self._zip = zipfile.ZipFile(path)
        except _BROKEN as error:
            raise BrokenFile(f"a damaged zip container: {error}") from error
        members = self._zip.infolist()
        if len(members) > limits.members:
            raise TooLarge(f"{len(members)} files in one container, more than {limits.members}")
        self._members = {member.filename.replace("\\", "/").lstrip("/"): member for member in members}
        self._folded = {name.lower(): name for name in self._members}

    def __enter__(self) -> Package:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._folded

    def names(self, prefix: str = "", suffix: str = "") -> list[str]:
        """Names of members, shorter first, so that slide2 stands before slide10."""
        return sorted(
            (name for name in self._members if name.startswith(prefix) and name.endswith(suffix)),
            key=lambda name: (len(name), name),
        )

    def open(self, name: str) -> _Counted:
        """A readable stream of a member, counted against the limits as it is read."""
        member = self._members.get(self._folded.get(name.lower(), ""))
        if member is None:
            raise BrokenFile(f"{name} is missing in the container")
        if member.flag_bits & 1:
            raise EncryptedFile("the container wants a password")
        try:
            return _Counted(self._zip.open(member), member, self)
        except _BROKEN as error:
            raise BrokenFile(f"{name} cannot be unpacked: {error}") from error

    def read(self, name: str) -> bytes:
        with self.open(name) as stream:
            return stream.read()

    def xml(self, name: str) -> etree._Element:
        """The root of an XML member; entities stay unresolved."""
        try:
            with self.open(name) as stream:
                return parse_xml(stream)
        except etree.XMLSyntaxError as error:
            raise BrokenFile(f"{name}: {error}") from error

    def elements(self, name: str, tags: tuple[str, ...]) -> Iterator[etree._Element]:
        """Elements of these tags as they end, each emptied afterwards: for members too long to hold as a tree."""
        try:
            with self.open(name) as stream:
                for _, element in etree.iterparse(stream, events=("end",), tag=tags, **_SAFE):
                    yield element
                    element.clear()
                    while element.getprevious() is not None and element.getparent() is not None:
                        del element.getparent()[0]
        except etree.XMLSyntaxError as error:
            raise BrokenFile(f"{name}: {error}") from error

    def related(self, part: str) -> dict[str, tuple[str, str]]:
        """Relationships of an Open XML part: id -> (last word of its type, name of the member), in their order; outside
        links are left out.
        """
        rels = posixpath.join(posixpath.dirname(part), "_rels", posixpath.basename(part) + ".rels")
        found: dict[str, tuple[str, str]] = {}
        for relation in self.xml(rels).iter(_RELATIONSHIP) if rels in self else ():
            if relation.get("TargetMode") != "External":
                target = unquote(relation.get("Target") or "")
                whole = (
                    target.lstrip("/")
                    if target.startswith("/")
                    else posixpath.normpath(posixpath.join(posixpath.dirname(part), target))
                )
                found[relation.get("Id") or ""] = ((relation.get("Type") or "").rsplit("/", 1)[-1], whole)
        return found

    def count(self, size: int) -> None:
        self._unpacked += size
        if self._unpacked > self._limits.unpacked_bytes:
            raise TooLarge(f"unpacks to more than {self._limits.unpacked_bytes} bytes")

    @property
    def ratio(self) -> int:
        return self._limits.ratio


class _Counted:
    """A member's stream that stops when it unpacks to too much."""

    def __init__(self, stream: IO[bytes], member: zipfile.ZipInfo, package: Package) -> None:
        self._stream, self._member, self._package = stream, member, package
        self._size = 0

    def __enter__(self) -> _Counted:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def read(self, size: int = -1) -> bytes:
        if size is not None and size >= 0:
            return self._block(size)
        blocks = []
        while block := self._block(_BLOCK):
            blocks.append(block)
        return b"".join(blocks)

    def _block(self, size: int) -> bytes:
        try:
            block = self._stream.read(min(size, _BLOCK))
        except _BROKEN as error:
            raise BrokenFile(f"{self._member.filename} cannot be unpacked: {error}") from error
        self._size += len(block)
        self._package.count(len(block))
        if self._size > _BLOCK and self._size > self._package.ratio * max(self._member.compress_size, 1):
            raise TooLarge(f"{self._member.filename} unpacks to more than {self._package.ratio} times its size")
        return block


_SAFE = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}


def parse_xml(stream: IO[bytes] | _Counted) -> etree._Element:
    """The root of an XML stream, without entities, DTDs or network. Raises etree.XMLSyntaxError."""
    return etree.parse(stream, etree.XMLParser(**_SAFE)).getroot()


def whole(text: str, *, otherwise: int) -> int:
    """A whole number as a file writes it, of nine digits at most;
    `otherwise` for what is none ("²" is a digit and no number).
    """
    return int(text) if text.isdecimal() and len(text) < 10 else otherwise


def local(element: etree._Element) -> str:
    """The name of an element without its namespace; "" for what is no element (an entity that stayed unresolved)."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
