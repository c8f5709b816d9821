"""What follows a message: whoever it is for is told, once, until they have looked."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import translation

from cases import people, threads
from cases.models import Case
from cases.models_threads import Thread, ThreadMessage
from common import outbox
from identity.models import User
from notifications import notices, queries
from notifications.actions import send
from notifications.notice import Notice


@outbox.handler("cases.message_written")
def after_writing(payload: dict[str, Any]) -> None:
    """Tell the other side, unless it was read meanwhile, or an earlier nudge still waits.

    One case after the other: two messages at the same moment make one nudge. Whoever opens the
    thread meanwhile waits, and so has read the nudge, too.
    """
    message = ThreadMessage.objects.get(pk=payload["message_id"])
    thread = Thread.objects.select_for_update().get(pk=message.thread_id)
    case = (
        Case.objects.select_for_update(of=("self",), no_key=True)
        .select_related("application", "resident")
        .get(pk=thread.case_id)
    )
    notice: type[Notice] = notices.MessageWritten
    told: list[User] = []
    if message.from_office and thread.unread_by_resident:
        told = [case.resident]
    elif not message.from_office and thread.unread_by_office:
        notice, told = notices.ResidentWrote, list(people.in_charge(case).values())
    page = "portal:thread" if message.from_office else "desk:thread"
    with translation.override("ja"):  # without a language: the reader's own is added
        path = reverse(page, args=[case.pk, thread.pk])
    for user in told:
        if queries.is_told(user, threads.about(case)):
            continue
        send(
            notice,
            resident=user,
            context={
                "receipt_number": case.application.receipt_number,
                "service": case.offering.title,
                "path": path,
            },
            key=f"{threads.about(case)}{message.pk}",
        )
