"""Telling what happens to a case: the resident, and the staff who have it or stand in for them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import translation

from cases import people
from cases.models import Case
from common import outbox
from common.actor import Actor
from identity.models import User
from notifications import queries
from notifications.actions import send
from notifications.notice import Notice

#: Of a kind that may come by the hundred at once, one mail in this time is enough.
_SELDOM = timedelta(hours=1)


def tell_resident(case: Case, notice: type[Notice], happening: str, **context: Any) -> None:
    """Tell whoever applied; `happening` as in `notifications.actions.send`'s key.

    Whoever sent it without signing in is led to where a link is mailed.
    """
    by_link = case.is_guests
    send(
        notice,
        resident=case.resident,
        context={
            "receipt_number": case.application.receipt_number,
            "service": case.offering.title,
            "path": page_of("portal:case_by_mail" if by_link else "portal:case", case.pk),
            "without_sign_in": by_link,
            **context,
        },
        key=f"{key_of(case.pk)}{happening}",
    )


def tell(
    case: Case,
    staff: Iterable[User],
    notice: type[Notice],
    happening: str,
    *,
    path: str = "",
    outside: bool = True,
    seldom: bool = False,
    **context: Any,
) -> None:
    """Put `notice` into these inboxes; `happening` as in `notifications.actions.send`'s key.

    `path`: the page it leads to, the case's own by default. `outside`: also by mail and the like;
    `seldom`: but not when another of the kind went out just before.
    """
    for user in staff:
        send(
            notice,
            resident=user,
            context={
                "receipt_number": case.application.receipt_number,
                "service": case.offering.title,
                "path": path or page_of("desk:case", case.pk),
                **context,
            },
            key=f"{key_of(case.pk)}{happening}",
            outside=outside and not (seldom and queries.told_lately(user, notice.kind, _SELDOM)),
        )


def tell_in_charge(
    case: Case,
    notice: type[Notice],
    happening: str,
    *,
    also: Iterable[User] = (),
    but: str = "",
    unless_waits: str = "",
    **how: Any,
) -> None:
    """Tell whoever is in charge, and `also`. Somebody who is away finds it on coming back.

    `but`: the id of who knows it, having done it. `unless_waits`: what the keys of earlier
    messages begin with, of which one unread is enough. `how` as for `tell`.
    """
    told = people.in_charge(case) | {user.pk: user for user in also}
    worker = case.assigned_to
    away = [worker] if worker and worker.is_active and worker.pk not in told else []
    for users, outside in ((list(told.values()), True), (away, False)):
        waiting = [
            user
            for user in users
            if str(user.pk) != but and not (unless_waits and queries.is_told(user, unless_waits))
        ]
        tell(case, waiting, notice, happening, outside=outside, **how)


def assigned(case: Case, to: User, by: Actor) -> None:
    """Let the worker tell somebody that a case is on their desk now, unless they put it there."""
    if by.id != str(to.pk):
        outbox.enqueue(
            "cases.assigned",
            f"{case.pk}:{case.lock}",
            {"case_id": str(case.pk), "to": str(to.pk), "by": by.id, "lock": case.lock},
        )


def key_of(case_id: UUID) -> str:
    """What the key of every message about a case begins with."""
    return f"case:{case_id}:"


def page_of(name: str, *arguments: Any) -> str:
    """Without a language prefix: the reader's own language is added when it is sent."""
    with translation.override("ja"):
        return reverse(name, args=arguments)
