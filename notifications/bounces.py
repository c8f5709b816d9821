"""Mail that came back: the delivery is marked, the address spared, people told what to do.

A failure for now (mailbox full, server away for days) is tried again some hours later, a few times.
After one for good the address is not used again; the resident reads in the inbox how to mend it,
and the office sees that the notice has to go by post.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Literal

from django.db import transaction
from django.utils import timezone

from identity.models import User
from notifications import actions, addresses
from notifications.dsn import Report
from notifications.models import Delivery
from notifications.notices import MailUndelivered
from tenants import context
from tenants.models import Domain, Municipality

MOST_SOFT_FAILURES = 3
TRY_AGAIN_AFTER = timedelta(hours=6)

#: Where the recipient can mend it: a page of the residents' site, or of the desk.
_SETTINGS = {
    User.Kind.RESIDENT.value: "/messages/settings/",
    User.Kind.STAFF.value: "/desk/messages/settings/",
}

Result = Literal["unknown", "repeated", "bounced", "tried again"]
#: Called with a delivery whose mail came back, or was not sent because earlier ones had, in the
#: transaction that notes it. Rooms above add theirs in ``AppConfig.ready``.
listeners: list[Callable[[Delivery], None]] = []


def take(report: Report) -> Result:
    """Note what a report says, in the municipality whose mail it was. Call outside of any.

    The same report again changes nothing.
    """
    town = _town_of(report)
    if town is None:
        return "unknown"
    with context.municipality(town, durable=False):
        return _take(report)


def _town_of(report: Report) -> Municipality | None:
    with context.public():
        towns = Municipality.objects.filter(is_active=True)
        if report.mark is not None:
            return towns.filter(code=report.mark.code).first()
        host = report.message_id.rstrip(">").rpartition("@")[2]
        domain = Domain.objects.filter(domain=host).first()
        return towns.filter(pk=domain.tenant_id).first() if domain else None


@transaction.atomic
def _take(report: Report) -> Result:
    message_id = report.message_id or _message_id_of(report)
    found = list(
        Delivery.objects.select_for_update(of=("self",))
        .select_related("message__recipient")
        .filter(rfc_message_id=message_id, channel=Delivery.Channel.MAIL)
        if message_id
        else Delivery.objects.none()
    )
    if not found:
        return "unknown"
    sent = [delivery for delivery in found if delivery.state == Delivery.State.SENT]
    if not sent:
        return "repeated"
    again = False
    for delivery in sent:
        if report.verdict == "soft" and delivery.soft_failures < MOST_SOFT_FAILURES:
            _try_again(delivery)
            again = True
        else:
            came_back(delivery, for_good=report.verdict == "permanent")
    return "tried again" if again else "bounced"


def _message_id_of(report: Report) -> str:
    if report.mark is None:
        return ""
    found = Delivery.objects.filter(pk=report.mark.delivery)
    return found.values_list("rfc_message_id", flat=True).first() or ""


def _try_again(delivery: Delivery) -> None:
    delivery.state, delivery.sent_at = Delivery.State.PENDING, None
    delivery.soft_failures += 1
    # What went in a digest goes alone now, or a mail program would take the mails for one.
    delivery.rfc_message_id = actions.own_message_id(delivery.message)
    delivery.save(update_fields=["state", "sent_at", "soft_failures", "rfc_message_id"])
    actions.put_off(delivery, until=timezone.localtime() + TRY_AGAIN_AFTER)


def came_back(delivery: Delivery, *, for_good: bool = True) -> None:
    """Mark it, tell the recipient in the inbox, and whoever listens. In the caller's transaction.

    `for_good`: its address takes no mail at all and is not used again.
    """
    message = delivery.message
    delivery.state, delivery.bounced_at = Delivery.State.BOUNCED, timezone.now()
    delivery.save(update_fields=["state", "bounced_at"])
    if for_good and delivery.address_hash:
        addresses.bury(message.recipient_id, delivery.address_hash)
    actions.send(
        MailUndelivered,
        resident=message.recipient,
        context={"receipt_number": "", "path": _SETTINGS[message.recipient.kind]},
        # Once a day is enough, however many mails came back.
        key=f"bounced:{delivery.address_hash[:16]}:{timezone.localdate()}",
    )
    not_sent(delivery)


def not_sent(delivery: Delivery) -> None:
    """Tell whoever listens that this mail reaches nobody. In the caller's transaction."""
    for listener in listeners:
        listener(delivery)
