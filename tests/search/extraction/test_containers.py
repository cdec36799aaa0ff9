"""Zip files of very many files: what they say of themselves is looked at before their list is read into memory."""

import io
import time
import zipfile

import pytest

from search.extraction import BrokenFile, Limits, Sandbox, TooLarge
from search.extraction.containers import check_directory
from search.extraction.office.package import Package
from search.extraction.sniffing import sniff
from tests.kb.files.hostile import DAMAGED_DOC, many_files


@pytest.mark.parametrize("comment", [b"", b"made by hand"])
def test_a_zip_of_two_million_files_is_too_large_at_once(tmp_path, comment):
    path = many_files(tmp_path / "x.zip", 1_800_000, comment=comment)
    assert path.stat().st_size > 80_000_000
    begun = time.process_time()
    with pytest.raises(TooLarge, match="1800000 files in one container"):
        sniff(path)
    assert time.process_time() - begun < 0.5


def test_one_that_says_fewer_than_it_has_is_known_by_the_length_of_its_list(tmp_path):
    with pytest.raises(TooLarge, match="a list of files of 13800000 bytes"):
        check_directory(many_files(tmp_path / "x.zip", 300_000, said=3), members=20_000)


def test_one_that_lies_about_both_costs_no_more_than_it_says(tmp_path):
    path = many_files(tmp_path / "x.zip", 300_000, said=3, bytes_said=138)
    check_directory(path, members=20_000)
    with pytest.raises(BrokenFile), Package(path, Limits()) as package:
        package.read("[Content_Types].xml")


def test_an_ordinary_container_and_one_without_an_end_pass(tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        for number in range(300):
            made.writestr(f"word/{number}.xml", "<w/>")
        made.comment = b"of ours"
    for name, content in {"whole": packed.getvalue(), "cut": packed.getvalue()[:200], "no end": b"PK\x03\x04"}.items():
        (tmp_path / name).write_bytes(content)
        check_directory(tmp_path / name, members=300)
    with pytest.raises(TooLarge):
        check_directory(tmp_path / "whole", members=299)


@pytest.mark.parametrize(
    ("content", "media_type", "state"),
    [(b"%PDF-1.7\nnothing else", "application/pdf", "broken"), (DAMAGED_DOC, "", "broken")],
    ids=["pdf", "doc"],
)
def test_a_file_that_cannot_be_read_still_says_what_it_is_where_that_is_known(tmp_path, content, media_type, state):
    (tmp_path / "x").write_bytes(content)
    with Sandbox() as box:
        [(_, error, _)] = box.read_many([tmp_path / "x"])
    assert (error.state, error.media_type) == (state, media_type)
