"""``manage.py take_bounces``: read mail that came back, from a mailbox or a server's pipe."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from notifications import bounces, dsn


class Command(BaseCommand):
    """From a pipe: one mail. From a Maildir: all new ones; each is moved to ``cur`` afterwards.

    A mail that is no report is not ours to keep or refuse: it is counted and left. Whatever else
    fails, leaves the mail where it is, so that the next run takes it.
    """

    help = "Notes which mails came back (RFC 3464 reports), from standard input or a Maildir."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--maildir", type=Path, help="the folder that holds new/ and cur/")
        parser.add_argument(
            "--recipient", default="", help="the address the mail server took it for"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["maildir"] is None:
            self.stdout.write(self._take(sys.stdin.buffer, options["recipient"]))
            return
        folder: Path = options["maildir"]
        if not (folder / "new").is_dir():
            raise CommandError("This is no Maildir: there is no folder 'new' in it.")
        (folder / "cur").mkdir(exist_ok=True)
        results: Counter[str] = Counter()
        for file in sorted((folder / "new").iterdir()):
            if not file.is_file() or file.is_symlink():
                continue
            with file.open("rb") as stream:
                results[self._take(stream, "")] += 1
            file.rename(folder / "cur" / f"{file.name}:2,S")
        for result, count in sorted(results.items()):
            self.stdout.write(f"{result}: {count}")

    def _take(self, stream: Any, recipient: str) -> str:
        try:
            report = dsn.read(stream.read(dsn.LARGEST + 1), envelope_to=recipient)
        except dsn.NoReport as reason:
            return f"no report ({reason})"
        return bounces.take(report)
