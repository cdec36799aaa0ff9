"""The personal data outside the database: what the log of the web server and the backups hold of people,
and for how long.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from kb.accounts.personal_data.registry import PEOPLE, SECURITY, Basis, PersonalData, register_personal


def register_all() -> None:
    register_personal(
        PersonalData(
            name="home.server_log",
            label=_("The log of the web server"),
            what=_("Network address, page asked for and time, as every web server notes them"),
            people=_("Whoever visits the site"),
            purpose=_("Finding breakdowns and attacks"),
            basis=Basis.LEGAL_OBLIGATION,
            basis_words=SECURITY,
            kept_words=_("14 days"),
            seen_by=_("Whoever runs the machine"),
            order=295,
        )
    )
    register_personal(
        PersonalData(
            name="home.site_log",
            label=_("The log of the site"),
            what=_(
                "That an account logged in or failed to, got or lost a second factor or rights, or was "
                "closed: the number of the account, "
                "and a fingerprint of the network or of the address that was typed"
            ),
            people=PEOPLE,
            purpose=_("Finding breakdowns and attacks"),
            basis=Basis.LEGAL_OBLIGATION,
            basis_words=SECURITY,
            kept_words=_("90 days"),
            seen_by=_("Whoever runs the machine"),
            after_erasure=_("The number, until the line is 90 days old"),
            order=296,
        )
    )
    register_personal(
        PersonalData(
            name="home.backups",
            label=_("Backups"),
            what=_("A copy of all of the above, and of the files"),
            people=PEOPLE,
            purpose=_("Putting the site back after a breakdown"),
            basis=Basis.LEGAL_OBLIGATION,
            basis_words=SECURITY,
            kept_words=_("30 days; who was erased meanwhile is erased again when a backup is put back"),
            seen_by=_("Whoever runs the machine"),
            after_erasure=_("What was copied before the erasure, until that backup is 30 days old"),
            order=300,
        )
    )
