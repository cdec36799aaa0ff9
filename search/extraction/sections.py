"""Collecting the text of a format without pages: sections by heading, paragraphs within them.

Every reader but PDF uses it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from search.extraction.layout import clean_word
from search.extraction.pages import ExtractedPage

LONGEST = 20_000  # characters of a section; a longer one goes on in the next, under the same label
_ENDS = ("\n\n", "\n", ". ", " ")  # where it is cut, the best first


class Sections:
    """Add lines and paragraphs; a section is empty of text only if it has a label, or if it is the only one."""

    def __init__(self) -> None:
        self._done: list[tuple[str, str]] = []
        self._label = ""
        self._closing: list[str] = []
        self.lines: list[str] = []

    def begin(self, label: str) -> None:
        """The text that follows belongs to a new section."""
        self._finish()
        self._label = label

    def label_with_text(self) -> None:
        """The text added since `begin` is the label of the section too."""
        self._label = " ".join(" ".join(self.lines).split())

    def add(self, line: str) -> None:
        self.lines.append(line)

    def end_paragraph(self) -> None:
        if self.lines and self.lines[-1]:
            self.lines.append("")

    def add_paragraph(self, text: str) -> None:
        if text.strip():
            self.end_paragraph()
            self.lines.append(text.strip("\n"))
            self.end_paragraph()

    def add_at_end(self, text: str) -> None:
        """A paragraph that comes at the end of this section: a note, a comment."""
        if text.strip():
            self._closing.append(text.strip())

    def pages(self, *, first_number: int = 1) -> Iterator[ExtractedPage]:
        """The sections as pages, numbered; one empty page if nothing was added."""
        self._finish()
        for number, (label, text) in enumerate(self._done or [("", "")], start=first_number):
            yield ExtractedPage(number=number, text=text, label=label[:200])
        self._done = []

    def _finish(self) -> None:
        for text in self._closing:
            self.end_paragraph()
            self.lines.append(text)
        text = tidy("\n".join(self.lines))
        if text or self._label:
            label = tidy(self._label)
            self._done += [(label, part) for part in parts(text)]
        self._label, self.lines, self._closing = "", [], []


def parts(text: str) -> Iterator[str]:
    """The text in parts of at most LONGEST characters, cut at the end of a paragraph, a line, a sentence or a word, the
    first there is.

    What a search shows, marks and weighs is a section: one of a whole book would be found by everything and slow to
    show.
    """
    start = 0
    while len(text) - start > LONGEST:
        least, most = start + LONGEST // 2, start + LONGEST
        cuts = (found + len(end) for end in _ENDS if (found := text.rfind(end, least, most)) >= 0)
        cut = next(cuts, most)
        yield text[start:cut].strip("\n")
        start = cut
    yield text[start:].strip("\n")


def tidy(text: str) -> str:
    """NFC, without ligatures and control signs, no spaces at line ends, at most one blank line."""
    lines = [
        "\t".join(" ".join(map(clean_word, cell.split())) for cell in line.split("\t")).rstrip()
        for line in unicodedata.normalize("NFC", text).split("\n")
    ]
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept).strip("\n")
