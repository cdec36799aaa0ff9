import logging
import sys
import time

import pytest

from kb.site.logbook import WithoutPeople


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("Mail to %s failed", "Mail to <address> failed"),
        (
            "Not Found: /fr/compte/mot-de-passe/oublie/1-digm2x-b289fd28e68d4ebb8ff0256ac102d2f4/",
            "Not Found: /fr/compte/mot-de-passe/oublie/<link>/",
        ),
        ("Gone: /fr/compte/invitation/3q2-7wEAAAAB_gD9-dfCiIhFm0Qk1xYz/", "Gone: /fr/compte/invitation/<link>/"),
        (
            "Gone: /nl/account/adres/bevestigen/MTI:1vQxYz:p0bH5d0Zr8O-4s7JcVq1mWkLxN2yTtE3uGfA9iBhDo/",
            "Gone: /nl/account/adres/bevestigen/<link>/",
        ),
        (
            "Gone: /fr/echos/desabonnement/3q2-7wEAAAAB_gD9-dfCiI:p0bH5d0Zr8O-4s7JcVq1mWkLxN2yTtE3uGfA9iBhDo1/",
            "Gone: /fr/echos/desabonnement/<link>/",
        ),
        ("Not Found: /fr/bibliotheque/pa-2012-147/lire/1.1/", "Not Found: /fr/bibliotheque/pa-2012-147/lire/1.1/"),
        ("from 192.0.2.17 and 2001:db8:0:1:1:1:1:1", "from <ip> and <ip>"),
        ("from 2001:db8::1, fe80::1%eth0, ::1 and [2001:DB8::a:1]:8000", "from <ip>, <ip>, <ip> and [<ip>]:8000"),
        ("from ::ffff:10.0.0.1 and 64:ff9b::192.0.2.1: refused", "from <ip> and <ip>: refused"),
        ("at 19:41:00,123 the slice of 12 [::-1]", "at 19:41:00,123 the slice of 12 [::-1]"),
        (
            'Mail to <"prenom nom"@service.example> and "a\\"b"@service.example failed',
            "Mail to <<address>> and <address> failed",
        ),
        (
            "Mail to o'brien@service.example, jean%40service.example and jean@[192.0.2.1]",
            "Mail to <address>, <address> and <address>",
        ),
        ("bounce=prenom=service.example@lists.example", "<address>"),
        (f"ticket='MQ:1xXj00:{'-_a' * 14}b', file='.eJw:1xXj00:{'b' * 43}'", "ticket='<link>', file='<link>'"),
        ("GET /fr/chercher/?q=logement", "GET /fr/chercher/?…"),
        ("Read PA 2012/147 in 3.5 s", "Read PA 2012/147 in 3.5 s"),
    ],
)
def test_a_line_of_the_log_names_nobody_and_opens_nothing(line, kept):
    arguments = ("prenom.nom@service.example",) if "%s" in line else ()
    record = logging.LogRecord("django", logging.WARNING, __file__, 1, line, arguments, None)
    WithoutPeople().filter(record)
    assert record.getMessage() == kept


@pytest.mark.parametrize("piece", ["a", "a@[", '"', '\\"', ":", "a:", "a@", "a.b@", "x:yyyyyy:", "1.", "ab-"])
def test_a_long_line_costs_no_more_than_its_length(piece):
    """What stands in a line may be a stranger's: twenty thousand signs, in a time that their square would not take."""
    line = piece * (20_000 // len(piece))
    began = time.process_time()
    WithoutPeople().filter(logging.LogRecord("django", logging.WARNING, __file__, 1, line.replace("%", ""), (), None))
    assert time.process_time() - began < 0.5


def test_the_trace_of_an_error_names_nobody_either():
    """What a transport says of its refusal holds the address."""
    whom = "prenom.nom@service.example"
    try:
        raise ValueError(f"Sending to <{whom}> failed: no such mailbox")
    except ValueError:
        record = logging.LogRecord(
            "kb", logging.WARNING, __file__, 1, "Delivery 3 could not be handed over", (), sys.exc_info()
        )
    WithoutPeople().filter(record)
    said = logging.Formatter("{levelname} {message}", style="{").format(record)
    assert (
        "Sending to <<address>> failed: no such mailbox" in said and "test_logbook.py" in said and "prenom" not in said
    )


def test_a_request_that_was_refused_leaves_one_line():
    try:
        raise ValueError("Request body exceeded the limit")
    except ValueError as error:
        record = logging.LogRecord(
            "django.security.RequestDataTooBig", logging.ERROR, __file__, 1, str(error), (), sys.exc_info()
        )
    WithoutPeople().filter(record)
    assert logging.Formatter("{message}", style="{").format(record) == "Request body exceeded the limit"
