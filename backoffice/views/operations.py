"""For administrators: work after a change that failed, and starting it again."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from audit import ledger
from backoffice.views.inbox import frame
from backoffice.views.reader import reader_of
from common import outbox
from common.actor import Actor
from common.models import OutboxRow
from identity.access import staff_required
from identity.models import Role

#: More than this, and the first of them say enough.
MOST_ROWS = 100


@require_safe
@staff_required(Role.ADMIN)
def operations(request: HttpRequest) -> HttpResponse:
    """Tasks that failed or are dead. An error is shown by its class only."""
    failing = Q(state=OutboxRow.State.PENDING, attempts__gt=0)
    dead = Q(state=OutboxRow.State.DEAD)
    rows = OutboxRow.objects.filter(failing | dead).order_by("state", "next_at", "id")[:MOST_ROWS]
    counts = OutboxRow.objects.aggregate(
        waiting=Count("pk", filter=Q(state=OutboxRow.State.PENDING, attempts=0)),
        failing=Count("pk", filter=failing),
        dead=Count("pk", filter=dead),
    )
    context = {**frame(request, "operations"), "rows": rows, "counts": counts}
    return render(request, "backoffice/operations.html", context)


@require_POST
@staff_required(Role.ADMIN)
def retry(request: HttpRequest, row_id: int) -> HttpResponse:
    """Give a dead task a fresh set of tries."""
    with transaction.atomic():
        revived = outbox.retry(row_id)
        if revived:
            ledger.record(
                event="outbox.revived",
                by=Actor.of(reader_of(request)),
                object_kind="outbox",
                object_id=str(row_id),
            )
    if revived:
        messages.success(request, _("The task will be tried again within seconds."))
    else:
        messages.warning(request, _("This task is not waiting for a new start any more."))
    return redirect("desk:operations")
