"""What a hostile file may cost: its own reading and nothing else."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from search.extraction import BrokenFile, ExtractionError, Limits, Sandbox, TimedOut, TooLarge, Unsupported
from search.extraction.pages import ExtractedPage
from tests.search.extraction.builders import docx, paragraph, raw_pdf, write_pdf, write_zip

BILLION_LAUGHS = (
    '<!DOCTYPE l [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True))
    + "]>"
)


def long_pdf(path: Path) -> Path:
    return write_pdf(path, "#set page(width: 300pt, height: 300pt)\n#for i in range(150) [#lorem(150) #pagebreak()]")


def good(path: Path) -> Path:
    return write_zip(path / "good.bin", docx(paragraph("Permanence sociale")))


def test_killed_child_fails_its_file_and_is_replaced(tmp_path: Path) -> None:
    with Sandbox() as box:
        reading = box.stream(long_pdf(tmp_path / "a.pdf"), limits=Limits(ocr=False))
        while not isinstance(next(reading)[1], ExtractedPage):
            pass
        (pid,) = box.pids
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(BrokenFile, match="SIGKILL"):
            list(reading)
        assert box.read(good(tmp_path)).pages[0].text == "Permanence sociale"
        assert box.pids != [pid]


def test_child_that_died_while_idle_is_replaced_unseen(tmp_path: Path) -> None:
    with Sandbox() as box:
        box.read(good(tmp_path))
        os.kill(box.pids[0], signal.SIGKILL)
        os.waitpid(-1, os.WNOHANG)
        time.sleep(0.2)
        assert box.read(good(tmp_path)).pages[0].text == "Permanence sociale"


def test_reading_that_takes_too_long_is_ended_and_may_be_tried_again(tmp_path: Path) -> None:
    with Sandbox() as box:
        with pytest.raises(TimedOut) as caught:
            box.read(long_pdf(tmp_path / "a.pdf"), limits=Limits(seconds=0.05, ocr=False))
        assert caught.value.state == "waiting"
        assert box.pids == []
        assert box.read(good(tmp_path)).pages[0].text == "Permanence sociale"


def test_memory_is_limited(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.docx", docx(paragraph("mot ") * 300_000))
    with Sandbox() as box, pytest.raises(BrokenFile):
        box.read(path, limits=Limits(memory_bytes=150_000_000, ratio=5000))


def test_child_that_grew_or_read_enough_is_replaced(tmp_path: Path) -> None:
    with Sandbox(files_a_child=2) as box:
        box.read(good(tmp_path))
        first = box.pids
        box.read(good(tmp_path))
        assert box.pids == []
        box.read(good(tmp_path))
        assert box.pids != first


def test_memory_of_a_child_stays_flat_over_many_files(tmp_path: Path, sandbox: Sandbox) -> None:
    path = write_pdf(tmp_path / "a.pdf", "#lorem(400)")

    def resident_kb() -> int:
        status = Path(f"/proc/{sandbox.pids[0]}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    for _ in range(20):
        sandbox.read(path)
    before = resident_kb()
    for _ in range(150):
        sandbox.read(path)
    assert resident_kb() < before + 10_000


def test_output_is_limited(tmp_path: Path, sandbox: Sandbox) -> None:
    with pytest.raises(TooLarge):
        sandbox.read(long_pdf(tmp_path / "a.pdf"), limits=Limits(output_bytes=20_000, ocr=False))


def test_child_knows_nothing_of_the_site(tmp_path: Path) -> None:
    with Sandbox() as box:
        box.read(good(tmp_path))
        mapped = Path(f"/proc/{box.pids[0]}/maps").read_text()
        environment = Path(f"/proc/{os.getpid()}/environ")
        assert environment.exists()
        assert "tantivy" not in mapped
        assert "_sqlite3" not in mapped


def test_many_files_come_in_order_each_with_its_own_result(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    paths = [good(tmp_path), tmp_path / "empty", tmp_path / "missing", tmp_path]
    with Sandbox(children=2) as box:
        results = [result for _, result, _ in box.read_many(paths)]
    assert results[0].pages[0].text == "Permanence sociale"
    assert [(type(error), error.reason) for error in results[1:]] == [
        (BrokenFile, "empty file"),
        (BrokenFile, "no such file"),
        (BrokenFile, "not a file"),
    ]


def hostile(folder: Path) -> dict[str, tuple[Path, type[ExtractionError] | None]]:
    def put(name: str, content: bytes) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    whole = raw_pdf(
        ["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 1/Kids[3 0 R]>>", "<</Type/Page/MediaBox[0 0 9 9]>>"]
    )
    laughs = docx("")
    laughs["word/document.xml"] = BILLION_LAUGHS + str(laughs["word/document.xml"]).replace(
        "<w:body>", "<w:body><w:p><w:r><w:t>&j;</w:t></w:r></w:p>"
    )
    (folder / "folder.pdf").mkdir()
    return {
        "zip bomb": (write_zip(folder / "bomb.docx", docx(" " * 60_000_000)), TooLarge),
        "billion laughs": (write_zip(folder / "laughs.docx", laughs), BrokenFile),
        "truncated pdf": (put("cut.pdf", whole[:40]), BrokenFile),
        "truncated zip": (put("cut.docx", good(folder).read_bytes()[:200]), BrokenFile),
        "empty": (put("empty.pdf", b""), BrokenFile),
        "folder": (folder / "folder.pdf", BrokenFile),
        "unknown": (put("unknown.pdf", bytes(range(256)) * 20), Unsupported),
        "many members": (
            write_zip(folder / "many.docx", {**docx(""), **{f"word/{i}": "" for i in range(400)}}),
            TooLarge,
        ),
        "deep html": (put("deep.pdf", b"<html>" + b"<div>" * 100_000 + b"fin"), None),
        "deep rtf": (put("deep.rtf", b"{\\rtf1 " + b"{" * 200_000 + b"fin"), None),
    }


@pytest.mark.parametrize(
    "name",
    [
        "zip bomb",
        "billion laughs",
        "truncated pdf",
        "truncated zip",
        "empty",
        "folder",
        "unknown",
        "many members",
        "deep html",
        "deep rtf",
    ],
)
def test_hostile_file_has_its_state_in_little_time(tmp_path: Path, sandbox: Sandbox, name: str) -> None:
    path, error = hostile(tmp_path)[name]
    started = time.monotonic()
    if error is None:
        assert sum(len(page.text) for page in sandbox.read(path).pages) < 100_000
    else:
        with pytest.raises(error):
            sandbox.read(path, limits=Limits(members=300))
    assert time.monotonic() - started < 20


def test_child_of_a_large_parent_is_kept(tmp_path):
    """What the parent holds when it starts a child does not count as the child's."""
    (tmp_path / "a.txt").write_text("Le logement à Schaerbeek.")
    ballast = bytearray(b"x") * 450_000_000
    with Sandbox() as sandbox:
        sandbox.read(tmp_path / "a.txt")
        first = sandbox.pids
        sandbox.read(tmp_path / "a.txt")
        assert sandbox.pids == first != []
    del ballast
