"""References, who made them, and their files.

How they reach the search is in `hits.entries`, how they are put in is in `catalogue.adding`.
"""

from kb.library.models.authorities import Authority, OtherName
from kb.library.models.contributions import Contribution, ContributionStep, LineToVerify, Resemblance
from kb.library.models.files import FileCounter, ReferenceFile, TakenVersion
from kb.library.models.holdings import Holding
from kb.library.models.imports import ImportedDocument
from kb.library.models.marks import MarkCounter
from kb.library.models.references import Creator, Reference, ReferenceKeyword, open_versions

__all__ = [
    "Authority",
    "Contribution",
    "ContributionStep",
    "Creator",
    "FileCounter",
    "Holding",
    "ImportedDocument",
    "LineToVerify",
    "MarkCounter",
    "OtherName",
    "Reference",
    "ReferenceFile",
    "ReferenceKeyword",
    "Resemblance",
    "TakenVersion",
    "open_versions",
]
