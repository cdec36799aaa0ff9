import re
from urllib.parse import unquote

import pytest
from django.http import HttpResponse

from kb.files.names import clean_name, disposition

HOSTILE = {
    "French accents": ("Règlement d'été – « loyers ».pdf", "Règlement d'été – « loyers ».pdf"),
    "quotes": ('a"; filename="evil.exe', 'a"; filename="evil.exe'),
    "new line": ("a\r\nSet-Cookie: x=1.pdf", "a Set-Cookie: x=1.pdf"),
    "folders": ("../../etc/passwd", "passwd"),
    "Windows folders": ("C:\\Users\\x\\bail.docx", "bail.docx"),
    "turned reading direction": ("rapport\u202efdp.exe", "rapportfdp.exe"),
    "only dots": ("...", "document"),
    "nothing": ("", "document"),
    "zero sign": ("a\x00.pdf", "a.pdf"),
    "half a character": ("a\ud800b.pdf", "ab.pdf"),
    "Chinese": ("租金.pdf", "租金.pdf"),
    "percent": ("100% sûr.pdf", "100% sûr.pdf"),
}


@pytest.mark.parametrize(("name", "cleaned"), HOSTILE.values(), ids=HOSTILE)
def test_a_name_is_cleaned_of_what_cannot_be_shown(name, cleaned):
    assert clean_name(name) == cleaned


def test_a_long_name_is_cut_and_keeps_its_ending():
    assert len(clean_name("é" * 400 + ".pdf")) == 180
    assert clean_name("é" * 400 + ".pdf").endswith("é.pdf")


@pytest.mark.parametrize(("name", "cleaned"), HOSTILE.values(), ids=HOSTILE)
def test_a_header_carries_the_name_and_nothing_else(name, cleaned):
    header = disposition(name, inline=False)
    parts = re.fullmatch(
        r"attachment; filename=\"([A-Za-z0-9 ._()+,=@~-]+)\"; filename\*=UTF-8''([A-Za-z0-9._~%-]+)", header
    )
    assert parts, header
    assert unquote(parts[2]) == cleaned
    assert HttpResponse(headers={"Content-Disposition": header})["Content-Disposition"] == header
