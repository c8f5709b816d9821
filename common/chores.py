"""What every municipality does once a night: each chore by itself, a failing one stops no other."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.db import transaction

from common.registry import Registry

Chore = Callable[[], None]

log = structlog.get_logger(__name__)
chores: Registry[Chore] = Registry("chore")


def run() -> None:
    """Every chore of the current municipality, each in a transaction of its own.

    What fails is undone and logged as an error; it comes again tomorrow.
    """
    for name, chore in chores.items():
        try:
            with transaction.atomic():
                chore()
        except Exception:
            log.exception("chore.failed", chore=name)
