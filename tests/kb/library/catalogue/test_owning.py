"""What names one of our bodies is taken as our own work, however it is brought, unless an editor says why not."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db.models import QuerySet
from django.utils import timezone

from kb.groups.choices import BodyKind
from kb.groups.models import Body
from kb.library.catalogue.owning import named_ours
from kb.library.choices import ReferenceState
from kb.library.contributions import steps
from kb.library.drafting import fill
from kb.library.models import Contribution, Creator, Reference
from kb.library.models.references import STAYS_OURS
from kb.pages.agreements import NotAgreed
from tests.kb.accounts.builders import editor, log_in
from tests.kb.library import builders as make
from tests.kb.library.contributions.test_steps import held, referent
from tests.kb.library.test_admin import add_url, form

pytestmark = pytest.mark.django_db
migration = import_module("kb.library.migrations.0030_public_before_names_were_asked")


@pytest.fixture(autouse=True)
def ours():
    Body.objects.create(
        code="CASS",
        kind=BodyKind.OFFICE,
        name={"fr": "Coordination de l’Action Sociale de Schaerbeek", "nl": "Coördinatie van de Sociale Actie"},
    )
    Body.objects.create(code="LOG", name={"fr": "Groupe de travail Logement", "nl": "Werkgroep Huisvesting"})
    Body.objects.create(
        code="CP", kind=BodyKind.STEERING_COMMITTEE, name={"fr": "Comité de pilotage", "nl": "Stuurgroep"}
    )


@pytest.mark.parametrize(
    ("name", "is_ours"),
    [
        ("Groupe de travail Logement", True),
        ("GROUPE DE TRAVAIL LOGEMENT", True),
        ("werkgroep huisvesting", True),
        ("CASS", True),
        ("CASS, GT Logement", True),
        ("Coordination de l'Action Sociale de Schaerbeek (CASS)", True),
        ("CASS – Groupe Santé", True),
        ("Comité de pilotage", True),
        ("Ville de Mons, Comité de pilotage", False),
        ("Cassation", False),
        ("LOG", False),
        ("Huurderslijn vzw", False),
        ("", False),
    ],
)
def test_which_names_are_ours(name, is_ours):
    assert named_ours(["Un autre", name]) == (name if is_ours else "")


BY_GROUP = (
    "Dossier sur le logement à Schaerbeek\nAuteur : Groupe de travail Logement\nmai 2011",
    "La garantie locative protège le bailleur.",
)
BY_OTHERS = (
    "Dossier sur le logement à Schaerbeek\nAuteur : Huurderslijn vzw\nmai 2011",
    "La garantie locative protège le bailleur.",
)


def drafted(*pages: str, **values) -> Contribution:
    author = make.member("PA")
    reference = make.reference(
        "", state=ReferenceState.DRAFT, audiences=("body:PA",), created_by=author, **values.pop("fields", {})
    )
    made = Contribution.objects.create(reference=reference, **values)
    make.file(reference, *pages, audiences=("body:PA",))
    fill(made)
    return Contribution.objects.select_related("reference").get(pk=made.pk)


def test_drafting_marks_what_a_body_of_ours_made():
    made = drafted(*BY_GROUP)
    assert made.taken_as_ours and made.reference.own_production == made.reference.body
    other = drafted(*BY_OTHERS)
    assert not other.taken_as_ours and other.reference.own_production is None


@pytest.mark.parametrize(
    "said",
    [{"corrected": ["own_production"]}, {"confirmed_at": timezone.now()}, {"fields": {"not_ours_because": "non"}}],
    ids=["a person said", "confirmed", "an editor said why"],
)
def test_what_a_person_said_is_not_drafted_over(said):
    assert drafted(*BY_GROUP, **said).reference.own_production is None


def test_an_imported_folder_publishes_nothing_of_ours(tmp_path):
    make.body("PA")
    (tmp_path / "dossier.txt").write_text(BY_GROUP[0] + "\n\n" + BY_GROUP[1])
    (tmp_path / "autre.txt").write_text(BY_OTHERS[0].replace("logement", "loyer") + "\n\n" + BY_OTHERS[1])
    call_command("import_folder", str(tmp_path), "--group", "PA", "--audience", "public", verbosity=0)
    found = {one.own_production_id is not None: one.is_public() for one in Reference.objects.all()}
    assert found == {True: False, False: True}


@pytest.mark.parametrize("named", [{"publisher": "CASS"}, {"creators": ("CASS, GT Logement",)}], ids=str)
def test_nothing_unmarked_with_our_name_is_for_everyone_whatever_way_it_goes(named):
    with pytest.raises(NotAgreed) as refused:
        make.reference("Un rapport", **named)
    assert "CASS" in " ".join(refused.value.messages)
    reference = make.reference("Un rapport", audiences=("body:PA",), **named)
    reference.audiences = ["public"]
    with pytest.raises(NotAgreed):
        reference.save()
    with pytest.raises(NotAgreed):
        Reference.objects.filter(pk=reference.pk).update(audiences=["public"])
    reference.not_ours_because = "Imprimé par la CASS pour un partenaire"
    reference.save()
    assert Reference.objects.public().count() == 1


def test_a_name_of_ours_does_not_come_to_what_everyone_reads():
    reference = make.reference("Une étude", creators=("IRFAM",))
    with pytest.raises(NotAgreed):
        reference.creators.add(Creator(name="CASS"))
        reference.save()
    with pytest.raises(NotAgreed):
        Creator.objects.filter(reference=reference).update(name="Groupe de travail Logement")
    reference = Reference.objects.get(pk=reference.pk)
    reference.publisher = "CASS"
    with pytest.raises(NotAgreed):
        reference.save()
    assert Reference.objects.get(pk=reference.pk).creators.get().name == "IRFAM"


def test_who_follows_the_group_cannot_accept_it_for_everyone_and_is_told_why():
    author, reader = make.member("PA"), referent("PA")
    reference = make.reference(
        "Un rapport", state=ReferenceState.PROPOSED, created_by=author, creators=("CASS",), audiences=("public",)
    )
    with pytest.raises(ValidationError) as refused:
        steps.accept(reference, reader, held=held(reader))
    assert "CASS" in " ".join(refused.value.messages)
    assert Reference.objects.get(pk=reference.pk).state == ReferenceState.PROPOSED


def test_an_editor_gives_back_with_a_reason_what_only_its_name_made_ours():
    reference = drafted(*BY_GROUP).reference
    reference.state = ReferenceState.PROPOSED
    reference.save()
    reference.own_production = None
    with pytest.raises(NotAgreed) as refused:
        reference.save()
    assert refused.value.messages == [str(STAYS_OURS)]
    reference.not_ours_because = "Le groupe n’a fait que le transmettre"
    reference.save()
    assert Reference.objects.get(pk=reference.pk).own_production is None


def test_what_a_person_marked_is_not_given_back_by_a_reason():
    reference = make.reference(
        "Le nôtre", audiences=("body:PA",), own_production=make.body("PA"), state=ReferenceState.PROPOSED
    )
    reference.own_production, reference.not_ours_because = None, "Plus maintenant"
    with pytest.raises(NotAgreed):
        reference.save()


def test_the_form_of_an_editor_says_it_and_keeps_what_was_typed(client):
    cache.clear()
    log_in(client, editor())
    changes = {"publisher": "CASS", "title": "Ce que je tapais", "files-TOTAL_FORMS": "0"}
    typed = form(make.body("PA"), **changes)
    answer = client.post(add_url(), typed)
    assert answer.status_code == 200 and answer.context["form"]["title"].value() == "Ce que je tapais"
    assert "CASS" in " ".join(answer.context["form"].non_field_errors())
    client.post(add_url(), {**typed, "not_ours_because": "Imprimé pour un partenaire"})
    assert Reference.objects.get().is_public()


def test_an_upgrade_leaves_public_what_is_public():
    theirs = make.reference("Autre chose", creators=("IRFAM",))
    reference = make.reference("Un rapport", creators=("CASS",), not_ours_because="x")
    Reference.objects.filter(pk=reference.pk).update(not_ours_because="x")
    QuerySet(Reference).filter(pk=reference.pk).update(not_ours_because="")
    migration.keep(apps, None)
    reference.refresh_from_db()
    theirs.refresh_from_db()
    assert (reference.not_ours_because, theirs.not_ours_because) == (migration.REASON, "")
    reference.title = "Un rapport, corrigé"
    reference.save()
