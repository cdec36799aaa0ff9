import pytest

from home.building import PagePlan, PageText, build_site
from home.models import ContentPage, HomePage
from tests.kb.library import builders as library

pytestmark = pytest.mark.django_db

PLANS = [
    PagePlan(
        {
            "fr": PageText("Contact", "contact"),
            "nl": PageText("Schrijf ons", "schrijf-ons"),
            "en": PageText("Write to us", "write-to-us"),
        },
        place="contact",
        below=[
            PagePlan({"fr": PageText("Se rendre au bureau", "bureau"), "nl": PageText("Naar het kantoor", "kantoor")})
        ],
    )
]


def test_site_is_built_once_however_often_it_is_asked_for():
    for _time in range(2):
        build_site({}, PLANS)
    assert HomePage.objects.count() == 3
    assert ContentPage.objects.count() == 5


def test_pages_built_are_translations_of_one_another_below_their_own_home():
    build_site({}, PLANS)
    dutch = ContentPage.objects.get(slug="kantoor")
    assert dutch.get_parent().slug == "schrijf-ons"
    assert dutch.source_page().slug == "bureau"
    assert dutch.live


def test_page_that_an_editor_changed_is_left_alone():
    build_site({}, PLANS)
    made = ContentPage.objects.get(slug="contact")
    made.title = "Nous écrire"
    made.save_revision().publish()
    build_site({}, PLANS)
    assert ContentPage.objects.get(slug="contact").title == "Nous écrire"


def test_home_pages_are_made_where_there_are_none(client):
    for home in HomePage.objects.all():
        home.delete()
    build_site({"fr": PageText("Bonjour", ""), "nl": PageText("Dag", "")}, PLANS[:0])
    assert client.get("/nl/").status_code == 200


def test_the_work_of_a_group_is_built_as_a_draft_until_the_committee_agrees():
    library.body("PA")
    plan = PagePlan(texts={"fr": PageText("Un accueil", "un-accueil")}, own_production="PA")
    build_site({}, [plan])
    build_site({}, [plan])
    made = ContentPage.objects.get(slug="un-accueil")
    assert (made.live, made.own_production.code) == (False, "PA") and made.latest_revision_id
