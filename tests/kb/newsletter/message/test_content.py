"""What the mail of an issue says, how much of it there is, and how it looks in a browser."""

from __future__ import annotations

import email
import email.policy
import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kb.languages import CODES
from kb.newsletter.message import content as mailing
from kb.newsletter.message import links as signing
from kb.newsletter.message.content import MOST_BYTES, preview, template_of
from kb.newsletter.message.quoting import quoted_size
from kb.newsletter.models import Issue
from kb.newsletter.public import shown as showing
from tests.axe import assert_no_axe_findings
from tests.kb.newsletter import builders as make

SITE = "https://cass.example"
SCRIPTS = {
    "french": "L’accueil à l’école : où en sommes-nous, près de chez vous ? ",
    "markup": "</table><script>alert('x')</script>&&\"\" ",
    "chinese": "新移民接待工作",
    "arabic": "استقبال الوافدين الجدد في المدينة ",
    "emoji": "👩‍👩‍👧‍👦",
    "one word": "a",
    "line breaks": "x\r\n",
}


@pytest.fixture(autouse=True)
def site(settings):
    settings.WAGTAILADMIN_BASE_URL = SITE
    settings.NEWSLETTER_FROM = "L’Échos-CASS <echos@cass.example>"
    settings.NEWSLETTER_REPLY_TO = "coordination@cass.example"
    settings.NEWSLETTER_BOUNCES = "retours@cass.example"


class Read(HTMLParser):
    """What a mail program finds: tags with their attributes, and the words one sees."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.hidden = 0
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self.hidden += tag in ("style", "title")

    def handle_endtag(self, tag):
        self.hidden -= tag in ("style", "title")

    def handle_data(self, data):
        if not self.hidden:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


def one_issue(**fields) -> Issue:
    items = [
        make.item(
            {"fr": "Une permanence de plus", "nl": "Een zitdag erbij", "en": "One more surgery"},
            text={"fr": "Le mardi.", "nl": "Op dinsdag.", "en": "Tuesdays."},
        ),
        make.item(
            "Cursus Nederlands",
            text="Inschrijven tot vrijdag.",
            language="nl",
            url="https://www.example.org/cursus?jaar=2026&taal=nl",
        ),
        make.item("Tour de table", text="Deux mots.\n\nEt un paragraphe.", heading="own.round"),
    ]
    values = {
        "title": {"fr": "L’accueil", "nl": "Het onthaal", "en": "The reception"},
        "lead": "Treize organisations.",
        "lead_url": "https://www.example.org/",
        "items": items,
    }
    return make.issue(**{**values, **fields})


def monster(script: str, *, count: int = 60, length: int = 5000) -> Issue:
    """As much as editors can write."""
    words = (SCRIPTS[script] * length)[:length]
    url = "https://www.example.org/" + "é" * 470
    items = [make.item(words, text=words, url=url) for _number in range(count)]
    return make.issue(title=words, lead=words, lead_url=url, lead_link_words=words, items=items)


# What it says


@pytest.mark.django_db
@pytest.mark.parametrize("language", CODES)
def test_both_parts_say_the_same_in_the_language_of_the_subscriber(language):
    made = template_of(one_issue(), language)
    whole = showing.shown(Issue.objects.get(), language)

    read = Read(made.html)
    for words in (
        whole.title.text,
        whole.lead.text,
        *(text for item in whole.items for text in (item.title.text, *item.text.text.split("\n\n"))),
    ):
        assert words in read.text.replace("\xa0", " ")
        assert words in made.text.replace("\xa0", " ")
    for attributes in read.all("a"):
        assert attributes["href"].removeprefix("mailto:") in made.text
    assert read.all("html")[0]["lang"] == language


@pytest.mark.django_db
def test_item_in_another_language_says_so_and_carries_its_language():
    made = template_of(one_issue(), "en")

    read = Read(made.html)
    assert "Cursus Nederlands (In Dutch)" in read.text
    assert "Cursus Nederlands\n(In Dutch)\n" in made.text
    assert read.text.count("(In ") == made.text.count("(In ") == 3  # the lead's text and the third item are French
    assert {
        attributes.get("lang") for tag, attributes in read.tags if tag in ("span", "div") and "lang" in attributes
    } == {"en", "nl", "fr"}


@pytest.mark.django_db
def test_first_line_says_how_much_there_is_and_where_else_it_is():
    made = template_of(one_issue(), "en")

    assert Read(made.html).text.startswith(
        "4 briefs. 1 minute of reading. Read on the site, en français, in het Nederlands"
    )
    links = [(attributes["href"], attributes.get("lang")) for attributes in Read(made.html).all("a")]
    assert links[:3] == [(f"{SITE}/en/echos/14/", None), (f"{SITE}/fr/echos/14/", "fr"), (f"{SITE}/nl/echos/14/", "nl")]


@pytest.mark.django_db
def test_headings_are_real_and_tables_only_lay_out():
    read = Read(template_of(one_issue(), "fr").html)

    assert [tag for tag, _attributes in read.tags if re.fullmatch("h[1-6]", tag)] == [
        "h1",
        "h2",
        "h3",
        "h3",
        "h2",
        "h3",
    ]
    assert {attributes.get("role") for attributes in read.all("table")} == {"presentation"}


@pytest.mark.django_db
def test_what_is_no_longer_public_is_not_in_it():
    issue = one_issue(items=[make.item("Une note retirée", subject="library.reference:999999"), make.item("Reste")])

    made = template_of(issue, "fr")

    assert "retirée" not in made.html + made.text
    assert "Reste" in made.html


@pytest.mark.django_db
def test_issue_without_lead_or_number_can_be_looked_at():
    html, text = preview(Issue(date=make.issue().date, title={"fr": "Un essai"}), "fr")

    assert "Un essai" in html
    assert "Un essai" in text


@pytest.mark.django_db
def test_empty_texts_leave_no_empty_tags():
    html = template_of(one_issue(lead="", lead_url="", items=[make.item("Un titre")]), "fr").html

    assert not re.search(r"<(p|div|a|h[1-3])\b[^>]*>\s*</\1>", html.replace('<div class="rule"', "<hr "))


# Nothing follows the reader


@pytest.mark.django_db
def test_links_are_those_of_the_site_and_of_the_items_as_they_are():
    made = template_of(one_issue(), "fr")

    hrefs = {attributes["href"] for attributes in Read(made.html).all("a")}
    places = set(made.places.values())
    assert hrefs - places == {
        f"{SITE}/fr/echos/14/",
        f"{SITE}/nl/echos/14/",
        f"{SITE}/en/echos/14/",
        "https://www.example.org/",
        "https://www.example.org/cursus?jaar=2026&taal=nl",
        "mailto:coordination@cass.example",
    }
    assert places <= hrefs


@pytest.mark.django_db
def test_nothing_is_loaded_from_anywhere():
    made = template_of(one_issue(), "fr")
    read = Read(made.html)

    assert [attributes["src"] for attributes in read.all("img")] == ["cid:mark@cass.example"]
    assert not {"link", "script", "iframe", "object", "video", "audio", "base"} & {
        tag for tag, _attributes in read.tags
    }
    assert not re.search(r"url\(|@import|@font-face|background=|srcset", made.html)


@pytest.mark.django_db
def test_two_subscribers_get_the_same_but_for_their_signed_links():
    made = template_of(one_issue(), "nl")
    first, second = (
        made.message(to="a@example.org", key="abcdefgh", links=signing.links_of(key, "nl"))
        for key in ("k" * 22, "l" * 22)
    )

    assert {line for line in first.body.split("\n")} ^ {line for line in second.body.split("\n")} == {
        address
        for key in ("k" * 22, "l" * 22)
        for address in (signing.unsubscribe_url(key, "nl"), signing.change_url(key, "nl"))
    }
    assert urlsplit(signing.change_url("k" * 22, "nl")).query == ""


# How it is made


@pytest.mark.django_db
def test_styles_are_in_the_tags_and_media_queries_are_kept():
    html = template_of(one_issue(), "fr").html

    assert "Kreon" in Read(html).all("h1")[0]["style"]
    assert all(attributes.get("style") for attributes in Read(html).all("a"))
    sheet = "".join(re.findall(r"<style[^>]*>(.*?)</style>", html, re.DOTALL))
    assert re.findall(r"@media \(([a-z-]+)", sheet) == ["min-width", "prefers-color-scheme"]
    assert [
        attributes["content"] for attributes in Read(html).all("meta") if attributes.get("name") == "color-scheme"
    ] == ["light dark"]


@pytest.mark.django_db
def test_as_many_queries_for_forty_items_as_for_one():
    counts = []
    for number, count in ((1, 1), (2, 40)):
        issue = make.issue(number, items=[make.item(f"Brève {each}") for each in range(count)])
        with CaptureQueriesContext(connection) as seen:
            template_of(issue, "fr")
        counts.append(len(seen))
    assert counts[0] == counts[1]


@pytest.mark.django_db
def test_sender_is_that_of_the_settings(settings):
    settings.NEWSLETTER_FROM = settings.NEWSLETTER_BOUNCES = settings.NEWSLETTER_REPLY_TO = ""
    settings.DEFAULT_FROM_EMAIL = "CASS <noreply@cass.example>"

    message = template_of(one_issue(), "fr").message(
        to="a@example.org", key="abcdefgh", links=signing.links_of("k", "fr")
    )

    assert message.from_email == "CASS <noreply@cass.example>"
    assert message.message()["From"] == "CASS <noreply@cass.example>"
    assert 'href="mailto:noreply@cass.example"' in message.alternatives[0].content


@pytest.mark.django_db
def test_preview_is_the_mail_with_its_mark_in_it_and_links_that_lead_nowhere():
    html, text = preview(one_issue(), "fr")

    assert "data:image/png;base64,iVBOR" in html
    assert "cid:" not in html
    assert ".invalid" not in html + text
    assert [attributes["href"] for attributes in Read(html).all("a")].count("#") == 2


# Whatever editors write


@pytest.mark.django_db
@pytest.mark.parametrize("script", SCRIPTS)
def test_no_part_is_ever_over_its_size(script):
    made = template_of(monster(script), "en")
    message = made.message(to="a@example.org", key="abcdefgh", links=signing.links_of("k" * 22, "en"))

    for part in (message.body, message.alternatives[0].content):
        assert len(part.encode()) <= quoted_size(part) < MOST_BYTES
    content = message.message().as_bytes(linesep="\r\n")
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert "…" in message.body
    assert f"{SITE}/en/echos/14/#brief-1\n" in message.body
    assert max(len(line.encode()) for line in message.body.split("\n") if "://" not in line) < 998


@pytest.mark.django_db
def test_items_that_have_no_room_are_counted_and_led_to_the_site():
    made = template_of(monster("emoji"), "en")

    shown = len(Read(made.html).all("h3"))
    assert 0 < shown < 60
    assert (
        f"{60 - shown} more briefs have no room here. Read them on the site {SITE}/en/echos/14/#brief-{shown + 1} "
        in " ".join(made.text.split())
    )
    assert f"{60 - shown} more briefs have no room here." in Read(made.html).text
    assert made.text.startswith("61 briefs.")


@pytest.mark.django_db
def test_sixty_briefs_of_two_sentences_are_all_there_whole():
    text = (
        "Les formes de garantie, les délais du CPAS, les pièces à emporter. Six adresses, avec "
        "les langues parlées à l’accueil."
    )
    made = template_of(make.issue(items=[make.item(f"Brève numéro {each}", text=text) for each in range(60)]), "fr")

    assert made.text.count("Brève numéro") == made.html.count("Brève numéro") == 60
    assert "…" not in made.text


@pytest.mark.django_db
def test_the_longest_text_alone_is_shortened_not_the_others():
    made = template_of(
        make.issue(items=[make.item("Long", text="mot " * 25_000), make.item("Court", text="Tout est là.")]), "en"
    )

    assert made.text.count("…") == 1
    assert made.text.count("Read the whole text on the site") == 1
    assert "Tout est là." in made.text


@pytest.mark.django_db
@pytest.mark.parametrize(
    "title",
    [
        "Titre\r\nBcc: x@y.example",
        "Titre\u2028Bcc: x@y.example",
        "Titre\x00\x0bBcc: x@y.example",
        "T" * 5000,
        "‮Bcc: x@y",
        "标题" * 900,
    ],
)
def test_title_cannot_add_a_header(title):
    made = template_of(one_issue(title=title), "fr")
    content = (
        made.message(to="a@example.org", key="abcdefgh", links=signing.links_of("k", "fr"))
        .message()
        .as_bytes(linesep="\r\n")
    )

    whole = email.message_from_bytes(content, policy=email.policy.default)
    assert whole["Bcc"] is None
    assert [str(address) for address in whole["To"].addresses] == ["a@example.org"]
    assert len(whole["Subject"]) < 160
    assert whole["Subject"] == made.subject


@pytest.mark.django_db
def test_markup_of_an_editor_is_words():
    bad = "</table><script>alert(1)</script><img src=x onerror=y>"
    made = template_of(one_issue(title=bad, lead=bad, items=[make.item(bad, text=bad)]), "fr")

    read = Read(made.html)
    assert not read.all("script")
    assert len(read.all("img")) == 1
    assert read.text.count("<script>alert(1)</script>") == 4
    assert bad in made.text


@pytest.mark.django_db
def test_address_that_runs_a_script_is_no_link():
    issue = Issue(number=3, date=make.issue().date, title={"fr": "Un"}, lead_url="javascript:alert(1)")
    issue.items = [make.item("Deux", url="javascript:alert(2)"), make.item("Trois", url="//host.example/")]

    made = template_of(issue, "fr")

    assert "Trois" in made.html
    assert not re.search("javascript:|host.example", made.html + made.text)


@pytest.mark.django_db
def test_editor_cannot_write_the_place_of_a_link():
    issue = one_issue(lead="https://0.invalid/unsubscribe_page {{ change }} %(change)s @@change@@")

    message = template_of(issue, "fr").message(
        to="a@example.org", key="abcdefgh", links=signing.links_of("k" * 22, "fr")
    )

    assert message.body.count(signing.change_url("k" * 22, "fr")) == 1
    assert "https://0.invalid/unsubscribe_page {{ change }} %(change)s @@change@@" in " ".join(message.body.split())


# In a browser


def open_mail(page, html: str, *, width: int, scheme: str = "light") -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    page.set_content(html)


@pytest.mark.browser
@pytest.mark.django_db
@pytest.mark.parametrize(("language", "scheme"), [("fr", "light"), ("nl", "dark"), ("en", "light")])
def test_axe_finds_nothing(page, language, scheme):
    open_mail(
        page,
        preview(one_issue(), language)[0].replace("<table", "<main><table", 1).replace("</body>", "</main></body>"),
        width=680,
        scheme=scheme,
    )

    assert_no_axe_findings(page)


@pytest.mark.browser
@pytest.mark.django_db
@pytest.mark.parametrize("what", ["as it is", "without styles of the head", "without images", "one long word"])
def test_at_320_px_nothing_goes_over_the_side(page, what):
    issue = one_issue(title="Schuldbemiddelingsvoorzieningen" * 4) if what == "one long word" else one_issue()
    html, _text = preview(issue, "nl")
    if what == "without styles of the head":
        html = re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL)
    if what == "without images":
        html = re.sub(r"data:image/png[^\"]*", "data:image/png;base64,", html)
    open_mail(page, html, width=320)

    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.locator("h1").bounding_box()["width"] > 200
    assert page.locator("img").get_attribute("alt") == "CASS"


@pytest.mark.browser
@pytest.mark.django_db
def test_dark_mode_changes_the_ground_and_the_words(page):
    html, _text = preview(one_issue(), "fr")
    colours = {}
    for scheme in ("light", "dark"):
        open_mail(page, html, width=390, scheme=scheme)
        colours[scheme] = page.evaluate(
            "() => ['.sheet', 'h1', '.go a'].map(name => { const style = "
            "getComputedStyle(document.querySelector(name));"
            " return name === '.sheet' ? style.backgroundColor : style.color })"
        )

    assert colours["light"] == ["rgb(255, 255, 255)", "rgb(27, 35, 32)", "rgb(23, 68, 126)"]
    assert colours["dark"] == ["rgb(27, 34, 32)", "rgb(236, 239, 233)", "rgb(157, 196, 247)"]


def test_mark_is_drawn_for_screens_of_twice_the_points():
    content = mailing.MARK.read_bytes()

    assert content[:4] == b"\x89PNG"
    assert (int.from_bytes(content[16:20]), int.from_bytes(content[20:24])) == (104, 104)
    assert len(content) < 4000
