"""Production: everything comes from the environment; what is missing stops the start with a sentence. The README lists the same variables.

| variable | default | what |
|---|---|---|
| CASS_SECRET_KEY | (needed) | 50 signs or more, known to nobody |
| CASS_ALLOWED_HOSTS | (needed) | names the site answers to, with commas |
| CASS_URL | (needed) | its address as people type it, https://… |
| CASS_VAR | var/ in the project | folder of database, files and index |
| DATABASE_URL | SQLite in CASS_VAR | postgres://user:password@host/name |
| CASS_CACHE_URL | dbcache://cache?max_entries=200000 | shared by all web processes, counts attempts: a table that migrate makes, or redis://host |
| CASS_EMAIL_URL | smtp://localhost:25 | smtp://, smtp+tls://user:password@host:587, smtp+ssl:// |
| CASS_MAIL_TRANSPORT | (SMTP) | a mail service by its API: a backend of django-anymail, anymail.backends.mailjet.EmailBackend |
| CASS_ANYMAIL | {} | its settings as JSON: {"MAILJET_API_KEY": "…", "MAILJET_SECRET_KEY": "…", "WEBHOOK_SECRET": "name:password"} |
| CASS_EMAIL_FROM | CASS <noreply@ first host> | sender of every message |
| CASS_NEWSLETTER_FROM | (CASS_EMAIL_FROM) | sender of L'Échos-CASS |
| CASS_NEWSLETTER_REPLY_TO | (its sender) | where answers to L'Échos-CASS go: a mailbox that a person reads |
| CASS_NEWSLETTER_BOUNCES | (its sender) | envelope sender, to which undelivered messages come back: bounces@host |
| CASS_NEWSLETTER_MAILBOX | (none) | mailbox they are read from: imap+ssl://user:password@host/INBOX, or a maildir's or mbox's path |
| CASS_ARTICLES_NEED_AGREEMENT | True | an article of one of our groups is public only with the Steering Committee's agreement |
| CASS_NEWSLETTER_RATE | 600 | messages of L'Échos-CASS a minute; 0: as fast as the server takes them |
| CASS_NEWSLETTER_APPROVAL | workflow | who agrees to an issue: workflow, the editors; committee, the Steering Committee |
| CASS_NEWSLETTER_ADDRESS_KEY | (CASS_SECRET_KEY) | key of the hashes of erased addresses; changing it forgets them |
| CASS_ERRORS_TO | (nobody) | addresses told of errors, with commas |
| CASS_S3_BUCKET | (files in CASS_VAR) | a private bucket for files and images |
| CASS_S3_ENDPOINT, CASS_S3_REGION | (AWS's own) | another S3-compatible store |
| CASS_S3_KEY, CASS_S3_SECRET | (the machine's own role) | its credentials |
| CASS_PROXIES | 1 | reverse proxies in front, that set X-Forwarded-For and X-Forwarded-Proto; 0: none |
| CASS_HSTS_SECONDS | 31536000 | how long browsers insist on https |
| CASS_INVITATION_DAYS | 14 | how many days the link of an invitation works |
| CASS_FILES_MAX_MB | 100 | largest file taken |
| CASS_PERSON_MAX_MB | 2000 | what one person gave and nobody accepted yet weighs at most that |
| CASS_DISK_FREE_MB | 500 | /health fails, no document is taken and nothing indexed when less is free where CASS_VAR is |
| CASS_FILES_CONFINED | yes | `no`: files are read also where the kernel cannot shut in the process that reads them (Landlock, seccomp) |
| CASS_FILES_LOST_AFTER_S | 60 | seconds after which a file that is unread, and in no queue, is put back in it |
| CASS_CLOCK_EVERY_S | 60 | seconds between two rounds of the clock |
| CASS_CLOCK_LEASE_S | 60 | seconds a clock that fell silent keeps others from its place |
| CASS_CLOCK_WORKER_BEAT_S | 5 | seconds between two signs of life of a worker |
| CASS_CLOCK_WORKER_DEAD_S | 60 | seconds of silence after which the work of a worker is given to another |
| CASS_CLOCK_TASKS_KEPT_DAYS | 14 | how long finished tasks are kept |
| CASS_LOG_LEVEL | INFO | DEBUG, INFO, WARNING, ERROR |
| CASS_DEBUG | true | only for `make run` (kb/settings/dev.py); production never shows its insides |
"""  # noqa: E501

from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from kb.settings.base import *
from kb.settings.base import CACHES, INSTALLED_APPS, STORAGES, env


def _needed(name: str) -> str:
    value = env(name, default="")
    if not value:
        raise ImproperlyConfigured(f"Set {name} in the environment; the README says to what.")
    return value


DEBUG = False
SECRET_KEY = _needed("CASS_SECRET_KEY")
ALLOWED_HOSTS = [host.strip() for host in _needed("CASS_ALLOWED_HOSTS").split(",") if host.strip()]
ALLOWED_HOSTS += ["127.0.0.1", "localhost"]  # whatever watches the site from the machine itself: /health
WAGTAILADMIN_BASE_URL = _needed("CASS_URL").rstrip("/")
CSRF_TRUSTED_ORIGINS = ["{0.scheme}://{0.netloc}".format(urlsplit(WAGTAILADMIN_BASE_URL))]

CACHES = {**CACHES, "default": env.cache_url("CASS_CACHE_URL", default="dbcache://cache?max_entries=200000")}

_mail = env.email_url("CASS_EMAIL_URL", default="smtp://localhost:25")
EMAIL_BACKEND = "kb.clock.mail.posting.Backend"
MAIL_TRANSPORT, EMAIL_HOST, EMAIL_PORT = _mail["EMAIL_BACKEND"], _mail["EMAIL_HOST"], _mail["EMAIL_PORT"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_USER"] or "", _mail["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.get("EMAIL_USE_TLS", False), _mail.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 20
MAIL_TRANSPORT = env("CASS_MAIL_TRANSPORT", default=MAIL_TRANSPORT)
ANYMAIL = {"IGNORE_UNSUPPORTED_FEATURES": True, **env.json("CASS_ANYMAIL", default={})}
if MAIL_TRANSPORT.startswith("anymail."):
    INSTALLED_APPS = [*INSTALLED_APPS, "anymail"]
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env("CASS_EMAIL_FROM", default=f"CASS <noreply@{ALLOWED_HOSTS[0].lstrip('.')}>")
ADMINS = [("CASS", address.strip()) for address in env("CASS_ERRORS_TO", default="").split(",") if address.strip()]

STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}}
if env("CASS_S3_BUCKET", default=""):
    _s3 = {
        "bucket_name": env("CASS_S3_BUCKET"),
        "endpoint_url": env("CASS_S3_ENDPOINT", default=None),
        "region_name": env("CASS_S3_REGION", default=None),
        "access_key": env("CASS_S3_KEY", default=None),
        "secret_key": env("CASS_S3_SECRET", default=None),
        "default_acl": "private",
        "file_overwrite": False,
    }
    STORAGES["default"] = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": {**_s3, "location": "media"}}
    STORAGES["private"] = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": {**_s3, "location": "private"}}

_proxies = env.int("CASS_PROXIES", default=1)
if _proxies:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    ALLAUTH_TRUSTED_PROXY_COUNT = _proxies
SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^health/?$"]
SECURE_HSTS_SECONDS = env.int("CASS_HSTS_SECONDS", default=31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
# Preloading binds a whole domain for years: for the owner of the domain to ask for, not for one site on it.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
DEVICE_COOKIE_NAME, CHALLENGE_COOKIE_NAME = "__Host-device", "__Host-challenge"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https"
FILES_CONFINED = env.bool("CASS_FILES_CONFINED", default=True)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "without_people": {"()": "kb.site.logbook.WithoutPeople"},
        "production": {"()": "django.utils.log.RequireDebugFalse"},
    },
    "formatters": {"line": {"format": "{levelname} {name}: {message}", "style": "{"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["without_people"]},
        "mail": {
            "class": "django.utils.log.AdminEmailHandler",
            "level": "ERROR",
            "filters": ["production", "without_people"],
            "reporter_class": "kb.site.logbook.Reporter",
        },
    },
    "root": {"handlers": ["console"], "level": env("CASS_LOG_LEVEL", default="INFO")},
    "loggers": {
        "kb.security": {"level": "INFO"},  # who came in and who did not: kept whatever CASS_LOG_LEVEL says
        "django": {"handlers": ["console", "mail"] if ADMINS else ["console"], "level": "INFO", "propagate": False},
    },
}
