"""The mail of a message: plain text and HTML, in the recipient's language and the town's brand."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import formataddr, parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation

from identity.models import User
from notifications import brand as brands
from notifications.models import Delivery, Message
from notifications.notice import LANGUAGES, Notice, NoticeContext, notices
from tenants.links import absolute


def language_for(user: User, wanted: str = "") -> str:
    """The language to write in: as chosen, else the account's, else Japanese."""
    for language in (wanted, user.language.split("-")[0]):
        if language in LANGUAGES:
            return language
    return LANGUAGES[0]


def compose(delivery: Delivery, *, language: str) -> EmailMultiAlternatives:
    """The mail of `delivery`. It says less than the inbox: see `notifications.notice`."""
    message: Message = delivery.message
    recipient: User = message.recipient
    notice = notices.get(message.kind)
    return _composed(
        notice,
        notice.checked(message.context),
        language=language,
        name=recipient.name,
        address=recipient.email,
        message_id=delivery.rfc_message_id,
    )


def to_address(
    notice: type[Notice],
    *,
    address: str,
    context: Mapping[str, Any],
    language: str,
    message_id: str,
) -> EmailMultiAlternatives:
    """A mail to somebody who may have no account, and so no inbox.

    `message_id` is the same on every try. Raises `notifications.errors.NoticeError`.
    """
    return _composed(
        notice,
        notice.checked(context),
        language=language if language in LANGUAGES else LANGUAGES[0],
        name="",
        address=address,
        message_id=message_id,
    )


def _composed(
    notice: type[Notice],
    content: NoticeContext,
    *,
    language: str,
    name: str,
    address: str,
    message_id: str,
) -> EmailMultiAlternatives:
    with translation.override(language):
        brand = brands.current()
        words = notice.worded(content, language=language, name=name, town=brand.town, private=False)
        context = {
            "language": language,
            "words": words,
            "brand": brand,
            "link": _link(content.path, language),
            "link_label": str(notice.link_label),
            "receipt_number": content.receipt_number,
        }
        text = render_to_string("notifications/mail.txt", context)
        html = render_to_string("notifications/mail.html", context)
    mail = EmailMultiAlternatives(
        subject=words.subject,
        body=text,
        from_email=formataddr((brand.town, parseaddr(settings.DEFAULT_FROM_EMAIL)[1])),
        to=[address],
        headers={
            "Message-ID": message_id,
            "Auto-Submitted": "auto-generated",
            "Content-Language": language,
        },
    )
    mail.attach_alternative(html, "text/html")
    return mail


def _link(path: str, language: str) -> str:
    if not path:
        return ""
    prefix = "" if language == settings.LANGUAGE_CODE else f"/{language}"
    return absolute(f"{prefix}{path}")
