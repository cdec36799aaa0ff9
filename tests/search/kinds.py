"""A kind of things for tests, without models: notes kept in a dictionary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from search.entries import Entry, Section, Title
from search.registry import Card, CardLink, Found, FoundSection, Note

PUBLIC = frozenset({"public"})


@dataclass
class Slip:
    """One thing that can be found: a title and its pages, for some readers."""

    title: str
    pages: Sequence[str] = ()
    audiences: frozenset[str] = PUBLIC
    language: str = "fr"
    year: int | None = 2012
    themes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    type: str = "report"
    closed_pages: Sequence[str] = ()  # in a richer layer, for `closed_to`
    closed_to: frozenset[str] = frozenset()
    note: Note | None = None


@dataclass
class SlipKind:
    """Slips by number; subjects are "test.slip:<number>"."""

    code: str = "test.slip"
    slips: dict[int, Slip] = field(default_factory=dict)
    broken: set[int] = field(default_factory=set)  # numbers whose entries cannot be made

    def label(self) -> str:
        return "Slips"

    def put(self, number: int, *words: str, **facts) -> str:
        """A slip whose title is the first of `words` and whose pages are the others; gives its subject."""
        title, *pages = words
        self.slips[number] = Slip(title, tuple(pages), **facts)
        return f"{self.code}:{number}"

    def subjects(self) -> Iterator[str]:
        yield from (f"{self.code}:{number}" for number in sorted(self.slips))

    def entries(self, subjects: Sequence[str]) -> Iterator[tuple[str, Sequence[Entry]]]:
        for subject in subjects:
            number = int(subject.partition(":")[2])
            if number in self.broken:
                raise ValueError(f"slip {number} is broken")
            slip = self.slips.get(number)
            yield subject, tuple(self._layers(subject, slip)) if slip else ()

    def _layers(self, subject: str, slip: Slip) -> Iterator[Entry]:
        def layer(name: str, audiences: frozenset[str], covered_by: frozenset[str], pages: Sequence[str]) -> Entry:
            return Entry(
                subject=subject,
                kind=self.code,
                url=f"/slips/{subject}",
                titles=(Title(slip.language, slip.title),),
                audiences=audiences,
                covered_by=covered_by,
                layer=name,
                languages=(slip.language,),
                type=slip.type,
                groups=slip.groups,
                themes=slip.themes,
                year=slip.year,
                sections=tuple(
                    Section(f"1.1/{place}", place, f"p. {place}", text) for place, text in enumerate(pages, 1)
                ),
            )

        yield layer("", slip.audiences | slip.closed_to, slip.closed_to, slip.pages)
        if slip.closed_to:
            yield layer("1", slip.closed_to, frozenset(), (*slip.pages, *slip.closed_pages))

    def _seen(self, key: str, audiences: frozenset[str]) -> Slip | None:
        subject, _, layer = key.partition("/")
        slip = self.slips.get(int(subject.partition(":")[2]))
        if slip is None or not audiences & ((slip.audiences | slip.closed_to) if not layer else slip.closed_to):
            return None
        return slip

    def found(
        self, anchors: Mapping[str, Sequence[str]], *, audiences: frozenset[str], language: str, query_text: str = ""
    ) -> dict[str, Found]:
        found = {}
        for key, wanted in anchors.items():
            slip = self._seen(key, audiences)
            if slip:
                subject = key.partition("/")[0]
                card = Card(
                    subject=subject,
                    title=slip.title,
                    title_language=slip.language,
                    url=f"/slips/{subject}",
                    meta=f"CASS, {slip.year}. {slip.type}",
                    languages=(slip.language,),
                    notes=(slip.note,) if slip.note else (),
                    links=(CardLink("PDF (2,4 Mo)", f"/slips/{subject}/pdf"),),
                )
                pages = (*slip.pages, *slip.closed_pages) if key.partition("/")[2] else tuple(slip.pages)
                sections = {}
                for anchor in wanted:
                    number = int(anchor.partition("/")[2] or 0)
                    if 0 < number <= len(pages):
                        section = Section(anchor, number, f"p. {number}", pages[number - 1])
                        sections[anchor] = FoundSection(section, f"/slips/{subject}/{anchor}?q={query_text}")
                found[key] = Found(card, sections)
        return found
