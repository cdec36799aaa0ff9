"""Every word of the interface is translated into French and Dutch: what gettext finds in the sources is in `kb/locale`,
and not fuzzy.
"""

import ast
import fcntl
import shutil
from pathlib import Path

import polib
import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = ["fr", "nl"]


@pytest.fixture(scope="module")
def found_in_sources(request, tmp_path_factory):
    """What makemessages finds now, written beside the project's own files."""
    absent = [tool for tool in ("xgettext", "msgmerge", "msguniq", "msgattrib") if shutil.which(tool) is None]
    if absent:
        pytest.skip(f"gettext is not on this machine ({', '.join(absent)}): apt-get install gettext")
    from django.test import override_settings

    folder = tmp_path_factory.mktemp("messages") / "locale"
    (folder / "fr").mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch, override_settings(LOCALE_PATHS=[str(folder)]):
        patch.chdir(ROOT)
        ignored = ["kb/locale*", ".venv/*", "var/*", "tests/*", "docs/*"]
        # It writes beside each template while it works: two processes at once would take each other's files away.
        with (request.config.cache.mkdir("messages") / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            call_command(
                "makemessages",
                locale=["fr"],
                ignore_patterns=ignored,
                no_location=True,
                no_obsolete=True,
                keep_pot=True,
                verbosity=0,
            )
    return polib.pofile(str(next(folder.glob("*.pot"))))


def catalogue(language: str) -> polib.POFile:
    return polib.pofile(str(ROOT / "kb" / "locale" / language / "LC_MESSAGES" / "django.po"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_the_sources_is_translated(found_in_sources, language):
    known = {(entry.msgctxt, entry.msgid): entry for entry in catalogue(language)}
    missing = []
    for wanted in found_in_sources:
        entry = known.get((wanted.msgctxt, wanted.msgid))
        if entry is None or entry.obsolete or not entry.translated():
            missing.append(wanted.msgid)
    assert not missing, f"{len(missing)} to translate into {language}: " + " | ".join(missing[:40])


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_is_fuzzy_or_empty(language):
    poor = [
        entry.msgid for entry in catalogue(language) if not entry.obsolete and (entry.fuzzy or not entry.translated())
    ]
    assert not poor, " | ".join(poor[:40])


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_keep_the_placeholders_of_their_source(language):
    import re

    placeholder = re.compile(r"%\(\w+\)[sd]")
    wrong = []
    for entry in catalogue(language):
        if entry.obsolete:
            continue
        wanted = set(placeholder.findall(entry.msgid + entry.msgid_plural))
        for text in [entry.msgstr, *entry.msgstr_plural.values()]:
            if text and not set(placeholder.findall(text)) <= wanted:
                wrong.append(entry.msgid)
    assert not wrong, " | ".join(wrong)


def test_french_has_no_ordinary_space_before_its_double_signs():
    import re

    wrong = [entry.msgid for entry in catalogue("fr") if not entry.obsolete and re.search(r" [:;?!»]|« ", entry.msgstr)]
    assert not wrong, " | ".join(wrong[:40])


def test_no_words_for_readers_stand_in_an_f_string_where_the_catalogues_do_not_see_them():
    hidden = []
    for path in (*ROOT.glob("kb/**/*.py"), *ROOT.glob("home/**/*.py"), *ROOT.glob("search/**/*.py")):
        if "." in path.stem:  # what makemessages makes of a template while it works, in another process
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            calls = ast.walk(node) if isinstance(node, ast.JoinedStr) else ()
            names = {call.func.id for call in calls if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)}
            if names & {"_", "gettext", "ngettext", "pgettext", "gettext_lazy"}:
                hidden.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert hidden == []
