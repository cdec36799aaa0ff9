"""Shelf marks: given once, in order, by many at the same time, and never a second time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from kb.library.models import Reference, ReferenceFile
from kb.library.models.marks import Mark
from tests.kb.library import builders as make


@pytest.mark.django_db
def test_a_number_is_never_given_again():
    first, second = make.reference("un"), make.reference("deux")
    second.delete()
    third = make.reference("trois")

    assert [first.mark, third.mark] == ["PA 2012/1", "PA 2012/3"]


@pytest.mark.django_db
def test_each_group_and_year_counts_for_itself():
    assert [
        make.reference(code=code, mark_year=year).mark for code, year in (("PA", 2012), ("PA", 2013), ("LO", 2012))
    ] == [
        "PA 2012/1",
        "PA 2013/1",
        "LO 2012/1",
    ]


@pytest.mark.django_db
def test_a_mark_from_an_older_catalogue_is_passed_by_the_counter():
    Reference.objects.create(body=make.body(), title="ancien", mark_year=2012, mark_number=147)

    assert make.reference().mark == "PA 2012/148"


@pytest.mark.django_db
def test_the_group_of_a_mark_cannot_be_changed():
    reference = make.reference()
    reference.body = make.body("LO")
    with pytest.raises(ValidationError) as refused:
        reference.full_clean()
    assert "body" in refused.value.message_dict


@pytest.mark.django_db
def test_the_number_of_a_file_is_never_given_again():
    reference = make.reference()
    make.file(reference, "un", content=b"%PDF 1")
    make.file(reference, "deux", content=b"%PDF 2").delete()

    assert make.file(reference, "trois", content=b"%PDF 3").number == 3
    assert list(ReferenceFile.objects.values_list("number", flat=True)) == [1, 3]


@pytest.mark.django_db(transaction=True)
def test_many_at_the_same_time_get_different_marks():
    body = make.body()

    def add(number: int) -> None:
        try:
            for each in range(5):
                Reference.objects.create(body=body, title=f"{number}.{each}", mark_year=2012)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(4)))

    assert sorted(Reference.objects.values_list("mark_number", flat=True)) == list(range(1, 21))


@pytest.mark.parametrize(
    ("slug", "mark"),
    [
        ("PA-2012-147", Mark("PA", 2012, 147)),
        ("PA-2012-0", None),
        ("PA-2012-01", None),
        ("pa-2012-1", None),
        ("PA-2012", None),
        ("", None),
    ],
)
def test_a_mark_in_an_address_is_read_or_is_none(slug, mark):
    assert Mark.from_slug(slug) == mark


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("notice", "file", "reason", "good"),
    [
        (["public"], ["public"], "own", True),
        (["public"], ["public"], "unknown", False),
        (["public"], ["members"], "unknown", True),
        (["members"], ["public"], "own", False),
        (["members"], ["body:PA"], "own", False),
        (["members", "body:PA"], ["body:PA"], "own", True),
    ],
)
def test_a_file_is_never_wider_than_its_notice_nor_public_without_a_reason(notice, file, reason, good):
    added = make.file(make.reference(audiences=tuple(notice)), "un")
    added.audiences, added.publish_reason = file, reason
    if good:
        added.full_clean()
    else:
        with pytest.raises(ValidationError) as refused:
            added.full_clean()
        assert list(refused.value.message_dict) == ["audiences"]
