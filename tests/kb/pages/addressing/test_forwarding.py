import pytest

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("asked", "right"),
    [
        ("/nl/plan/", "/nl/sitemap/"),
        ("/en/sitemap/", "/en/site-map/"),
        ("/fr/recherche/?q=logement", "/fr/chercher/?q=logement"),
        ("/nl/chercher/?q=huur", "/nl/zoeken/?q=huur"),
        ("/nl/recherche/?q=huur", "/nl/zoeken/?q=huur"),
        ("/en/virtual-library/", "/en/library/"),
        ("/nl/bibliotheque/PA-2012-147/", "/nl/bibliotheek/PA-2012-147/"),
        ("/en/bibliotheque/PA-2012-147/lire/1.2/12/", "/en/library/PA-2012-147/read/1.2/12/"),
    ],
)
def test_old_words_and_words_of_another_language_lead_to_the_right_address(client, asked, right):
    answer = client.get(asked)
    assert (answer.status_code, answer.headers.get("Location")) == (301, right)


@pytest.mark.parametrize("asked", ["/fr/lire/", "/nl/fichier/1.2/"])
def test_word_that_leads_nowhere_is_not_found(client, asked):
    assert client.get(asked).status_code == 404
