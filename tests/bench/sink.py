"""A mail server in a process of its own: takes everything,
and says how many messages it took when its input is closed.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Served:
    """port while it runs; taken once it has ended."""

    port: int
    taken: int = 0


@contextmanager
def served() -> Iterator[Served]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.sink"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        server = Served(int(process.stdout.readline()))
        try:
            yield server
        finally:
            process.stdin.close()
            server.taken = int(process.stdout.readline() or 0)


def main() -> None:
    from aiosmtpd.controller import Controller

    from tests.kb.clock.sinks import free_port

    class Counting:
        taken = 0

        async def handle_DATA(self, server, session, envelope) -> str:
            self.taken += 1
            return "250 taken"

    handler = Counting()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    print(controller.port, flush=True)
    sys.stdin.read()
    controller.stop()
    print(handler.taken, flush=True)


if __name__ == "__main__":
    main()
