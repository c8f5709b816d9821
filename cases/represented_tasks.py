"""What follows when somebody turns out to be represented here, and when they end it."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from cases import represented, telling
from common import outbox
from identity.models import Representation
from identity.representation.recognition import RECOGNISED
from notifications import notices
from notifications.actions import send

Kind = Representation.Kind


@outbox.handler(RECOGNISED)
def after_recognition(payload: dict[str, Any]) -> None:
    """Tell somebody that another says they hold a power of attorney of theirs: it may be false."""
    found = _representation(payload)
    person = found.person
    today = timezone.localdate()
    lives = found.state_on(today) not in {
        Representation.State.REVOKED,
        Representation.State.EXPIRED,
    }
    if person is None or found.kind != Kind.ATTORNEY or not lives:
        return
    send(
        notices.ActsForYou,
        resident=person,
        context={"receipt_number": "", "path": telling.page_of("portal:for_me")},
        key=f"representation:{found.pk}:declared",
    )


@outbox.handler("cases.representation_ended")
def after_end(payload: dict[str, Any]) -> None:
    """Tell whoever acted, and the offices that have something of it in hand."""
    found = _representation(payload)
    send(
        notices.RepresentationEnded,
        resident=found.owner,
        context={"receipt_number": "", "path": telling.page_of("portal:my_data")},
        key=f"representation:{found.pk}:ended",
    )
    running = represented.sent_on(found).filter(closed_at__isnull=True)
    for case in running.select_related("application", "resident", "assigned_to"):
        telling.tell_in_charge(
            case,
            notices.ApplicantEndedRepresentation,
            f"representation:{found.pk}:ended",
            seldom=True,
        )


def _representation(payload: dict[str, Any]) -> Representation:
    return Representation.objects.select_related("owner", "person").get(
        pk=payload["representation_id"]
    )
