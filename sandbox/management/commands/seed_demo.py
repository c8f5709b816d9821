"""``manage.py seed_demo``: schemas up to date, five pilot municipalities, the guide on stdout."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from sandbox import content, examples, finance, towns
from sandbox.guide import as_text


class Command(BaseCommand):
    help = "Make or refresh the demo's municipalities and print the guide to them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--towns", nargs="*", help="Only these, without the examples of work at their desks."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate_towns", verbosity=0, stdout=self.stderr)
        wanted = options["towns"] or list(content.TOWNS)
        finance.seed(towns.seed(wanted))
        if not options["towns"]:
            examples.seed()
        towns.register_eid(
            wanted,
            issuer=os.environ["EID_ISSUER"],
            config_path=Path(os.environ["EID_CONFIG"]),
        )
        self.stdout.write(as_text())
