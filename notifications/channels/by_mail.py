"""By e-mail. What a mail says is `notifications.mail`."""

from __future__ import annotations

from smtplib import SMTPRecipientsRefused

from django.core.mail import EmailMessage

from notifications import addresses, mail
from notifications.channels.base import SENT, Outcome, skipped
from notifications.models import Delivery, Preference


class MailChannel:
    """To the address of what it is about, else of the account, unless that is known to be dead."""

    disturbs = True

    def refusal(self, delivery: Delivery, preference: Preference) -> Outcome | None:
        reason = addresses.of(delivery.message, preference).reason
        return skipped(reason) if reason else None

    def deliver(self, delivery: Delivery, preference: Preference) -> Outcome:
        recipient = delivery.message.recipient
        language = mail.language_for(recipient, preference.language)
        address = addresses.of(delivery.message, preference).address
        return post(mail.compose(delivery, address=address, language=language))


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
