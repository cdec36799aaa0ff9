from django.core.exceptions import ValidationError
from django.test import Client
from pytest import mark, raises

from kb.library.catalogue.authorities import folded, forget, look_alikes, merge, names_in_use
from kb.library.models import Authority, Creator, OtherName, Reference
from search.models import Outbox
from tests.kb.accounts import builders as people
from tests.kb.library import builders as make
from tests.kb.library.conftest import index, readers  # noqa: F401

pytestmark = mark.django_db


def names_on(title: str) -> list[str]:
    return list(Creator.objects.filter(reference__title=title).values_list("name", flat=True))


def test_merging_writes_the_form_we_use_on_every_reference():
    make.reference("Un", creators=("Gerbe (La) asbl",))
    make.reference("Deux", creators=("LA GERBE", "RenovaS asbl"))
    make.reference("Trois", creators=("La Gerbe",))
    assert merge("creator", ["Gerbe (La) asbl", "LA GERBE", "La Gerbe"], "La Gerbe") == 2
    assert names_on("Un") == names_on("Trois") == ["La Gerbe"]
    assert names_on("Deux") == ["La Gerbe", "RenovaS asbl"]


def test_publishers_are_merged_apart_from_creators():
    make.reference("Un", creators=("CPAS",), publisher="CPAS")
    merge("publisher", ["CPAS"], "CPAS de Schaerbeek")
    reference = Reference.objects.get()
    assert reference.publisher == "CPAS de Schaerbeek"
    assert names_on("Un") == ["CPAS"]


def test_a_name_typed_later_gets_the_form_we_use():
    make.reference("Un", creators=("Gerbe",), publisher="Gerbe")
    merge("creator", ["Gerbe"], "La Gerbe")
    merge("publisher", ["Gerbe"], "La Gerbe asbl")
    later = make.reference("Deux", creators=("Gerbe",), publisher="Gerbe")
    later.refresh_from_db()
    assert (names_on("Deux"), later.publisher) == (["La Gerbe"], "La Gerbe asbl")


def test_merging_what_was_merged_into_keeps_every_form():
    make.reference("Un", creators=("A",))
    merge("creator", ["A"], "B")
    merge("creator", ["B"], "C")
    assert names_on("Un") == ["C"]
    assert set(OtherName.objects.values_list("name", "authority__name")) == {("A", "C"), ("B", "C")}
    assert list(Authority.objects.values_list("name", flat=True)) == ["C"]


def test_a_form_taken_back_into_use_leads_nowhere_else():
    make.reference("Un", creators=("A",))
    merge("creator", ["A"], "B")
    merge("creator", ["B"], "A")
    assert set(OtherName.objects.values_list("name", "authority__name")) == {("B", "A")}
    assert names_on("Un") == ["A"]


@mark.parametrize(("names", "into"), [(["A"], " "), (["A"], "A"), ([], "B"), (["A"], "x" * 256)])
def test_what_cannot_be_merged_is_said_and_changes_nothing(names, into):
    make.reference("Un", creators=("A",))
    with raises(ValidationError):
        merge("creator", names, into)
    assert names_on("Un") == ["A"] and not Authority.objects.exists()


def test_a_forgotten_form_stays_as_it_is_typed():
    make.reference("Un", creators=("A",))
    merge("creator", ["A"], "B")
    forget(OtherName.objects.get())
    make.reference("Deux", creators=("A",))
    assert names_on("Un") == ["B"] and names_on("Deux") == ["A"]
    assert not Authority.objects.exists()


def test_who_looks_for_another_form_finds_the_references(index):  # noqa: F811
    make.reference("Logement", creators=("Wijkpartenariaat Zonnebloem",))
    merge("creator", ["Wijkpartenariaat Zonnebloem"], "De Schakel vzw")
    index()
    assert "Logement" in Client().get("/fr/chercher/?q=zonnebloem").content.decode()
    assert "Logement" in Client().get("/fr/chercher/?q=schakel").content.decode()


def test_merging_tells_the_search_of_references_that_had_the_form_already():
    kept = make.reference("Un", creators=("La Gerbe",))
    make.reference("Deux", creators=("Gerbe",))
    Outbox.objects.all().delete()
    merge("creator", ["Gerbe"], "La Gerbe")
    assert Outbox.objects.filter(subject=f"library.reference:{kept.pk}").exists()


@mark.parametrize(
    ("one", "other"),
    [
        ("La Gerbe a.s.b.l.", "GERBE (LA), asbl"),
        ("Éditions de l’Université", "EDITIONS DE L'UNIVERSITE"),
        ("Huis voor Gezondheid vzw", "huis voor gezondheid"),
        ("Janssens, Marie", "Marie Janssens"),
        ("S.A. Imprimerie", "Imprimerie SA"),
    ],
)
def test_forms_of_one_name_look_the_same(one, other):
    assert folded(one) == folded(other)


@mark.parametrize(
    ("one", "other"),
    [
        ("La Gerbe", "Gerbera"),
        ("Maison médicale du Nord", "Maison médicale Aster"),
        ("asbl", "vzw"),
        ("Zone 1", "Zone 2"),
    ],
)
def test_different_names_do_not_look_the_same(one, other):
    assert folded(one) != folded(other)


def test_look_alikes_come_with_their_counts_most_used_first():
    make.reference("Un", creators=("La Gerbe",))
    make.reference("Deux", creators=("La Gerbe", "Seul"))
    make.reference("Trois", creators=("GERBE asbl",))
    (group,) = look_alikes("creator")
    assert [(one.name, one.count) for one in group] == [("La Gerbe", 2), ("GERBE asbl", 1)]


@mark.parametrize("kind", ["creator", "publisher"])
def test_names_in_use_are_listed_with_as_many_queries_for_many(kind, django_assert_num_queries):
    for number in range(30):
        make.reference(f"Titre {number}", creators=(f"Nom {number}",), publisher=f"Nom {number}")
    with django_assert_num_queries(1):
        assert len(list(names_in_use(kind)[:20])) == 20
    assert [row["name"] for row in names_in_use(kind, "nom 29")] == ["Nom 29"]


class TestInTheAdmin:
    def test_an_editor_merges_after_a_page_that_says_what_changes(self, client):
        make.reference("Un", creators=("Gerbe",))
        people.log_in(client, people.editor())
        listed = client.get("/admin/library/names/creator/").content.decode()
        assert "Gerbe" in listed
        asked = client.post("/admin/library/names/creator/", {"names": ["Gerbe"], "into": "La Gerbe"})
        assert asked.status_code == 200 and names_on("Un") == ["Gerbe"]
        done = client.post("/admin/library/names/creator/", {"names": ["Gerbe"], "into": "La Gerbe", "confirmed": "1"})
        assert done.status_code == 302 and names_on("Un") == ["La Gerbe"]

    def test_a_form_that_is_refused_keeps_what_was_chosen(self, client):
        make.reference("Un", creators=("Gerbe",))
        people.log_in(client, people.editor())
        again = client.post("/admin/library/names/creator/", {"names": ["Gerbe"], "into": "Gerbe", "confirmed": "1"})
        assert again.status_code == 200 and 'value="Gerbe"' in again.content.decode()

    def test_names_that_look_the_same_are_offered(self, client):
        make.reference("Un", creators=("La Gerbe", "GERBE asbl"))
        people.log_in(client, people.editor())
        assert "GERBE asbl" in client.get("/admin/library/names/creator/?alike=1").content.decode()

    def test_a_form_is_forgotten_by_a_post_only(self, client):
        make.reference("Un", creators=("Gerbe",))
        merge("creator", ["Gerbe"], "La Gerbe")
        people.log_in(client, people.editor())
        other = OtherName.objects.get()
        assert "Gerbe" in client.get("/admin/library/names/creator/forms/").content.decode()
        assert client.get(f"/admin/library/names/forget/{other.pk}/").status_code == 405
        assert client.post(f"/admin/library/names/forget/{other.pk}/").status_code == 302
        assert not OtherName.objects.exists()

    def test_nobody_but_editors_gets_in(self, client, readers):  # noqa: F811
        for address in ("/admin/library/names/creator/", "/admin/library/names/publisher/forms/"):
            for reader in ("anyone", "member", "other", "consultant"):
                assert readers.named(reader).get(address).status_code in (302, 403), (address, reader)

    def test_an_unknown_kind_is_not_found(self, client):
        people.log_in(client, people.editor())
        assert client.get("/admin/library/names/reader/", follow=True).status_code == 404


def test_where_a_copy_stands_is_on_the_page_of_the_reference(client, index):  # noqa: F811
    from kb.library.models import Holding

    reference = make.reference("Logement")
    Holding.objects.create(reference=reference, place="Armoire 2, farde zinnia", note="deux exemplaires")
    index()
    page = client.get(f"/fr/bibliotheque/{reference.mark_slug}/").content.decode()
    assert "Armoire 2, farde zinnia" in page and "deux exemplaires" in page
    assert "Logement" in client.get("/fr/chercher/?q=zinnia").content.decode()
