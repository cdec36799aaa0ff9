"""The door for the web server."""

import os

from django.core.wsgi import get_wsgi_application

from search.extraction import hide_process

hide_process()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kb.settings.production")
application = get_wsgi_application()
