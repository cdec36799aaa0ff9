"""`make quick` (.ci/quick): which tests a changed path has, and that no test is begun when the time is over."""

from __future__ import annotations

import subprocess
import time
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import conftest

ROOT = Path(__file__).resolve().parents[1]
FILES = {
    "kb/library/models.py": "",
    "kb/library/marks.py": "",
    "kb/library/drafting/titles.py": "",
    "kb/library/drafting/words.py": "",
    "kb/library/public/views.py": 'render(request, "library/page.html")',
    "kb/library/management/commands/bring.py": "",
    "kb/newsletter/models/issue.py": "",
    "kb/files/reading/__init__.py": "",
    "templates/library/page.html": "{% include 'library/_line.html' %}",
    "templates/library/_line.html": "",
    "docs/operations.md": "",
    "tests/conftest.py": "",
    "tests/test_whole.py": "operations.md",
    "tests/kb/library/builders.py": "",
    "tests/kb/library/test_marks.py": "from kb.library.drafting import dates, words",
    "tests/kb/library/test_marks_killed.py": "",
    "tests/kb/library/models/test_reference.py": "",
    "tests/kb/library/drafting/test_titles.py": "import kb.library.drafting.dates",
    "tests/kb/library/public/test_views.py": 'call_command("bring")',
    "tests/kb/newsletter/test_models.py": "",
    "tests/kb/files/reading/test_spans.py": "",
    "tests/kb/files/reading/test_boxes.py": "",
}


def load_quick():
    loader = SourceFileLoader("quick", str(ROOT / ".ci" / "quick"))
    module = module_from_spec(spec_from_loader("quick", loader))
    loader.exec_module(module)
    return module


quick = load_quick()


@pytest.fixture
def tree(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("path", "tests"),
    [
        pytest.param("kb/library", ["tests/kb/library"], id="a folder: its mirror"),
        pytest.param("kb/library/drafting/", ["tests/kb/library/drafting"], id="with a slash"),
        pytest.param("./kb/library/drafting", ["tests/kb/library/drafting"], id="from here"),
        pytest.param(
            "kb/library/marks.py",
            ["tests/kb/library/test_marks.py", "tests/kb/library/test_marks_killed.py"],
            id="a module: its test and its trials",
        ),
        pytest.param("kb/library/models.py", ["tests/kb/library/models"], id="a module with a folder of tests"),
        pytest.param("kb/library/drafting/words.py", ["tests/kb/library/test_marks.py"], id="none: who imports it"),
        pytest.param("kb/newsletter/models/issue.py", ["tests/kb/newsletter/test_models.py"], id="else the room's"),
        pytest.param(
            "kb/library/management/commands/bring.py", ["tests/kb/library/public/test_views.py"], id="command"
        ),
        pytest.param(
            "kb/files/reading/__init__.py",
            ["tests/kb/files/reading/test_boxes.py", "tests/kb/files/reading/test_spans.py"],
            id="a package: what is beside its tests",
        ),
        pytest.param(
            "templates/library/_line.html", ["tests/kb/library/public/test_views.py"], id="a template: by who shows it"
        ),
        pytest.param("tests/kb/library/test_marks.py", ["tests/kb/library/test_marks.py"], id="a test: itself"),
        pytest.param(
            "tests/kb/library/builders.py",
            ["tests/kb/library/test_marks.py", "tests/kb/library/test_marks_killed.py"],
            id="what tests share: those beside it",
        ),
        pytest.param("docs/operations.md", ["tests/test_whole.py"], id="another file: who names it"),
        pytest.param("kb/static/tokens.css", [], id="nobody names it"),
        pytest.param("tests/conftest.py", [], id="what all tests share"),
        pytest.param("tests/kb/library/test_gone.py", [], id="a test that is gone"),
    ],
)
def test_a_path_has_the_tests_that_mirror_or_name_it(tree, path, tests):
    assert quick.tests_of(path, tree) == tests


def test_without_paths_it_takes_what_differs_from_main_and_new_files(tmp_path):
    def git(*words: str) -> None:
        who = ("-c", "user.name=a", "-c", "user.email=a@exemple.be", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    for name in ("same.py", "changed.py", "committed.py"):
        (tmp_path / name).write_text("")
        git("add", name)
    git("commit", "-q", "-m", "first")
    git("checkout", "-q", "-b", "branch")
    (tmp_path / "committed.py").write_text("1")
    git("commit", "-q", "-a", "-m", "second")
    (tmp_path / "changed.py").write_text("1")
    (tmp_path / "new.py").write_text("")

    assert quick.changed(tmp_path) == ["changed.py", "committed.py", "new.py"]


def ran(monkeypatch, *paths: str) -> tuple[list[str], int]:
    """What pytest was asked and the code that `make quick` ends with, where every test is left out."""
    asked: list[list[str]] = []
    monkeypatch.setattr(
        quick.subprocess,
        "run",
        lambda command, **_: asked.append([str(one) for one in command]) or SimpleNamespace(returncode=5),
    )
    code = quick.main(list(paths))
    return asked[0], code


def test_it_says_what_it_runs_and_leaves_browsers_servers_and_drills_out(monkeypatch, capsys):
    command, code = ran(monkeypatch, "tests/test_quick.py", "kb/site")

    assert command[-2:] == ["tests/test_quick.py", "tests/kb/site"]
    assert command[command.index("-m") + 1] == "not browser and not server and not drill"
    assert code == 0
    assert capsys.readouterr().out == "Tests of 2 paths:\n  tests/test_quick.py\n  tests/kb/site\n"


def test_a_test_inside_a_folder_that_is_run_is_run_once(monkeypatch):
    command, _code = ran(monkeypatch, "kb/site", "tests/kb/site/test_limiting.py")
    assert command[-1] == "tests/kb/site"
    assert "tests/kb/site/test_limiting.py" not in command


def test_what_no_test_knows_runs_those_of_the_whole_and_says_so(monkeypatch, capsys):
    command, _code = ran(monkeypatch, "kb/static/nothing-like-it")
    assert command[-2:] == list(quick.OF_THE_WHOLE)
    assert capsys.readouterr().out.startswith("No test is of kb/static/nothing-like-it: those of the whole are run.\n")
    assert all((ROOT / one).is_file() for one in quick.OF_THE_WHOLE)


@pytest.mark.parametrize(("begun_s_ago", "is_skipped"), [(39, False), (41, True)])
def test_no_test_is_begun_when_the_time_is_over(begun_s_ago, is_skipped):
    stash = {conftest.BEGUN: time.monotonic() - begun_s_ago}
    item = SimpleNamespace(config=SimpleNamespace(getoption=lambda name: 40.0, stash=stash))
    if is_skipped:
        with pytest.raises(pytest.skip.Exception, match="not begun within 40 s: make test runs it"):
            conftest.leave_out_when_time_is_over(item)
    else:
        conftest.leave_out_when_time_is_over(item)
