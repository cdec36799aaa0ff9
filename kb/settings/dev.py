"""`make run`: one machine, embedded defaults, mail on the console."""

from kb.settings.base import *
from kb.settings.base import MIDDLEWARE, env

DEBUG = env.bool("CASS_DEBUG", default=True)
SECRET_KEY = env("CASS_SECRET_KEY", default="development-only-not-secret")
ALLOWED_HOSTS = ["*"]
EMAIL_BACKEND = "kb.clock.mail.posting.Backend"
MAIL_TRANSPORT = "django.core.mail.backends.console.EmailBackend"
# Django would show its own page for what is not found; people trying the site should see the site's.
MIDDLEWARE = [*MIDDLEWARE, "home.public.views.OwnNotFoundMiddleware"]
