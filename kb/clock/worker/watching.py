"""Telling systemd that this process is alive (sd_notify): one that stays silent for `WatchdogSec` is ended and started
again.

Said by the thread that beats, so that whatever keeps the interpreter's lock silences it. What the silent worker had in
hand is taken up by `recovering`.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress

ALIVE = b"WATCHDOG=1"


def tell_supervisor(what: bytes = ALIVE) -> None:
    """Sends this to the socket that NOTIFY_SOCKET names ("@" begins an abstract one); nothing where nobody listens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as telling, suppress(OSError):
        telling.setblocking(False)
        telling.sendto(what, f"\0{address[1:]}" if address.startswith("@") else address)
