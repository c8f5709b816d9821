"""``manage.py reindex_search``: index every page of the towns afresh."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from cms.search import index
from tenants import context
from tenants.models import Municipality


class Command(BaseCommand):
    help = "Index every page for the search, in one town or (without a name) in all."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("schema", nargs="?", help="the town's schema name")

    def handle(self, *args: Any, **options: Any) -> None:
        towns = [options["schema"]] if options["schema"] else self._towns()
        for schema_name in towns:
            with context.municipality(schema_name) as town:
                found = index.rebuild()
            self.stdout.write(f"{town.schema_name}: {found} pages can be found")

    @staticmethod
    def _towns() -> list[str]:
        with context.public():
            active = Municipality.objects.filter(is_active=True)
            return list(active.values_list("schema_name", flat=True))
