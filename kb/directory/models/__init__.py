"""Organisations, their services and places, who belongs to the Coordination Sociale, who works where.

Organisation ──► Service ──► Place ──► OpeningHours, Closure
     └────────────────────────┘         a place belongs to the whole organisation, or to one of its services
"""

from kb.directory.models.organisations import Membership, Organisation, Service, runs_on
from kb.directory.models.people import Employment
from kb.directory.models.places import Closure, OpeningHours, Place

__all__ = [
    "Closure",
    "Employment",
    "Membership",
    "OpeningHours",
    "Organisation",
    "Place",
    "Service",
    "runs_on",
]
