"""Ways outside, behind one interface: see `notifications.channels.base`."""

from __future__ import annotations

from notifications.channels.base import Channel, Outcome
from notifications.channels.by_mail import MailChannel
from notifications.channels.sms import SmsChannel
from notifications.channels.webhook import WebhookChannel
from notifications.models import Delivery

#: By `Delivery.channel`.
CHANNELS: dict[str, Channel] = {
    Delivery.Channel.MAIL: MailChannel(),
    Delivery.Channel.SMS: SmsChannel(),
    Delivery.Channel.WEBHOOK: WebhookChannel(),
}

__all__ = ["CHANNELS", "Channel", "Outcome"]
