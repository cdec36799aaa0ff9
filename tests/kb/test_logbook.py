import logging
import sys

import pytest

from kb.logbook import WithoutPeople


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("Mail to %s failed", "Mail to <address> failed"),
        ("Not Found: /fr/compte/mot-de-passe/oublie/1-digm2x-b289fd28e68d4ebb8ff0256ac102d2f4/", "Not Found: /fr/compte/mot-de-passe/oublie/<link>/"),
        ("Gone: /fr/compte/invitation/3q2-7wEAAAAB_gD9-dfCiIhFm0Qk1xYz/", "Gone: /fr/compte/invitation/<link>/"),
        ("Gone: /nl/account/adres/bevestigen/MTI:1vQxYz:p0bH5d0Zr8O-4s7JcVq1mWkLxN2yTtE3uGfA9iBhDo/", "Gone: /nl/account/adres/bevestigen/<link>/"),
        (
            "Gone: /fr/echos/desabonnement/3q2-7wEAAAAB_gD9-dfCiI:p0bH5d0Zr8O-4s7JcVq1mWkLxN2yTtE3uGfA9iBhDo1/",
            "Gone: /fr/echos/desabonnement/<link>/",
        ),
        ("Not Found: /fr/bibliotheque/pa-2012-147/lire/1.1/", "Not Found: /fr/bibliotheque/pa-2012-147/lire/1.1/"),
        ("from 192.0.2.17 and 2001:db8:0:1:1:1:1:1", "from <ip> and <ip>"),
        ("GET /fr/chercher/?q=logement", "GET /fr/chercher/?…"),
        ("Read PA 2012/147 in 3.5 s", "Read PA 2012/147 in 3.5 s"),
    ],
)
def test_a_line_of_the_log_names_nobody_and_opens_nothing(line, kept):
    arguments = ("prenom.nom@service.example",) if "%s" in line else ()
    record = logging.LogRecord("django", logging.WARNING, __file__, 1, line, arguments, None)
    WithoutPeople().filter(record)
    assert record.getMessage() == kept


def test_the_trace_of_an_error_names_nobody_either():
    """What a transport says of its refusal holds the address."""
    whom = "prenom.nom@service.example"
    try:
        raise ValueError(f"Sending to <{whom}> failed: no such mailbox")
    except ValueError:
        record = logging.LogRecord("kb", logging.WARNING, __file__, 1, "Delivery 3 could not be handed over", (), sys.exc_info())
    WithoutPeople().filter(record)
    said = logging.Formatter("{levelname} {message}", style="{").format(record)
    assert "Sending to <<address>> failed: no such mailbox" in said and "test_logbook.py" in said and "prenom" not in said
