# ruff: noqa: PLC0415  models can be imported after django.setup() only
"""Makes the floor's tables, residents, a caseworker and their sessions; prints them as JSON.

Run as ``python -m bench.floor.prepare RESIDENTS``.
"""

import json
import os
import sys

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.floor.settings")
    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command

    call_command("migrate", "--run-syncdb", verbosity=0)
    residents = User.objects.bulk_create(
        User(username=f"resident{n}", last_name="公園", first_name=f"花子{n}", password="!")
        for n in range(int(sys.argv[1]))
    )
    staff = User.objects.create(username="staff", last_name="担当", is_staff=True, password="!")
    signed_in = {"residents": [session_of(user) for user in residents], "staff": session_of(staff)}
    print(json.dumps(signed_in))


def session_of(user):
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return session.session_key


if __name__ == "__main__":
    main()
