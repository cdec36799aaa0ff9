"""The site on this database, served by gunicorn on loopback as in production, and a client that asks it for pages."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

START_SECONDS = 120.0


class ServerFailed(Exception):
    """The server did not start, or answered with something else than a page."""


class Site:
    """One connection, kept open between pages as a browser does."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def page(self, address: str) -> bytes:
        """The body. Raises ServerFailed when the answer is not 200."""
        self._connection.request("GET", address, headers={"Accept": "text/html"})
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise ServerFailed(f"{address} answered {answer.status}.")
        return body


@contextmanager
def served(port: int = 0) -> Iterator[Site]:
    """The site while the block runs; the server is ended by its process. port 0: any free one. Raises ServerFailed."""
    port = port or _free_port()
    log = Path(settings.VAR_DIR) / "server.log"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"]}
    command = [sys.executable, "-m", "gunicorn", "kb.wsgi:application", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", "1", "--threads", "4", "--keep-alive", "75"]
    with log.open("wb") as said:
        server = subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, stdout=said, stderr=said)
        try:
            _wait(server, port, log)
            yield Site(port)
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < until:
        try:
            Site(port).page("/fr/")
        except OSError:
            time.sleep(0.3)
        else:
            return
    raise ServerFailed(f"gunicorn did not serve the site; its last words are in {log}.")
