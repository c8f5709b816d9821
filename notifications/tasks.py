"""What the worker does for notices."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from common import outbox
from notifications import mail, queries
from notifications.actions import MAIL
from notifications.models import Delivery


@outbox.handler(MAIL)
def deliver_mail(payload: dict[str, Any]) -> None:
    """Send the mail of a message once.

    A process killed between sending and committing sends it again, with the same Message-ID.
    A message that is gone was erased together with its account: nobody is left to be told.
    """
    delivery = (
        Delivery.objects.select_for_update(of=("self",))
        .select_related("message__recipient")
        .filter(message=payload["message"], channel=Delivery.Channel.MAIL)
        .first()
    )
    if delivery is None or delivery.state != Delivery.State.PENDING:
        return
    recipient = delivery.message.recipient
    preference = queries.preference_of(recipient)
    if not recipient.email or Delivery.Channel.MAIL not in preference.channels:
        delivery.state = Delivery.State.SKIPPED
    else:
        language = mail.language_for(recipient, preference.language)
        mail.compose(delivery, language=language).send()
        delivery.state = Delivery.State.SENT
        delivery.sent_at = timezone.now()
    delivery.save(update_fields=["state", "sent_at"])
