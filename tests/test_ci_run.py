"""`.ci/run` with a stand-in for make: which parts it runs, what it says of those it leaves out or cuts off."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
WHOLE_S = 90 * 60
MAKE = """#!/bin/sh
echo "make $1"
case "$1" in {part}) {does} ;; esac
"""


@pytest.fixture
def run(tmp_path):
    """Runs a copy with so many seconds gone, where one part does something else than pass; gives (lines, code)."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    programs = tmp_path / "programs"
    programs.mkdir()

    def go(*, gone_s: int = 0, part: str = "nothing", does: str = "true") -> tuple[list[str], int]:
        for name, text in {
            "make": MAKE.format(part=part, does=does),
            "apt-get": "#!/bin/sh",
            "dpkg": "#!/bin/sh",
        }.items():
            (programs / name).write_text(text)
            (programs / name).chmod(0o755)
        ended = subprocess.run(
            [tmp_path / ".ci" / "run"],
            env={"PATH": f"{programs}:{os.environ['PATH']}", "SECONDS": str(gone_s)},
            capture_output=True,
            text=True,
        )
        return ended.stdout.splitlines(), ended.returncode

    return go


def parts(lines: list[str]) -> list[str]:
    return [line.removeprefix("make ") for line in lines if line.startswith("make ")]


def test_all_parts_run_and_their_times_are_said(run):
    lines, code = run()
    assert parts(lines) == ["test", "lint", "test-all", "drill"]
    assert [line.split()[0] for line in lines[lines.index("Time by part:") + 1 :]] == parts(lines)
    assert code == 0


@pytest.mark.parametrize(
    ("gone_s", "ran"),
    [(64 * 60, ["test", "lint", "test-all", "drill"]), (66 * 60 + 20, ["test", "lint"])],
    ids=["26 minutes left", "24 minutes left"],
)
def test_optional_parts_are_left_out_only_when_too_little_time_is_left(run, gone_s, ran):
    lines, code = run(gone_s=gone_s)
    assert parts(lines) == ran
    left_out = [line for line in lines if "left out" in line]
    assert len(left_out) == 4 - len(ran)
    assert all(line.endswith("left out: 23 of 90 minutes left") for line in left_out)
    assert code == 0


@pytest.mark.parametrize("part", ["test", "lint", "test-all", "drill"])
def test_a_part_that_fails_fails_the_run_and_is_said(run, part):
    lines, code = run(part=part, does="exit 2")
    assert code == 2
    assert lines[-1].startswith(f"{part} ") and lines[-1].endswith(" s, failed")


def test_what_would_take_too_long_is_cut_off_said_and_no_failure(run, tmp_path):
    shorter = tmp_path / "programs" / "timeout"
    shorter.write_text(f'#!/bin/sh\necho "asked: $*"\nshift 3\nexec {shutil.which("timeout")} --signal=INT 0.5 "$@"\n')
    shorter.chmod(0o755)

    lines, code = run(gone_s=60 * 60, part="drill", does="exec sleep 60")

    assert code == 0
    assert lines[-1] == "drill cut off: it is not known whether the rest holds"
    asked_s = [int(line.split()[3]) for line in lines if line.startswith("asked: ")]
    assert all(WHOLE_S - 60 * 60 - 200 < one <= WHOLE_S - 60 * 60 - 180 for one in asked_s)
    assert len(asked_s) == 2
