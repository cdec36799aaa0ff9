"""Old Word, Excel and PowerPoint files through the real LibreOffice: made by it, then read like any other file."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from search.extraction import Sandbox
from search.extraction.sniffing import sniff

PROGRAM = shutil.which("soffice") or shutil.which("libreoffice")
pytestmark = pytest.mark.skipif(
    PROGRAM is None, reason="LibreOffice is not on this machine: apt-get install libreoffice-writer-nogui"
)

FILTERS = {"doc": "doc:MS Word 97", "xls": "xls:MS Excel 97", "ppt": "ppt:MS PowerPoint 97"}


FRAME = (
    '<draw:page><draw:frame svg:width="20cm" svg:height="5cm" svg:x="1cm" '
    'svg:y="1cm"><draw:text-box>{}</draw:text-box></draw:frame></draw:page>'
)


def flat(kind: str, body: str) -> str:
    """A flat OpenDocument file: one XML without a zip."""
    names = {"office": "office", "text": "text", "draw": "drawing", "svg": "svg-compatible"}
    spaces = " ".join(
        f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for prefix, name in names.items()
    )
    media_type = f"application/vnd.oasis.opendocument.{kind}"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document {spaces} office:version="1.2" '
        f'office:mimetype="{media_type}">'
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document>"
    )


def made(folder: Path, ending: str) -> Path:
    """A file of the old format that says where the rental deposit is kept."""
    text = "La garantie locative reste sur un compte bloqué."
    source, content = {
        "doc": ("source.fodt", flat("text", f"<text:p>{text}</text:p>")),
        "xls": ("source.csv", f'"Sujet","Règle"\n"Logement","{text}"\n'),
        "ppt": ("source.fodp", flat("presentation", FRAME.format(f"<text:p>{text}</text:p>"))),
    }[ending]
    (folder / source).write_text(content, encoding="utf-8")
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    convert = [
        PROGRAM,
        profile,
        "--headless",
        "--convert-to",
        FILTERS[ending],
        "--outdir",
        str(folder),
        str(folder / source),
    ]
    if ending == "xls":
        convert.insert(3, "--infilter=CSV:44,34,76,1")
    subprocess.run(convert, check=True, capture_output=True, timeout=120)
    return folder / f"source.{ending}"


@pytest.mark.parametrize("ending", FILTERS)
def test_words_of_old_office_files_are_read(tmp_path, ending):
    path = made(tmp_path, ending)
    assert sniff(path) in {"application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"}

    with Sandbox() as sandbox:
        found = sandbox.read(path)

    assert "garantie locative reste sur un compte bloqué" in " ".join(
        " ".join(page.text for page in found.pages).split()
    )
