"""``manage.py register_eid``: make a municipality a client of an eID provider."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from identity.eid import registration
from identity.eid.problems import EidRefused
from tenants import context
from tenants.errors import UnknownMunicipality


class Command(BaseCommand):
    help = (
        "Read the provider's discovery document, make the municipality's keys, and print the "
        "public ones (JWKS), which the provider asks for."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("schema", help="the municipality's schema")
        parser.add_argument("--issuer", required=True, help="the provider's issuer address")
        parser.add_argument("--client-id", required=True, help="as the provider registered it")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            document = registration.discover(options["issuer"])
            with context.municipality(options["schema"]):
                _client, public_keys = registration.register(
                    client_id=options["client_id"], document=document
                )
        except (EidRefused, UnknownMunicipality) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(json.dumps(public_keys, indent=2))
