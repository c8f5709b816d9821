"""Tests: as the demo, quieter and quicker where speed changes nothing that is tested."""

from config.settings.dev import *  # noqa: F403

SECRET_KEY = "tests only, not a secret"  # noqa: S105
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *PASSWORD_HASHERS]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
SMS_PROVIDER = ""  # tests of SMS name one
STORAGES = {
    "default": {"BACKEND": "tenants.files.PublicStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "KEY_FUNCTION": "django_tenants.cache.make_key",
        "REVERSE_KEY_FUNCTION": "django_tenants.cache.reverse_key",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
}
LOGGING = {"level": "WARNING", "format": "console"}
WHITENOISE_AUTOREFRESH = True  # nothing was collected: files are served from the rooms
