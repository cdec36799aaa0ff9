import pytest
from django.test import Client

from kb.pages.frame import sections
from tests.home.builders import page

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("language", "title", "said"),
    [
        ("fr", "Nous ne trouvons pas cette page", "Erreur"),
        ("nl", "We vinden deze pagina niet", "Fout"),
        ("en", "We cannot find this page", "Error"),
    ],
    ids=["fr", "nl", "en"],
)
def test_unknown_address_is_a_404_with_the_title_in_three_languages(client: Client, language, title, said):
    shown = client.get(f"/{language}/rien-de-tel/")
    text = shown.content.decode()
    assert shown.status_code == 404
    assert f'<html lang="{language}"' in text
    assert title in text
    assert f"{said} 404" in text
    assert "Nous ne trouvons pas cette page" in text
    assert "We vinden deze pagina niet" in text
    assert 'value="rien de tel"' in text


def test_404_offers_the_languages_in_which_the_address_exists(client: Client):
    french = page("La garantie locative", slug="garantie-locative")
    page("The rental deposit", language="en", of=french, slug="rental-deposit")
    page("De huurwaarborg", language="nl", of=french, slug="huurwaarborg", live=False)
    shown = client.get("/nl/gids/huurwaarborg/")
    text = shown.content.decode()
    assert shown.status_code == 404
    assert 'href="/fr/garantie-locative/" lang="fr"' in text
    assert 'href="/en/rental-deposit/" lang="en"' in text
    assert "De huurwaarborg" not in text
    assert 'value="huurwaarborg"' in text


def test_404_offers_nothing_that_the_reader_may_not_see(client: Client):
    page("Procès-verbal réservé", slug="proces-verbal", audiences=["members"])
    text = client.get("/nl/groepen/proces-verbal/").content.decode()
    assert "Procès-verbal réservé" not in text


@pytest.mark.parametrize(
    ("address", "others"),
    [
        ("/nl/bibliotheek/XX/iets/", {"fr": "/fr/bibliotheque/XX/iets/", "en": "/en/library/XX/iets/"}),
        ("/nl/bibliotheek/PA-2012-147/", {"fr": "/fr/bibliotheque/PA-2012-147/", "en": "/en/library/PA-2012-147/"}),
        ("/nl/bibliotheek/PA-2012-147/lezen/1.1/1/", {"fr": "/fr/bibliotheque/PA-2012-147/lire/1.1/1/"}),
        ("/nl/rien-de-tel/", {"fr": "/fr/rien-de-tel/", "en": "/en/rien-de-tel/"}),
        ("/fr/%C3%A9t%C3%A9%3Fx/", {"nl": "/nl/%C3%A9t%C3%A9%3Fx/"}),
    ],
    ids=["nothing of the library", "no such reference", "reader", "no page", "signs"],
)
def test_404_leads_to_the_same_address_with_the_words_of_the_other_languages(client: Client, address, others):
    shown = client.get(address)
    assert shown.status_code == 404
    echoes = {echo.language: echo.url for echo in shown.context["echoes"]}
    assert {language: echoes[language] for language in others} == others
    assert all(shown.content.decode().count(f'href="{url}"') == 2 for url in others.values()), (
        "the echo and the language tab"
    )


@pytest.mark.parametrize("address", ["/media/nothing.jpg", "/sitemap-nothing.xml"])
def test_404_of_an_address_without_a_language_links_to_no_other(client: Client, address):
    shown = client.get(address)
    assert shown.status_code == 404
    assert {echo.url for echo in shown.context["echoes"]} == {""}
    assert not any(f'href="/{language}/nothing' in shown.content.decode() for language in ("fr", "nl", "en"))


def test_words_of_an_address_are_escaped_in_the_404(client: Client):
    text = client.get('/fr/"><script>alert(1)</script>/').content.decode()
    assert "<script>alert(1)" not in text


def test_sitemap_lists_public_pages_of_every_language_and_no_other(client: Client):
    french = page("Contact", slug="contact")
    page("Schrijf ons", language="nl", of=french, slug="schrijf-ons")
    page("Réservé", slug="reserve", audiences=["members"])
    page("Brouillon", slug="brouillon", live=False)
    text = client.get("/sitemap.xml").content.decode()
    for path in ("/fr/", "/nl/", "/en/", "/fr/contact/", "/nl/schrijf-ons/"):
        assert f"{path}</loc>" in text
    assert "reserve" not in text
    assert "brouillon" not in text


def test_robots_keep_machines_out_of_admin_and_searches(client: Client):
    text = client.get("/robots.txt").content.decode()
    assert "Disallow: /admin/" in text
    assert "Disallow: /nl/zoeken/" in text
    assert "Sitemap: http://testserver/sitemap.xml" in text


@pytest.mark.parametrize(("language", "word"), [("fr", "plan"), ("nl", "sitemap"), ("en", "site-map")])
def test_site_map_shows_the_tree_of_this_reader(client: Client, language, word):
    parent = page("Niveau un", language=language, slug="niveau-un")
    page("Niveau deux", language=language, slug="niveau-deux", parent=parent)
    page("Caché", language=language, slug="cache", parent=parent, audiences=["members"])
    text = client.get(f"/{language}/{word}/").content.decode()
    assert text.index("Niveau un") < text.index("Niveau deux")
    assert "Caché" not in text


def test_frame_shows_only_the_sections_that_exist(client: Client):
    text = client.get("/fr/").content.decode()
    assert text.count('class="tabs__tab"') == len(sections())
    assert text.count('href="/fr/bibliotheque/"') >= 1
    assert "Recommandations" not in text


def test_footer_links_to_the_pages_that_are_placed_there(client: Client):
    assert "Nous écrire" not in client.get("/fr/").content.decode()
    page("Nous écrire", slug="nous-ecrire", place="contact")
    text = client.get("/fr/").content.decode()
    assert "Aide et contact" in text
    assert '<a href="/fr/nous-ecrire/">Nous écrire</a>' in text


def test_home_and_results_have_no_second_search_box(client: Client):
    assert 'id="head-search"' not in client.get("/fr/").content.decode()
    assert 'id="head-search"' in client.get("/fr/plan/").content.decode()


def test_where_debug_is_on_what_is_not_found_gets_the_sites_own_page_too(client, settings):
    settings.DEBUG = True
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "home.public.views.OwnNotFoundMiddleware"]

    answer = client.get("/nl/huurwaarborg/")

    assert answer.status_code == 404
    assert "We vinden deze pagina niet" in answer.content.decode()


@pytest.mark.parametrize(
    "kind",
    ["application/x-www-form-urlencoded; charset=utf-7", "multipart/form-data", "multipart/form-data; boundary=\x80"],
)
def test_a_form_that_cannot_be_read_gets_a_sentence(db, kind):
    client = Client(enforce_csrf_checks=True)
    client.get("/fr/compte/connexion/")
    response = client.generic("POST", "/fr/compte/connexion/", b"login=\xff\xfe%ff%00", content_type=kind)
    assert response.status_code == 400
    assert response.content


TOO_LONG = {
    "/fr/compte/connexion/": "Ce qui a été envoyé est trop long",
    "/nl/account/aanmelden/": "Wat verzonden werd, is te lang",
    "/en/account/log-in/": "What was sent is too long",
}


@pytest.mark.parametrize("address", TOO_LONG)
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_form_that_is_too_long_gets_a_sentence_that_its_sender_hears(db, settings, address, kind):
    """All that was sent is read: a connection that is closed before is reset,
    and the browser shows an error of its own.
    """
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
    head = b'--x\r\nContent-Disposition: form-data; name="login"\r\n\r\n' if "multipart" in kind else b"login="
    client = Client(enforce_csrf_checks=True)
    client.get(address)
    response = client.generic("POST", address, head + b"a" * (3 << 20), content_type=kind)
    assert response.status_code == 413
    assert TOO_LONG[address] in response.content.decode()
    assert response.wsgi_request.read() == b""


def test_a_text_of_more_than_a_megabyte_is_too_long_for_the_log_in(db):
    client = Client(enforce_csrf_checks=True)
    response = client.generic(
        "POST", "/fr/compte/connexion/", b"login=" + b"a" * (1 << 20), content_type="application/x-www-form-urlencoded"
    )
    assert (response.status_code, "1,0" in response.content.decode()) == (413, True)


def test_what_is_sent_without_end_is_not_read_to_its_end(db, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 10
    client = Client(enforce_csrf_checks=True)
    client.get("/fr/compte/connexion/")
    response = client.generic(
        "POST", "/fr/compte/connexion/", b"login=" + b"a" * (1 << 20), content_type="application/x-www-form-urlencoded"
    )
    assert (response.status_code, len(response.wsgi_request.read()) > 1 << 19) == (413, True)
