"""``manage.py deactivate_town``: nobody reaches a municipality any more; its data stays."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tenants import provisioning
from tenants.errors import UnknownMunicipality


class Command(BaseCommand):
    help = "Take a municipality off the platform without touching its data (--undo: put it back)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("schema")
        parser.add_argument("--undo", action="store_true", help="make it active again")

    def handle(self, *args: Any, **options: Any) -> None:
        change = provisioning.activate if options["undo"] else provisioning.deactivate
        try:
            change(options["schema"])
        except UnknownMunicipality as error:
            raise CommandError(str(error)) from None
        state = "active" if options["undo"] else "inactive"
        self.stdout.write(f"{options['schema']} is {state}.")
