import pytest

from search.extraction import HEAD_BYTES, Family, family_of

KNOWN = {
    "pdf": (b"%PDF-1.7\n", "x", Family.PDF),
    "pdf after some signs": (b"\r\n\r\n%PDF-1.4", "x", Family.PDF),
    "zip": (b"PK\x03\x04\x14\x00", "x.docx", Family.ZIP),
    "empty zip": (b"PK\x05\x06" + b"\0" * 18, "x.zip", Family.ZIP),
    "java": (b"PK\x03\x04\x14\x00", "x.JAR", Family.PROGRAM),
    "old office": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "x.doc", Family.OLD_OFFICE),
    "installer": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "x.msi", Family.PROGRAM),
    "text": ("Été".encode(), "x.txt", Family.TEXT),
    "text of two bytes a letter": ("Été".encode("utf-16"), "x.txt", Family.TEXT),
    "text that begins as a program": (b"MZ, notre journal", "x.txt", Family.TEXT),
    "windows": (b"MZ\x90\0\x03\0", "x.txt", Family.PROGRAM),
    "linux": (b"\x7fELF\x02", "x.pdf", Family.PROGRAM),
    "macos": (b"\xca\xfe\xba\xbe\0\0\0\2", "x", Family.PROGRAM),
    "shell": (b"#!/usr/bin/env python3\n", "x.txt", Family.PROGRAM),
    "batch": (b"@echo off", "x.cmd", Family.PROGRAM),
    "script of two bytes a letter": ("WScript.Echo".encode("utf-16"), "x.vbs", Family.PROGRAM),
    "picture": (b"\x89PNG\r\n\x1a\n\0\0", "x.png", Family.OTHER),
    "picture under the name of a script": (b"\x89PNG\r\n\x1a\n\0\0", "x.js", Family.PROGRAM),
    "windows with the sign of a pdf in it": (b"MZ\x90\0\x03\0 %PDF-1.4", "rapport.pdf", Family.PROGRAM),
    "windows with its first zero late": (b"MZ" + b"a" * 70 + b"\0\0%PDF-1.4", "rapport.pdf", Family.PROGRAM),
    "linux with the sign of a pdf in it": (b"\x7fELF\x02%PDF-1.4", "rapport.pdf", Family.PROGRAM),
    "shell with the sign of a pdf in it": (b"#!/bin/sh\n#%PDF-1.4", "rapport.pdf", Family.PROGRAM),
    "batch with the sign of a pdf in it": (b"@rem %PDF-1.4", "x.bat", Family.PROGRAM),
    "pdf under the name of a program": (b"%PDF-1.7\n", "setup.EXE", Family.PROGRAM),
    "page of windows with a zero in it": (b"<html><script></script>\0", "x.hta", Family.PROGRAM),
    "java with a byte before it": (b"\0PK\x03\x04", "x.jar", Family.PROGRAM),
    "a name that ends in dots and spaces": (b"text", "x.exe. .", Family.PROGRAM),
    "a script that people put in to be read": (b"print(1)", "tableau.py", Family.TEXT),
    "a name without an ending": ("Été".encode(), "command", Family.TEXT),
    "nothing": (b"", "x", Family.TEXT),
}


@pytest.mark.parametrize(("head", "name", "family"), KNOWN.values(), ids=KNOWN)
def test_the_family_is_told_by_the_first_bytes(head, name, family):
    assert family_of(head, name) == family


def test_what_stands_after_the_first_bytes_is_not_looked_at():
    assert family_of(b"a" * HEAD_BYTES + b"\0" * 10_000_000, "x.txt") == Family.TEXT


@pytest.mark.parametrize(
    "ending",
    ["url", "desktop", "scf", "jnlp", "vb", "pif", "com", "chm", "command", "settingcontent-ms", "lnk", "scr", "pyw"],
)
def test_what_a_double_click_runs_is_a_program_by_its_name(ending):
    assert family_of(b"[InternetShortcut]", f"rapport.pdf.{ending}") == Family.PROGRAM
