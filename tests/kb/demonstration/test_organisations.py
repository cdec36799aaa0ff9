"""The directory of the demonstration: the members that annex 4 of the activity report of 2012 lists, each on its level, and nothing personal."""

from __future__ import annotations

import re

import pytest

from kb.demonstration.loading import make_concepts
from kb.demonstration.organisations import make_organisation
from kb.demonstration.reading import read_data
from kb.directory.models import Membership, Organisation, Place, Service

ORGANISATIONS = read_data("organisations.json")["organisations"]
CONCEPTS = {concept["code"] for concept in read_data("vocabulary.json")["concepts"]}

# As the report has them, in its order.
# fmt: off
ANNEX_4 = (
    "AKSENT", "Altéo", "Amnesty International, section 1030", "AMOS", "ASIS", "Association des Parents Turcs de Belgique", "Atout Couleur",
    "B.O.N. vzw", "Bouillon de Cultures", "Bureaux de Quartier Planning Familial", "Centre d'Aide aux Personnes EUROMUT", "CENTRE PMS COMMUNAL",
    "CIProC ASBL", "COBEFF", "Crèches de Schaerbeek asbl", "Croix-Rouge section Schaerbeek", "CSM ANAIS", "Escale",
    "FEZA (Femmes Epanouies et Actives)", "Figuier (Le)", "G.A.F.F.I.", "Genres Pluriels asbl", "Gerbe (La) SSM", "Gerbe (La) Mémoire vivante",
    "Gerbe AMO (La)", "Groupe Santé Josaphat asbl", "Infor Veuvage", "Latitude nord", "Liens de quartier petite enfance", "Maison Biloba Huis",
    "Maison des enfants", "Maison des Femmes de Schaerbeek", "Maison des Médiations « Primo Arrivants »", "Maison médicale Alpha Santé",
    "Maison médicale Aster", "Maison médicale du Nord", "Maison médicale La Clé", "Maison médicale Le Noyer", "Maison médicale Neptune",
    "Méridien CSM", "Mission locale de Schaerbeek", "Mutualité Saint-Michel – Service Social", "Nulle Part Ailleurs", "ONE – Consultation 1",
    "ONE – Consultation 2", "ONE – Consultation 3", "Projet Lama", "Promotion de l'Emploi à Schaerbeek", "Rasquinet", "RenovaS asbl",
    "Rezo Santé 1030 - Jeune Enfance et Parentalité", "S'Acc'Ados", "Services Sociaux Quartiers 1030",
    "Service Seniors de la Commune de Schaerbeek", "SeTIS Bruxelles", "Soleil du Nord+service prévention -intégration sociale",
    "Union des Locataires de Schaerbeek", "Vzw wijkpartenariaat - De Schakel",
)
# fmt: on


def listed() -> list[str]:
    return [membership["listed_as"] for item in ORGANISATIONS for membership in item["memberships"]]


def test_the_members_are_those_of_annex_4_each_once():
    assert len(ANNEX_4) == 58
    assert sorted(listed()) == sorted(ANNEX_4)


def test_la_gerbe_and_one_are_one_organisation_each_whose_services_are_members():
    by_code = {item["code"]: item for item in ORGANISATIONS}
    for code, count in (("gerbe", 3), ("one", 3)):
        services = [service["code"] for service in by_code[code]["services"]]
        assert [membership["service"] for membership in by_code[code]["memberships"]] == services
        assert len(services) == count
    assert not [code for code in by_code if re.match("(gerbe|one)-", code)]


def test_themes_are_concepts_of_the_vocabulary():
    for item in ORGANISATIONS:
        for one in (item, *item.get("services", ())):
            assert set(one["concepts"]) <= CONCEPTS, item["code"]


def test_numbers_addresses_and_streets_are_examples():
    for item in ORGANISATIONS:
        for one in (item, *item.get("services", ())):
            assert re.fullmatch(r"(02 000 10 \d\d)?", one.get("phone", ""))
            assert not one.get("email") or one["email"].endswith(".example")
            assert not one.get("url") or one["url"].endswith(".example/")
            for place in one.get("places", ()):
                assert "Exemple" in place["street"]["fr"] and "oorbeeld" in place["street"]["nl"]


@pytest.mark.django_db
def test_the_running_memberships_are_counted_as_annex_4_does():
    concepts = make_concepts(read_data("vocabulary.json")["concepts"])
    for item in ORGANISATIONS:
        make_organisation(item, concepts)
    assert Membership.objects.running().count() == len(ANNEX_4)
    members = Organisation.objects.filter(memberships__in=Membership.objects.running()).distinct()
    assert members.count() == len(ANNEX_4) - 2 * 2  # La Gerbe and ONE stand there with three services each
    assert Service.objects.filter(organisation__code="one").count() == 3
    assert Place.objects.filter(hours__isnull=False).distinct().count() >= 8
