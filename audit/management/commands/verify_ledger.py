"""``manage.py verify_ledger``: is every municipality's ledger whole?"""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit import export, verify
from audit.towns import each_town


class Command(BaseCommand):
    help = "Verify the ledger of every municipality, or of those named; exit code 1 at any fault."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("schema", nargs="*", help="schema names; none: every municipality")
        parser.add_argument(
            "--roots", type=Path, help="file with roots that were kept outside the database"
        )
        parser.add_argument(
            "--export", type=Path, metavar="FOLDER",
            help="also write each ledger as FOLDER/<schema>.jsonl for `python audit/verify.py`",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        kept = options["roots"].read_text(encoding="utf-8").splitlines() if options["roots"] else []
        broken = []
        for schema in each_town(options["schema"]):
            if options["export"]:
                self._export(options["export"] / f"{schema}.jsonl", schema)
            roots = verify.read_roots(kept, schema)
            head, rows = export.ledger()
            report = verify.verify(rows, head, roots)
            for fault in report.faults:
                self.stderr.write(f"{schema}: {fault}")
            verdict = "whole" if report.whole else f"{len(report.faults)} fault(s)"
            self.stdout.write(f"{schema}: {report.entries} entries, {verdict}")
            if not report.whole:
                broken.append(schema)
        if broken:
            raise CommandError(f"The ledger is not whole: {', '.join(broken)}")

    @staticmethod
    def _export(path: Path, schema: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8") as file:
            head, rows = export.ledger()
            file.write(json.dumps(export.root_statement(schema, head)) + "\n")
            file.writelines(verify.to_line(row) + "\n" for row in rows)
