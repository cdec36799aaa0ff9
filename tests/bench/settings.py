"""A site of its own for measuring: database, files and index under var/bench, as in production (no DEBUG)."""

from kb.settings.base import *
from kb.settings.base import DATABASES as _DATABASES
from kb.settings.base import INSTALLED_APPS, STORAGES
from kb.settings.base import VAR_DIR as _VAR_DIR

DEBUG = False
SECRET_KEY = "measuring-only"
ALLOWED_HOSTS = ["127.0.0.1"]
VAR_DIR = _VAR_DIR / "bench"
PRIVATE_ROOT = VAR_DIR / "private"
MEDIA_ROOT = VAR_DIR / "media"
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    **STORAGES,
    "private": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": PRIVATE_ROOT, "base_url": None},
    },
}
DATABASES = {"default": {**_DATABASES["default"], "NAME": VAR_DIR / "db.sqlite3"}}
SEARCH_INDEX_DIR = VAR_DIR / "index"
INSTALLED_APPS = [*INSTALLED_APPS, "tests.bench"]
