"""Work that must follow a change: saved with it, done by the worker, never lost, never silent.

An action writes its outbox rows in its own transaction. The worker leases a row (counting the try
in a transaction of its own, so that even a process killed in the middle has been counted), runs the
handler in a second transaction together with the row's "done", and retries with back-off. After
`MAX_ATTEMPTS` the row is dead: operators see it, and an error is logged.

Handlers are at-least-once for the outside world (mail) and exactly-once for rows of the town.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from common.models import OutboxRow
from common.registry import Registry

MAX_ATTEMPTS = 8
LEASE = timedelta(minutes=2)
_BACKOFF_SECONDS = (5, 15, 60, 300, 900, 3600, 3 * 3600)

Handler = Callable[[dict[str, Any]], None]

log = structlog.get_logger(__name__)
handlers: Registry[Handler] = Registry("outbox handler")


def handler(kind: str) -> Callable[[Handler], Handler]:
    """Register the function that does the work of `kind`. It takes the payload, is idempotent."""

    def register(function: Handler) -> Handler:
        return handlers.register(kind, function)

    return register


def enqueue(
    kind: str, key: str, payload: dict[str, Any], *, not_before: datetime | None = None
) -> None:
    """Add a row to the caller's transaction; a second one of the same kind and key is ignored.

    Raises `LookupError` when nobody handles `kind`, `RuntimeError` outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("outbox.enqueue() belongs into the transaction of the change")
    handlers.get(kind)
    OutboxRow.objects.bulk_create(
        [OutboxRow(kind=kind, key=key, payload=payload, next_at=not_before or timezone.now())],
        ignore_conflicts=True,
    )
    _wake_worker_after_commit()


def _wake_worker_after_commit() -> None:
    if any(hook[1] is _wake_worker for hook in connection.run_on_commit):
        return
    transaction.on_commit(_wake_worker, robust=True)


def _wake_worker() -> None:
    # The broker only carries the hint. Without it the sweep finds the row within seconds.
    from common.tasks import drain_outbox  # noqa: PLC0415  tasks import this module

    drain_outbox.apply_async(retry=False)


@dataclass(frozen=True, slots=True)
class Drained:
    """What one run did."""

    done: int = 0
    failed: int = 0
    dead: int = 0


def drain(limit: int = 100) -> Drained:
    """Work off due rows of the current municipality, oldest first. Call outside a transaction."""
    done = failed = dead = 0
    for _ in range(limit):
        with transaction.atomic():
            row = _lease_next()
        if row is None:
            break
        outcome = _work_off(row)
        done += outcome == "done"
        failed += outcome == "pending"
        dead += outcome == "dead"
    return Drained(done, failed, dead)


def _due() -> Q:
    now = timezone.now()
    return Q(state=OutboxRow.State.PENDING, next_at__lte=now) & (
        Q(leased_until__isnull=True) | Q(leased_until__lt=now)
    )


def _lease_next() -> OutboxRow | None:
    row = (
        OutboxRow.objects.select_for_update(skip_locked=True)
        .filter(_due())
        .order_by("next_at", "id")
        .first()
    )
    if row is None:
        return None
    row.attempts += 1
    row.leased_until = timezone.now() + LEASE
    row.save(update_fields=["attempts", "leased_until"])
    return row


def _work_off(row: OutboxRow) -> str:
    try:
        with transaction.atomic():
            # Whoever lost the lease meanwhile must not do the work a second time.
            held = OutboxRow.objects.select_for_update().filter(
                pk=row.pk, state=OutboxRow.State.PENDING, attempts=row.attempts
            )
            if not held.exists():
                return "lost"
            handlers.get(row.kind)(row.payload)
            held.update(state=OutboxRow.State.DONE, leased_until=None, done_at=timezone.now())
    except Exception as error:  # noqa: BLE001  the row keeps what happened; operators see it
        return _note_failure(row, error)
    return "done"


def _note_failure(row: OutboxRow, error: Exception) -> str:
    dead = row.attempts >= MAX_ATTEMPTS
    delay = _BACKOFF_SECONDS[min(row.attempts, len(_BACKOFF_SECONDS)) - 1]
    with transaction.atomic():
        OutboxRow.objects.filter(pk=row.pk, attempts=row.attempts).update(
            state=OutboxRow.State.DEAD if dead else OutboxRow.State.PENDING,
            leased_until=None,
            next_at=timezone.now() + timedelta(seconds=delay),
            # The class only: a message may carry what the applicant typed.
            last_error=type(error).__name__,
        )
    notify = log.error if dead else log.warning
    notify(
        "outbox.dead" if dead else "outbox.failed",
        kind=row.kind,
        row=row.pk,
        attempts=row.attempts,
        error=type(error).__name__,
        where=_innermost_place(error),
    )
    return "dead" if dead else "pending"


def _innermost_place(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}"


def pending() -> int:
    """Rows of the current municipality that still wait."""
    return OutboxRow.objects.filter(state=OutboxRow.State.PENDING).count()


def retry(row_id: int) -> bool:
    """Give a dead row a fresh set of tries. False when it is not dead."""
    return bool(
        OutboxRow.objects.filter(pk=row_id, state=OutboxRow.State.DEAD).update(
            state=OutboxRow.State.PENDING,
            attempts=0,
            next_at=timezone.now(),
            times_revived=F("times_revived") + 1,
        )
    )
