"""``manage.py provision_town``: a new municipality, ready in a moment."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from common.text import Text
from tenants import provisioning
from tenants.errors import ProvisioningError
from tenants.links import base_url


class Command(BaseCommand):
    help = "Make a municipality: its schema, its role and its addresses."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("schema", help="name of its schema, such as shiomi")
        parser.add_argument("--code", required=True, help="全国地方公共団体コード, six digits")
        parser.add_argument("--name-ja", required=True)
        parser.add_argument("--name-en", required=True)
        parser.add_argument("--prefecture-ja", required=True)
        parser.add_argument("--prefecture-en", required=True)
        parser.add_argument(
            "--domain", action="append", default=[],
            help="address; repeatable, the first is the primary one "
            "(default: <schema>.<PLATFORM_DOMAIN>)",
        )  # fmt: skip
        parser.add_argument("--languages", default="ja,en")

    def handle(self, *args: Any, **options: Any) -> None:
        default = f"{options['schema'].replace('_', '-')}.{settings.PLATFORM_DOMAIN}"
        domains = options["domain"] or [default]
        try:
            town = provisioning.provision(
                schema_name=options["schema"],
                code=options["code"],
                name=Text({"ja": options["name_ja"], "en": options["name_en"]}),
                prefecture=Text({"ja": options["prefecture_ja"], "en": options["prefecture_en"]}),
                domains=domains,
                languages=options["languages"].split(","),
            )
        except ProvisioningError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{town.schema_name} is at {base_url(domains[0])}")
