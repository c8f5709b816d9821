"""What follows a message: whoever it is for is told, once, until they have looked."""

from __future__ import annotations

from typing import Any

from cases import telling, threads
from cases.models import Case
from cases.models_threads import Thread, ThreadMessage
from common import outbox
from notifications import notices, queries


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
    happening = f"message:{message.pk}"
    if not message.from_office:
        if thread.unread_by_office:
            telling.tell_in_charge(
                case,
                notices.ResidentWrote,
                happening,
                path=telling.page_of("desk:thread", case.pk, thread.pk),
                unless_waits=threads.about(case),
            )
    elif thread.unread_by_resident and not queries.is_told(case.resident, threads.about(case)):
        # Whoever sent without signing in comes to the conversation by the link to the case.
        there = telling.page_of("portal:thread", case.pk, thread.pk)
        path = {} if case.is_guests else {"path": there}
        telling.tell_resident(case, notices.MessageWritten, happening, **path)
