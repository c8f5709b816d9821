"""Mails to whoever sends, or has sent, without signing in."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import translation

from cases import case_keys, proving
from common import outbox
from notifications import mail, notices
from notifications.actions import message_id_of


@outbox.handler("cases.sending_code")
def after_asking_for_a_sending_code(payload: dict[str, Any]) -> None:
    """Mail the code, unless a newer one was asked for meanwhile."""
    found = proving.code_to_send(payload["draft_id"], payload["number"])
    if found is None:
        return
    row, code = found
    key = f"code.{row.draft_id}.{row.number}"
    mail.code(code, address=row.address, language=row.language, key=key).send()


@outbox.handler("cases.case_link_asked")
def after_asking_for_a_case_link(payload: dict[str, Any]) -> None:
    """Mail a link, if there is such a case. Told twice, it is the same mail."""
    case = case_keys.asked_for(payload)
    token = case_keys.new_link(case, payload["key"]) if case is not None else None
    if case is None or token is None:
        return
    with translation.override("ja"):  # the reader's own language is added to the path
        path = reverse("portal:open_case", args=[token])
    mail.to_address(
        notices.CaseLinkAsked,
        address=case.resident.email,
        context={
            "receipt_number": case.application.receipt_number,
            "service": case.offering.title,
            "path": path,
        },
        language=case.resident.language,
        message_id=message_id_of(notices.CaseLinkAsked.kind, payload["key"], "guest"),
    ).send()
