"""``manage.py export_ledger_root``: the end of every chain, to be kept outside the database."""

import base64
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.core.management.base import BaseCommand, CommandError

from audit import export
from audit.towns import each_town


class Command(BaseCommand):
    help = (
        "Write the end of each municipality's ledger as a line of JSON, signed if a key is given. "
        "Run it at intervals; keep the lines where nobody with the database can change them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("schema", nargs="*", help="schema names; none: every municipality")
        parser.add_argument("--key", type=Path, help="Ed25519 private key (PEM) that signs")

    def handle(self, *args: Any, **options: Any) -> None:
        key = self._key(options["key"]) if options["key"] else None
        for schema in each_town(options["schema"]):
            statement = export.root_statement(schema, export.head())
            if key is not None:
                signed = key.sign(json.dumps(statement, sort_keys=True).encode())
                statement["signature"] = base64.b64encode(signed).decode()
            self.stdout.write(json.dumps(statement, sort_keys=True))

    @staticmethod
    def _key(path: Path) -> Ed25519PrivateKey:
        key = load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise CommandError(f"{path} holds no Ed25519 key")
        return key
