from __future__ import annotations

import quopri

import pytest

from kb.newsletter.message.quoting import cut, encoded, filled, quoted, quoted_link, quoted_size

URL = "https://cass.example/fr/echos/adresse/" + "abc=def:" * 15
TEXTS = [
    "",
    "Bonjour",
    "fin de ligne \nautre\t\n",
    "é" * 300,
    "=" * 200,
    "a" * 75,
    "a" * 76,
    "a" * 74 + "é",
    "你好\n\n世界",
    "\n",
    "x\r\ny",
]


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_quoted_is_read_back(text):
    found = quoted(text)

    assert quopri.decodestring(found.encode()).decode().replace("\r\n", "\n") == text.replace("\r\n", "\n")
    assert max(map(len, found.split("\r\n"))) <= 76
    assert found.isascii()
    assert not any(line.endswith((" ", "\t")) for line in found.split("\r\n")), (
        "servers take spaces off the end of a line"
    )


@pytest.mark.parametrize("before", ["", "a", "a" * 74, "a" * 75, "a" * 76, "é" * 12 + "a" * 3, "mot ", "ligne\n"])
@pytest.mark.parametrize("after", ["", "b", " fin", "\nfin", "é"])
def test_link_fits_between_two_pieces(before, after):
    pieces = tuple(cut(f"{before}@{after}", {"@": "change"}))

    first, last = encoded(pieces)
    whole = first + quoted_link(URL).decode() + last

    assert (
        quopri.decodestring(whole.encode()).decode().replace("\r\n", "\n")
        == f"{before}{URL}{after}"
        == filled(pieces, {"change": URL})
    )
    assert max(map(len, whole.split("\r\n"))) <= 76


def test_text_without_a_link_is_one_piece():
    assert tuple(cut("Bonjour", {"@": "change"})) == ("Bonjour",)


def test_size_counts_what_travels():
    assert quoted_size("é" * 1000) == 6000 + 3 * (6000 // 75 - 1)
    assert quoted_size("a\nb") == 4
