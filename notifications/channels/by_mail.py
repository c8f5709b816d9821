"""By e-mail. What a mail says is `notifications.mail`."""

from __future__ import annotations

from smtplib import SMTPRecipientsRefused

from django.core.mail import EmailMessage

from notifications import addresses, mail
from notifications.channels.base import SENT, Outcome, skipped
from notifications.models import Delivery, Preference


class MailChannel:
    """To the account's address, unless it is known to be dead."""

    disturbs = True

    def refusal(self, delivery: Delivery, preference: Preference) -> Outcome | None:
        recipient = delivery.message.recipient
        if Delivery.Channel.MAIL not in preference.channels:
            return skipped(Delivery.Reason.UNWANTED)
        if not recipient.email:
            return skipped(Delivery.Reason.NO_ADDRESS)
        if addresses.is_dead(recipient):
            return skipped(Delivery.Reason.DEAD_ADDRESS)
        return None

    def deliver(self, delivery: Delivery, preference: Preference) -> Outcome:
        recipient = delivery.message.recipient
        language = mail.language_for(recipient, preference.language)
        return post(mail.compose(delivery, language=language))


def post(email: EmailMessage) -> Outcome:
    """Hand it to the mail server. An address refused for good counts as come back at once."""
    address_hash = addresses.fingerprint(email.to[0])
    try:
        email.send()
    except SMTPRecipientsRefused as refused:
        codes = [code for code, _reason in refused.recipients.values()]
        if not codes or not all(500 <= code < 600 for code in codes):
            raise
        return Outcome(Delivery.State.BOUNCED, address_hash=address_hash)
    return Outcome(SENT.state, address_hash=address_hash)
