"""What is drafted is written where nobody has written, and again when there is another text."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from kb.clock.recovering import WORKER_DIED
from kb.files.models import FileVersion
from kb.files.owners import tell
from kb.library.choices import ReferenceState
from kb.library.drafting import draft, fill, filling
from kb.library.drafting.filling import enqueue_lost
from kb.library.models import Contribution, Creator, Reference, ReferenceFile
from tests.kb.library import builders as make

pytestmark = pytest.mark.django_db

PAGES = {
    "fr": (
        "Dossier sur le logement à Schaerbeek\nAuteur : Groupe de travail Logement\nmai 2011",
        "La garantie locative protège le bailleur.",
    ),
    "nl": (
        "Dossier over wonen in Schaarbeek\nAuteur: Werkgroep Huisvesting\nmei 2011",
        "De huurwaarborg beschermt de verhuurder.",
    ),
    "en": (
        "Report on housing in Schaerbeek\nAuthor: Housing Working Group\nMay 2011",
        "The rental deposit protects the landlord.",
    ),
}


def contribution(title: str = "", *, state: str = ReferenceState.DRAFT, **values) -> Contribution:
    kept = {name: values.pop(name) for name in ("corrected", "confirmed_at") if name in values}
    return Contribution.objects.create(reference=make.reference(title, state=state, **values), **kept)


def with_file(language: str = "fr", **values) -> Contribution:
    made = contribution(**values)
    make.file(made.reference, *PAGES[language], language=language, name="document.pdf")
    return made


def again(made: Contribution) -> Contribution:
    """As another process would read it."""
    return Contribution.objects.select_related("reference").get(pk=made.pk)


def newer_version(made: Contribution, *pages: str, **values) -> FileVersion:
    return make.version(
        made.reference.files.get().stored_file, pages or PAGES["nl"], language="nl", content=b"%PDF newer", **values
    )


@pytest.mark.parametrize(
    ("language", "title", "creator"),
    [
        ("fr", "Dossier sur le logement à Schaerbeek", "Groupe de travail Logement"),
        ("nl", "Dossier over wonen in Schaarbeek", "Werkgroep Huisvesting"),
        ("en", "Report on housing in Schaerbeek", "Housing Working Group"),
    ],
)
def test_what_a_file_says_is_written_with_where_it_was_read(language, title, creator):
    made = again(fill(with_file(language)))
    assert (made.reference.title, made.reference.language, made.reference.date_text, made.reference.type) == (
        title,
        language,
        "2011-05",
        "report",
    )
    assert [one.name for one in made.reference.creators.all()] == [creator]
    assert made.drafted["title"] == {"value": title, "where": "page", "page": 1}
    assert made.drafted_from == FileVersion.objects.get().pk


def test_filling_twice_changes_nothing():
    made = fill(with_file())
    first = again(made)
    fill(again(made))
    second = again(made)
    assert (first.drafted, first.drafted_from) == (second.drafted, second.drafted_from)
    assert first.reference.updated_at == second.reference.updated_at


def test_concepts_are_written_and_each_has_its_page():
    make.concept("rental-deposit", "garantie locative", "huurwaarborg", "rental deposit")
    made = contribution()
    make.file(
        made.reference, "Le bail expliqué", "La garantie locative. Une garantie locative. Des garanties locatives."
    )
    made = again(fill(made))
    assert [one.code for one in made.reference.concepts.all()] == ["rental-deposit"]
    assert made.drafted["concepts"] == {
        "value": ["rental-deposit"],
        "where": "text",
        "page": 2,
        "pages": {"rental-deposit": 2},
    }


class TestWhatAPersonWrote:
    def test_a_field_in_corrected_is_never_touched(self):
        made = with_file(corrected=["title", "date_text", "creators"])
        made.reference.title = ""
        made.reference.save()
        made = again(fill(made))
        assert (made.reference.title, made.reference.date_text, made.reference.creators.count()) == ("", "", 0)
        assert made.drafted["title"]["value"] == "Dossier sur le logement à Schaerbeek"

    def test_what_was_typed_at_the_start_stays(self):
        made = with_file(title="Mon titre", date_text="1999", creators=("Moi",))
        made = again(fill(made))
        assert (made.reference.title, made.reference.date_text) == ("Mon titre", "1999")
        assert [one.name for one in made.reference.creators.all()] == ["Moi"]

    def test_what_was_changed_since_the_last_draft_stays_when_a_new_version_is_read(self):
        made = again(fill(with_file()))
        made.reference.title = "Mieux dit"
        made.reference.creators = [Creator(name="Quelqu’un")]
        made.reference.save()
        newer_version(made)
        made = again(fill(made))
        assert made.reference.title == "Mieux dit"
        assert [one.name for one in made.reference.creators.all()] == ["Quelqu’un"]

    def test_what_nobody_changed_is_drafted_again_from_a_new_version(self):
        made = again(fill(with_file()))
        version = newer_version(made)
        made = again(fill(made))
        assert (made.reference.title, made.reference.language) == ("Dossier over wonen in Schaarbeek", "nl")
        assert made.drafted_from == version.pk

    def test_after_confirming_only_what_is_empty_is_filled(self):
        made = again(fill(with_file()))
        made.confirmed_at = timezone.now()
        made.save()
        made.reference.date_text = ""
        made.reference.state = ReferenceState.PROPOSED
        made.reference.save()
        newer_version(made, "Ander dossier over wonen\nAuteur: Werkgroep Gids\njuni 2012")
        made = again(fill(made))
        assert (made.reference.title, made.reference.date_text) == ("Dossier sur le logement à Schaerbeek", "2012-06")

    @pytest.mark.parametrize("state", [ReferenceState.ACCEPTED, ReferenceState.REFUSED, ReferenceState.WITHDRAWN])
    def test_what_is_no_longer_the_author_s_is_left_alone(self, state):
        made = again(fill(with_file(state=state)))
        assert made.reference.title == ""


class TestWithoutText:
    def test_a_file_that_waits_gives_its_name(self):
        made = contribution()
        make.file(made.reference, state="waiting", name="le_bail_explique_v2.pdf")
        made = again(fill(made))
        assert made.reference.title == "Le bail explique"
        assert made.drafted["title"] == {"value": "Le bail explique", "where": "name", "page": None}
        assert made.drafted_from is None

    @pytest.mark.parametrize("state", ["broken", "encrypted", "too_large", "unsupported", "scan"])
    def test_a_file_that_cannot_be_read_leaves_its_name_and_is_done_with(self, state):
        made = contribution(url="https://example.org/bail", doi="10.1000/x")
        make.file(made.reference, state=state, name="le_bail_explique_v2.pdf")
        made = again(fill(made))
        assert (made.reference.title, made.reference.url, made.reference.doi) == (
            "Le bail explique",
            "https://example.org/bail",
            "10.1000/x",
        )
        assert made.drafted_from == FileVersion.objects.get().pk

    def test_its_name_gives_way_to_the_title_once_it_is_read(self):
        made = contribution()
        file = make.file(made.reference, state="waiting", name="le_bail_explique_v2.pdf")
        fill(made)
        make.version(file.stored_file, PAGES["fr"])
        assert again(fill(again(made))).reference.title == "Dossier sur le logement à Schaerbeek"

    def test_a_link_gives_its_doi_its_type_and_a_title(self):
        found = draft(make.reference("", url="https://www.youtube.com/watch?v=1"))
        assert found["type"] == {"value": "motion_picture", "where": "link", "page": None}
        assert draft(make.reference("", url="https://doi.org/10.1000/ABC"))["doi"] == {
            "value": "10.1000/abc",
            "where": "link",
            "page": None,
        }
        assert (
            draft(make.reference("", url="https://example.org/files/le-bail-explique.pdf"))["title"]["value"]
            == "Le bail explique"
        )

    @pytest.mark.parametrize(
        ("title", "language"),
        [
            ("L’accueil des nouveaux venus", "fr"),
            ("Het onthaal van nieuwkomers", "nl"),
            ("The welcome of newcomers", "en"),
        ],
    )
    def test_a_title_alone_says_its_language_and_its_concepts(self, title, language):
        make.concept("newcomer", "nouveaux venus", "nieuwkomers", "newcomers")
        found = draft(make.reference(title, language="fr"))
        assert found["language"]["value"] == language
        assert found["concepts"]["value"] == ["newcomer"]


class TestWhenItIsDone:
    def test_the_end_of_a_reading_asks_for_it_after_the_commit(self, django_capture_on_commit_callbacks):
        made = with_file()
        with django_capture_on_commit_callbacks(execute=True):
            tell(made.reference.files.get().stored_file)
            assert again(made).drafted == {}
        assert again(made).drafted["title"]["value"] == "Dossier sur le logement à Schaerbeek"

    def test_a_reading_of_something_that_nobody_contributed_asks_for_nothing(self, django_capture_on_commit_callbacks):
        file = make.file(make.reference("Importé"), "Le bail")
        with django_capture_on_commit_callbacks() as callbacks:
            filling.ask_again(file.stored_file)
        assert callbacks == []

    def test_a_draft_lost_between_the_reading_and_the_task_is_made_up_by_the_clock(self, monkeypatch):
        made = with_file()
        FileVersion.objects.update(read_at=timezone.now() - timedelta(hours=1))
        assert enqueue_lost() == "1 drafts asked for again"
        assert again(made).drafted_from
        assert enqueue_lost() == ""

    def test_what_was_drafted_before_is_lost_too_when_its_text_changed_and_nobody_came(self):
        made = fill(with_file())
        FileVersion.objects.update(read_at=timezone.now() - timedelta(hours=1))
        filling.ask_again(made.reference.files.get().stored_file)
        assert enqueue_lost() == "1 drafts asked for again"

    def test_a_draft_that_took_its_workers_with_it_is_made_no_more_before_there_is_another_text(self):
        made = with_file()
        FileVersion.objects.update(read_at=timezone.now() - timedelta(hours=2))
        DBTaskResult.objects.create(
            status="FAILED",
            task_path=filling.fill_contribution.module_path,
            args_kwargs={"args": [made.pk], "kwargs": {}},
            finished_at=timezone.now() - timedelta(hours=1),
            run_after=timezone.now(),
            backend_name="default",
            exception_class_path=WORKER_DIED,
            traceback="",
        )
        assert enqueue_lost() == ""
        assert again(made).drafted_from == FileVersion.objects.get().pk
        assert again(made).drafted == {}
        filling.ask_again(made.reference.files.get().stored_file)
        FileVersion.objects.update(read_at=timezone.now() - timedelta(minutes=30))
        assert enqueue_lost() == "1 drafts asked for again"
        assert again(made).drafted

    def test_what_was_just_read_waits_for_its_task(self):
        with_file()
        FileVersion.objects.update(read_at=timezone.now())
        assert enqueue_lost() == ""

    def test_a_contribution_that_is_gone_fills_nothing(self):
        assert filling.fill_contribution.call(0) is False

    def test_drafting_costs_as_many_queries_for_many_pages(self, django_assert_max_num_queries):
        made = contribution()
        make.file(made.reference, *(["La garantie locative protège."] * 90))
        with django_assert_max_num_queries(14):
            draft(made.reference)


def test_names_come_in_the_form_of_the_authority_list():
    from kb.library.catalogue.authorities import merge

    make.reference("Ailleurs", creators=("Grp Logement",))
    merge("creator", ["Groupe de travail Logement", "Grp Logement"], "GT Logement")
    assert draft(with_file().reference)["creators"]["value"] == [{"name": "GT Logement", "is_organisation": True}]


# Files for fewer readers than the notice


def of_an_editor(made: Contribution, *, readers: tuple[str, ...] = ("body:CP",)) -> None:
    """As the editors' form does: their file, or their version of it, for readers that they chose."""
    ReferenceFile.objects.filter(reference=made.reference).update(audiences=list(readers))


def proposed(*, audiences: tuple[str, ...] = ("body:CP", "body:PA"), **values) -> Contribution:
    values = {"state": ReferenceState.PROPOSED, "created_by": make.member(), "confirmed_at": timezone.now(), **values}
    return contribution("Un rapport", audiences=audiences, **values)


def another_copy_for_few(made: Contribution) -> None:
    newer_version(made, *PAGES["fr"])
    of_an_editor(made)


FOR_FEWER = {
    "an editor's file": lambda made: (
        make.file(made.reference, *PAGES["fr"], reason="unknown", audiences=("body:CP",)),
        of_an_editor(made),
    ),
    "an editor's version of a member's file": lambda made: (
        make.file(made.reference, "Un autre texte.", reason="unknown", audiences=("body:PA",)),
        another_copy_for_few(made),
    ),
    "a member's file of a notice that an editor opened to everyone": lambda made: (
        make.file(made.reference, *PAGES["fr"], reason="unknown", audiences=("body:PA",)),
        Reference.objects.filter(pk=made.reference_id).update(audiences=["public"]),
    ),
    "an editor's file that the author may not open yet": lambda made: (
        make.file(made.reference, *PAGES["fr"], reason="unknown", audiences=("body:PA",)),
        Reference.objects.filter(pk=made.reference_id).update(audiences=["body:PA"]),
        of_an_editor(made, readers=("body:PA",)),
    ),
}


@pytest.mark.parametrize("how", FOR_FEWER)
def test_no_word_of_a_file_is_copied_into_a_notice_that_others_read(how):
    made = proposed()
    FOR_FEWER[how](made)

    kept = fill(again(made))

    reference = again(made).reference
    assert (reference.title, reference.date_text, dict(reference.abstract)) == ("Un rapport", "", {})
    assert not reference.creators.exists() and not kept.drafted
    assert kept.drafted_from  # nobody asks for it again


def test_nor_is_the_name_of_such_a_file():
    made = proposed(state=ReferenceState.DRAFT, confirmed_at=None)
    file = make.file(made.reference, "Un texte.", audiences=("body:PA",), name="rapport.pdf")
    Contribution.objects.filter(pk=made.pk).update(drafted={"title": {"value": "Un rapport", "where": "name"}})
    make.version(file.stored_file, (), name="Plainte de Mme Vandenbulcke.pdf", state="scan", content=b"%PDF scan")
    of_an_editor(made)

    fill(again(made))

    assert again(made).reference.title == "Un rapport"


def test_what_an_import_brought_takes_no_word_of_a_file_that_was_narrowed_before_it_was_read():
    made = contribution("document", audiences=("public",))
    Contribution.objects.filter(pk=made.pk).update(accept_when_read=True)
    make.file(made.reference, *PAGES["fr"], audiences=("members",))
    of_an_editor(made)

    kept = fill(again(made))

    assert (again(made).reference.state, again(made).reference.title) == (ReferenceState.DRAFT, "document")
    assert kept.drafted_from and not kept.drafted


@pytest.mark.parametrize("audiences", [("body:PA",), ("body:PA", "members"), ("public",)], ids="+".join)
def test_their_own_file_fills_the_notice_for_whomever_they_choose(audiences):
    made = proposed(audiences=audiences, confirmed_at=None)
    readers = ("body:PA", "members") if audiences == ("public",) else audiences  # why it may be published is not said
    make.file(made.reference, *PAGES["fr"], reason="unknown", audiences=readers)
    assert fill(again(made)).reference.date_text == "2011-05"
