import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation

from kb.files.intake.forms import UploadField


class UploadForm(forms.Form):
    file = UploadField()


def errors(upload) -> list[str]:
    return UploadForm(files={"file": upload} if upload else {}).errors.get("file", [])


def test_a_file_within_the_limit_is_taken():
    assert errors(SimpleUploadedFile("a.pdf", b"%PDF-1.4")) == []


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
def test_a_file_over_the_limit_is_refused_with_its_weight_and_the_limit(settings, language):
    settings.FILES_MAX_BYTES = 1024
    with translation.override(language):
        (error,) = errors(SimpleUploadedFile("a.pdf", b"x" * 2048))
    assert "2,0" in error or "2.0" in error
    assert "1,0" in error or "1.0" in error


def test_no_file_and_an_empty_file_are_told_apart():
    with translation.override("en"):
        assert errors(None) == ["Choose a file."]
        assert errors(SimpleUploadedFile("a.pdf", b"")) == [
            "This file is empty. Choose it again, or choose another copy."
        ]


def test_the_help_says_the_limit_of_the_moment(settings):
    settings.FILES_MAX_BYTES = 7 * 1024 * 1024
    with translation.override("en"):
        assert "At most 7 MB." in str(UploadForm()["file"].help_text)
