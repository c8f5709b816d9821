"""``manage.py migrate_towns``: registry, template and every municipality to the code's state."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tenants import migrating, owner, privileges
from tenants.models import Municipality


class Command(BaseCommand):
    help = (
        "Migrate the registry, the template and every municipality; exit code 1 if one is behind."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--rounds", type=int, default=migrating.ROUNDS, help="tries for a schema that fails"
        )
        parser.add_argument(
            "--pause", type=float, default=migrating.PAUSE_SECONDS, help="seconds between rounds"
        )
        parser.add_argument(
            "--regrant",
            action="store_true",
            help="also set every town's privileges anew (after TOWN_TABLE_PRIVILEGES changed)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        outcome = migrating.migrate_all(rounds=options["rounds"], pause=options["pause"])
        if options["regrant"]:
            self._regrant()
        moved = len(outcome.recorded) + len(outcome.replayed)
        if moved:
            self.stdout.write(
                f"{moved} schema(s) migrated in {outcome.seconds:.1f} s "
                f"({len(outcome.replayed)} by replay)."
            )
        elif not outcome.behind:
            self.stdout.write(f"Nothing to migrate ({outcome.seconds:.2f} s).")
        if outcome.behind:
            for schema_name, reason in sorted(outcome.behind.items()):
                self.stderr.write(f"{schema_name}: {reason}")
            raise CommandError(
                f"{len(outcome.behind)} schema(s) are behind; they keep working in their old "
                "state. Run the command again when the reason is gone."
            )

    @staticmethod
    def _regrant() -> None:
        with owner.connect() as conn:
            for town in Municipality.objects.all():
                privileges.regrant(conn, town.schema_name, town.role)
