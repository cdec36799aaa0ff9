"""What all environments share.

Production reads everything that differs from the environment (the README lists the variables).
"""

from pathlib import Path
from typing import Any

import environ

BASE_DIR = Path(__file__).resolve().parents[2]
env = environ.Env()
VAR_DIR = Path(env("CASS_VAR", default=str(BASE_DIR / "var")))

SITE_NAME = "CASS"
WAGTAIL_SITE_NAME = "CASS"
WAGTAILADMIN_BASE_URL = env("CASS_URL", default="http://127.0.0.1:8000")

INSTALLED_APPS = [
    "home",
    "kb.demonstration",
    "kb.newsletter",
    "kb.library",
    "kb.groups",
    "kb.decisions",
    "kb.files",
    "kb.directory",
    "kb.pages",
    "kb.vocabulary",
    "kb.sheets",
    "kb.clock",
    "kb.accounts",
    "search",
    "wagtail_localize",
    "wagtail_localize.locales",
    "wagtail.contrib.settings",
    "wagtail.contrib.redirects",
    "wagtail.contrib.typed_table_block",
    "wagtail.embeds",
    "wagtail.sites",
    "kb.accounts.apps.AdminUsersConfig",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_tasks",
    "django_tasks_db",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.sitemaps",
    "django.forms",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "kb.site.headers.PrivateMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "kb.files.intake.uploading.WeightMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "kb.site.headers.ContentSecurityPolicyMiddleware",
    "kb.site.headers.PermissionsPolicyMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "kb.accounts.sessions.second_factor.SecondFactorMiddleware",
    "kb.accounts.sessions.recognising.DeviceMiddleware",
    "kb.backoffice.counting.TickedRowsMiddleware",
    "kb.pages.redirecting.RedirectMiddleware",
    "home.public.views.NotAllowedMiddleware",
    "home.articles.refusing.NotAgreedMiddleware",
]

ROOT_URLCONF = "kb.urls"
WSGI_APPLICATION = "kb.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
            ],
        },
    }
]

FORM_RENDERER = "django.forms.renderers.TemplatesSetting"  # so that widgets find the templates of the site

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": VAR_DIR / "db.sqlite3",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536; PRAGMA "
                "mmap_size=268435456;"
            ),
        },
    }
}
if env("DATABASE_URL", default=""):
    DATABASES = {"default": {**env.db_url("DATABASE_URL"), "CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français"), ("nl", "Nederlands"), ("en", "English")]
WAGTAIL_CONTENT_LANGUAGES = LANGUAGES
WAGTAILADMIN_PERMITTED_LANGUAGES = LANGUAGES
WAGTAIL_I18N_ENABLED = True
WAGTAILLOCALIZE_SYNC_LIVE_STATUS_ON_TRANSLATE = False
LOCALE_PATHS = [BASE_DIR / "kb" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Brussels"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "kb.accounts.login.passwords.LengthValidator", "OPTIONS": {"min_length": 12}},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {"NAME": "kb.accounts.login.passwords.CommonValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
EDITOR_SESSION_SECONDS = 12 * 3600
SESSION_ENGINE = "kb.accounts.session_rows"
INVITATION_DAYS = env.int("CASS_INVITATION_DAYS", default=14)
# L'Échos-CASS. Empty: the sender of every message (DEFAULT_FROM_EMAIL), no address of its own for what comes back.
NEWSLETTER_FROM = env("CASS_NEWSLETTER_FROM", default="")
NEWSLETTER_REPLY_TO = env("CASS_NEWSLETTER_REPLY_TO", default="")
NEWSLETTER_BOUNCES = env("CASS_NEWSLETTER_BOUNCES", default="")
NEWSLETTER_MAILBOX = env("CASS_NEWSLETTER_MAILBOX", default="")
NEWSLETTER_RATE = env.int("CASS_NEWSLETTER_RATE", default=600)
# Hashes of erased addresses are made with it; SECRET_KEY where it is empty. Changing it forgets them.
NEWSLETTER_ADDRESS_KEY = env("CASS_NEWSLETTER_ADDRESS_KEY", default="")
# (issue, revision id) -> bool: what counts as the agreement to publish and send it.
NEWSLETTER_APPROVAL = {
    "workflow": "kb.newsletter.models.approval.by_workflow",
    "committee": "kb.newsletter.issues.agreeing.by_committee",
}[env.str("CASS_NEWSLETTER_APPROVAL", default="workflow", choices=("workflow", "committee"))]
# Whether an article of one of our bodies is public only with the Steering Committee's agreement.
ARTICLES_NEED_AGREEMENT = env.bool("CASS_ARTICLES_NEED_AGREEMENT", default=True)
# What editors manage beside pages and images: an app (all its models) or "app.permission".
EDITORS_MANAGE = [
    "clock.view_outgoingmail",
    "clock.change_outgoingmail",
    "decisions.view_decision",
    "decisions.change_decision",
    "directory",
    "files",
    "groups",
    "home",
    "library",
    "newsletter",
    "sheets",
    "vocabulary",
    "wagtailredirects",
    "wagtail_localize",
]

ACCOUNT_ADAPTER = "kb.accounts.login.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "kb.accounts.login.forms.SiteLogInForm",
    "reauthenticate": "kb.accounts.login.forms.SiteReauthenticateForm",
    "reset_password": "kb.accounts.login.forms.SiteResetPasswordForm",
    "reset_password_from_key": "kb.accounts.login.forms.SiteResetPasswordKeyForm",
    "change_password": "kb.accounts.login.forms.SiteChangePasswordForm",
    "set_password": "kb.accounts.login.forms.SiteSetPasswordForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_REAUTHENTICATION_METHODS = ["password", "mfa"]  # no code by mail: who reads the mail is not yet the person
ACCOUNT_SIGNUP_ENABLED = False
# allauth's notation. Log-ins, codes and messages that strangers ask for are counted by kb/site/limiting.py, each by
# the key that kb/accounts/login/admitting.py says; allauth's own two are off.
ACCOUNT_RATE_LIMITS = {
    "login": "",
    "login_failed": "",
    "log_in_page": "30/m/key",
    "passkey_page": "10/m/key",
    "log_in_device": "5/300s/key,40/d/key",
    "log_in_place": "5/300s/key,15/h/key,40/d/key",
    "log_in_network": "10/m/key",
    "log_in_address": "60/h/key",
    "factor": "5/300s/key,60/d/key",
    "message": "3/h/key",
    "link": "30/h/key",
    "link_first": "3/h/key",
    "link_place": "120/h/key",
    "reset_password": "20/m/ip",
    "invitation": "20/m/ip",
    "add_address": "10/h/user",
    "confirm_address": "20/m/ip",
    "newsletter": "20/m/ip,120/h/ip",
    "vote": "10/h/key",
}
MFA_RATE_LIMITS = {"webauthn_login": ""}
MFA_ADAPTER = "kb.accounts.login.adapter.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "kb.accounts.login.forms.SiteCodeForm",
    "reauthenticate": "kb.accounts.login.forms.SiteConfirmCodeForm",
    "activate_totp": "kb.accounts.login.forms.SiteActivateForm",
    "add_webauthn": "kb.accounts.login.forms.SiteAddPasskeyForm",
    "authenticate_webauthn": "kb.accounts.login.forms.SitePasskeyForm",
    "login_webauthn": "kb.accounts.login.forms.SitePasskeyLogInForm",
    "reauthenticate_webauthn": "kb.accounts.login.forms.SiteConfirmPasskeyForm",
    "edit_webauthn": "kb.accounts.login.forms.SiteRenamePasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1
# Accounts are made by editors: nobody can take one in advance with an address that is not theirs, which is what this
# would be against.
MFA_ALLOW_UNVERIFIED_EMAIL = True

WAGTAILADMIN_LOGIN_URL = "account_login"
WAGTAIL_FRONTEND_LOGIN_URL = "account_login"
WAGTAIL_PASSWORD_MANAGEMENT_ENABLED = False
WAGTAIL_PASSWORD_RESET_ENABLED = False
WAGTAIL_EMAIL_MANAGEMENT_ENABLED = False
WAGTAILUSERS_PASSWORD_ENABLED = False
WAGTAIL_USER_TIME_ZONES = ["Europe/Brussels"]
WAGTAIL_GRAVATAR_PROVIDER_URL = None
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_ENABLE_WHATS_NEW_BANNER = False

DEVICE_COOKIE_NAME = "device"
CHALLENGE_COOKIE_NAME = "challenge"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "kb.site.refusing.stale_form"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
# Wagtail's admin writes scripts and styles into its pages and shows previews in frames.
ADMIN_CONTENT_SECURITY_POLICY = {
    **CONTENT_SECURITY_POLICY["DIRECTIVES"],
    "script-src": ["'self'", "'unsafe-inline'"],
    "style-src": ["'self'", "'unsafe-inline'"],
    "img-src": ["'self'", "data:", "blob:"],
    "frame-ancestors": ["'self'"],
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    name: [] for name in ("camera", "geolocation", "microphone", "payment", "usb", "browsing-topics")
}

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "kb" / "static"]
STATICFILES_FINDERS = [
    "kb.pages.appearance.stylesheet.StylesheetFinder",
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
]
MEDIA_URL = "/media/"
MEDIA_ROOT = VAR_DIR / "media"
PRIVATE_ROOT = VAR_DIR / "private"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "private": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": PRIVATE_ROOT, "base_url": None},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

CACHES: dict[str, dict[str, Any]] = {
    # Attempts are counted in it: nothing that strangers can fill without being counted may stand beside them.
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    # The hits of a question in a document, in each web process: some ten megabytes at most, made again when pushed out.
    "hits": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "hits",
        "OPTIONS": {"MAX_ENTRIES": 300},
    },
}

# Queues of any name: which of them have a lane of their own, kb/clock/worker/working.py says.
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": []}}

SEARCH_ENGINE = "embedded"
SEARCH_INDEX_DIR = VAR_DIR / "index"
SEARCH_AUDIENCES = "kb.accounts.audiences.audiences_of"
SEARCH_IS_WITHIN = "kb.accounts.audiences.is_within"
WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "wagtail.search.backends.database"}}

FILES_MAX_BYTES = env.int("CASS_FILES_MAX_MB", default=100) * 1024 * 1024
FILES_MAX_AT_ONCE = 50  # files in one form
FILES_REQUEST_MAX_BYTES = 5 * FILES_MAX_BYTES  # kept of one form
FILES_PERSON_MAX_BYTES = (
    env.int("CASS_PERSON_MAX_MB", default=2000) * 1024 * 1024
)  # of one person, kept aside or not accepted yet
DATA_UPLOAD_MAX_NUMBER_FILES = 1000  # beyond, a bare refusal; below, `kb.files.intake` has each said in its form
FILE_UPLOAD_HANDLERS = [
    "kb.files.intake.uploading.LimitedUploads",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
# The only addresses that take a file; docs/systemd/nginx.conf has the same, a test compares them.
FILES_UPLOAD_ROUTES = frozenset(
    {
        *("library:add", "library:contribution", "sheetimport:add"),
        *(f"wagtailsnippets_library_reference:{name}" for name in ("add", "edit", "copy")),
        *("wagtailimages:add", "wagtailimages:add_multiple", "wagtailimages:edit", "wagtailimages_chooser:create"),
        "wagtail_localize:upload_pofile",
    }
)
FILES_PAGE_IMAGE_WIDTH = 1400  # pixels
FILES_PAGE_IMAGE_QUALITY = 80  # of 100
FILES_CONFINED = False  # whether a file is left unread where the process that reads it cannot be shut in
FILES_SCRATCH_DIR = VAR_DIR / "scratch"  # of those processes; on the file system of the files
FILES_LOST_AFTER_S = env.float("CASS_FILES_LOST_AFTER_S", default=60.0)
CLOCK_EVERY_S = env.float("CASS_CLOCK_EVERY_S", default=60.0)
CLOCK_LEASE_S = env.float("CASS_CLOCK_LEASE_S", default=60.0)
CLOCK_WORKER_BEAT_S = env.float("CASS_CLOCK_WORKER_BEAT_S", default=5.0)
CLOCK_WORKER_DEAD_S = env.float("CASS_CLOCK_WORKER_DEAD_S", default=60.0)
CLOCK_TASKS_KEPT_DAYS = env.int("CASS_CLOCK_TASKS_KEPT_DAYS", default=14)
CLOCK_DISK_FREE_BYTES = env.int("CASS_DISK_FREE_MB", default=500) * 1024 * 1024
SEARCH_LEAST_FREE_BYTES = CLOCK_DISK_FREE_BYTES  # below it changes wait: a full disk stops the database too
DATA_UPLOAD_MAX_NUMBER_FIELDS = 3000  # an issue of the newsletter posts twelve for each of its items
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024  # of text, in the admin and with documents
FILES_ELSEWHERE_MAX_BYTES = 1024 * 1024  # of one request to any other address: reading the fields of 9 MB takes seconds
WAGTAILDOCS_MAX_UPLOAD_SIZE = FILES_MAX_BYTES
WAGTAIL_APPEND_SLASH = True
WAGTAIL_ALLOW_UNICODE_SLUGS = False  # addresses without accents can be said, typed and sent
WAGTAIL_AUTOSAVE_INTERVAL = (
    0  # a draft that is still being saved when "Publish" is pressed would undo the first publication
)
WAGTAIL_WORKFLOW_ENABLED = True  # for issues of the newsletter; pages have none: editors publish them themselves
WAGTAILADMIN_NOTIFICATION_INCLUDE_SUPERUSERS = False  # who approves is told, nobody else
# One truth about who may see what: the audiences of pages and files, never privacy by collection.
WAGTAILDOCS_PRIVATE_COLLECTION_OPTIONS = {"SHARED_PASSWORD": False}
