import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from kb.pages.appearance import stylesheet


@pytest.mark.parametrize(
    ("name", "folder"),
    [("css/site.css", "components"), ("css/members.css", "members"), ("css/newsletter.css", "newsletter")],
)
def test_a_stylesheet_is_found_and_holds_every_component_of_its_folder(name, folder):
    found = finders.find(name)
    text = Path(found).read_text(encoding="utf-8")
    assert text == stylesheet.joined(name)
    assert ("--cherry:#8E1538" in text) == (name == "css/site.css")
    components = list((stylesheet.SOURCE_DIR / folder).glob("*.css"))
    assert components
    for component in components:
        first = re.search(r"\.[a-z][\w-]*", stylesheet._COMMENT.sub("", component.read_text(encoding="utf-8")))
        assert first and first[0] in text, component.name


def test_stylesheet_stays_under_its_budget_for_old_phones():
    assert len(stylesheet.joined().encode()) <= 40_000
    assert len(stylesheet.joined(stylesheet.MEMBERS).encode()) <= 10_000
    assert len(stylesheet.joined(stylesheet.NEWSLETTER).encode()) <= 6_000
    assert len(stylesheet.joined(stylesheet.DECISIONS).encode()) <= 6_000


def test_stylesheet_needs_nothing_that_old_browsers_lack():
    text = "".join(map(stylesheet.joined, stylesheet.FOLDERS))
    assert ":has(" not in text
    assert "@layer" not in text
    assert "clip-path: polygon" not in text


def test_fonts_named_in_the_stylesheet_are_there_with_their_licence():
    for name in re.findall(r"\.\./fonts/([\w-]+\.woff2)", stylesheet.joined()):
        assert finders.find(f"fonts/{name}"), name
    assert finders.find("fonts/LICENSE-kreon.txt")
    assert finders.find("fonts/LICENSE-source-sans-3.txt")


def test_list_gives_the_joined_file_to_collectstatic():
    listed = dict(stylesheet.StylesheetFinder().list([]))
    assert set(listed) == {"css/site.css", "css/members.css", "css/newsletter.css", "css/decisions.css"}
    assert all(storage.exists(name) for name, storage in listed.items())
