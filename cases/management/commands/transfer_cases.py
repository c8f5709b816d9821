"""``manage.py transfer_cases``: bring running cases to the newest version of their workflow."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cases import bulk, transfers
from common.errors import DomainError, InvalidInput
from identity.models import User
from tenants import context
from tenants.errors import UnknownMunicipality


class Command(BaseCommand):
    help = "Show what would change for the running cases of a service; with --start, do it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("schema", help="the municipality's schema")
        parser.add_argument("service", help="its address, as in /services/<service>/")
        parser.add_argument("--by", required=True, help="e-mail of the administrator who does it")
        parser.add_argument(
            "--stage", action="append", default=[], metavar="OLD=NEW",
            help="where the cases of a stage go; repeatable; left out: to the same one",
        )  # fmt: skip
        parser.add_argument(
            "--clock", choices=[each.value for each in transfers.ClockChoice], default="keep",
            help="keep the due date, or count it anew by the newest version",
        )  # fmt: skip
        parser.add_argument("--start", action="store_true", help="hand them to the worker")

    def handle(self, *args: Any, **options: Any) -> None:
        pairs = [pair.partition("=") for pair in options["stage"]]
        if wrong := [old for old, equals, new in pairs if not (old and equals and new)]:
            raise CommandError(f"--stage: OLD=NEW, not '{wrong[0]}'")
        stages = {old: new for old, _equals, new in pairs}
        try:
            with context.municipality(options["schema"]):
                self._transfer(stages, options)
        except UnknownMunicipality as error:
            raise CommandError(str(error)) from None
        except InvalidInput as refusal:
            lines = [
                f"{name}: {message}" for name, said in refusal.errors.items() for message in said
            ]
            raise CommandError("\n".join(lines)) from None
        except DomainError as refusal:
            raise CommandError(str(refusal)) from None

    def _transfer(self, stages: dict[str, str], options: dict[str, Any]) -> None:
        by = User.objects.filter(email=options["by"], kind=User.Kind.STAFF).first()
        if by is None:
            raise CommandError(f"no member of staff has the address {options['by']}")
        found = [each for each in transfers.behind() if each.offering.slug == options["service"]]
        if not found:
            self.stdout.write("every open case is on the newest version")
        for each in found:
            run = transfers.preview(
                offering=each.offering,
                before=each.before,
                stages=stages,
                clock=options["clock"],
                by=by,
            )
            for line in run.options["summary"]:
                self.stdout.write(
                    "{stage} -> {to}: {moves} move ({later} due later, {earlier} due earlier, "
                    "{asks} opinions asked), {stays} cannot".format(**line)
                )
            for item in run.items.filter(state="refused").select_related("case__application"):
                self.stdout.write(f"  {item.case.application.receipt_number}: {item.reason}")
            if options["start"]:
                bulk.start(run=run)
                self.stdout.write(f"started: {run.pk}")
