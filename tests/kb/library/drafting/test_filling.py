"""What is drafted is written where nobody has written, and again when there is another text."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from kb.files.models import FileVersion
from kb.library.choices import ReferenceState
from kb.library.cataloguing import add_file
from kb.library.drafting import draft, fill
from kb.library.drafting.filling import enqueue_lost
from kb.library.models import Contribution, Creator
from tests.kb.files.builders import pdf, upload
from tests.kb.library import builders as make

pytestmark = pytest.mark.django_db

PAGES = {
    "fr": (
        "Dossier sur le logement à Schaerbeek\nAuteur : Groupe de travail Logement\nmai 2011",
        "La garantie locative protège le bailleur et le locataire.",
    ),
    "nl": (
        "Dossier over wonen in Schaarbeek\nAuteur: Werkgroep Huisvesting\nmei 2011",
        "De huurwaarborg beschermt de verhuurder en de huurder in de gemeente.",
    ),
    "en": (
        "Report on housing in Schaerbeek\nAuthor: Housing Working Group\nMay 2011",
        "The rental deposit protects the landlord and the tenant in this town.",
    ),
}


def contribution(title: str = "", *, state: str = ReferenceState.DRAFT, **values) -> Contribution:
    return Contribution.objects.create(reference=make.reference(title, state=state, **values))


def with_file(language: str = "fr", **values) -> Contribution:
    made = contribution(**values)
    make.file(made.reference, *PAGES[language], language=language, name="document.pdf")
    return made


@pytest.mark.parametrize(
    ("language", "title", "creator"),
    [
        ("fr", "Dossier sur le logement à Schaerbeek", "Groupe de travail Logement"),
        ("nl", "Dossier over wonen in Schaarbeek", "Werkgroep Huisvesting"),
        ("en", "Report on housing in Schaerbeek", "Housing Working Group"),
    ],
)
def test_what_a_file_says_is_written_with_where_it_was_read(language, title, creator):
    made = fill(with_file(language))
    made.reference.refresh_from_db()
    assert (made.reference.title, made.reference.language, made.reference.date_text, made.reference.type) == (title, language, "2011-05", "report")
    assert [one.name for one in made.reference.creators.all()] == [creator]
    assert made.drafted["title"] == {"value": title, "where": "page", "page": 1}
    assert made.drafted_from == FileVersion.objects.get().pk
