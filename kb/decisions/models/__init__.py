"""Decisions, their seats and votes, and what they are about."""

from kb.decisions.models.amendments import Amendment
from kb.decisions.models.decisions import Decision, DecisionCounter, DecisionQuerySet, Seat
from kb.decisions.models.manifests import Manifest, ManifestRow
from kb.decisions.models.votes import Ballot, Link, Vote

__all__ = [
    "Amendment",
    "Ballot",
    "Decision",
    "DecisionCounter",
    "DecisionQuerySet",
    "Link",
    "Manifest",
    "ManifestRow",
    "Seat",
    "Vote",
]
