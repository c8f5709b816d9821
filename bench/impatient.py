"""The worker's application with a shorter lease, so that a test of killed workers ends sooner."""

from __future__ import annotations

import os
from datetime import timedelta

from celery.signals import worker_init

from config.celery import app

__all__ = ["app"]


def shorten_the_lease(**_: object) -> None:
    """Before the worker forks: its processes inherit it."""
    from common import outbox  # noqa: PLC0415  the applications are loaded by now

    outbox.LEASE = timedelta(seconds=int(os.environ["BENCH_LEASE_SECONDS"]))


worker_init.connect(shorten_the_lease, weak=False)
