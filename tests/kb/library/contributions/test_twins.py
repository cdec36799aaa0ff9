"""What looks like the document that is being put in: shown to those who may see it, listed for editors where not."""

from __future__ import annotations

import json
import time
from itertools import combinations
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kb.accounts.audiences import person
from kb.demonstration.reading import read_data
from kb.library.choices import ReferenceState
from kb.library.contributions import twins
from kb.library.contributions.twins import LEAST_ALIKE, likeness, note_unseen, note_unseen_later, resembling
from kb.library.models import ReferenceFile, Resemblance
from tests.kb.library import builders as make

ANYONE = frozenset({"public"})
MEMBER = frozenset({"public", "members", "body:PA"})
QUERIES = 11
SAME = b"%PDF-1.4 the same bytes"
CORPORA = Path(__file__).resolve().parents[5] / "shared" / "corpora" / "ir"


def found(reference, held=MEMBER):
    return [(one.reference, one.how) for one in resembling(reference, frozenset(held))]


@pytest.mark.django_db
class TestWhatIsShown:
    @pytest.fixture(autouse=True)
    def use_index(self, index):
        self.index = index

    def test_the_same_bytes_are_the_same_document(self):
        here, there = make.reference("Ici"), make.reference("Là-bas")
        make.file(here, "a", content=SAME)
        make.file(there, "b", content=SAME)
        assert found(here) == [(there, "file")]

    def test_an_older_version_with_these_bytes_counts_too(self):
        here, there = make.reference("Ici"), make.reference("Là-bas")
        make.file(here, "a", content=SAME)
        older = make.file(there, "b", content=SAME)
        make.version(older.stored_file, ("c",), content=b"%PDF-1.4 newer bytes")
        assert found(here) == [(there, "file")]

    def test_a_version_that_no_acceptance_opened_is_confirmed_to_nobody(self):
        here, there = make.reference("Ici"), make.reference("Là-bas")
        make.file(here, "a", content=SAME)
        waits = make.file(there, "b", content=b"%PDF-1.4 other bytes")
        make.version(waits.stored_file, ("c",), content=SAME)
        ReferenceFile.objects.filter(pk=waits.pk).update(opened_to=1)
        assert found(here) == []

    @pytest.mark.parametrize(
        ("field", "ours", "theirs"),
        [
            ("doi", "10.1000/ABC.12", "10.1000/abc.12"),
            ("isbn", "978-2-8041-5932-0", "9782804159320"),
            ("isbn", "2-8041-5932-9", "978-2-8041-5932-0"),
            ("url", "https://www.example.org/rapport/?utm_source=mail", "http://example.org/rapport"),
        ],
    )
    def test_a_number_or_address_is_the_same_however_it_is_written(self, field, ours, theirs):
        here, there = make.reference("Ici", **{field: ours}), make.reference("Là-bas", **{field: theirs})
        assert found(here) == [(there, field)]
        assert found(there) == [(here, field)]

    @pytest.mark.parametrize(
        ("ours", "theirs"),
        [
            ("L’accueil des primo-arrivants à Schaerbeek", "L'ACCUEIL DES PRIMO-ARRIVANTS A SCHAERBEEK"),
            ("Huurwaarborg en plaatsbeschrijving in Brussel", "Huurwaarborg en plaatsbeschrijvingen in Brussel"),
            ("Health inequalities in a dense city", "Health inequalites in a dense city"),
        ],
        ids=["fr", "nl", "en"],
    )
    def test_nearly_the_same_title_is_found_through_the_search(self, ours, theirs):
        there = make.reference(theirs)
        self.index()
        assert found(make.reference(ours)) == [(there, "title")]

    def test_the_same_title_is_found_before_the_index_knows_it(self):
        there = make.reference("La garantie locative expliquée")
        assert found(make.reference("La garantie locative expliquée")) == [(there, "title")]

    def test_a_translated_title_counts(self):
        there = make.reference(
            "Het onthaal van nieuwkomers", language="nl", translated_titles={"fr": "L’accueil des primo-arrivants"}
        )
        self.index()
        assert found(make.reference("L’accueil des primo-arrivants")) == [(there, "title")]

    def test_the_report_of_another_year_is_another_document(self):
        make.reference("Rapport d’activités 2011")
        self.index()
        assert found(make.reference("Rapport d’activités 2012")) == []

    def test_accepted_references_come_first_then_the_surest(self):
        by_title = make.reference("La garantie locative expliquée")
        proposed = make.reference("Autre", state=ReferenceState.RETURNED, doi="10.1000/x", created_by=make.member())
        by_doi = make.reference("Tiers", doi="10.1000/x")
        held = MEMBER | {person(proposed.created_by_id)}
        assert found(make.reference("La garantie locative expliquée", doi="10.1000/x"), held) == [
            (by_doi, "doi"),
            (by_title, "title"),
            (proposed, "doi"),
        ]

    def test_a_reference_does_not_resemble_itself(self):
        here = make.reference("Ici", doi="10.1000/x")
        make.file(here, "a", content=SAME)
        self.index()
        assert found(here) == []

    def test_an_empty_draft_resembles_nothing(self):
        make.reference("", doi="", isbn="", url="")
        assert found(make.reference("")) == []


@pytest.mark.django_db
class TestWhatIsNotTheirs:
    @pytest.fixture(autouse=True)
    def use_index(self, index):
        self.index = index

    @pytest.mark.parametrize("field", ["doi", "isbn", "url", "title", "file"])
    def test_what_a_person_may_not_see_is_not_shown_but_noted_for_editors(self, field):
        shared = {"doi": "10.1000/x", "isbn": "9782804159320", "url": "https://example.org/a"}.get(field, "")
        values = {field: shared} if shared else {}
        title = "La garantie locative expliquée" if field == "title" else ""
        there = make.reference(title or "Là-bas", audiences=("body:LO",), **values)
        here = make.reference(title or "Ici", **values)
        if field == "file":
            make.file(here, "a", content=SAME)
            make.file(there, "b", content=SAME, audiences=("body:LO",))
        self.index()
        assert found(here) == []
        assert note_unseen(here, MEMBER) == 1
        assert Resemblance.objects.values_list("reference", "other", "how").get() == (here.pk, there.pk, field)
        assert found(here, MEMBER | {"body:LO"}) == [(there, field)]

    def test_the_bytes_of_a_closed_file_of_a_public_notice_are_not_confirmed(self):
        here, there = make.reference("Ici"), make.reference("Là-bas")
        make.file(here, "a", content=SAME)
        make.file(there, "b", content=SAME, audiences=("body:LO",))
        assert found(here) == []
        assert found(here, MEMBER | {"body:LO"}) == [(there, "file")]
        assert note_unseen(here, MEMBER) == 1
        assert Resemblance.objects.get().other == there

    def test_a_public_notice_with_a_closed_copy_is_shown_for_its_doi_only(self):
        here, there = make.reference("Ici", doi="10.1000/x"), make.reference("Là-bas", doi="10.1000/x")
        make.file(here, "a", content=SAME)
        make.file(there, "b", content=SAME, audiences=("body:LO",))
        assert found(here) == [(there, "doi")]

    @pytest.mark.parametrize(
        "values",
        [{"doi": "10.1000/x"}, {"isbn": "9782804159320"}, {"url": "https://example.org/a"}, {}],
        ids=["doi", "isbn", "url", "title"],
    )
    def test_what_is_hidden_neither_pushes_a_twin_out_nor_moves_which_are_shown(self, monkeypatch, values):
        """Where more are equal than are looked at: nobody counts the hidden ones by the numbers of their own drafts."""
        monkeypatch.setattr(twins, "_MOST_EQUAL", 3)
        author, other = make.member(), make.member()
        held = MEMBER | {person(author.pk)}

        def put_in(**more):
            return make.reference("La garantie locative expliquée", **values, **more)

        def hide():
            put_in(audiences=("body:LO",))
            for state in (ReferenceState.DRAFT, ReferenceState.PROPOSED, ReferenceState.WITHDRAWN):
                put_in(state=state, audiences=("public",), created_by=other)

        public = put_in()
        hide()
        assert [one for one, _how in found(put_in(audiences=("body:LO",)), held)] == [public]
        own = [put_in(state=ReferenceState.DRAFT, created_by=author) for _ in range(4)]
        before = found(own[0], held)
        assert [one for one, _how in before] == own[:0:-1]
        hide()
        assert found(own[0], held) == before

    def test_drafts_of_others_are_neither_shown_nor_noted(self):
        make.reference("La garantie locative expliquée", state=ReferenceState.DRAFT, created_by=make.member())
        here = make.reference("La garantie locative expliquée")
        assert (found(here), note_unseen(here, MEMBER)) == ([], 0)

    def test_one_s_own_draft_is_shown(self):
        author = make.member()
        own = make.reference("La garantie locative expliquée", state=ReferenceState.DRAFT, created_by=author)
        assert found(make.reference("La garantie locative expliquée"), MEMBER | {person(author.pk)}) == [(own, "title")]

    def test_what_is_shown_is_not_noted(self):
        make.reference("La garantie locative expliquée")
        here = make.reference("La garantie locative expliquée")
        assert note_unseen(here, MEMBER) == 0
        assert not Resemblance.objects.exists()

    def test_noting_twice_keeps_one_row(self):
        make.reference("Là-bas", audiences=("body:LO",), doi="10.1000/x")
        here = make.reference("Ici", doi="10.1000/x")
        note_unseen(here, MEMBER)
        note_unseen(here, MEMBER)
        assert Resemblance.objects.count() == 1

    def test_noting_waits_for_the_commit_and_runs_in_the_background(self, django_capture_on_commit_callbacks):
        make.reference("Là-bas", audiences=("body:LO",), doi="10.1000/x")
        here = make.reference("Ici", doi="10.1000/x")
        with django_capture_on_commit_callbacks(execute=True):
            note_unseen_later(here, MEMBER)
            assert not Resemblance.objects.exists()
        assert Resemblance.objects.count() == 1

    def test_looking_costs_the_same_whether_there_is_an_unseen_twin_or_not(self):
        here, alone = make.reference("Ici", doi="10.1000/x"), make.reference("Seule", doi="10.1000/y")
        there = make.reference("Là-bas", doi="10.1000/x", audiences=("body:LO",), creators=("CPAS",))
        for reference in (here, alone, there):
            make.file(reference, "a", content=SAME if reference != alone else b"%PDF other", audiences=("body:LO",))
        self.index()
        counts = []
        for reference in (here, alone):
            with CaptureQueriesContext(
                connection,
            ) as queries:
                assert found(reference, ANYONE) == []
            counts.append(len(queries))
        assert counts[0] == counts[1]

    def test_nor_do_the_files_of_an_unseen_twin_cost_a_query_more_to_who_gives_a_title_alone(self):
        alone, here = make.reference("Le seul de son titre"), make.reference("La garantie locative expliquée")
        make.file(
            make.reference("La garantie locative expliquée", audiences=("body:LO",), creators=("CPAS",)),
            "a",
            audiences=("body:LO",),
        )
        self.index()
        counts = []
        for reference in (here, alone):
            with CaptureQueriesContext(connection) as queries:
                assert found(reference, ANYONE) == []
            counts.append(len(queries))
        assert counts[0] == counts[1]


@pytest.mark.django_db
def test_forty_twins_cost_as_many_queries_as_two(index, django_assert_num_queries):
    here = make.reference(
        "Le bail expliqué aux locataires", doi="10.1000/x", isbn="9782804159320", url="https://example.org/a"
    )
    make.file(here, "a", content=SAME)
    for number in range(40):
        make.file(make.reference("Le bail expliqué aux locataires", doi="10.1000/x"), "b", content=SAME)
        if number in (1, 39):
            with django_assert_num_queries(QUERIES):
                assert len(resembling(here, MEMBER)) == min(number + 1, 10)


class TestLikeness:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("L’accueil des primo-arrivants à Schaerbeek", "L'accueil des primoarrivants à Schaerbeek"),
            ("La tuberculose, un problème de santé publique", "La tuberculose : un problème de santé publique."),
            (
                "Logement insalubre : constater, signaler, protéger",
                "Le logement insalubre : constater, signaler et protéger",
            ),
            ("De Gids voor de maatschappelijk begeleider", "Gids voor de maatschappelijke begeleider"),
            ("Dringende medische hulp", "Dringende medisch hulp"),
            ("Neither rivals nor colleagues", "Neither rivals nor collegues"),
        ],
    )
    def test_a_slip_a_sign_or_a_small_word_changes_little(self, one, other):
        assert likeness(one, other) >= LEAST_ALIKE

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("Rapport d’activités 2011", "Rapport d’activités 2012"),
            ("La garantie locative", "La garantie bancaire"),
            ("Gids voor huurders", "Gids voor verhuurders"),
            ("Housing in Schaerbeek", "Health in Schaerbeek"),
            ("Guide du locataire, partie 1", "Guide du locataire, partie 2"),
            ("", "La garantie locative"),
        ],
    )
    def test_another_document_of_the_same_make_is_not_alike(self, one, other):
        assert likeness(one, other) < LEAST_ALIKE

    def test_long_titles_of_like_words_are_compared_in_no_time(self):
        """All words begin with the same letter and are nearly one another: none is told apart by its beginning."""
        titles = [
            " ".join(f"qzwal{chr(97 + place % 26)}{chr(97 + (place * number) % 26)}" for place in range(140))
            for number in range(1, 41)
        ]
        started = time.process_time()
        for one, other in combinations(titles, 2):
            likeness(one, other)
        assert time.process_time() - started < 5.0, "780 pairs"

    def test_no_two_documents_of_the_demonstration_are_alike(self):
        titles = {f"{one['title']} {one['subtitle']}" for one in read_data("references.json")["references"]}
        assert [pair for pair in combinations(titles, 2) if likeness(*pair) >= LEAST_ALIKE] == []

    @pytest.mark.skipif(not CORPORA.is_dir(), reason="the shared corpora are not here")
    @pytest.mark.parametrize("name", ["cnil_fr", "debian_faq_fr", "debian_faq_nl", "debian_faq_en"])
    def test_of_two_thousand_pairs_of_questions_of_a_help_desk_hardly_one_is_alike(self, name):
        titles = sorted(
            {json.loads(line)["title"] for line in (CORPORA / name / "docs.jsonl").read_text().splitlines()}
        )[:250]
        pairs = list(combinations(titles, 2))
        alike = [pair for pair in pairs if abs(len(pair[0]) - len(pair[1])) < 20 and likeness(*pair) >= LEAST_ALIKE]
        assert len(alike) <= max(1, len(pairs) / 2000), alike
