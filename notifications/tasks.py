"""What the worker does for notices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from common import outbox
from identity.models import User
from notifications import actions, addresses, bounces, contacts, mail, queries, timing
from notifications.channels import CHANNELS, Outcome, by_mail, sms
from notifications.channels.base import skipped
from notifications.models import ContactCheck, Delivery, Preference
from notifications.notice import Notice, notices

_Channel = Delivery.Channel


@outbox.handler(actions.MAIL)
def deliver_mail(payload: dict[str, Any]) -> None:
    """Send the mail of a message once.

    A process killed between sending and committing sends it again, with the same Message-ID.
    A message that is gone was erased together with its account: nobody is left to be told.
    """
    _deliver(_Channel.MAIL, payload)


@outbox.handler(actions.SMS)
def deliver_sms(payload: dict[str, Any]) -> None:
    """Say by SMS that there is a message."""
    _deliver(_Channel.SMS, payload)


@outbox.handler(actions.WEBHOOK)
def deliver_webhook(payload: dict[str, Any]) -> None:
    """Tell the municipality's own system."""
    _deliver(_Channel.WEBHOOK, payload)


def _deliver(name: str, payload: dict[str, Any]) -> None:
    delivery = (
        Delivery.objects.select_for_update(of=("self",))
        .select_related("message__recipient")
        .filter(message=payload["message"], channel=name)
        .first()
    )
    if delivery is None or delivery.state != Delivery.State.PENDING:
        return
    channel = CHANNELS[name]
    recipient = delivery.message.recipient
    preference = queries.preference_of(recipient)
    outcome = channel.refusal(delivery, preference)
    if outcome is None and channel.disturbs and _held(delivery, preference):
        return
    _note(delivery, outcome or channel.deliver(delivery, preference))


def _held(delivery: Delivery, preference: Preference) -> bool:
    """Put off until the quiet hours end, or into the digest. Urgent notices never are."""
    notice: type[Notice] = notices.get(delivery.message.kind)
    if notice.urgent:
        return False
    now = timezone.localtime()
    # Soft failures are tried again alone: the digest has gone.
    if (
        delivery.channel == _Channel.MAIL
        and preference.digest_at is not None
        and delivery.soft_failures == 0
    ):
        due = timing.next_digest(now, preference.digest_at)
        actions.put_into_digest(
            delivery,
            due=timing.quiet_until(due, preference.quiet_from, preference.quiet_until) or due,
        )
        return True
    until = timing.quiet_until(now, preference.quiet_from, preference.quiet_until)
    if until is None:
        return False
    actions.put_off(delivery, until=until)
    return True


@outbox.handler(actions.DIGEST)
def deliver_digest(payload: dict[str, Any]) -> None:
    """One mail to each address for what came together. No more can join it now."""
    deliveries = list(
        Delivery.objects.select_for_update(of=("self",))
        .select_related("message__recipient")
        .filter(rfc_message_id=payload["message_id"], state=Delivery.State.PENDING)
        .order_by("message__created_at", "pk")
    )
    if not deliveries:
        return
    recipient: User = deliveries[0].message.recipient
    preference = queries.preference_of(recipient)
    language = mail.language_for(recipient, preference.language)
    together: dict[addresses.Mailing, list[Delivery]] = {}
    for delivery in deliveries:
        together.setdefault(addresses.of(delivery.message, preference), []).append(delivery)
    for to, some in together.items():
        if to.address != recipient.email:  # a mail of its own: not taken for the other one
            _name_apart(some, to.address)
        if to.reason:
            outcome = skipped(to.reason)
        else:
            outcome = by_mail.post(mail.digest(some, address=to.address, language=language))
        for delivery in some:
            _note(delivery, outcome)


def _name_apart(deliveries: Sequence[Delivery], address: str) -> None:
    """A Message-ID that follows from the digest's and the address: the same on every try."""
    own = actions.message_id_of(
        "digest", addresses.fingerprint(address), deliveries[0].rfc_message_id
    )
    for delivery in deliveries:
        delivery.rfc_message_id = own
        delivery.save(update_fields=["rfc_message_id"])


def _note(delivery: Delivery, outcome: Outcome) -> None:
    delivery.reason, delivery.held_until = outcome.reason, None
    delivery.address_hash = outcome.address_hash
    # The server's refusal comes at once what a report would have said later.
    delivery.state = (
        Delivery.State.SENT if outcome.state == Delivery.State.BOUNCED else outcome.state
    )
    if delivery.state == Delivery.State.SENT:
        delivery.sent_at = timezone.now()
    delivery.save(
        update_fields=["state", "reason", "held_until", "address_hash", "sent_at"],
    )
    if outcome.state == Delivery.State.BOUNCED:
        bounces.came_back(delivery)
    elif outcome.reason == Delivery.Reason.DEAD_ADDRESS:
        bounces.not_sent(delivery)


@outbox.handler(contacts.CODE)
def send_contact_code(payload: dict[str, Any]) -> None:
    """Send the code to what was typed, as long as it would still be taken."""
    check = ContactCheck.objects.select_related("resident").filter(pk=payload["check"]).first()
    if check is None or check.used or contacts.has_run_out(check):
        return
    language = mail.language_for(check.resident, queries.preference_of(check.resident).language)
    code = contacts.code_of(check)
    if check.channel == _Channel.MAIL:
        mail.code(code, address=check.address, language=language, key=str(check.pk)).send()
    elif (service := sms.provider()) is not None:
        text = sms.code_text(code, language)
        service.send(to=check.address, text=text, key=str(check.pk))
