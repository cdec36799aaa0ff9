"""What the web server notes of a visit: no key of a link, nothing that was typed.

The rules are in docs/systemd/nginx.conf.
"""

from __future__ import annotations

import http.server
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.translation import override

from kb.languages import CODES, PATH_WORDS

ROOT = Path(settings.BASE_DIR)
CONF = (ROOT / "docs/systemd/nginx.conf").read_text(encoding="utf-8")
# What stands in an address: keys, and names of things that a log may hold. A new name is put into one of the two.
KEYS = {"word", "key", "token"}
NAMES = {
    *(
        "mark",
        "file",
        "version",
        "page",
        "number",
        "code",
        "name",
        "section",
        "rest",
        "uidb36",
        "uidb64",
        "kind",
        "pk",
        "side",
        "mode",
        "position",
    ),
    *(
        "app_label",
        "model_name",
        "app_name",
        "action",
        "action_name",
        "content_type_app_name",
        "content_type_model_name",
        "filter_spec",
    ),
    *("revision_id_a", "revision_id_b", "workflow_pk", "page_pk"),
}
WORDS = {
    **dict.fromkeys(("word", "token"), "3q2-7wEAAAAB_gD9-dfCiIhFm0Qk1xYz"),
    "uidb36": "2n",
    "key": "digm2x-b289fd28e68d4ebb8ff0256ac102d2f4",
}


def addresses(patterns, before: str = ""):
    """Every route of the site as it stands in the configuration of addresses: "fr/compte/invitation/<str:word>/"."""
    for one in patterns:
        text = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from addresses(one.url_patterns, text)
        elif isinstance(one, URLPattern):
            yield text


def places_of(address: str) -> set[str]:
    return set(re.findall(r"<(?:\w+:)?(\w+)>", address))


def with_keys(language: str) -> list[str]:
    """Addresses that hold a key, with one in it; the admin's of Wagtail are not mounted or lead away."""
    found = []
    with override(language):
        for address in addresses(get_resolver().url_patterns):
            if places_of(address) & KEYS and not address.startswith("admin/"):
                plain = re.sub(
                    r"\(\?P(<\w+>)(?:[^()]|\([^()]*\))*\)|<(?:\w+:)?(\w+)>",
                    lambda hit: WORDS[(hit[1] or hit[2]).strip("<>")],
                    address,
                )
                found.append("/" + plain.replace("^", "").replace("$", ""))
    return found


def hides(address: str) -> bool:
    """Whether the rules take this address for one that is a key."""
    pattern = re.search(r'location ~ "([^"]+)" \{\s+access_log [^;]+ cass_link;', CONF)
    return re.search(pattern[1], address) is not None


def test_every_name_in_an_address_is_known_as_a_key_or_as_none():
    found = set().union(*(places_of(address) for address in addresses(get_resolver().url_patterns)))
    unknown = {
        name for name in found if name not in KEYS | NAMES and not re.search(r"(^|_)id$|^page_to_move_id$", name)
    }
    assert unknown == set()


@pytest.mark.parametrize("language", CODES)
def test_every_address_that_holds_a_key_is_noted_without_it(language):
    found = with_keys(language)
    assert len(found) >= 6
    assert [address for address in found if not hides(address)] == []


def test_an_address_in_the_words_of_another_language_is_noted_without_its_key_too():
    for address in with_keys("fr"):
        for language in CODES:
            other = address
            for words in PATH_WORDS.values():
                other = re.sub(rf"(?<=/){words['fr']}(?=/)", words[language], other)
            assert hides(other) and hides(other.replace("/fr/", "/nl/", 1)), other


@pytest.mark.parametrize(
    "address",
    [
        "/fr/bibliotheque/PA-2012-147/",
        "/fr/echos/14/",
        "/fr/compte/",
        "/nl/echos/",
        "/fr/compte/adresse/",
        "/sitemap.xml",
    ],
)
def test_other_addresses_are_noted(address):
    assert not hides(address)


def test_the_site_itself_keeps_no_log_of_visits():
    assert "--access-log" not in (ROOT / "docs/systemd/cass-web.service").read_text(encoding="utf-8")


@contextmanager
def web_server(folder: Path, *, told: str = "") -> Iterator[tuple[int, http.server.ThreadingHTTPServer]]:
    """The real one with our rules: its port, and what is behind it. `told`: what else its configuration says."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if nginx is None:
        pytest.skip("nginx is not installed")
    behind = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answer)
    threading.Thread(target=behind.serve_forever, daemon=True).start()
    port = _free_port()
    conf = CONF.replace("listen 80;", f"listen 127.0.0.1:{port};").replace(
        "127.0.0.1:8000", f"127.0.0.1:{behind.server_port}"
    )
    conf = conf.replace("/var/log/nginx/access.log", str(folder / "access.log"))
    folders = "".join(
        f"{name}_temp_path {folder}/{name}; " for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    around = f"pid {folder}/pid; error_log {folder}/error.log; daemon off; master_process off; events {{}}"
    whole = f"{around} http {{ {folders} access_log off; {told}\n{conf}\n}}"
    (folder / "nginx.conf").write_text(whole, encoding="utf-8")
    tried = subprocess.run([nginx, "-t", "-c", str(folder / "nginx.conf")], capture_output=True, check=False, text=True)
    assert tried.returncode == 0, tried.stderr
    running = subprocess.Popen([nginx, "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL)
    try:
        yield port, behind
    finally:
        running.terminate()
        running.wait(10)
        behind.shutdown()
        behind.server_close()


def test_a_real_web_server_notes_neither_keys_nor_what_was_typed(tmp_path):
    with web_server(tmp_path) as (port, behind):
        secret = with_keys("fr") + with_keys("nl")
        for address in (*secret, "/fr/chercher/?q=parole", "/r/PA-2012-147?ticket=billet"):
            _open(f"http://127.0.0.1:{port}{address}")
        behind.shutdown()
        behind.server_close()
        _open(f"http://127.0.0.1:{port}{secret[0]}")  # what is behind does not answer: nginx notes an error
    noted = (tmp_path / "access.log").read_text(encoding="utf-8")
    assert noted.count("(a link)") == len(secret) + 1
    assert '"GET /fr/chercher/"' in noted and '"GET /r/PA-2012-147"' in noted
    everything = noted + (tmp_path / "error.log").read_text(encoding="utf-8")
    for word in (*WORDS.values(), "parole", "billet", "https://ailleurs.example"):
        assert word not in everything or word == "2n"


ADD = "/fr/bibliotheque/ajouter/"
SESSION, TOKEN = "Cookie: a=b; __Host-session=x\r\n", "Cookie: __Host-csrf=x\r\n"
HEAVY, CHUNKED = "Content-Length: 200000000\r\n", "Transfer-Encoding: chunked\r\n"
BEGUN = {
    "a heavy form of nobody": (ADD, "", HEAVY, "403"),
    "one of nobody that does not say its weight": (ADD, "", CHUNKED, "403"),
    "a heavy one in the admin": ("/admin/images/add/", "", HEAVY, "403"),
    "a long one in the admin": ("/admin/pages/", "", "Content-Length: 9000000\r\n", "403"),
    "a word that only looks like the cookie": (ADD, "Cookie: x__Host-session=x\r\n", HEAVY, "403"),
    "a session": (ADD, SESSION, HEAVY, ""),
    "a form whose session has ended": (ADD, TOKEN, HEAVY, ""),
    "a session that does not say the weight": (ADD, SESSION, CHUNKED, ""),
    "a heavy form elsewhere": ("/fr/chercher/", SESSION, HEAVY, "413"),
    "a small one of nobody": (ADD, "", "Content-Length: 2\r\n", ""),
}


def test_a_real_web_server_writes_no_heavy_body_of_nobody_and_few_at_once(tmp_path):
    with web_server(tmp_path) as (port, _behind):
        _open(f"http://127.0.0.1:{port}/fr/")
        answers = {name: _begun(port, *asked)[0] for name, (*asked, _expected) in BEGUN.items()}
        some = [_begun(port, ADD, SESSION, HEAVY) for _one in range(5)]
        reading = urllib.request.urlopen(f"http://127.0.0.1:{port}{ADD}", timeout=10).status
        for _answer, connection in some:
            connection.close()

    assert answers == {name: expected for name, (*_asked, expected) in BEGUN.items()}
    assert [answer for answer, _connection in some] == ["", "", "", "", "429"]
    assert reading == 200


@pytest.mark.parametrize(
    ("addresses_of_senders", "taken"),
    [
        ([f"2001:db8:7:1:{one:x}::{one:x}" for one in range(1, 8)], 4),
        ([f"2001:db8:7:{one:x}::1" for one in range(1, 12)], 8),
        ([f"192.0.2.{one}" for one in range(1, 12)], 8),
        ([f"198.51.{one}.7" for one in range(1, 24)], 20),
    ],
    ids=["addresses of a household", "households of a network", "addresses of a network", "networks"],
)
def test_no_network_takes_all_the_places_where_documents_are_sent(tmp_path, addresses_of_senders, taken):
    behind_itself = "set_real_ip_from 127.0.0.1; real_ip_header X-Sender;"
    with web_server(tmp_path, told=behind_itself) as (port, _behind):
        _open(f"http://127.0.0.1:{port}/fr/")
        begun = [_begun(port, ADD, f"{SESSION}X-Sender: {one}\r\n", HEAVY) for one in addresses_of_senders]
        for _answer, connection in begun:
            connection.close()
    assert [answer for answer, _connection in begun] == [""] * taken + ["429"] * (len(begun) - taken)


def test_the_web_server_knows_the_cookies_by_their_names():
    production = (ROOT / "kb/settings/production.py").read_text(encoding="utf-8")
    names = re.search(r'"~\(\^\|; \?\)__Host-\((\w+)\|(\w+)\)=', CONF).groups()
    assert f'SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-{names[0]}", "__Host-{names[1]}"' in production


def _begun(port: int, address: str, cookie: str, weight: str) -> tuple[str, socket.socket]:
    """The answer's number to a form of which only the beginning is sent, "" while the rest is waited for;
    and its connection.
    """
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.sendall(f"POST {address} HTTP/1.1\r\nHost: cass.example\r\n{cookie}{weight}\r\n".encode())
    connection.settimeout(0.4)
    try:
        return connection.recv(100).decode()[9:12], connection
    except TimeoutError:
        return "", connection


class _Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *ignored) -> None:
        pass


def _open(address: str) -> None:
    """Asks until the server is up; what it answers does not matter."""
    request = urllib.request.Request(address, headers={"Referer": "https://ailleurs.example/"})
    for _try in range(200):
        try:
            urllib.request.urlopen(request, timeout=10).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"{address} was not answered")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
