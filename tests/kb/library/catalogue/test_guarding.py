"""Our own work that is public stays what was agreed to, whatever way it is written; what came by none is not shown."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.db import models, transaction
from django.urls import reverse

from kb.accounts.audiences import PUBLIC, STAFF
from kb.accounts.personal_data.scrubbing import Identity, scrub
from kb.decisions.choices import ManifestState
from kb.decisions.models import Manifest
from kb.files.intake.storing import receive
from kb.files.models import FileVersion
from kb.library.catalogue.agreeing import shown
from kb.library.catalogue.authorities import merge
from kb.library.catalogue.guarding import compare
from kb.library.catalogue.versions import take_away
from kb.library.choices import ReferenceState
from kb.library.contributions.starting import replace_file
from kb.library.contributions.waiting import held_back
from kb.library.linking import ReferenceSitemap
from kb.library.models import Creator, Holding, OtherName, Reference, ReferenceFile, open_versions
from kb.library.news import ReferenceNews
from kb.pages import agreements
from kb.pages.agreements import NotAgreed, digest_of
from search.indexing import record
from search.recording import CHECKS
from tests.kb.accounts import builders as people
from tests.kb.library import builders as make
from tests.kb.library.conftest import index, readers  # noqa: F401
from tests.kb.library.test_admin import form, upload
from tests.sending import stamps

pytestmark = pytest.mark.django_db
S = ReferenceState


@pytest.fixture
def ours():
    """Public with one file, and a second file for the group."""
    made = make.agreed("Notre rapport", "Hortensia", creators=("Groupe PA",), publisher="CASS")
    make.file(made, "Annexe", audiences=("body:PA",))
    return made


def stored(reference: Reference) -> tuple:
    files = ReferenceFile.objects.filter(reference=reference).order_by("pk")
    return (
        Reference.objects.filter(pk=reference.pk).values_list("title", "publisher", "audiences", "agreement").get(),
        list(Creator.objects.filter(reference=reference).values_list("name", "role")),
        list(files.values_list("title", "audiences", "publish_reason", "opened_to")),
    )


def saved(row, **values):
    for name, value in values.items():
        setattr(row, name, value)
    row.save()


def fresh(reference: Reference) -> Reference:
    return Reference.objects.get(pk=reference.pk)


def of(reference: Reference) -> models.QuerySet:
    return Reference.objects.filter(pk=reference.pk)


def first(reference: Reference) -> ReferenceFile:
    return ReferenceFile.objects.filter(reference=reference).order_by("pk").first()


def second(reference: Reference) -> ReferenceFile:
    return ReferenceFile.objects.filter(reference=reference).order_by("pk").last()


def newer(reference: Reference) -> None:
    file = first(reference)
    replace_file(file, receive(ContentFile(b"%PDF-1.4 another"), original_name="a.pdf"), None)
    with transaction.atomic():
        open_versions([reference.pk])


def bulk(reference: Reference) -> None:
    row = fresh(reference)
    row.title = "Autre"
    Reference.objects.bulk_update([row], ["title"])


WAYS = {
    "save": lambda one: saved(fresh(one), title="Autre"),
    "save of a field": lambda one: setattr(row := fresh(one), "title", "Autre") or row.save(update_fields=["title"]),
    "update": lambda one: of(one).update(publisher="Autre"),
    "a translated title": lambda one: of(one).update(translated_titles={"nl": "Iets anders"}),
    "bulk_update": bulk,
    "a name saved alone": lambda one: saved(Creator.objects.get(reference=one), name="Autre"),
    "a name deleted": lambda one: Creator.objects.get(reference=one).delete(),
    "names deleted": lambda one: Creator.objects.filter(reference=one).delete(),
    "names added": lambda one: Creator.objects.bulk_create([Creator(reference=one, name="Autre", sort_order=9)]),
    "a name merged": lambda one: merge("creator", ["Groupe PA"], "Groupe Primo-Arrivants"),
    "a publisher merged": lambda one: merge("publisher", ["CASS"], "CASS de Schaerbeek"),
    "a file renamed": lambda one: saved(first(one), title="Autre"),
    "a file opened": lambda one: saved(second(one), audiences=["public"]),
    "files opened": lambda one: ReferenceFile.objects.filter(reference=one).update(audiences=["public"]),
    "a file closed": lambda one: saved(first(one), audiences=["members"]),
    "a file deleted": lambda one: first(one).delete(),
    "files deleted": lambda one: ReferenceFile.objects.filter(reference=one).delete(),
    "a file added": lambda one: make.file(one, "Autre"),
    "a version opened": newer,
    "a version taken away": lambda one: take_away(first(one), 1, reason="Une erreur", user=None),
    "no longer ours": lambda one: saved(fresh(one), own_production=None),
    "no longer ours, at once": lambda one: of(one).update(own_production=None),
    "deleted": lambda one: fresh(one).delete(),
    "all deleted": lambda one: of(one).delete(),
}


@pytest.mark.parametrize("way", WAYS)
def test_no_way_of_writing_changes_what_is_public_by_an_agreement(way, ours):
    before = stored(ours)
    with pytest.raises(NotAgreed):
        WAYS[way](ours)
    assert stored(ours) == before
    assert Reference.objects.public().filter(pk=ours.pk).exists()


def rewidened(reference: Reference) -> None:
    saved(fresh(reference), audiences=["members"])
    assert fresh(reference).agreement_id is None
    saved(fresh(reference), audiences=["public"])


ASKS_NOBODY = {
    "a save of the same": lambda one: fresh(one).save(),
    "concepts": lambda one: saved(fresh(one), concepts=[make.concept("accueil", "accueil")]),
    "copies on paper": lambda one: Holding.objects.create(reference=one, place="Armoire"),
    "whether it holds": lambda one: of(one).update(force="superseded"),
    "a file for the group": lambda one: make.file(one, "Autre", audiences=("body:PA",)),
    "its own author erased": lambda one: of(one).update(created_by=None),
    "indexed again": lambda one: record(one.search_subject()),
    "closed and opened again as it was": rewidened,
}


@pytest.mark.parametrize("way", ASKS_NOBODY)
def test_what_is_no_part_of_the_agreement_changes_freely(way, ours):
    agreement = ours.agreement_id
    ASKS_NOBODY[way](ours)
    assert fresh(ours).agreement_id == agreement
    assert Reference.objects.public().filter(pk=ours.pk).exists()


@pytest.mark.parametrize("values", [{"audiences": ["members"]}, {"state": S.WITHDRAWN}], ids=str)
def test_taking_off_asks_nobody_and_its_changed_return_asks_again(values, ours):
    saved(fresh(ours), **values)
    assert fresh(ours).agreement_id is None and not Reference.objects.public().exists()
    of(ours).update(title="Autre")
    back = {"audiences": ["public"], "state": S.ACCEPTED}
    for way in (lambda: saved(fresh(ours), **back), lambda: of(ours).update(**back)):
        with pytest.raises(NotAgreed):
            way()
    assert not Reference.objects.public().exists()


@pytest.mark.parametrize("state", [S.PROPOSED, S.RETURNED, S.REFUSED])
def test_what_was_proposed_as_ours_stays_so_and_a_draft_may_change_its_mind(state):
    proposed = make.reference(state=state, audiences=("body:PA",), own_production=make.body("PA"))
    for way in (lambda: saved(fresh(proposed), own_production=None), lambda: of(proposed).update(own_production=None)):
        with pytest.raises(NotAgreed):
            way()
    draft = make.reference(state=S.DRAFT, audiences=("body:PA",), own_production=make.body("PA"))
    saved(fresh(draft), own_production=None)


def test_with_nobody_to_answer_nothing_of_ours_becomes_public(ours):
    saved(fresh(ours), audiences=["members"])
    with agreements.ANSWERS.temporarily(), pytest.raises(NotAgreed):
        saved(fresh(ours), audiences=["public"])


def test_the_words_of_an_erased_person_go_from_the_page_and_from_what_was_agreed_to():
    one = make.agreed(abstract={"fr": "Écrire à ecrire@cass.example."})
    assert scrub(Reference.objects.all(), ["abstract"], Identity(7, addresses=("ecrire@cass.example",))) == 1
    assert Reference.objects.public().get() == one and fresh(one).agreement_id == one.agreement_id
    manifest = Manifest.objects.get()
    assert manifest.digest == digest_of(shown(one.pk)) and "ecrire" not in str(manifest.shown())
    assert compare() is None


# What came by no way of ours


@pytest.fixture
def smuggled():
    """As a restore or an SQL statement leaves it: for everyone, by no agreement."""
    made = make.reference("Passé par la fenêtre", audiences=("body:PA",), own_production=make.body("PA"))
    make.file(made, "Hortensia clandestin", audiences=("public",))
    models.QuerySet(Reference).filter(pk=made.pk).update(audiences=["public"])
    return fresh(made)


def test_a_live_row_without_an_agreement_is_shown_to_editors_alone(smuggled, index, readers):  # noqa: F811
    record(smuggled.search_subject())
    index()
    assert smuggled.effective_audiences == {STAFF} and not smuggled.is_public()
    assert list(ReferenceSitemap().items()) == []
    assert held_back(people.member("autre@cass.example"), frozenset()).total == 0
    assert [one.title for one in held_back(people.editor("elle@cass.example"), frozenset({STAFF})).things] == [
        smuggled.title
    ]
    assert not Reference.objects.public() and not Reference.objects.seen_by({PUBLIC, "members", "body:PA"})
    assert ReferenceNews().public([smuggled.search_subject()]) == {}
    for name in ("anyone", "member", "other", "consultant", "editor"):
        client, is_editor = readers.named(name), name == "editor"
        for kind in ("", "fichier/1.1/", "lire/1.1/1/"):
            answer = client.get(f"/fr/bibliotheque/{smuggled.mark_slug}/{kind}")
            assert answer.status_code == (200 if is_editor else 404), (name, kind)
        for words in ("fenêtre", "clandestin"):
            assert client.get(reverse("search:results"), {"q": words}).context["answer"].results.total == is_editor, (
                name,
                words,
            )


def test_others_words_are_indexed_again_although_a_row_differs_and_a_person_may_still_narrow_it(smuggled):
    record(smuggled.search_subject())
    with pytest.raises(NotAgreed):
        saved(fresh(smuggled), title="Autre")
    saved(fresh(smuggled), audiences=["members"], title="Autre")
    assert fresh(smuggled).effective_audiences == {"members"}


def test_the_clock_takes_off_what_differs_from_its_agreement_and_leaves_the_others(ours, django_assert_num_queries):
    same, over = make.agreed("Pareil"), make.agreed("Fini")
    models.QuerySet(Reference).filter(pk=ours.pk).update(title="Changé en SQL")
    models.QuerySet(Manifest).filter(pk=over.agreement_id).update(state=ManifestState.OVER)
    assert compare() == "2 taken off: not what was agreed to"
    assert [one.pk for one in Reference.objects.public()] == [same.pk]
    with django_assert_num_queries(6):
        assert compare() is None


# Each place says so in words


def test_a_reference_of_others_costs_two_more_queries_and_nothing_else_is_asked(django_assert_max_num_queries):
    theirs = make.reference()
    with CHECKS.temporarily(), django_assert_max_num_queries(20) as without:
        theirs.save()
    with django_assert_max_num_queries(20) as now:
        theirs.save()
    assert len(now) == len(without) + 2


@pytest.fixture
def desk(client):
    people.log_in(client, people.editor())
    return client


def test_the_form_of_the_admin_says_why_and_keeps_what_was_typed_and_given(desk):
    one = make.agreed("Le guide du locataire", date_text="2012-05", translated_titles={"nl": "Gids voor huurders"})
    address = reverse(Reference.snippet_viewset.get_url_name("edit"), args=[one.pk])

    def sent(**changes):
        values = {"own_production": one.body_id, "creators-TOTAL_FORMS": "0", "files-TOTAL_FORMS": "0", **changes}
        shown = desk.get(address).context["form"]["shown"].value()
        return desk.post(address, form(one.body, shown=shown, **stamps(desk, address), **values))

    assert sent().status_code == 302, "nothing changed"
    file = {"files-TOTAL_FORMS": "1", "files-0-upload": upload()}
    answer = sent(title="Un autre titre", **file)
    assert answer.status_code == 200
    assert one.mark in " ".join(answer.context["form"].non_field_errors())
    assert answer.context["form"]["title"].value() == "Un autre titre"
    file["files-0-kept_upload"] = answer.context["form"].formsets["files"].forms[0]["kept_upload"].value()
    del file["files-0-upload"]
    assert fresh(one).title == "Le guide du locataire" and not one.files.exists()
    assert sent(title="Un autre titre", audiences=["members"], **file).status_code == 302
    assert fresh(one).title == "Un autre titre" and one.files.count() == 1 and not Reference.objects.public().exists()
    assert sent(title="Un autre titre").status_code == 200, "its return asks again"


@pytest.mark.parametrize("kind, names", [("creator", ["Groupe PA"]), ("publisher", ["CASS"])])
def test_merging_names_says_which_work_it_would_change_and_merges_nothing(desk, ours, kind, names):
    answer = desk.post(reverse("library_names", args=[kind]), {"names": names, "into": "Autre", "confirmed": "1"})
    assert answer.status_code == 200 and ours.mark in answer.content.decode()
    assert not OtherName.objects.exists()


def test_many_at_once_name_the_one_that_stays_and_change_the_others(desk, ours):
    other = make.reference("Le voisin", audiences=("body:PA",), own_production=make.body("PA"), state=S.DRAFT)
    address = reverse("wagtail_bulk_action", args=("library", "reference", "own_production"))
    answer = desk.post(f"{address}?id={ours.pk}&id={other.pk}", {"own_production": ""}, follow=True)
    said = " ".join(str(one) for one in answer.context["messages"])
    assert ours.mark in said and other.mark not in said
    assert fresh(ours).own_production_id and fresh(ours).is_public() and fresh(other).own_production_id is None


def test_taking_a_version_away_and_deleting_say_why_not(desk, ours):
    address = reverse("library_take_version_away", args=[first(ours).pk, 1])
    answer = desk.post(address, {"reason": "Une erreur"}, follow=True)
    assert answer.status_code == 200 and ours.mark in answer.content.decode()
    gone = desk.post(reverse(Reference.snippet_viewset.get_url_name("delete"), args=[ours.pk]), follow=True)
    assert gone.status_code == 200 and FileVersion.objects.count() == 2
    assert Reference.objects.filter(pk=ours.pk).exists()
