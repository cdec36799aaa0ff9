"""The README and the operations manual say what is there: commands, targets, settings, files for systemd."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import get_commands

import kb.settings
from search.extraction import Limits

ROOT = Path(__file__).resolve().parents[1]
MANUALS = ("README.md", "docs/operations.md")
SYSTEMD = ROOT / "docs" / "systemd"
SERVICES = sorted(SYSTEMD.glob("*.service"))


def code_of(manual: str) -> list[str]:
    """What stands between backticks, in blocks and in lines."""
    text = (ROOT / manual).read_text()
    blocks = re.findall(r"^ *```\w*\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    rest = re.sub(r"^ *```\w*\n.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)
    return blocks + re.findall(r"`([^`\n]+)`", rest)


def commands_in(manual: str) -> set[str]:
    return {name for code in code_of(manual) for name in re.findall(r"\bmanage(?:\.py)? ([a-z][a-z_]+)", code)}


def targets_in(manual: str) -> set[str]:
    lines = [line for code in code_of(manual) for line in code.splitlines() if "apt install" not in line]
    return {name for line in lines for name in re.findall(r"(?:^|[\s;&])make (?:-C \S+ )?([a-z][a-z-]*)", line)}


def rows_of(text: str) -> list[tuple[str, ...]]:
    """The rows of the table of settings, without the backticks."""
    table = text[text.index("| variable |") :].split("\n\n")[0].split('\n"""')[0]
    return [
        tuple(cell.strip().replace("`", "") for cell in line.strip().strip("|").split("|"))
        for line in table.splitlines()[2:]
    ]


def listed() -> set[str]:
    return {name for names, _default, _what in rows_of((ROOT / "README.md").read_text()) for name in names.split(", ")}


def names_in_environment_file(path: Path) -> list[str]:
    return [
        line.partition("=")[0] for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")
    ]


@pytest.mark.parametrize("manual", (*MANUALS, "docs/personal-data.md"))
def test_every_command_it_names_exists(manual):
    assert commands_in(manual), "the pattern finds nothing any more"
    assert commands_in(manual) <= set(get_commands())


def test_every_command_in_the_manual_s_table_exists():
    section = (ROOT / "docs" / "operations.md").read_text().split("## 6. Commands")[1].split("\n\n")[1]
    named = {name for line in section.splitlines()[2:] for name in re.findall(r"`([a-z_]+)", line.split("|")[1])}
    assert {"read_files", "backup", "evaluate_search"} <= named <= set(get_commands())


@pytest.mark.parametrize("manual", MANUALS)
def test_make_help_lists_every_target_it_names(manual):
    told = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert targets_in(manual), "the pattern finds nothing any more"
    assert targets_in(manual) <= {line.split()[0] for line in told.splitlines()}


def test_make_restore_without_an_archive_says_what_to_give():
    told = subprocess.run(
        ["make", "--no-print-directory", "restore"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert told.returncode != 0
    assert "make restore FROM=" in told.stdout


@pytest.mark.parametrize(
    ("readable", "used"),
    [(True, "docs/systemd/manage backup"), (False, "python manage.py backup")],
    ids=["installed", "here"],
)
def test_make_backup_uses_the_settings_of_the_installed_site_where_there_is_one(tmp_path, readable, used):
    settings = tmp_path / "cass.env"
    if readable:
        settings.write_text("DJANGO_SETTINGS_MODULE=kb.settings.dev\n")
    told = subprocess.run(
        ["make", "-n", "backup", f"CASS_ENV={settings}", "TO=kept"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert f'{used} --to "{ROOT / "kept"}"' in told.stdout


def test_the_readme_and_the_settings_have_the_same_table():
    settings = Path(kb.settings.__file__).with_name("production.py").read_text()
    assert rows_of((ROOT / "README.md").read_text()) == rows_of(settings)


def test_every_variable_the_settings_read_is_in_the_table_and_no_other():
    read = {
        name
        for path in Path(kb.settings.__file__).parent.glob("*.py")
        for name in re.findall(r"(?:\benv(?:\.\w+)?|_needed)\(\s*\"([A-Z0-9_]+)\"", path.read_text())
    }
    assert read == listed()


def test_the_environment_file_uses_known_names_only():
    names = names_in_environment_file(SYSTEMD / "cass.env")
    assert {"CASS_SECRET_KEY", "CASS_ALLOWED_HOSTS", "CASS_URL", "CASS_VAR"} <= set(names)
    assert set(names) <= listed() | {"DJANGO_SETTINGS_MODULE"}


@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.name)
def test_a_service_starts_what_exists_with_the_settings_of_the_manual(service):
    values = dict(re.findall(r"^(\w+)=(.*)$", service.read_text(), re.MULTILINE))
    manual = (ROOT / "docs" / "operations.md").read_text()
    assert set(re.findall(r"\bCASS_\w+", service.read_text())) <= listed()
    for place in (values["EnvironmentFile"], values["WorkingDirectory"], values["ReadWritePaths"]):
        assert place in manual
    assert service.stem in manual
    if "manage.py" in values["ExecStart"]:
        assert values["ExecStart"].split("manage.py ")[1].split()[0] in get_commands()
    else:
        assert "gunicorn" in (ROOT / "requirements.in").read_text().split()


def directives(service: Path) -> dict[str, str]:
    return dict(re.findall(r"^(\w+)=(.*)$", service.read_text(), re.MULTILINE))


@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.name)
def test_a_service_leaves_the_reading_process_what_it_shuts_itself_in_with(service):
    said = directives(service)
    assert {
        "landlock_create_ruleset",
        "landlock_add_rule",
        "landlock_restrict_self",
        "seccomp",
        "@system-service",
    } <= set(said["SystemCallFilter"].split())
    assert {"user", "net", "ipc"} <= set(said.get("RestrictNamespaces", "user net ipc").split())
    assert not {"PrivateNetwork", "IPAddressDeny", "MemoryDenyWriteExecute"} & set(
        said
    )  # database, mail and storage are elsewhere; ctypes


@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.name)
def test_a_service_may_little_and_security_md_says_how_little(service):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze here: apt-get install systemd")
    told = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", str(service)], capture_output=True, text=True, check=False
    )
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", told.stdout)
    if found is None:
        pytest.skip(f"systemd-analyze says nothing here: {told.stderr[:100]}")
    assert float(found[1]) <= 3.0
    assert f"`{service.name}` 8.5 before, 2.1" in (ROOT / "docs" / "security.md").read_text()


def test_the_services_fit_into_the_machine_of_the_manual_and_a_reader_of_files_into_the_worker():
    manual = (ROOT / "docs" / "operations.md").read_text()
    machine_mb = 1000 * int(re.search(r"2 cores and (\d+) GB is enough", manual)[1])
    most_mb = {service.stem: int(directives(service)["MemoryMax"].removesuffix("M")) for service in SERVICES}
    assert sum(most_mb.values()) < machine_mb
    assert most_mb["cass-worker"] * 1_000_000 > Limits().memory_bytes + 500_000_000
    for service in SERVICES:
        assert f"{most_mb[service.stem]:,} MB" in manual
        assert directives(service)["OOMPolicy"] == "continue", (
            "what ends is one process, not the service with all it was doing"
        )


def test_gunicorn_takes_its_own_settings_and_opens_no_control_socket():
    told = subprocess.run(
        [sys.executable, "-m", "gunicorn", "--print-config", "--check-config", "kb.wsgi"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert re.search(r"control_socket_disable\s*=\s*True", told.stdout), told.stderr


def manage(settings: Path, *arguments: str, **options) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "CASS_ENV": str(settings), "PYTHONWARNINGS": "ignore"}
    return subprocess.run(
        [str(SYSTEMD / "manage"), *arguments],
        cwd=settings.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        **options,
    )


def has_cass() -> bool:
    return any(person.pw_name == "cass" for person in pwd.getpwall())


needs_environment = pytest.mark.skipif(
    not (ROOT / ".venv" / "bin" / "python").exists(), reason="no .venv in the project (make install)"
)


@needs_environment
@pytest.mark.skipif(os.geteuid() == 0 and not has_cass(), reason="root, and no user cass that manage could become")
def test_manage_runs_with_the_settings_of_the_file(tmp_path):
    settings = tmp_path / "cass.env"
    text = (SYSTEMD / "cass.env").read_text().replace("CASS_SECRET_KEY=", "CASS_SECRET_KEY=" + "0123456789abcdef" * 4)
    settings.write_text(re.sub("CASS_VAR=.*", f"CASS_VAR={tmp_path / 'var'}", text))
    told = manage(settings, "check")
    assert told.returncode == 0, told.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="not root: manage does not change the user")
def test_manage_runs_as_cass_when_root_asks(tmp_path):
    settings, stand_in = tmp_path / "cass.env", tmp_path / "runuser"
    stand_in.write_text('#!/bin/sh\necho "$CASS_URL $PWD $*"\n')
    stand_in.chmod(0o755)
    settings.write_text(
        f'CASS_URL=https://cass.example\nPATH={tmp_path}:$PATH\nCASS_EMAIL_FROM="CASS <a@cass.example>"\n'
    )
    told = manage(settings, "check", "--deploy")
    assert (
        told.stdout.strip()
        == f"https://cass.example {ROOT} -u cass --preserve-environment -- .venv/bin/python manage.py check --deploy"
    ), told.stderr


def test_manage_says_which_file_it_cannot_read(tmp_path):
    told = manage(tmp_path / "absent.env", "check")
    assert told.returncode == 1
    assert f"{tmp_path / 'absent.env'} cannot be read" in told.stderr


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_the_commands_of_the_manual_are_ten_and_are_shell():
    blocks = [code for code in code_of("docs/operations.md") if "\n" in code]
    assert len(blocks[0].strip().splitlines()) == 10
    for block in blocks:
        told = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
        assert told.returncode == 0, told.stderr
