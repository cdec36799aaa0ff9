"""Which language a text, and each paragraph of a text, is written in: function words first, letter grams beside them.

The table of grams is `letters.txt`, made by `training`. Languages we do not know are not told apart: they get the
nearest, or "".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice
from pathlib import Path

from search.analysis.languages import LANGUAGES
from search.analysis.tokens import normalise
from search.entries import LanguageSpan

TABLE = Path(__file__).with_name("letters.txt")
CODES = ("fr", "nl", "en")
MOST_TOLD = 5_000_000  # characters of a document whose language is told paragraph by paragraph, its first
MOST_LINES = 200_000  # and lines: one letter on each would cost a quarter of an hour
_STEP = 126 / 93 / 10  # natural logarithms a sign of the table stands for
_LETTERS = re.compile(r"[^\W\d_]+")
_LINE_END = re.compile(r"\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")  # those of str.splitlines
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_SAMPLE = 2000  # characters of a paragraph looked at: more changes nothing
_STOP_WORD_WORTH = 4.0  # a function word that only one language has, in natural logarithms
_GRAM_WORTH = 0.4  # grams overlap, so each proves less than alone
_LINE_CHANGE = 14.0  # what a change of language costs between two lines of one paragraph
_PARAGRAPH_CHANGE = 1.5  # and between two paragraphs
_DEFAULT_WORTH = 7.0  # of the default language, before the first line
_SURE = 1.0  # lead needed to say anything at all


def grams(text: str) -> list[str]:
    """Runs of three letters, words edged with '_': "_le", "le_"."""
    found = []
    for word in _LETTERS.findall(text.lower()):
        edged = f"_{word}_"
        found += [edged[place : place + 3] for place in range(len(edged) - 2)]
    return found


@cache
def _table() -> dict[str, tuple[float, float, float]]:
    table = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            costs = [(ord(sign) - 33) * _STEP for sign in line[3:6]]
            table[line[:3]] = (costs[0], costs[1], costs[2])
    return table


@cache
def _stop_words() -> dict[str, tuple[float, float, float]]:
    """Function word -> worth for each language: shared among those that have it."""
    worth = {}
    for word in set().union(*(LANGUAGES[code].stop_words for code in CODES)):
        owners = [word in LANGUAGES[code].stop_words for code in CODES]
        share = _STOP_WORD_WORTH / sum(owners)
        worth[word] = tuple(share if owner else 0.0 for owner in owners)
    return worth  # type: ignore[return-value]


def _evidence(text: str) -> tuple[float, float, float]:
    """Worth for each of CODES; (0, 0, 0) where there is nothing to go by."""
    sample = text[:_SAMPLE]
    known, stop_words = _table(), _stop_words()
    french = dutch = english = 0.0
    for gram in grams(sample):
        costs = known.get(gram)
        if costs:
            french -= costs[0] * _GRAM_WORTH
            dutch -= costs[1] * _GRAM_WORTH
            english -= costs[2] * _GRAM_WORTH
    for word in _LETTERS.findall(sample):
        worth = stop_words.get(normalise(word))
        if worth:
            french += worth[0]
            dutch += worth[1]
            english += worth[2]
    return french, dutch, english


def _worth_of_line(line: str) -> tuple[float, float, float]:
    """The evidence of a line; one or two words, a name perhaps, are worth less than they look."""
    french, dutch, english = _evidence(line)
    share = min(1.0, len(_LETTERS.findall(line[:_SAMPLE])) / 3)
    return french * share, dutch * share, english * share


def _is_latin(text: str) -> bool:
    letters = _LETTERS.findall(text[:_SAMPLE])
    total = sum(map(len, letters))
    return total > 0 and len(_LATIN.findall("".join(letters))) * 2 > total


def detect(text: str) -> str:
    """ "fr", "nl" or "en"; "" when the text has no Latin letters or does not say."""
    if not _is_latin(text):
        return ""
    evidence = _evidence(text)
    best, second = sorted(evidence, reverse=True)[:2]
    return CODES[evidence.index(best)] if best - second >= _SURE else ""


def _lines(text: str) -> list[tuple[int, int, bool]]:
    """(start, end, opens a paragraph) of every line, each with the blank lines after it,
    so that together they cover the text.
    """
    lines: list[tuple[int, int, bool]] = []
    opens = True
    place = 0
    for line in text.splitlines(keepends=True):
        end = place + len(line)
        if line.strip():
            lines.append((place, end, opens))
            opens = False
        else:
            opens = True
            if lines:
                start, _, was_first = lines[-1]
                lines[-1] = (start, end, was_first)
        place = end
    if lines:
        lines[0] = (0, lines[0][1], True)
    return lines


def spans(text: str, default: str) -> tuple[LanguageSpan, ...]:
    """The languages of a text, paragraph by paragraph, covering it; what does not say takes the language around it,
    else the default.

    Lines are weighed one by one and a change inside a paragraph is dear, so that a Dutch column beside a French one
    gives both and a foreign name in a sentence nothing. 40 to 80 microseconds a line.
    """
    if not text:
        return ()
    lines = _lines(text)
    if not lines:
        return (LanguageSpan(0, len(text), default),)
    if default not in CODES and not _is_latin(text):
        return (LanguageSpan(0, len(text), default),)
    worth = [_worth_of_line(text[start:end]) for start, end, _ in lines]
    chosen = _cheapest_path(worth, [_PARAGRAPH_CHANGE if opens else _LINE_CHANGE for _, _, opens in lines], default)
    found: list[LanguageSpan] = []
    for (start, end, _), code in zip(lines, chosen, strict=True):
        if found and found[-1].language == code:
            found[-1] = LanguageSpan(found[-1].start, end, code)
        else:
            found.append(LanguageSpan(start, end, code))
    return tuple(found)


def spans_of_document(
    texts: Iterable[str], default: str, *, most: int = MOST_TOLD, most_lines: int = MOST_LINES
) -> Iterator[tuple[LanguageSpan, ...]]:
    """`spans` of each text of one document, for its first `most` characters and `most_lines` lines; what comes after
    takes the default, else the language before it.
    """
    last = default
    for text in texts:
        told = text[:most] if most_lines > 0 else ""
        ends = [found.end() for found in islice(_LINE_END.finditer(told), max(most_lines, 0))]
        if ends and len(ends) == most_lines:
            told = told[: ends[-1]]
        most, most_lines = most - len(told), most_lines - max(len(ends), 1)
        found = spans(told, default)
        last = default or (found[-1].language if found else last)
        rest = (LanguageSpan(len(told), len(text), last),) if len(told) < len(text) else ()
        yield (*found, *rest)


def _cheapest_path(worth: list[tuple[float, float, float]], changes: list[float], default: str) -> list[str]:
    """The language of each line that is worth most over all lines, changes paid for (Viterbi)."""
    totals = [value + (_DEFAULT_WORTH if code == default else 0.0) for code, value in zip(CODES, worth[0], strict=True)]
    came_from: list[list[int]] = []
    for values, change in zip(worth[1:], changes[1:], strict=True):
        best = max(range(3), key=totals.__getitem__)
        origin = [state if totals[state] >= totals[best] - change else best for state in range(3)]
        totals = [
            totals[origin[state]]
            - (change if origin[state] != state else 0.0)
            + values[state]
            + (0.01 if CODES[state] == default else 0.0)
            for state in range(3)
        ]
        came_from.append(origin)
    state = max(range(3), key=lambda place: (totals[place], CODES[place] == default))
    path = [state]
    for origin in reversed(came_from):
        state = origin[state]
        path.append(state)
    return [CODES[place] for place in reversed(path)]
