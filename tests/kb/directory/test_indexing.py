"""What was put in is found: organisations by their names, services, places and themes, in three languages,
as long as they exist.
"""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils.translation import override

from kb.directory.indexing import DirectoryKind
from kb.directory.models import Organisation, Place, Service
from kb.vocabulary.models import AltLabel
from search.indexing import keep_up, rebuild
from search.models import Outbox
from tests.kb.directory import builders as make
from tests.kb.library.builders import concept
from tests.kb.library.conftest import index, readers  # noqa: F401

pytestmark = pytest.mark.django_db


def results(client, words: str, language: str = "fr", **more):
    with override(language):
        address = reverse("search:results")
    return client.get(address, {"q": words, **more})


def found(client, words: str, language: str = "fr", **more) -> list[str]:
    return [row.card.title for row in results(client, words, language, **more).context["answer"].rows]


@pytest.fixture
def union(index):  # noqa: F811
    housing = concept("housing", "Logement", "Huisvesting", "Housing")
    lease = concept("lease", "Bail d’habitation", "Woninghuur", "Residential lease", broader=housing)
    AltLabel.objects.create(concept=lease, language="fr", text="loyer")
    made = make.organisation(
        "Union des Locataires",
        "union-locataires",
        other_names={"nl": "Huurdersbond", "en": "Tenants’ union"},
        language_side="fr",
        description={"fr": "Défend les habitants du quartier.", "nl": "Verdedigt bewoners."},
    )
    permanence = make.service(
        made, "Permanence juridique", "permanence", concepts=[lease], description={"fr": "Explique les préavis."}
    )
    make.place(made, "Avenue du Cerisier", service=permanence, postal_code="1030", access={"fr": "Sonnette verte"})
    rebuild()
    return made


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
@pytest.mark.parametrize(
    "words",
    [
        *(
            "union des locataires",
            "huurdersbond",
            "tenants union",
            "union-locataires",
            "habitants quartier",
            "bewoners",
        ),
        *(
            "permanence juridique",
            "préavis",
            "cerisier",
            "schaarbeek",
            "sonnette",
            "bail d’habitation",
            "woninghuur",
            "loyer",
        ),
    ],
)
def test_what_was_put_in_is_found_in_each_language(client, union, words, language):
    assert found(client, words, language) == [union.names.shown(language).text]


def test_a_passage_leads_to_the_service_that_says_it(client, union):
    row = results(client, "préavis").context["answer"].rows[0]
    assert [(each.passage.label, each.url) for each in row.passages] == [
        ("service", "/fr/organisations/union-locataires/#service-permanence")
    ]
    assert row.card.meta.endswith("Schaerbeek")


def test_organisations_are_a_place_to_look_in_and_have_themes(client, union):
    answer = results(client, "préavis", "en").context["answer"]
    labels = {facet.name: {row.value: (row.label, row.count) for row in facet.rows} for facet in answer.facets}
    assert labels["kinds"] == {"directory.organisation": ("Organisations", 1)}
    assert labels["themes"] == {"housing": ("Housing", 1)}
    assert found(client, "", where="directory.organisation", theme="housing") == ["Union des Locataires"]


@pytest.mark.parametrize("reader", ["anyone", "member", "other", "consultant", "editor"])
def test_everyone_finds_them_and_nobody_an_inactive_one(readers, union, reader):  # noqa: F811
    client = readers.named(reader)
    assert found(client, "locataires") == ["Union des Locataires"]
    union.is_active = False
    union.save()
    assert found(client, "locataires") == []  # before the index knows
    keep_up()
    assert results(client, "locataires").context["answer"].results.total == 0
    assert "Union" not in client.get("/fr/chercher/suggestions/?q=locat").content.decode()


def test_a_closed_service_is_not_found(client, union):
    service = union.services.get()
    service.is_active = False
    service.save()
    keep_up()
    assert found(client, "préavis") == found(client, "cerisier") == found(client, "loyer") == []
    assert found(client, "locataires") == ["Union des Locataires"]


CHANGES = {
    "its name": (lambda one: Organisation.objects.filter(pk=one.pk).update(name="Maison Nouvelle"), "nouvelle"),
    "a saved name": (lambda one: (setattr(one, "name", "Maison Nouvelle"), one.save()), "nouvelle"),
    "a new service": (lambda one: make.service(one, "Guichet nouvelle"), "nouvelle"),
    "a service's text": (
        lambda one: Service.objects.filter(organisation=one).update(description={"fr": "Chose nouvelle"}),
        "nouvelle",
    ),
    "many services": (
        lambda one: Service.objects.bulk_create([Service(organisation=one, code="n", name="Nouvelle")]),
        "nouvelle",
    ),
    "a new place": (lambda one: make.place(one, "Rue Nouvelle"), "nouvelle"),
    "a place's street": (lambda one: Place.objects.update(street={"fr": "Rue Nouvelle"}), "nouvelle"),
    "a theme": (lambda one: one.concepts.add(concept("new", "Chose nouvelle")), "nouvelle"),
    "a theme of a service": (
        lambda one: one.services.get().concepts.set([concept("new", "Chose nouvelle")]),
        "nouvelle",
    ),
    "a theme, from its side": (lambda one: concept("new", "Chose nouvelle").organisations.add(one), "nouvelle"),
    "a label": (
        lambda one: AltLabel.objects.create(concept=one.services.get().concepts.get(), language="fr", text="nouvelle"),
        "nouvelle",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_found_at_the_next_drain(client, union, change):
    make_it, words = CHANGES[change]
    assert not Outbox.objects.exists()
    make_it(union)
    assert Organisation.subject_of(union.pk) in set(Outbox.objects.values_list("subject", flat=True))
    keep_up()
    assert found(client, words)


LOSSES = {
    "the organisation": (lambda one: one.delete(), "locataires"),
    "organisations": (lambda one: Organisation.objects.all().delete(), "locataires"),
    "its service": (lambda one: one.services.get().delete(), "préavis"),
    "services": (lambda one: Service.objects.all().delete(), "préavis"),
    "its place": (lambda one: one.places.get().delete(), "cerisier"),
    "places": (lambda one: Place.objects.all().delete(), "cerisier"),
    "a theme": (lambda one: one.services.get().concepts.clear(), "loyer"),
    "a concept": (lambda one: one.services.get().concepts.get().delete(), "loyer"),
    "a theme, from its side": (lambda one: one.services.get().concepts.get().services.clear(), "loyer"),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_what_is_deleted_is_not_found_any_more(client, union, loss):
    take_away, words = LOSSES[loss]
    assert found(client, words)
    take_away(union)
    keep_up()
    assert found(client, words) == []


def test_a_service_that_moves_tells_both_organisations(union):
    other = make.organisation("Autre")
    keep_up()
    service = union.services.get()
    service.organisation = other
    service.save()
    assert set(Outbox.objects.values_list("subject", flat=True)) == {
        Organisation.subject_of(union.pk),
        Organisation.subject_of(other.pk),
    }


def test_a_change_that_is_undone_leaves_no_word_of_it(union):
    from django.db import transaction

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        union.save()
        1 / 0  # noqa: B018
    assert not Outbox.objects.exists()


@pytest.mark.parametrize("number", [1, 4])
def test_entries_and_cards_take_the_same_queries_however_many(number, django_assert_num_queries):
    made = [make.full(one, [concept(f"theme-{one}", f"Thème {one}")]) for one in range(number)]
    kind, subjects = DirectoryKind(), [Organisation.subject_of(one.pk) for one in made]
    keys = [f"{subject}/" for subject in subjects]
    with django_assert_num_queries(7):
        assert len(dict(kind.entries(subjects))) == number
    with django_assert_num_queries(3):
        found = kind.found({key: [""] for key in keys}, audiences=frozenset({"public"}), language="fr")
        assert [list(one.sections) for one in found.values()] == [[""]] * number


def test_nothing_of_people_is_in_an_entry(union):
    from kb.directory.models import Employment
    from kb.groups.models import Mandate
    from tests.kb.accounts import builders as people
    from tests.kb.groups import builders as groups

    person = people.member("dahlia@union.example", name="Personne Dahlia")
    Employment.objects.create(user=person, organisation=union, function="Directrice dahlia")
    Mandate.objects.create(user=person, body=groups.body("LOG"), organisation=union, role="member")
    assert "dahlia" not in str(dict(DirectoryKind().entries([Organisation.subject_of(union.pk)]))).casefold()


def test_a_subject_that_is_gone_or_of_another_kind_gives_nothing():
    kind = DirectoryKind()
    assert dict(kind.entries(["directory.organisation:999"])) == {"directory.organisation:999": []}
    keys = ["library.reference:1/", "directory.organisation:x/", "directory.organisation:999/"]
    assert kind.found({key: [""] for key in keys}, audiences=frozenset({"public"}), language="fr") == {}
