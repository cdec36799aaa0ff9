"""RTF: words out of groups and control words, as Word, LibreOffice and broken exports write them.

Nesting may be unbalanced or endless.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from search.extraction.dates import iso_date
from search.extraction.limits import Facts, Limits
from search.extraction.pages import ExtractedPage
from search.extraction.sections import Sections

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.DOTALL
)
_SILENT = frozenset(
    b"fonttbl colortbl stylesheet info pict object themedata colorschememapping datastore "
    b"latentstyles listtable listoverridetable "
    b"revtbl rsidtbl generator xmlnstbl filetbl fldinst bkmkstart bkmkend pntext pntxta "
    b"pntxtb pnseclvl mmathPr panose falt fontemb "
    b"fontfile blipuid datafield docvar userprops wgrffmtfilter listtext listname "
    b"liststylename leveltext levelnumbers nonshppict "
    b"shpinst sp sn sv objdata objclass objname picprop atnid atnauthor atrfstart atrfend "
    b"atndate atnref atnparent private passwordhash "
    b"protusertbl defchp defpap ftnsep ftnsepc ftncn aftnsep aftnsepc aftncn xe tc tcn "
    b"template oldcprops oldpprops oldsprops oldtprops".split()
)
_LOUD = frozenset(
    b"shptxt header headerl headerr headerf footer footerl footerr footerf footnote annotation fldrslt result".split()
)
_AT_END = frozenset(b"header headerl headerr headerf footer footerl footerr footerf footnote annotation".split())
_SIGNS = {
    **{
        b"par": "\n\n",
        b"sect": "\n\n",
        b"page": "\n\n",
        b"line": "\n",
        b"row": "\n",
        b"cell": "\t",
        b"nestcell": "\t",
        b"nestrow": "\n",
        b"tab": "\t",
    },
    **{
        b"emdash": "—",
        b"endash": "–",
        b"lquote": "‘",
        b"rquote": "’",
        b"ldblquote": "“",
        b"rdblquote": "”",
        b"bullet": "•",
    },
    **dict.fromkeys((b"emspace", b"enspace", b"qmspace"), " "),
}
_SYMBOLS = {b"~": "\u00a0", b"_": "-", b"-": "", b"\n": "\n\n", b"\r": "\n\n", b"\\": "\\", b"{": "{", b"}": "}"}
# Windows' numbers of character sets, as fonts name them; the default, 0, is the page of the document.
_CHARSETS = {
    128: "cp932",
    129: "cp949",
    134: "gb18030",
    136: "cp950",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
}
_PAGES = {b"mac": "mac-roman", b"pc": "cp437", b"pca": "cp850", b"ansi": "cp1252"}
_MAX_DEPTH = 5000
_MADE = re.compile(rb"\\creatim\s*\\yr(\d{4})(?:\\mo(\d{1,2}))?(?:\\dy(\d{1,2}))?")
_HEAD = 200_000  # bytes in which the properties stand


@dataclass(frozen=True, slots=True)
class _State:
    """What a group inherits and forgets at its end.

    skip: signs of a fallback after \\u; codec: of the bytes written as \\'xx.
    """

    silent: bool = False
    skip: int = 1
    codec: str = "cp1252"
    closing: bool = False
    heading: bool = False
    fonts: bool = False
    info: str = ""


class _Parser:
    def __init__(self, content: bytes) -> None:
        self.sections = Sections()
        self.facts: dict[str, str] = {}
        self._content = content
        self._state = _State()
        self._stack: list[_State] = []
        self._too_deep = 0
        self._text: list[str] = []
        self._closing: list[str] = []
        self._bytes = bytearray()
        self._fonts: dict[int, str] = {}
        self._font = 0
        self._default = "cp1252"
        self._optional = False
        self._pending_skip = 0
        self._paragraph_is_heading = False

    def run(self) -> None:
        position, end = 0, len(self._content)
        while position < end:
            match = _TOKEN.match(self._content, position)
            if match is None:
                position += 1
                continue
            position = match.end()
            word, number, code, symbol, brace, run = match.groups()
            if word is not None:
                position += self._word(word, int(number) if number else None)
            elif code is not None:
                if self._pending_skip:
                    self._pending_skip -= 1
                elif not self._state.silent:
                    self._bytes.append(int(code, 16))
            elif symbol is not None:
                self._symbol(symbol)
            elif brace is not None:
                self._pending_skip = 0
                self._open() if brace == b"{" else self._close()
            elif run is not None:
                self._run(run)
        self._paragraph()
        self._end_note()

    def _open(self) -> None:
        self._flush_bytes()
        if len(self._stack) >= _MAX_DEPTH:
            self._too_deep += 1
            return
        self._stack.append(self._state)
        self._optional = False

    def _close(self) -> None:
        self._flush_bytes()
        if self._too_deep:
            self._too_deep -= 1
        elif self._stack:
            before = self._state
            self._state = self._stack.pop()
            if before.closing and not self._state.closing:
                self._end_note()
        self._optional = False

    def _symbol(self, symbol: bytes) -> None:
        if symbol == b"*":
            self._optional = True
            return
        if self._pending_skip:
            self._pending_skip -= 1
            return
        self._add(_SYMBOLS.get(symbol, ""))

    def _run(self, run: bytes) -> None:
        if self._pending_skip:
            skipped = min(self._pending_skip, len(run))
            self._pending_skip -= skipped
            run = run[skipped:]
        if self._state.fonts or self._state.silent or not run:
            if self._state.info:
                self.facts[self._state.info] = self.facts.get(self._state.info, "") + run.decode(
                    self._default, "replace"
                )
            return
        if max(run) < 128 and not self._bytes:
            self._add(run.decode("ascii"))
        else:
            self._bytes += run

    def _word(self, word: bytes, number: int | None) -> int:
        """Acts on a control word; gives how many bytes of the file to jump over (\\bin)."""
        state = self._state
        optional, self._optional = self._optional, False
        if word == b"bin":
            return max(0, number or 0)
        if word == b"u" and number is not None:
            self._flush_bytes()
            self._add(chr(number & 0xFFFF))
            self._pending_skip = state.skip
            return 0
        if word in (b"uc", b"f", b"fcharset", b"cpg", b"ansicpg", b"outlinelevel", b"pard", *_PAGES):
            self._set(word, number)
        elif word in (b"title", b"author") and state.info == "-":
            self._state = replace(state, info=word.decode(), silent=True)
        elif word in _SILENT:
            self._flush_bytes()
            self._state = replace(
                state, silent=True, fonts=word == b"fonttbl" or state.fonts, info="-" if word == b"info" else ""
            )
        elif word in _LOUD:
            self._flush_bytes()
            self._state = replace(
                state,
                silent=state.silent and word not in (b"shptxt", b"fldrslt", b"result"),
                closing=state.closing or word in _AT_END,
            )
        elif optional:
            self._flush_bytes()
            self._state = replace(state, silent=True)
        elif word in _SIGNS:
            self._flush_bytes()
            self._add(_SIGNS[word])
        return 0

    def _set(self, word: bytes, number: int | None) -> None:
        state = self._state
        value = number or 0
        self._flush_bytes()
        if word == b"uc":
            self._state = replace(state, skip=min(max(value, 0), 10))
        elif word == b"f" and state.fonts:
            self._font = value
        elif word == b"f":
            self._state = replace(state, codec=self._fonts.get(value, self._default))
        elif word == b"fcharset" and state.fonts and value in _CHARSETS:
            self._fonts[self._font] = _CHARSETS[value]
        elif word == b"cpg" and state.fonts and _exists(f"cp{value}"):
            self._fonts[self._font] = f"cp{value}"
        elif word == b"outlinelevel":
            self._state = replace(state, heading=value < 3)
        elif word == b"pard":
            self._state = replace(state, heading=False)
        elif word == b"ansicpg" or word in _PAGES:
            name = f"cp{value}" if word == b"ansicpg" else _PAGES[word]
            self._default = (
                {"cp65001": "utf-8", "cp10000": "mac-roman"}.get(name, name)
                if _exists(name) or name == "cp10000"
                else "cp1252"
            )
            self._state = replace(state, codec=self._default)

    def _flush_bytes(self) -> None:
        if self._bytes:
            text = bytes(self._bytes).decode(self._state.codec, "replace")
            self._bytes.clear()
            self._add(text)

    def _add(self, text: str) -> None:
        if self._bytes:
            self._flush_bytes()
        if self._state.silent or not text:
            return
        if self._state.closing:
            self._closing.append(text)
        elif text == "\n\n":
            self._paragraph_is_heading = self._state.heading
            self._paragraph()
        else:
            self._paragraph_is_heading = self._paragraph_is_heading or (self._state.heading and not text.isspace())
            self._text.append(text)

    def _paragraph(self) -> None:
        text = _paired("".join(self._text))
        self._text = []
        if self._paragraph_is_heading and text.strip():
            self.sections.begin(" ".join(text.split()))
        self._paragraph_is_heading = False
        self.sections.add_paragraph(text)

    def _end_note(self) -> None:
        self.sections.add_at_end(_paired("".join(self._closing)))
        self._closing = []


def read(path: Path, limits: Limits) -> Iterator[Facts | ExtractedPage | str]:
    """Sections by outline level; notes, headers and comments at the end of their section."""
    content = path.read_bytes()
    parser = _Parser(content)
    parser.run()
    made = _MADE.search(content[:_HEAD])
    yield Facts(
        title=" ".join(parser.facts.get("title", "").split()),
        author=" ".join(parser.facts.get("author", "").split()),
        date=iso_date("-".join(part.decode().rjust(2, "0") for part in made.groups() if part)) if made else "",
    )
    yield from parser.sections.pages()


def _exists(name: str) -> bool:
    try:
        codecs.lookup(name)
    except LookupError:
        return False
    return True


def _paired(text: str) -> str:
    """Surrogates that \\u wrote in two steps put together, lone ones replaced."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
