"""What a reference gives to the search, layer by layer, and every change that must make it again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kb.accounts.audiences import MEMBERS, PUBLIC, STAFF, may_see
from kb.library.choices import PublishReason, ReferenceState
from kb.library.hits.entries import ReferenceKind
from kb.library.models import Creator, Reference, ReferenceFile
from kb.vocabulary.models import AltLabel, Keyword
from search import indexing, registry
from search.entries import Entry
from search.models import Outbox
from tests.kb.library import builders as make

pytestmark = pytest.mark.django_db
PA = "body:PA"
ANYONE = frozenset({PUBLIC})
EDITOR = frozenset({PUBLIC, STAFF})


def entries_of(reference: Reference) -> list[Entry]:
    [(subject, entries)] = ReferenceKind().entries([Reference.subject_of(reference.pk)])
    assert subject == Reference.subject_of(reference.pk)
    return list(entries)


def found_by(reference: Reference, held: frozenset[str]) -> list[Entry]:
    """The entries that the engine gives this reader."""
    return [
        one for one in entries_of(reference) if not held.isdisjoint(one.audiences) and held.isdisjoint(one.covered_by)
    ]


def everything_in(entry: Entry) -> str:
    return repr(entry)


def test_the_notice_is_a_section_with_the_language_of_each_paragraph():
    reference = make.reference(
        "De huurwaarborg",
        language="nl",
        translated_titles={"fr": "La garantie locative"},
        abstract={"fr": "Ce qu’il faut savoir.", "nl": "Wat men moet weten."},
        creators=("CASS",),
        publisher="Commune",
    )
    [entry] = entries_of(reference)
    notice = entry.sections[0]
    parts = {notice.text[span.start : span.end].strip(): span.language for span in notice.spans}

    assert notice.anchor == "" and notice.page_number == 0
    assert parts["De huurwaarborg"] == "nl" and parts["La garantie locative"] == "fr"
    assert parts["Wat men moet weten."] == "nl" and parts["CASS"] == "" and parts["Commune"] == ""
    assert "".join(notice.text[span.start : span.end] for span in notice.spans) == notice.text


def test_pages_of_the_latest_version_only_are_sections():
    reference = make.reference()
    added = make.file(reference, "vieux texte")
    make.version(added.stored_file, ("nouveau texte", "", "troisième page"))
    [entry] = entries_of(reference)

    assert [(one.anchor, one.label, one.text) for one in entry.sections[1:]] == [
        ("1.2/1", "p. 1", "nouveau texte"),
        ("1.2/3", "p. 3", "troisième page"),
    ]


def test_sections_of_a_format_without_pages_carry_their_heading():
    reference = make.reference()
    added = make.file(reference, "un", "deux", is_paged=False, media_type="text/html")
    added.stored_file.versions.get().pages.filter(number=1).update(label="Introduction")

    assert [one.label for one in entries_of(reference)[0].sections[1:]] == ["Introduction", "§ 2"]


def test_nothing_of_a_closed_file_stands_in_a_poorer_layer():
    reference = make.reference(language="fr")
    make.file(reference, "ouvert à tous")
    make.file(
        reference,
        "geheim woord",
        audiences=(MEMBERS,),
        title="Verborgen bijlage",
        language="nl",
        name="gesloten-naam.pdf",
        content=b"%PDF closed",
    )
    [poor] = found_by(reference, ANYONE)
    [rich] = found_by(reference, frozenset({PUBLIC, MEMBERS}))

    for word in ("geheim", "Verborgen", "gesloten", "'nl'", "2.1/1"):
        assert word not in everything_in(poor)
        assert word in everything_in(rich)
    assert poor.languages == ("fr",) and rich.languages == ("fr", "nl")


def test_a_file_with_unknown_rights_stays_with_the_members():
    reference = make.reference()
    make.file(reference, "inconnu", audiences=(PUBLIC,), reason=PublishReason.UNKNOWN)

    assert "inconnu" not in everything_in(found_by(reference, ANYONE)[0])
    assert "inconnu" in everything_in(found_by(reference, frozenset({PUBLIC, MEMBERS}))[0])


@pytest.mark.parametrize("state", [one for one in ReferenceState if one != ReferenceState.ACCEPTED])
def test_what_is_not_accepted_is_found_by_its_author_and_editors_alone(state):
    author = make.member()
    reference = make.reference(state=state, created_by=author)
    make.file(reference, "un brouillon")

    assert found_by(reference, frozenset({PUBLIC, MEMBERS, PA})) == []
    assert len(found_by(reference, frozenset({PUBLIC, f"person:{author.pk}"}))) == 1
    assert len(found_by(reference, EDITOR)) == 1


def test_themes_are_the_concepts_at_the_top_and_all_labels_are_keywords():
    theme = make.concept("housing", "Logement", "Huisvesting", "Housing")
    below = make.concept("deposit", "garantie locative", "huurwaarborg", "rental deposit", broader=theme)
    AltLabel.objects.create(concept=below, language="nl", text="huurwaarborglening")
    reference = make.reference(concepts=(below,))
    [entry] = entries_of(reference)

    assert entry.themes == ("housing",)
    assert {"garantie locative", "huurwaarborg", "rental deposit", "huurwaarborglening"} <= set(entry.keywords)


def test_free_keywords_stand_in_the_notice_with_their_language():
    reference = make.reference()
    reference.keywords.add(Keyword.objects.create(name="onthaal", language="nl"))
    reference.save()
    [entry] = entries_of(reference)

    assert "onthaal" in entry.keywords and "onthaal" in entry.sections[0].text


def test_a_reference_that_is_gone_gives_no_entries():
    reference = make.reference()
    subject = Reference.subject_of(reference.pk)
    reference.delete()

    assert list(ReferenceKind().entries([subject])) == [(subject, ())]


def test_subjects_are_all_references():
    wanted = [Reference.subject_of(make.reference(title).pk) for title in "abc"]

    assert list(ReferenceKind().subjects()) == wanted


def test_many_references_cost_as_many_queries_as_one(django_assert_num_queries):
    theme = make.concept("housing", "Logement")
    subjects = []
    for number in range(6):
        reference = make.reference(f"Titre {number}", concepts=(theme,), creators=("CASS", "IRFAM"))
        make.file(reference, "une page", "une autre", content=b"%%PDF %d" % number)
        make.file(reference, "annexe", audiences=(MEMBERS,), content=b"%%PDF annex %d" % number)
        subjects.append(Reference.subject_of(reference.pk))
    for some in (subjects[:1], subjects):
        with django_assert_num_queries(11):
            assert len(dict(ReferenceKind().entries(some))) == len(some)


VALUES = st.lists(st.sampled_from([PUBLIC, MEMBERS, PA, "body:LO"]), unique=True)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    notice=st.lists(st.sampled_from([PUBLIC, MEMBERS, PA, "body:LO"]), unique=True, min_size=1),
    files=st.lists(st.tuples(VALUES, st.sampled_from([PublishReason.OWN, PublishReason.UNKNOWN])), max_size=3),
    held=st.sets(st.sampled_from([MEMBERS, PA, "body:LO", STAFF])).map(lambda some: frozenset(some | {PUBLIC})),
)
def test_the_words_a_reader_finds_are_exactly_those_of_the_files_they_may_open(db, notice, files, held):
    reference = make.reference(audiences=tuple(notice))
    words = {}
    for number, (audiences, reason) in enumerate(files):
        added = make.file(
            reference, f"mot{number}", audiences=tuple(audiences), reason=reason, content=b"%%PDF %d" % number
        )
        words[f"mot{number}"] = ReferenceFile.objects.get(pk=added.pk)
    found = found_by(reference, held)
    texts = {section.text for entry in found for section in entry.sections if section.anchor}

    assert bool(found) == may_see(held, reference.effective_audiences)
    assert texts == {word for word, added in words.items() if found and may_see(held, added.effective_audiences)}
    assert STAFF not in held or len(found) == 1
    reference.delete()


class TestEveryChangeIsRecorded:
    """One row of the outbox at least, in the transaction of the change, for every way to change what an entry holds."""

    @pytest.fixture
    def reference(self) -> Reference:
        theme = make.concept("housing", "Logement")
        reference = make.reference(
            creators=("CASS",), concepts=(make.concept("deposit", "garantie locative", broader=theme),)
        )
        reference.keywords.add(Keyword.objects.create(name="onthaal", language="nl"))
        reference.save()
        make.file(reference, "une page")
        Outbox.objects.all().delete()
        return reference

    CHANGES = {
        "save": lambda one: one.save(),
        "save of one field": lambda one: one.save(update_fields=["title"]),
        "delete": lambda one: one.delete(),
        "update of many": lambda one: Reference.objects.filter(pk=one.pk).update(title="Autre"),
        "delete of many": lambda one: Reference.objects.filter(pk=one.pk).delete(),
        "bulk_update": lambda one: Reference.objects.bulk_update([one], ["title"]),
        "creator saved": lambda one: Creator.objects.get().save(),
        "creator deleted": lambda one: Creator.objects.get().delete(),
        "creators updated": lambda one: Creator.objects.update(name="IRFAM"),
        "creators deleted": lambda one: Creator.objects.all().delete(),
        "creators made together": lambda one: Creator.objects.bulk_create([Creator(reference=one, name="IRFAM")]),
        "file saved": lambda one: ReferenceFile.objects.get().save(),
        "file deleted": lambda one: ReferenceFile.objects.get().delete(),
        "files updated": lambda one: ReferenceFile.objects.update(audiences=[MEMBERS]),
        "files deleted": lambda one: ReferenceFile.objects.all().delete(),
        "concept renamed": lambda one: one.concepts.first().save(),
        "theme renamed": lambda one: one.concepts.first().broader.save(),
        "concepts updated": lambda one: (
            type(one.concepts.first()).objects.filter(code="housing").update(label_fr="Se loger")
        ),
        "concept deleted": lambda one: type(one.concepts.first()).objects.get(code="deposit").delete(),
        "other label added": lambda one: AltLabel.objects.create(
            concept=one.concepts.first(), language="nl", text="waarborg"
        ),
        "keyword renamed": lambda one: Keyword.objects.get().save(),
        "keyword deleted": lambda one: Keyword.objects.get().delete(),
    }

    @pytest.mark.parametrize("name", CHANGES)
    def test_change(self, reference, name, django_capture_on_commit_callbacks):
        pk = reference.pk
        with django_capture_on_commit_callbacks(execute=False):
            self.CHANGES[name](Reference.objects.get(pk=pk))

        assert Outbox.objects.filter(subject=Reference.subject_of(pk)).exists()

    def test_reading_that_ended(self, reference):
        from kb.files.owners import tell

        tell(ReferenceFile.objects.get().stored_file)

        assert Outbox.objects.filter(subject=Reference.subject_of(reference.pk)).exists()

    def test_a_new_reference(self):
        made = make.reference()

        assert Outbox.objects.filter(subject=Reference.subject_of(made.pk)).exists()

    def test_many_new_references(self):
        made = Reference.objects.bulk_create(
            [Reference(body=make.body(), title="Un"), Reference(body=make.body(), title="Deux")]
        )

        assert [one.mark_number for one in made] == [1, 2]
        assert {Reference.subject_of(one.pk) for one in made} <= set(Outbox.objects.values_list("subject", flat=True))

    def test_a_person_who_leaves_takes_their_draft_with_no_reader_left(self):
        author = make.member()
        draft = make.reference(state=ReferenceState.DRAFT, created_by=author)
        Outbox.objects.all().delete()
        author.delete()

        assert Outbox.objects.filter(subject=Reference.subject_of(draft.pk)).exists()


def test_the_day_of_acceptance_is_that_of_the_place_not_of_greenwich():
    late = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)  # half past midnight in Brussels
    reference = make.reference(accepted_at=late)
    (_subject, entries) = next(ReferenceKind().entries([Reference.subject_of(reference.pk)]))
    assert entries[0].published.isoformat() == "2026-11-23"


class TestAVeryLongDocument:
    """Of an entry the first so many characters are read, each layer its own: how long a closed file is, nobody learns
    who may not open it.
    """

    @pytest.fixture(autouse=True)
    def small(self, monkeypatch):
        monkeypatch.setattr(registry, "MOST_TEXT", 20)

    def test_its_first_pages_are_read_and_no_more(self):
        reference = make.reference()
        make.file(reference, *(f"page {number} abc" for number in range(1, 6)))  # 10 characters each

        [entry] = entries_of(reference)
        assert [one.page_number for one in entry.sections] == [0, 1, 2]

    def test_of_a_page_without_end_the_beginning_is_read(self):
        reference = make.reference()
        make.file(reference, "a" * 50)

        assert entries_of(reference)[0].sections[1].text == "a" * 20

    def test_files_share_the_room_in_their_order_and_closed_ones_take_none_of_it(self):
        reference = make.reference("T")
        make.file(reference, "c" * 30, audiences=(MEMBERS,), content=b"%PDF 1")
        make.file(reference, "o" * 10, "p" * 10, "q" * 10, content=b"%PDF 2")
        make.file(reference, "r" * 10, content=b"%PDF 3")

        [(_, entries)] = indexing.make_entries([Reference.subject_of(reference.pk)])[0]
        texts = ["".join(one.text for one in entry.sections) for entry in entries]
        assert texts == ["T" + "o" * 10 + "p" * 9, "T" + "c" * 19]

    def test_how_long_it_is_is_told_without_its_texts_in_one_query(self, django_assert_num_queries):
        long, short, none = make.reference(), make.reference(), make.reference()
        make.file(long, "a" * 50, content=b"%PDF 1")
        make.file(long, "b" * 5, content=b"%PDF 2")
        make.file(short, "abc", content=b"%PDF 3")
        with django_assert_num_queries(1):
            told = registry.lengths_of([Reference.subject_of(one.pk) for one in (long, short, none)])
        assert list(told.values()) == [25, 3, 0]
