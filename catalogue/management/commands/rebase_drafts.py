"""``manage.py rebase_drafts``: bring all open drafts of a service to its present form."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from catalogue.models import Offering
from common.actor import SYSTEM
from forms.rebase import rebase_chunk
from tenants import context
from tenants.errors import UnknownMunicipality


class Command(BaseCommand):
    help = (
        "Bring the open drafts of a service to the form that is offered now. Not needed: a draft "
        "that is opened is brought there at that moment. It saves residents the wait."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("schema", help="the municipality's schema")
        parser.add_argument("service", help="the service's address: park-use")

    def handle(self, *args: Any, **options: Any) -> None:
        rebased, last = 0, None
        try:
            while True:
                # A transaction for each chunk: residents who save meanwhile wait for one at most.
                with context.municipality(options["schema"]):
                    done, last = _chunk(options["service"], last)
                rebased += done
                if last is None:
                    break
        except (LookupError, UnknownMunicipality) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{options['schema']}: {rebased} drafts of {options['service']} rebased")


def _chunk(slug: str, after: UUID | None) -> tuple[int, UUID | None]:
    offering = Offering.objects.filter(slug=slug).first()
    if offering is None:
        raise LookupError(f"no service '{slug}'")
    found = rebase_chunk(
        subject=offering.slug, version=offering.form_version, by=SYSTEM, after=after
    )
    return found.rebased, found.last
