"""The door for the web server."""

import gc
import os

from django.core.wsgi import get_wsgi_application

from search.extraction import hide_process

hide_process()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kb.settings.production")
application = get_wsgi_application()
# What is loaded now stays: the collector need not walk through it during a request, which took .3 s now and then.
gc.collect()
gc.freeze()
