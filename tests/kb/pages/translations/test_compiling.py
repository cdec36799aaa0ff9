import gettext
import os

from kb.pages.translations.compiling import compile_stale

PO = (
    'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid '
    '"Search"\nmsgstr "Chercher"\n\n#, fuzzy\nmsgid "Home"\nmsgstr "Maison"\n'
)


def test_catalogue_is_compiled_without_gettext_and_read_by_gettext(tmp_path):
    source = tmp_path / "fr" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    source.write_text(PO, encoding="utf-8")
    (made,) = compile_stale([tmp_path])
    with made.open("rb") as file:
        words = gettext.GNUTranslations(file)
    assert words.gettext("Search") == "Chercher"
    assert words.gettext("Home") == "Home"


def test_only_what_is_older_than_its_source_is_made_again(tmp_path):
    source = tmp_path / "nl" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    source.write_text(PO, encoding="utf-8")
    compile_stale([tmp_path])
    assert compile_stale([tmp_path]) == []
    later = source.with_suffix(".mo").stat().st_mtime + 10
    os.utime(source, (later, later))
    assert len(compile_stale([tmp_path])) == 1
