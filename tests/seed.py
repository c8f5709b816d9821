"""Fills the golden database: run as ``python -m tests.seed`` by `tests.golden`.

Two of the demo's towns, made as the demo makes them, each with residents and staff of its own.
Passwords are hashed as in the demo, which is also run on a copy of this database.
"""

import django
from django.conf import settings
from django.core.management import call_command

TOWNS = ("shiomi", "suginosawa")


def main() -> None:
    django.setup()
    from django.test import override_settings

    from sandbox import towns

    call_command("migrate_towns", verbosity=0)
    with override_settings(PASSWORD_HASHERS=settings.PASSWORD_HASHERS[1:]):
        towns.seed(TOWNS)


if __name__ == "__main__":
    main()
