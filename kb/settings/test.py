"""Tests: SQLite in a file, files and index in a temporary folder, tasks run in place, mail kept in memory."""

import tempfile
from pathlib import Path

from kb.settings.base import *
from kb.settings.base import STORAGES

DEBUG = False
SECRET_KEY = "tests-only"
ALLOWED_HOSTS = ["*"]
_TEMPORARY = Path(tempfile.mkdtemp(prefix="cass-test-"))
VAR_DIR = _TEMPORARY
MEDIA_ROOT = _TEMPORARY / "media"
STATIC_ROOT = _TEMPORARY / "static"
STATIC_ROOT.mkdir()
PRIVATE_ROOT = _TEMPORARY / "private"
STORAGES = {
    **STORAGES,
    "private": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": PRIVATE_ROOT, "base_url": None},
    },
}
SEARCH_INDEX_DIR = _TEMPORARY / "index"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = MAIL_TRANSPORT = "django.core.mail.backends.locmem.EmailBackend"
TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend", "QUEUES": []}}
