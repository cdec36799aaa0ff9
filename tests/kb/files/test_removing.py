from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.db import transaction

from kb.files import removing
from kb.files.models import private_storage
from tests.kb.files.builders import stored

NOW = timedelta(0)


def files_in(folder) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.django_db
@pytest.mark.parametrize("what", ["version", "stored file", "queryset"])
def test_deleting_removes_the_bytes_and_the_page_images_after_the_commit(committed, private_folder, what):
    with committed():
        version = stored()
    assert len(files_in(private_folder)) == 2
    with committed():
        if what == "version":
            version.delete()
        elif what == "stored file":
            version.stored_file.delete()
        else:
            type(version).objects.filter(pk=version.pk).delete()
        assert len(files_in(private_folder)) == 2
    assert files_in(private_folder) == []


@pytest.mark.django_db(transaction=True)
def test_nothing_is_removed_when_the_transaction_is_rolled_back(private_folder):
    version = stored()
    before = files_in(private_folder)
    with pytest.raises(RuntimeError), transaction.atomic():
        version.stored_file.delete()
        raise RuntimeError
    assert files_in(private_folder) == before
    assert type(version).objects.filter(pk=version.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_bytes_of_a_save_rolled_back_are_found_as_orphans(private_folder):
    around = transaction.atomic()
    around._from_testcase = True  # what comes in must stand before a transaction: this one stands for a crash after it
    with pytest.raises(RuntimeError), around:
        orphan = stored().content.name
        raise RuntimeError
    kept = stored()
    for name in (orphan, kept.content.name):
        removing.remove_orphans(prefix=name.split("/")[1], older_than=NOW)
    assert (private_folder / kept.content.name).exists()
    assert not (private_folder / orphan).exists()


@pytest.mark.django_db
def test_page_images_without_their_file_are_orphans_too(private_folder):
    private_storage().save("pages/ab/ab12/1/1.webp", ContentFile(b"x"))
    assert removing.remove_orphans(prefix="ab", older_than=NOW) == "1 orphaned files deleted under ab"
    assert files_in(private_folder) == []


@pytest.mark.django_db
def test_what_was_written_today_is_spared_for_its_save_may_be_under_way(private_folder):
    private_storage().save("files/ab/ab12", ContentFile(b"x"))
    assert removing.remove_orphans(prefix="ab") == ""
    assert files_in(private_folder) == ["files/ab/ab12"]
