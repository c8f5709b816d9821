"""``manage.py adopt_service``: offer a service of the catalogue in a municipality."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalogue.offerings import adopt
from catalogue.registry import catalogue
from catalogue.template import SignIn
from common.actor import SYSTEM
from common.text import Text
from forms.errors import DefinitionError
from identity.models import Department
from tenants import context
from tenants.errors import UnknownMunicipality


class Command(BaseCommand):
    help = "Offer a service, or bring it to the newest version of its template."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("schema", help="the municipality's schema")
        parser.add_argument("template", help=f"one of: {', '.join(sorted(catalogue()))}")
        parser.add_argument("--department", default="", help="key; empty: as the template says")
        parser.add_argument(
            "--rate", action="append", default=[], metavar="NAME=YEN",
            help="the municipality's own amount; repeatable",
        )  # fmt: skip
        parser.add_argument(
            "--number", action="append", default=[], metavar="NAME=NUMBER",
            help="the municipality's own number in the form, e.g. coefficient=120; repeatable",
        )  # fmt: skip
        parser.add_argument(
            "--sign-in", choices=[each.value for each in SignIn],
            help="when residents sign in; can be stricter than the template says",
        )  # fmt: skip
        parser.add_argument("--note", default="", help="what is different, for colleagues")
        parser.add_argument(
            "--replace-form", action="store_true",
            help="give up the form that the municipality has built itself",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            template = catalogue().get(options["template"])
            rates, numbers = _named(options["rate"]), _named(options["number"])
            with context.municipality(options["schema"]):
                key = options["department"] or template.service.department
                department, _created = Department.objects.get_or_create(
                    key=key, defaults={"name": Text(key)}
                )
                offering = adopt(
                    template.key,
                    by=SYSTEM,
                    department=department,
                    rates=rates or None,
                    numbers=numbers or None,
                    sign_in=SignIn(options["sign_in"]) if options["sign_in"] else None,
                    note=options["note"],
                    replace_form=options["replace_form"],
                )
        except (DefinitionError, LookupError, UnknownMunicipality, ValueError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{options['schema']} offers {offering.slug} {offering.template_version}")


def _named(given: list[str]) -> dict[str, int]:
    """``NAME=NUMBER`` as they were typed. Raises `ValueError`."""
    return {name: int(number) for name, _, number in (one.partition("=") for one in given)}
