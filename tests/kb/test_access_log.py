"""What the web server notes of a visit: no key of a link, nothing that was typed. The rules are in docs/systemd/nginx.conf."""

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
    *("mark", "file", "version", "page", "number", "code", "name", "section", "rest", "uidb36", "uidb64", "kind", "pk", "mode"),
    *("app_label", "model_name", "app_name", "action", "action_name", "content_type_app_name", "content_type_model_name", "filter_spec"),
    *("revision_id_a", "revision_id_b", "workflow_pk", "page_pk"),
}
WORDS = {"word": "3q2-7wEAAAAB_gD9-dfCiIhFm0Qk1xYz", "uidb36": "2n", "key": "digm2x-b289fd28e68d4ebb8ff0256ac102d2f4"}


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
                plain = re.sub(r"\(\?P(<\w+>)(?:[^()]|\([^()]*\))*\)|<(?:\w+:)?(\w+)>", lambda hit: WORDS[(hit[1] or hit[2]).strip("<>")], address)
                found.append("/" + plain.replace("^", "").replace("$", ""))
    return found


def hides(address: str) -> bool:
    """Whether the rules take this address for one that is a key."""
    pattern = re.search(r'location ~ "([^"]+)" \{\s+access_log [^;]+ cass_link;', CONF)
    return re.search(pattern[1], address) is not None


def test_every_name_in_an_address_is_known_as_a_key_or_as_none():
    found = set().union(*(places_of(address) for address in addresses(get_resolver().url_patterns)))
    unknown = {name for name in found if name not in KEYS | NAMES and not re.search(r"(^|_)id$|^page_to_move_id$", name)}
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
    "address", ["/fr/bibliotheque/PA-2012-147/", "/fr/echos/14/", "/fr/compte/", "/nl/echos/", "/fr/compte/adresse/", "/sitemap.xml"]
)
def test_other_addresses_are_noted(address):
    assert not hides(address)


def test_the_site_itself_keeps_no_log_of_visits():
    assert "--access-log" not in (ROOT / "docs/systemd/cass-web.service").read_text(encoding="utf-8")


def test_a_real_web_server_notes_neither_keys_nor_what_was_typed(tmp_path):
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if nginx is None:
        pytest.skip("nginx is not installed")
    behind = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answer)
    threading.Thread(target=behind.serve_forever, daemon=True).start()
    port, log = _free_port(), tmp_path / "access.log"
    conf = CONF.replace("listen 80;", f"listen 127.0.0.1:{port};").replace("127.0.0.1:8000", f"127.0.0.1:{behind.server_port}")
    conf = conf.replace("/var/log/nginx/access.log", str(log))
    folders = "".join(f"{name}_temp_path {tmp_path}/{name}; " for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    around = f"pid {tmp_path}/pid; error_log {tmp_path}/error.log; daemon off; master_process off; events {{}}"
    whole = f"{around} http {{ {folders} access_log off;\n{conf}\n}}"
    (tmp_path / "nginx.conf").write_text(whole, encoding="utf-8")
    assert subprocess.run([nginx, "-t", "-c", str(tmp_path / "nginx.conf")], capture_output=True, check=False).returncode == 0
    running = subprocess.Popen([nginx, "-c", str(tmp_path / "nginx.conf")], stderr=subprocess.DEVNULL)
    try:
        secret = with_keys("fr") + with_keys("nl")
        for address in (*secret, "/fr/chercher/?q=parole", "/r/PA-2012-147?ticket=billet"):
            _open(f"http://127.0.0.1:{port}{address}")
        behind.shutdown()
        behind.server_close()
        _open(f"http://127.0.0.1:{port}{secret[0]}")  # what is behind does not answer: nginx notes an error
    finally:
        running.terminate()
        running.wait(10)
    noted = log.read_text(encoding="utf-8")
    assert noted.count("(a link)") == len(secret) + 1
    assert '"GET /fr/chercher/"' in noted and '"GET /r/PA-2012-147"' in noted
    everything = noted + (tmp_path / "error.log").read_text(encoding="utf-8")
    for word in (*WORDS.values(), "parole", "billet", "https://ailleurs.example"):
        assert word not in everything or word == "2n"


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
