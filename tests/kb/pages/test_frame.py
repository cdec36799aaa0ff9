import pytest
from django.template import Context, Template
from django.utils.translation import override

from kb.pages import frame
from kb.pages.translations.echoes import Echo


def rendered(source: str, **context) -> str:
    return Template("{% load frame %}" + source).render(Context(context))


@pytest.fixture
def empty_frame():
    with frame.SECTIONS.temporarily(), frame.FOOTER["help"].temporarily(), frame.FOOTER["tools"].temporarily():
        yield


def test_empty_registry_gives_no_tab_and_no_link(empty_frame):
    assert list(frame.sections()) == []
    assert frame.footer_links("help") == []


def test_sections_come_in_their_order_and_only_where_they_lead_somewhere(empty_frame):
    frame.register_section("late", "Late", "site_map", order=20)
    frame.register_section("early", "Early", "site_map", order=10)
    frame.register_section("nowhere", "Nowhere", "no:route", order=1)
    assert [section.code for section in frame.sections()] == ["early", "late"]


@pytest.mark.parametrize(
    ("language", "said"),
    [("fr", "En français et en néerlandais"), ("nl", "In het Frans en het Nederlands"), ("en", "In French and Dutch")],
    ids=["fr", "nl", "en"],
)
def test_thirds_say_their_languages_in_words_and_by_position(language, said):
    with override(language):
        html = rendered("{% thirds languages %}", languages=("nl", "fr"))
    assert f'<span class="vh">{said}</span>' in html
    assert html.count('class="on"') == 2
    assert html.index("FR") < html.index("NL")


def test_echo_keeps_the_order_of_languages_and_says_what_is_missing():
    with override("fr"):
        html = rendered("{% echo items %}", items=[Echo("en"), Echo("nl", "De huurwaarborg", "/nl/huurwaarborg/")])
    assert html.index("De huurwaarborg") < html.index("pas encore en anglais")
    assert '<a lang="nl" hreflang="nl" href="/nl/huurwaarborg/">' in html
    assert html.count("<a ") == 1


def test_titles_in_an_echo_are_escaped():
    assert "&lt;b&gt;" in rendered("{% echo items %}", items=[Echo("nl", "<b>x</b>", "/nl/")])


@pytest.mark.parametrize(
    ("language", "size", "words"),
    [
        ("fr", 2_400_000, "2,4\u00a0Mo"),
        ("nl", 2_400_000, "2,4\u00a0MB"),
        ("en", 2_400_000, "2.4 MB"),
        ("fr", 840_000, "840\u00a0ko"),
        ("en", 12, "1 kB"),
    ],
)
def test_sizes_are_said_as_people_say_them(language, size, words):
    with override(language):
        assert rendered("{% filesize_words size %}", size=size) == words


def test_breadcrumb_begins_at_home_and_ends_in_plain_text():
    with override("en"):
        html = rendered('{% crumbs "Library" "/en/library/" "PA 2012/147" %}')
    assert html.index('href="/en/"') < html.index('href="/en/library/"') < html.index("PA 2012/147")
    assert '<li aria-current="page">PA 2012/147</li>' in html


def test_nbsp_filter_is_for_french_only_and_does_not_unescape():
    with override("nl"):
        assert rendered("{{ text|nbsp }}", text="Wat ?") == "Wat ?"
        assert rendered('{{ text|nbsp:"fr" }}', text="Quoi ? <b>") == "Quoi\u00a0? &lt;b&gt;"
