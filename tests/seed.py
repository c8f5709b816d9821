"""Fills the golden database: run as ``python -m tests.seed`` by `tests.golden`.

Two of the demo's towns, made as the demo makes them, each with residents and staff of its own.
"""

import django
from django.core.management import call_command

TOWNS = ("shiomi", "suginosawa")


def main() -> None:
    django.setup()
    from sandbox import towns

    call_command("migrate_towns", verbosity=0)
    towns.seed(TOWNS)


if __name__ == "__main__":
    main()
