import gc
import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.prod")

application = get_wsgi_application()

# Views and forms before the first request rather than in it, and whatever is loaded by now stays:
# the collector need not walk it again and again. A request makes and drops some thousand objects;
# at Python's own threshold of 700 it would be interrupted for them several times.
import_module(settings.ROOT_URLCONF)
gc.collect()
gc.freeze()
gc.set_threshold(10_000, 20, 20)
