"""Production settings, tried in a process of their own with nothing but the environment."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NEEDED = {
    "CASS_SECRET_KEY": "k9!" + "abcdefghijklmnopqrstuvwxyz0123456789" * 2,
    "CASS_ALLOWED_HOSTS": "cass.example",
    "CASS_URL": "https://cass.example",
}


READ = """
from django.conf import settings as s
print(s.DATABASES['default']['ENGINE'], s.CACHES['default']['BACKEND'], s.EMAIL_HOST, s.EMAIL_USE_TLS)
print(s.EMAIL_BACKEND, s.MAIL_TRANSPORT)
print(s.STORAGES['private']['OPTIONS']['bucket_name'], s.ALLAUTH_TRUSTED_PROXY_COUNT, s.SECURE_HSTS_SECONDS, s.CSRF_TRUSTED_ORIGINS[0])
"""  # noqa: E501


def _python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    values = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "kb.settings.production",
        "PYTHONWARNINGS": "ignore",
        **environment,
    }
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=values, capture_output=True, text=True, timeout=300, check=False
    )


def test_check_deploy_has_nothing_to_say(tmp_path):
    told = _python("manage.py", "check", "--deploy", "--fail-level", "WARNING", CASS_VAR=str(tmp_path), **NEEDED)
    assert told.returncode == 0, told.stderr
    assert "0 silenced" in told.stdout or "1 silenced" in told.stdout


@pytest.mark.parametrize("missing", sorted(NEEDED))
def test_a_missing_variable_is_named_in_a_sentence(tmp_path, missing):
    told = _python("manage.py", "diffsettings", CASS_VAR=str(tmp_path), **{**NEEDED, missing: ""})
    assert told.returncode != 0
    assert f"Set {missing} in the environment" in told.stderr


def test_every_variable_reaches_its_setting(tmp_path):
    # Read without starting the site, which would ask for the driver of PostgreSQL.
    told = _python(
        "-c",
        READ,
        CASS_VAR=str(tmp_path),
        DATABASE_URL="postgres://cass:secret@db/cass",
        CASS_CACHE_URL="dbcache://cache",
        CASS_EMAIL_URL="smtp+tls://cass:secret@mail.example:587",
        CASS_S3_BUCKET="farde",
        CASS_PROXIES="2",
        CASS_HSTS_SECONDS="60",
        **NEEDED,
    )
    assert told.stdout.splitlines() == [
        "django.db.backends.postgresql django.core.cache.backends.db.DatabaseCache mail.example True",
        "kb.clock.mail.posting.Backend django.core.mail.backends.smtp.EmailBackend",
        "farde 2 60 https://cass.example",
    ], told.stderr


ASK = """
import django; django.setup()
from django.test import Client
own = Client().get("/health", headers={"host": "127.0.0.1:8000"})
passed_on = Client().get("/health", headers={"host": "localhost", "x-forwarded-for": "192.0.2.1", "x-forwarded-proto": "https"})
stranger = Client().get("/health", headers={"host": "elsewhere.example"})
for answer in (own, passed_on):
    print(answer.status_code, answer.json()["database"], "detail" in answer.json())
print(stranger.status_code)
"""  # noqa: E501


def test_the_machine_itself_may_ask_how_the_site_is_and_a_proxy_may_not_in_its_name(tmp_path):
    told = _python("-c", ASK, CASS_VAR=str(tmp_path), **NEEDED)
    # No table, worker or index yet: not well, but asked and answered.
    assert told.stdout.splitlines() == ["503 ok True", "503 ok False", "400"], told.stderr


TRY = """
import sys
import django; django.setup()
from django.core.cache import cache
from django.core.management.sql import emit_pre_migrate_signal
from django.test import RequestFactory
from allauth.core.ratelimit import consume
if sys.argv[1] == "first":
    emit_pre_migrate_signal(0, False, "default")  # what every migrate begins with
request = RequestFactory().post("/", REMOTE_ADDR="192.0.2.1")
print(sum(bool(consume(request, action="log_in_device", key="membre@cass.example")) for attempt in range(4)))
"""


def test_attempts_counted_by_one_web_process_count_in_the_others_without_anything_to_set_up(tmp_path):
    told = [_python("-c", TRY, which, CASS_VAR=str(tmp_path), **NEEDED) for which in ("first", "second", "third")]
    assert [each.stdout.strip() for each in told] == ["4", "1", "0"], told[0].stderr


def test_mail_leaves_by_the_api_of_a_service_where_the_environment_says_so(tmp_path):
    told = _python(
        "-c",
        (
            "from django.conf import settings as s; print(s.MAIL_TRANSPORT, s.EMAIL_BACKEND, "
            "s.ANYMAIL['MAILJET_API_KEY'], s.INSTALLED_APPS[-1])"
        ),
        CASS_VAR=str(tmp_path),
        CASS_MAIL_TRANSPORT="anymail.backends.mailjet.EmailBackend",
        CASS_ANYMAIL='{"MAILJET_API_KEY": "abc"}',
        **NEEDED,
    )
    assert told.stdout.split() == [
        "anymail.backends.mailjet.EmailBackend",
        "kb.clock.mail.posting.Backend",
        "abc",
        "anymail",
    ], told.stderr


BREAK = """
import django
from django.conf import settings
settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # nothing was collected here
django.setup()
from django.test import Client
from django.urls import path
import kb.urls

def breaks(request, word):
    typed = request.POST["title"]
    try:
        int(typed)
    except ValueError as error:
        raise RuntimeError(f"not {typed}") from error

kb.urls.urlpatterns.insert(0, path("breaks/<str:word>/", breaks))
client = Client(raise_request_exception=False)
client.cookies["__Host-session"], client.cookies["__Host-csrf"] = "seancesecrete", "jetoncsrf"
answer = client.post(
    "/breaks/3q2-7wEAAAAB_gD9-dfCiIhFm0Qk1xYz/?ticket=billetsecret&q=cherche",
    {"title": "Dossier Vandenbulcke", "email": "prenom.nom@service.example"},
    headers={"host": "cass.example", "x-forwarded-proto": "https", "x-forwarded-for": "198.51.100.7", "user-agent": "Navigateur"},
)
print("answered", answer.status_code)
"""  # noqa: E501


def test_the_mail_about_an_error_says_where_it_broke_and_nothing_that_came_with_the_request(tmp_path):
    console = {
        "CASS_MAIL_TRANSPORT": "django.core.mail.backends.console.EmailBackend",
        "CASS_ERRORS_TO": "machine@cass.example",
    }
    told = _python("-c", BREAK, CASS_VAR=str(tmp_path), **console, **NEEDED)
    mail = told.stdout
    assert "answered 500" in mail, told.stderr
    assert "Subject: [Django] ERROR (EXTERNAL IP): Internal Server Error: /breaks/<link>/" in mail
    for words in ("POST /breaks/<link>/", "builtins.RuntimeError", "builtins.ValueError", " breaks: "):
        assert words in mail, mail
    for word in (
        "Vandenbulcke",
        "billetsecret",
        "cherche",
        "prenom.nom",
        "198.51.100.7",
        "jetoncsrf",
        "seancesecrete",
        "3q2-7w",
        "Navigateur",
    ):
        assert word not in mail, word
    assert "Vandenbulcke" in told.stderr  # the log on the machine, for whoever mends it
